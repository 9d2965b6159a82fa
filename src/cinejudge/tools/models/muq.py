"""MuQ: how music sounds, in 1,024 numbers (Zhu et al., "MuQ", arXiv 2501.01108).

Two residual convolutions turn 100 mel frames a second into 25; a conformer (Gulati et al. 2020) with rotary positions
follows. Names of the layers are those of the published model. Its parts that only served its training are not read.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from cinejudge.tools.signals import mel

RATE = 24_000
WINDOW_S = 10
"""Listened to at once."""
LEAST_S = 0.5
_SIZE, _HOP, _BANDS = 2048, 240, 128
_FAINTEST = 1e-10
_UNUSED = ("linear.", "cls_token", "rvq.", "quantizer_", "conformer.pos_conv_embed.", "conformer.embed_positions.")
"""Beginnings of what the file holds besides: targets of the training, constants, and a layer that nothing calls."""
_BENDS: dict[str, Callable[[Tensor], Tensor]] = {"swish": functional.silu, "gelu": functional.gelu}


class Conformer(BaseModel):
    """What the published ``config.json`` says of the conformer."""

    num_attention_heads: int = 16
    intermediate_size: int = 4096
    conv_depthwise_kernel_size: int = 31
    rotary_embedding_base: float = 10_000.0
    layer_norm_eps: float = 1e-5
    hidden_act: Literal["swish", "gelu"] = "swish"
    position_embeddings_type: Literal["rotary"] = "rotary"


class Scale(BaseModel):
    """Mean and spread of the mel bands, in dB, over the music of its training."""

    melspec_2048_mean: float
    melspec_2048_std: float


class Config(BaseModel):
    """What the published ``config.json`` says; defaults are those of the published code."""

    conv_dim: int = 512
    encoder_dim: int = 1024
    encoder_depth: int = 12
    n_mels: Literal[128] = 128
    hop_length: Literal[240] = 240
    label_rate: Literal[25] = 25
    stat: Scale
    w2v2_config: Conformer


class MuQ(nn.Module):
    """The network; names as in the published weights, without ``model.`` before them."""

    def __init__(self, config: Config) -> None:
        """Untrained."""
        super().__init__()
        self.scale = config.stat
        wide = config.conv_dim
        self.conv = nn.ModuleDict(
            {
                "conv": nn.Sequential(_Shrink(1, wide), _Shrink(wide, wide)),
                "linear": nn.Linear(wide * _BANDS // 4, config.encoder_dim),
            }
        )
        self.conformer = _Conformer(config.encoder_dim, config.encoder_depth, config.w2v2_config)

    def forward(self, bands: Tensor) -> Tensor:
        """Features 25 times a second, [n, steps, 1024], of mel bands in dB, [n, 128, frames]."""
        x = (bands - self.scale.melspec_2048_mean) / self.scale.melspec_2048_std
        x = self.conv["conv"](x[:, None])
        x = self.conv["linear"](x.permute(0, 3, 1, 2).flatten(2))
        out: Tensor = self.conformer(x)
        return out


class _Shrink(nn.Module):
    """Halves bands and time."""

    def __init__(self, come: int, go: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(come, go, 3, 2, 1)
        self.bn1 = nn.BatchNorm2d(go)
        self.conv2 = nn.Conv2d(go, go, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(go)
        self.conv3 = nn.Conv2d(come, go, 3, 2, 1)
        self.bn3 = nn.BatchNorm2d(go)

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        return functional.relu(out + self.bn3(self.conv3(x)))


class _Conformer(nn.Module):
    def __init__(self, width: int, depth: int, config: Conformer) -> None:
        super().__init__()
        self.layers = nn.ModuleList([_Layer(width, config) for _ in range(depth)])
        self.layer_norm = nn.LayerNorm(width, eps=config.layer_norm_eps)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        out: Tensor = self.layer_norm(x)
        return out


class _Layer(nn.Module):
    def __init__(self, width: int, config: Conformer) -> None:
        super().__init__()
        self.ffn1_layer_norm, self.self_attn_layer_norm, self.ffn2_layer_norm, self.final_layer_norm = (
            nn.LayerNorm(width) for _ in range(4)
        )
        self.ffn1, self.ffn2 = _FeedForward(width, config), _FeedForward(width, config)
        self.self_attn = _Attention(width, config)
        self.conv_module = _Convolve(width, config)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.ffn1(self.ffn1_layer_norm(x)) / 2
        x = x + self.self_attn(self.self_attn_layer_norm(x))
        x = x + self.conv_module(x)
        out: Tensor = self.final_layer_norm(x + self.ffn2(self.ffn2_layer_norm(x)) / 2)
        return out


class _FeedForward(nn.Module):
    def __init__(self, width: int, config: Conformer) -> None:
        super().__init__()
        self.bend = _BENDS[config.hidden_act]
        self.intermediate_dense = nn.Linear(width, config.intermediate_size)
        self.output_dense = nn.Linear(config.intermediate_size, width)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.output_dense(self.bend(self.intermediate_dense(x)))
        return out


class _Attention(nn.Module):
    def __init__(self, width: int, config: Conformer) -> None:
        super().__init__()
        self.heads, self.base = config.num_attention_heads, config.rotary_embedding_base
        self.linear_q, self.linear_k, self.linear_v, self.linear_out = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        def split(y: Tensor) -> Tensor:
            return y.reshape(*y.shape[:2], self.heads, -1).transpose(1, 2)

        # Positions turn what queries and keys are made from, not them.
        turned = self._turn(split(x)).transpose(1, 2).reshape(x.shape)
        query, key, value = split(self.linear_q(turned)), split(self.linear_k(turned)), split(self.linear_v(x))
        mixed = functional.scaled_dot_product_attention(query, key, value)
        out: Tensor = self.linear_out(mixed.transpose(1, 2).flatten(2))
        return out

    def _turn(self, x: Tensor) -> Tensor:
        """Turns each pair of numbers by an angle that grows with time; [n, heads, steps, size]."""
        half = x.shape[-1] // 2
        speed = self.base ** (-torch.arange(half, device=x.device) / half)
        angle = torch.arange(x.shape[2], device=x.device)[:, None] * speed
        first, second = x[..., :half], x[..., half:]
        return torch.cat(
            [first * angle.cos() - second * angle.sin(), second * angle.cos() + first * angle.sin()], dim=-1
        )


class _Convolve(nn.Module):
    def __init__(self, width: int, config: Conformer) -> None:
        super().__init__()
        kernel = config.conv_depthwise_kernel_size
        self.bend = _BENDS[config.hidden_act]
        self.layer_norm = nn.LayerNorm(width)
        self.pointwise_conv1 = nn.Conv1d(width, 2 * width, 1, bias=False)
        self.depthwise_conv = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width, bias=False)
        self.batch_norm = nn.BatchNorm1d(width)
        self.pointwise_conv2 = nn.Conv1d(width, width, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.glu(self.pointwise_conv1(self.layer_norm(x).transpose(1, 2)), dim=1)
        x = self.bend(self.batch_norm(self.depthwise_conv(x)))
        out: Tensor = self.pointwise_conv2(x).transpose(1, 2)
        return out


@cache
def load(folder: Path, device: str) -> MuQ:
    """The network with its weights, loaded once per process.

    Args:
        folder: Holds the published ``config.json`` and ``model.safetensors``.
        device: ``cpu`` or ``cuda``.
    """
    network = MuQ(Config.model_validate_json((folder / "config.json").read_bytes()))
    state = {name.removeprefix("model."): t for name, t in load_file(folder / "model.safetensors").items()}
    network.load_state_dict({name: t for name, t in state.items() if not name.startswith(_UNUSED)})
    return network.eval().to(device)


@torch.inference_mode()
def embed(network: MuQ, samples: NDArray[Any]) -> NDArray[np.float64]:
    """How a stretch of music sounds: the mean of its features over time, at unit length; [1024].

    Args:
        network: From :func:`load`.
        samples: float32 [n], mono, 24 kHz, at least 0.5 s.
    """
    device = next(network.parameters()).device
    size, least = WINDOW_S * RATE, round(LEAST_S * RATE)
    starts = [s for s in range(0, len(samples), size) if not s or len(samples) - s >= least]
    parts = [torch.from_numpy(log_mel(samples[start : start + size])).to(device)[None] for start in starts]
    features = torch.cat([network(part)[0] for part in parts])
    return functional.normalize(features.mean(0), dim=0).double().cpu().numpy()


def log_mel(samples: NDArray[Any]) -> NDArray[np.float32]:
    """Mel bands in dB, 100 times a second; [128, frames].

    Args:
        samples: float32 [n], mono, 24 kHz, n above 1024.
    """
    edges = mel.htk_edges(_BANDS, 0, RATE / 2)
    filters = mel.triangles(edges, np.arange(_SIZE // 2 + 1) * RATE / _SIZE) * ((edges[2:] - edges[:-2]) / 2)[:, None]
    padded = np.pad(np.asarray(samples, np.float64), _SIZE // 2, mode="reflect")
    power = mel.power_spectra(padded, np.hanning(_SIZE + 1)[:-1], _HOP, _SIZE)[:-1]
    return np.asarray(10 * np.log10(np.maximum(power @ filters.T, _FAINTEST)).T, np.float32)
