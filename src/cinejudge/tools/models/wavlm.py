"""WavLM Base, which turns sound into features (Chen et al., "WavLM", IEEE JSTSP 2022).

Seven convolutions make 50 frames a second out of 16,000 samples; twelve transformer layers follow, whose attention
knows how far two frames lie apart, gated by what is heard. Names of the layers are those of the published model.
"""

from __future__ import annotations

import math
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

RATE = 16_000
_CONVOLUTIONS = ((10, 5), (3, 2), (3, 2), (3, 2), (3, 2), (2, 2), (2, 2))
"""Kernel and stride."""
_BUCKETS, _FARTHEST = 320, 800
"""Distances between frames fall into so many classes; all beyond the second, in frames, into the last."""
_POSITIONS, _POSITION_GROUPS = 128, 16
_GATES = 8


class Size(NamedTuple):
    """How large the network is; the defaults are the published ones."""

    channels: int = 512
    width: int = 768
    inner: int = 3072
    heads: int = 12
    layers: int = 12


class WavLM(nn.Module):
    """The network."""

    def __init__(self, size: Size) -> None:
        """Untrained."""
        super().__init__()
        self.feature_extractor = _Convolutions(size.channels)
        self.post_extract_proj = nn.Linear(size.channels, size.width)
        self.mask_emb = nn.Parameter(torch.zeros(size.width))  # of its training only, but part of the file
        self.encoder = _Encoder(size)
        self.layer_norm = nn.LayerNorm(size.channels)

    def forward(self, sound: Tensor, heard: Tensor) -> tuple[list[Tensor], Tensor]:
        """What each layer makes of the sound.

        Args:
            sound: 16 kHz in [-1, 1], [n, samples].
            heard: False for samples that only fill up; [n, samples].

        Returns:
            What goes into the first layer and comes out of each, [n, frames, width], and which frames hold sound,
            [n, frames].
        """
        features = self.layer_norm(self.feature_extractor(sound).transpose(1, 2))
        count = features.shape[1]
        there = heard[:, : heard.shape[1] // count * count].reshape(len(heard), count, -1).any(-1)
        return self.encoder(self.post_extract_proj(features), there), there


class _Convolutions(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv_layers = nn.ModuleList()
        for place, (kernel, stride) in enumerate(_CONVOLUTIONS):
            convolution = nn.Conv1d(channels if place else 1, channels, kernel, stride, bias=False)
            norm = () if place else (nn.GroupNorm(channels, channels),)
            self.conv_layers.append(nn.Sequential(convolution, nn.Identity(), *norm, nn.GELU()))

    def forward(self, sound: Tensor) -> Tensor:
        x = sound[:, None]
        for layer in self.conv_layers:
            x = layer(x)
        return x


class _Encoder(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.pos_conv = nn.ModuleList([_Positions(size.width)])
        self.layers = nn.ModuleList([_Layer(size, first=not place) for place in range(size.layers)])
        self.layer_norm = nn.LayerNorm(size.width)

    def forward(self, x: Tensor, there: Tensor) -> list[Tensor]:
        x = x * there[..., None]
        x = self.layer_norm(x + functional.gelu(self.pos_conv[0](x.transpose(1, 2))).transpose(1, 2))
        distance = cast(_Layer, self.layers[0]).self_attn.distances(x.shape[1])
        found = [x]
        for layer in self.layers:
            x = layer(x, there, distance)
            found.append(x)
        return found


class _Positions(nn.Module):
    """A convolution over 128 frames whose weights are stored as direction and length."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(width))
        self.weight_g = nn.Parameter(torch.ones(1, 1, _POSITIONS))
        self.weight_v = nn.Parameter(torch.randn(width, width // _POSITION_GROUPS, _POSITIONS))

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight_v * (self.weight_g / self.weight_v.norm(dim=(0, 1), keepdim=True))
        found = functional.conv1d(x, weight, self.bias, padding=_POSITIONS // 2, groups=_POSITION_GROUPS)
        return found[..., :-1]  # an even kernel gives one frame too many


class _Layer(nn.Module):
    def __init__(self, size: Size, *, first: bool) -> None:
        super().__init__()
        self.self_attn = _Attention(size.width, size.heads, first=first)
        self.self_attn_layer_norm = nn.LayerNorm(size.width)
        self.fc1 = nn.Linear(size.width, size.inner)
        self.fc2 = nn.Linear(size.inner, size.width)
        self.final_layer_norm = nn.LayerNorm(size.width)

    def forward(self, x: Tensor, there: Tensor, distance: Tensor) -> Tensor:
        x = self.self_attn_layer_norm(x + self.self_attn(x, there, distance))
        out: Tensor = self.final_layer_norm(x + self.fc2(functional.gelu(self.fc1(x))))
        return out


class _Attention(nn.Module):
    def __init__(self, width: int, heads: int, *, first: bool) -> None:
        super().__init__()
        self.heads = heads
        self.k_proj, self.v_proj, self.q_proj, self.out_proj = (nn.Linear(width, width) for _ in range(4))
        if first:  # all layers use the first one's
            self.relative_attention_bias = nn.Embedding(_BUCKETS, heads)
        self.grep_linear = nn.Linear(width // heads, _GATES)
        self.grep_a = nn.Parameter(torch.ones(1, heads, 1, 1))

    def distances(self, frames: int) -> Tensor:
        """What the distance of two frames adds to their attention; [heads, frames, frames]."""
        at = torch.arange(frames, device=self.grep_a.device)
        apart = at[None, :] - at[:, None]
        half = _BUCKETS // 2
        exact = half // 2
        far = (apart.abs().float() / exact).log() / math.log(_FARTHEST / exact) * (half - exact)
        far = (exact + far.clamp_min(0).long()).clamp_max(half - 1)
        bucket = torch.where(apart.abs() < exact, apart.abs(), far) + half * (apart > 0)
        found: Tensor = self.relative_attention_bias(bucket).permute(2, 0, 1)
        return found

    def forward(self, x: Tensor, there: Tensor, distance: Tensor) -> Tensor:
        def split(y: Tensor) -> Tensor:
            return y.reshape(*y.shape[:2], self.heads, -1).transpose(1, 2)

        gates = self.grep_linear(split(x))
        gates = gates.reshape(*gates.shape[:-1], 2, _GATES // 2).sum(-1).sigmoid()
        near, reset = gates[..., :1], gates[..., 1:]
        bias = (near * (reset * self.grep_a - 1) + 2) * distance
        bias = bias.masked_fill(~there[:, None, None, :], -torch.inf)
        query, key, value = (split(project(x)) for project in (self.q_proj, self.k_proj, self.v_proj))
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        out: Tensor = self.out_proj(mixed.transpose(1, 2).flatten(2))
        return out
