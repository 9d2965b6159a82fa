"""CSD: how a picture is drawn, apart from what it shows (Somepalli et al., https://arxiv.org/abs/2404.01292).

CLIP's ViT-L/14 as OpenAI wrote it, trained further to tell styles; the style is read by a matrix of its own.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from cinejudge import weights
from cinejudge.tools.models import pixels
from cinejudge.tools.models.pixels import Picture

HEAD = 64
"""Channels of one attention head, as in every CLIP."""


@cache
def load(device: str = "cpu") -> CSD:
    """The network, loaded once per process."""
    return CSD(weights.path("csd-vit-l"), device)


class CSD:
    """The network with its weights."""

    def __init__(self, checkpoint: Path, device: str) -> None:
        """Reads a checkpoint of the authors' training."""
        self._state = {name: tensor.float().to(device) for name, tensor in _read(checkpoint).items()}
        self._device = device
        self._patch = self._state["backbone.conv1.weight"].shape[-1]
        self._side = self._patch * round((len(self._state["backbone.positional_embedding"]) - 1) ** 0.5)
        self._layers = len([name for name in self._state if name.endswith(".attn.in_proj_weight")])

    @torch.inference_mode()
    def pictures(self, pictures: Iterable[Picture]) -> NDArray[np.float32]:
        """Styles of pictures, float32 [N, 768], each of length 1; compare by the cosine."""
        s = self._state
        x = pixels.squares(pictures, self._side, pixels.Form(pixels.CLIP, cut=True)).to(self._device)
        x = functional.conv2d(x, s["backbone.conv1.weight"], stride=self._patch).flatten(2).transpose(1, 2)
        x = torch.cat([s["backbone.class_embedding"].expand(len(x), 1, -1), x], dim=1)
        x = self._norm(x + s["backbone.positional_embedding"], "backbone.ln_pre")
        for layer in range(self._layers):
            x = self._block(x, f"backbone.transformer.resblocks.{layer}")
        found = self._norm(x[:, 0], "backbone.ln_post") @ s["last_layer_style"]
        return np.asarray(functional.normalize(found, dim=-1).cpu().numpy(), np.float32)

    def _block(self, x: Tensor, name: str) -> Tensor:
        s = self._state
        y = self._norm(x, f"{name}.ln_1")
        y = functional.linear(y, s[f"{name}.attn.in_proj_weight"], s[f"{name}.attn.in_proj_bias"])
        q, k, v = (part.reshape(*x.shape[:2], -1, HEAD).transpose(1, 2) for part in y.chunk(3, dim=-1))
        y = functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        x = x + self._linear(y, f"{name}.attn.out_proj")
        y = self._linear(self._norm(x, f"{name}.ln_2"), f"{name}.mlp.c_fc")
        return x + self._linear(y * torch.sigmoid(1.702 * y), f"{name}.mlp.c_proj")

    def _linear(self, x: Tensor, name: str) -> Tensor:
        return functional.linear(x, self._state[f"{name}.weight"], self._state[f"{name}.bias"])

    def _norm(self, x: Tensor, name: str) -> Tensor:
        return functional.layer_norm(x, x.shape[-1:], self._state[f"{name}.weight"], self._state[f"{name}.bias"])


def _read(checkpoint: Path) -> dict[str, Tensor]:
    """The tensors of the network. Of what else a training keeps, only options and NumPy's numbers may be built."""
    scalar: Any = np.float64(0).__reduce__()[0]
    harmless: list[Any] = [argparse.Namespace, np.dtype, type(np.dtype(np.float64)), type(np.dtype(np.int64)), scalar]
    with torch.serialization.safe_globals([*harmless, (scalar, "numpy.core.multiarray.scalar")]):
        kept = torch.load(checkpoint, map_location="cpu", weights_only=True)
    state: dict[str, Tensor] = kept["model_state_dict"]
    return {name.removeprefix("module."): tensor for name, tensor in state.items()}
