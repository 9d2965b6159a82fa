"""Synchformer: by how much sound and picture run apart (Iashin et al., "Synchformer", ICASSP 2024).

A transformer of pictures (MotionFormer, attention in time and then in space) and one of sound (AST) read pieces of
0.64 s; a third one reads both sides of 14 pieces, 4.8 s, and names one of 21 offsets. Names of the layers are those of
the published weights, which hold 237 million numbers.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

SIDE, PICTURES = 224, 16
"""Of a piece: pixels of its square pictures, and how many of them there are."""
BANDS, MOMENTS = 128, 66
"""Of a piece's sound."""
PIECES = 14
"""That the last transformer reads at a time."""
OFFSETS = 21
_PATCH, _PAIR, _STRIDE = 16, 2, 10
_HIGH, _LONG = (BANDS - _PATCH) // _STRIDE + 1, (MOMENTS - _PATCH) // _STRIDE + 1
"""Patches of a piece's sound, up and along."""
_ACROSS = SIDE // _PATCH
_TURNS = PICTURES // _PAIR


class Size(NamedTuple):
    """How large the network is; the defaults are the published ones."""

    width: int = 768
    inner: int = 3072
    heads: int = 12
    layers: int = 12
    last_heads: int = 8
    last_layers: int = 3


class Synchformer(nn.Module):
    """The network."""

    def __init__(self, size: Size) -> None:
        """Untrained."""
        super().__init__()
        self.vfeat_extractor = _Pictures(size)
        self.afeat_extractor = _Sound(size)
        self.vproj = nn.Linear(size.width, size.width)
        self.aproj = nn.Linear(size.width, size.width)
        self.transformer = _Together(size)

    def see(self, pictures: Tensor) -> Tensor:
        """What pieces show.

        Args:
            pictures: RGB in [-1, 1], [n, 3, 16, 224, 224].

        Returns:
            [n, 8, width].
        """
        return cast("Tensor", self.vproj(self.vfeat_extractor(pictures)))

    def hear(self, bands: Tensor) -> Tensor:
        """What pieces sound like.

        Args:
            bands: [n, 66, 128].

        Returns:
            [n, 6, width].
        """
        return cast("Tensor", self.aproj(self.afeat_extractor(bands)))

    def compare(self, seen: Tensor, heard: Tensor) -> Tensor:
        """How likely each offset is, before the softmax.

        Args:
            seen: From :meth:`see`, of pieces in order, [14, 8, width].
            heard: From :meth:`hear`, of the same pieces, [14, 6, width].

        Returns:
            [21].
        """
        return cast("Tensor", self.transformer(seen.flatten(0, 1)[None], heard.flatten(0, 1)[None])[0])


class _Pictures(nn.Module):
    """Divided attention over time and space; one feature per pair of pictures."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, size.width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + _ACROSS**2, size.width))
        self.temp_embed = nn.Parameter(torch.zeros(1, _TURNS, size.width))
        # Single pictures are not asked, but their layer is part of the file.
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, size.width, _PATCH, _PATCH)})
        block = (_PAIR, _PATCH, _PATCH)
        self.patch_embed_3d = nn.ModuleDict({"proj": nn.Conv3d(3, size.width, block, block)})
        self.blocks = nn.ModuleList(_Divided(size) for _ in range(size.layers))
        self.norm = nn.LayerNorm(size.width, eps=1e-6)
        self.spatial_attn_agg = _Gathering(size)

    def forward(self, pictures: Tensor) -> Tensor:
        x = self.patch_embed_3d["proj"](pictures).flatten(2).transpose(1, 2)
        place = self.pos_embed[:, 1:].repeat(1, _TURNS, 1) + self.temp_embed.repeat_interleave(_ACROSS**2, 1)
        x = torch.cat([(self.cls_token + self.pos_embed[:, :1]).expand(len(x), -1, -1), x + place], 1)
        for block in self.blocks:
            x = block(x)
        found: Tensor = self.norm(x[:, 1:]).reshape(-1, _ACROSS**2, x.shape[-1])
        gathered: Tensor = self.spatial_attn_agg(found)
        return gathered.reshape(len(x), _TURNS, -1)


class _Divided(nn.Module):
    """Attention of each place over time, then of each time over places."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(size.width, eps=1e-6) for _ in range(3))
        self.attn = _Apart(size)
        self.timeattn = _Apart(size)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(size.width, size.inner), "fc2": nn.Linear(size.inner, size.width)})

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.timeattn(self.norm3(x), over_time=True)
        x = x + self.attn(self.norm1(x), over_time=False)
        found: Tensor = x + self.mlp["fc2"](functional.gelu(self.mlp["fc1"](self.norm2(x))))
        return found


