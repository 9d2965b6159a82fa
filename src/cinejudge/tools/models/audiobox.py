"""Audiobox-Aesthetics: how listeners would rate any sound (Tjandra et al., arXiv 2502.05139).

WavLM listens to 10 s at a time; for each of four axes its layers are mixed by learned weights, averaged over time, and
turned into one number, on a scale that the published configuration states.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from numpy.typing import NDArray
from pydantic import BaseModel
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from cinejudge.tools.models.wavlm import RATE, Size, WavLM

WINDOW_S = 10
AXES = ("CE", "CU", "PC", "PQ")
_BATCH = 4


class Rating(NamedTuple):
    """What listeners would say, 1 (low) to 10 (high)."""

    enjoyment: float
    usefulness: float
    complexity: float
    production_quality: float


class Scale(BaseModel):
    """What was subtracted from the listeners' ratings, and what they were divided by, before training."""

    mean: float
    std: float


class Config(BaseModel):
    """What the published ``config.json`` says of the heads; defaults are those of the published code."""

    proj_num_layer: int = 1
    proj_ln: bool = False
    proj_act_fn: Literal["gelu"] = "gelu"
    normalize_embed: bool = True
    nth_layer: int = 13
    use_weighted_layer_sum: Literal[True] = True
    output_dim: Literal[1] = 1
    target_transform: dict[str, Scale]


class Audiobox(nn.Module):
    """The network; names as in the published weights."""

    def __init__(self, config: Config, size: Size) -> None:
        """Untrained."""
        super().__init__()
        self.config = config
        self.wavlm_model = WavLM(size)
        self.proj_layer = nn.ModuleDict({axis: _head(size.width, config) for axis in AXES})
        self.layer_weights = nn.ParameterDict({axis: torch.zeros(config.nth_layer) for axis in AXES})

    def forward(self, sound: Tensor, heard: Tensor) -> Tensor:
        """Ratings [n, 4] in the order of :data:`AXES`, of sound [n, samples] of which ``heard`` is no filling."""
        layers, there = self.wavlm_model(sound, heard)
        stacked = torch.stack(layers[: self.config.nth_layer])
        share = (there / there.sum(1, keepdim=True).clamp_min(1))[..., None]
        out = []
        for axis in AXES:
            mixed = torch.einsum("lntc,l->ntc", stacked, self.layer_weights[axis].softmax(0))
            told = (mixed * share).sum(1)
            if self.config.normalize_embed:
                told = functional.normalize(told, dim=-1)
            scale = self.config.target_transform[axis]
            out.append(self.proj_layer[axis](told)[:, 0] * scale.std + scale.mean)
        return torch.stack(out, dim=1)


def _head(width: int, config: Config) -> nn.Sequential:
    parts: list[nn.Module] = []
    for _ in range(config.proj_num_layer - 1):
        norm = (nn.LayerNorm(width),) if config.proj_ln else ()
        parts += [nn.Linear(width, width), *norm, nn.GELU()]
    return nn.Sequential(*parts, nn.Linear(width, 1))


@cache
def load(folder: Path, device: str, size: Size | None = None) -> Audiobox:
    """The network with its weights, loaded once per process.

    Args:
        folder: Holds the published ``config.json`` and ``model.safetensors``.
        device: ``cpu`` or ``cuda``.
        size: Of another encoder than the published one.
    """
    config = Config.model_validate_json((folder / "config.json").read_bytes())
    network = Audiobox(config, size or Size())
    network.load_state_dict(load_file(folder / "model.safetensors"))
    return network.eval().to(device)


@torch.inference_mode()
def rate(network: Audiobox, samples: NDArray[Any]) -> Rating:
    """Rates sound; the mean over windows of 10 s that follow one another, the last by its length, as published.

    Args:
        network: From :func:`load`.
        samples: float32 [n], mono, 16 kHz, n at least 400.
    """
    size = WINDOW_S * RATE
    device = next(network.parameters()).device
    whole = torch.tensor(samples, dtype=torch.float32)
    windows = functional.pad(whole, (0, -len(whole) % size)).view(-1, size)
    heard = (torch.arange(windows.numel()) < len(whole)).view(-1, size)
    found = torch.cat(
        [
            network(windows[i : i + _BATCH].to(device), heard[i : i + _BATCH].to(device)).cpu()
            for i in range(0, len(windows), _BATCH)
        ]
    )
    weight = heard.float().mean(1, keepdim=True)
    told = ((found * weight).sum(0) / weight.sum()).tolist()
    return Rating(**dict(zip(("enjoyment", "usefulness", "complexity", "production_quality"), told, strict=True)))
