"""MUSIQ: how people would rate a picture's quality, seen at three sizes at once (Ke et al., ICCV 2021).

https://arxiv.org/abs/2108.05997. Patches of 32 pixels of the picture as it is and with longer sides of 224 and 384
pixels; each becomes one token by a small residual network, is told its place on a grid of 10 by 10 and its size, and 14
layers of attention read the rating off. Weights as converted for PyTorch by IQA-PyTorch, trained on the votes of
KonIQ-10k; as there, sizes are reduced bicubically, and patches at the edge are filled with grey.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from cinejudge import weights
from cinejudge.tools.models.pixels import Picture

PATCH = 32
LONGER_SIDES = (224, 384)
HEAD = 64
"""Channels of one attention head."""
GROUPS = 32


@cache
def load(device: str = "cpu") -> Musiq:
    """The network trained on KonIQ-10k, loaded once per process."""
    return Musiq(weights.path("musiq-koniq"), device)


class Musiq:
    """The network with its weights."""

    def __init__(self, checkpoint: Path, device: str) -> None:
        """Reads a checkpoint, as plain tensors only."""
        self._state: dict[str, Tensor] = torch.load(checkpoint, map_location=device, weights_only=True)
        self._device = device
        self._layers = len([name for name in self._state if name.endswith(".attention.query.weight")])

    @torch.inference_mode()
    def score(self, rgb: Picture) -> float:
        """The rating foretold for a picture, uint8 RGB [H, W, 3]: about 0 to 100."""
        s = self._state
        plain = torch.from_numpy(np.ascontiguousarray(rgb)).to(self._device).permute(2, 0, 1)[None].float() / 127.5 - 1
        sizes = [*(_longer_side(plain, side) for side in LONGER_SIDES), plain]
        tokens = torch.cat([self._tokens(picture, place) for place, picture in enumerate(sizes)])
        x = torch.cat([s["transformer_encoder.cls"][0], tokens])[None]
        for layer in range(self._layers):
            x = self._block(x, f"transformer_encoder.transformer.encoderblock_{layer}")
        return float(self._linear(self._norm(x[:, 0], "transformer_encoder.encoder_norm"), "head"))

    def _tokens(self, picture: Tensor, size: int) -> Tensor:
        """One token for each patch of a picture, row by row: [patches, channels]."""
        rows, columns = (-(-side // PATCH) for side in picture.shape[2:])
        filled = _same(picture, PATCH, PATCH)
        patches = functional.unfold(filled, PATCH, stride=PATCH)[0].T.reshape(-1, 3, PATCH, PATCH)
        grid = round(self._state["transformer_encoder.posembed_input.position_emb"].shape[1] ** 0.5)
        places = _spread(grid, rows)[:, None] * grid + _spread(grid, columns)[None]
        where = self._state["transformer_encoder.posembed_input.position_emb"][0][places.flatten().to(self._device)]
        seen = self._linear(self._patch_features(patches), "embedding")
        return seen + where + self._state["transformer_encoder.scaleembed_input.scale_emb"][size]

    def _patch_features(self, x: Tensor) -> Tensor:
        x = functional.relu(self._groups(self._conv(x, "conv_root", 2), "gn_root", 1e-6))
        x = functional.max_pool2d(_same(x, 3, 2), 3, 2)
        y = functional.relu(self._groups(self._conv(x, "block1.conv1"), "block1.gn1"))
        y = functional.relu(self._groups(self._conv(y, "block1.conv2"), "block1.gn2"))
        y = self._groups(self._conv(y, "block1.conv3"), "block1.gn3")
        y = functional.relu(y + self._groups(self._conv(x, "block1.conv_proj"), "block1.gn_proj"))
        return y.permute(0, 2, 3, 1).flatten(1)  # channels last, as it was trained

    def _conv(self, x: Tensor, name: str, stride: int = 1) -> Tensor:
        """A convolution whose weights are standardised for each output."""
        weight = self._state[f"{name}.weight"]
        deviation, mean = torch.std_mean(weight, dim=(1, 2, 3), keepdim=True)
        return functional.conv2d(
            _same(x, weight.shape[-1], stride), (weight - mean) / (deviation + 1e-5), stride=stride
        )

    def _groups(self, x: Tensor, name: str, epsilon: float = 1e-4) -> Tensor:
        return functional.group_norm(x, GROUPS, self._state[f"{name}.weight"], self._state[f"{name}.bias"], epsilon)

    def _block(self, x: Tensor, name: str) -> Tensor:
        y = self._norm(x, f"{name}.norm1")
        q, k, v = (
            self._linear(y, f"{name}.attention.{part}").reshape(*x.shape[:2], -1, HEAD).transpose(1, 2)
            for part in ("query", "key", "value")
        )
        y = functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        x = x + self._linear(y, f"{name}.attention.out")
        y = functional.gelu(self._linear(self._norm(x, f"{name}.norm2"), f"{name}.mlp.fc1"))
        return x + self._linear(y, f"{name}.mlp.fc2")

    def _linear(self, x: Tensor, name: str) -> Tensor:
        return functional.linear(x, self._state[f"{name}.weight"], self._state[f"{name}.bias"])

    def _norm(self, x: Tensor, name: str) -> Tensor:
        return functional.layer_norm(
            x, x.shape[-1:], self._state[f"{name}.weight"], self._state[f"{name}.bias"], eps=1e-6
        )


def _longer_side(picture: Tensor, side: int) -> Tensor:
    height, width = picture.shape[2:]
    ratio = side / max(height, width)
    return functional.interpolate(
        picture, (round(height * ratio), round(width * ratio)), mode="bicubic", align_corners=False
    )


def _same(x: Tensor, kernel: int, stride: int) -> Tensor:
    """Pads as TensorFlow's ``SAME`` does: any odd pixel goes right and below."""
    high, wide = (max((-(-side // stride) - 1) * stride + kernel - side, 0) for side in x.shape[2:])
    return functional.pad(x, [wide // 2, wide - wide // 2, high // 2, high - high // 2])


def _spread(grid: int, count: int) -> Tensor:
    """Places on a grid for so many patches in a line: int64 [count]."""
    places = functional.interpolate(torch.arange(grid, dtype=torch.float32)[None, None], count, mode="nearest")
    return places[0, 0].long()