class _Apart(nn.Module):
    """The first token looks at all others; they look at it and at those of their own place or time."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self._heads = size.heads
        self.qkv = nn.Linear(size.width, 3 * size.width)
        self.proj = nn.Linear(size.width, size.width)

    def forward(self, x: Tensor, over_time: bool) -> Tensor:
        n, tokens, width = x.shape
        asked, keys, values = self.qkv(x).reshape(n, tokens, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
        first = functional.scaled_dot_product_attention(asked[:, :, :1], keys, values)

        def grouped(part: Tensor) -> Tensor:
            split = part.reshape(n, self._heads, _TURNS, _ACROSS**2, -1)
            return split.transpose(2, 3) if over_time else split

        def with_first(part: Tensor) -> Tensor:
            groups = grouped(part[:, :, 1:])
            return torch.cat([part[:, :, None, :1].expand(-1, -1, groups.shape[2], -1, -1), groups], 3)

        rest = functional.scaled_dot_product_attention(grouped(asked[:, :, 1:]), with_first(keys), with_first(values))
        rest = rest.transpose(2, 3) if over_time else rest
        out = torch.cat([first, rest.flatten(2, 3)], 2)
        found: Tensor = self.proj(out.transpose(1, 2).reshape(n, tokens, width))
        return found


class _Gathering(nn.TransformerEncoderLayer):
    """One more token is put in front, and what becomes of it is all that is kept."""

    def __init__(self, size: Size) -> None:
        super().__init__(
            size.width, size.heads, size.inner, 0.0, nn.GELU(), layer_norm_eps=1e-6, batch_first=True, norm_first=True
        )
        self.cls_token = nn.Parameter(torch.zeros(1, 1, size.width))

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]  # what else the layer takes is not needed
        found: Tensor = super().forward(torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1))
        return found[:, 0]


class _Sound(nn.Module):
    """One feature per tenth of a second of log mel bands."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.ast = _Ast(size)
        self.freq_attn_agg = _Gathering(size)

    def forward(self, bands: Tensor) -> Tensor:
        x = self.ast(bands)[:, 2:]
        columns = x.reshape(len(x), _HIGH, _LONG, -1).transpose(1, 2).flatten(0, 1)
        found: Tensor = self.freq_attn_agg(columns)
        return found.reshape(len(x), _LONG, -1)


class _Ast(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.embeddings = _Patches(size)
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(_Layer(size) for _ in range(size.layers))})
        self.layernorm = nn.LayerNorm(size.width, eps=1e-12)

    def forward(self, bands: Tensor) -> Tensor:
        x = self.embeddings(bands)
        for layer in self.encoder["layer"]:  # type: ignore[attr-defined]
            x = layer(x)
        return cast("Tensor", self.layernorm(x))


class _Patches(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, size.width))
        self.distillation_token = nn.Parameter(torch.zeros(1, 1, size.width))
        self.position_embeddings = nn.Parameter(torch.zeros(1, 2 + _HIGH * _LONG, size.width))
        self.patch_embeddings = nn.ModuleDict({"projection": nn.Conv2d(1, size.width, _PATCH, _STRIDE)})

    def forward(self, bands: Tensor) -> Tensor:
        x = self.patch_embeddings["projection"](bands.transpose(1, 2)[:, None]).flatten(2).transpose(1, 2)
        first = [token.expand(len(x), -1, -1) for token in (self.cls_token, self.distillation_token)]
        return torch.cat([*first, x], 1) + self.position_embeddings


class _Layer(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.attention = _Asked(size)
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(size.width, size.inner)})
        self.output = nn.ModuleDict({"dense": nn.Linear(size.inner, size.width)})
        self.layernorm_before, self.layernorm_after = (nn.LayerNorm(size.width, eps=1e-12) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.layernorm_before(x))
        inner = functional.gelu(self.intermediate["dense"](self.layernorm_after(x)))
        found: Tensor = x + self.output["dense"](inner)
        return found


class _Asked(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self._heads = size.heads
        self.attention = nn.ModuleDict({name: nn.Linear(size.width, size.width) for name in ("query", "key", "value")})
        self.output = nn.ModuleDict({"dense": nn.Linear(size.width, size.width)})

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.output["dense"](_attended(self.attention, x, self._heads))
        return found


class _Together(nn.Module):
    """Reads what is seen and heard, and names the offset."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.vis_in_lnorm, self.aud_in_lnorm, self.ln_f = (nn.LayerNorm(size.width) for _ in range(3))
        self.OFF_tok = nn.Parameter(torch.zeros(1, 1, size.width))
        self.MOD_tok = nn.Parameter(torch.zeros(1, 1, size.width))
        self.pos_emb_cfg = nn.ParameterDict(
            {"pos_emb": nn.Parameter(torch.zeros(1, 2 + PIECES * (_TURNS + _LONG), size.width))}
        )
        self.blocks = nn.ModuleList(_Block(size) for _ in range(size.last_layers))
        self.off_head = nn.Linear(size.width, OFFSETS)

    def forward(self, seen: Tensor, heard: Tensor) -> Tensor:
        x = torch.cat([self.OFF_tok, self.vis_in_lnorm(seen), self.MOD_tok, self.aud_in_lnorm(heard)], 1)
        x = x + self.pos_emb_cfg["pos_emb"]
        for block in self.blocks:
            x = block(x)
        return cast("Tensor", self.off_head(self.ln_f(x)[:, 0]))


class _Block(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self._heads = size.last_heads
        self.ln1, self.ln2 = nn.LayerNorm(size.width), nn.LayerNorm(size.width)
        self.attn = nn.ModuleDict(
            {name: nn.Linear(size.width, size.width) for name in ("key", "query", "value", "proj")}
        )
        self.mlp = nn.Sequential(nn.Linear(size.width, size.inner), nn.GELU(), nn.Linear(size.inner, size.width))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn["proj"](_attended(self.attn, self.ln1(x), self._heads))
        return cast("Tensor", x + self.mlp(self.ln2(x)))


def _attended(layers: nn.ModuleDict, x: Tensor, heads: int) -> Tensor:
    asked, keys, values = (
        layers[name](x).unflatten(-1, (heads, -1)).transpose(1, 2) for name in ("query", "key", "value")
    )
    return functional.scaled_dot_product_attention(asked, keys, values).transpose(1, 2).flatten(2)


@cache
def load(weights: Path, device: str, size: Size | None = None) -> Synchformer:
    """The network with the published weights, read as plain tensors only; loaded once per process."""
    with torch.device("meta"):
        network = Synchformer(size or Size())
    state = torch.load(weights, map_location="cpu", weights_only=True)
    network.load_state_dict(state, assign=True)
    return network.eval().to(device)
