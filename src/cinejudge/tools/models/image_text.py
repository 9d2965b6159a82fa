"""CLIP and SigLIP: networks that put pictures and words into one space, where likeness is the cosine.

Radford et al. (https://arxiv.org/abs/2103.00020); Zhai et al. (https://arxiv.org/abs/2303.15343), which also tells how
likely a text and a picture belong together, each pair by itself.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from cinejudge import weights
from cinejudge.tools.models import pixels, tokens
from cinejudge.tools.models.pixels import Picture
from cinejudge.tools.models.pretrained import pretrained

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Vectors = NDArray[np.float32]
"""[N, D], each of length 1."""


def _plain(text: str) -> str:
    """Lower case, no punctuation, single spaces: the words as SigLIP was trained on them."""
    return " ".join(text.lower().translate(str.maketrans("", "", string.punctuation)).split())


@dataclass(frozen=True)
class Kind:
    """What tells one such network from another."""

    weights: str
    network: str
    """Class in ``transformers``."""
    form: pixels.Form
    begin: str | None
    """Mark before the words."""
    end: str
    """Mark after the words; fills up what is left."""
    words: Callable[[str], str]


KINDS = {
    "clip": Kind(
        "clip-vit-l14", "CLIPModel", pixels.Form(pixels.CLIP, cut=True), "<|startoftext|>", "<|endoftext|>", str.strip
    ),
    "siglip": Kind("siglip-so400m", "SiglipModel", pixels.Form(pixels.HALF, cut=False), None, "</s>", _plain),
}


@cache
def load(name: str, device: str = "cpu") -> ImageText:
    """The network ``clip`` or ``siglip``, loaded once per process."""
    kind = KINDS[name]
    folder = weights.path(kind.weights)
    return ImageText(kind, pretrained(kind.network, folder, device), tokens.read(folder), device)


class ImageText:
    """A network with its weights and its words."""

    def __init__(self, kind: Kind, network: Any, words: Tokenizer, device: str) -> None:
        """Binds network and words; :func:`load` does it from the weights folder."""
        self._kind, self._network, self._words, self._device = kind, network, words, device
        self._marks = [tokens.mark(words, mark) for mark in (kind.begin, kind.end) if mark is not None]

    @property
    def longest(self) -> int:
        """Tokens that a text may have, marks included."""
        return int(self._network.config.text_config.max_position_embeddings)

    def length(self, text: str) -> int:
        """Tokens of a text, marks included."""
        return len(self._tokens(text)) + len(self._marks)

    @torch.inference_mode()
    def texts(self, texts: Sequence[str]) -> Vectors:
        """Where texts lie.

        Raises:
            ValueError: one is longer than the network reads.
        """
        *begin, end = self._marks
        rows = [[*begin, *self._tokens(text), end] for text in texts]
        if max(map(len, rows)) > self.longest:
            raise ValueError(f"a text of {max(map(len, rows))} tokens; the network reads {self.longest}")
        filled = [row + [end] * (self.longest - len(row)) for row in rows]
        found = self._network.get_text_features(input_ids=torch.tensor(filled, device=self._device))
        return _unit(found.pooler_output)

    @torch.inference_mode()
    def pictures(self, pictures: Iterable[Picture]) -> Vectors:
        """Where pictures lie."""
        batch = pixels.squares(pictures, int(self._network.config.vision_config.image_size), self._kind.form)
        return _unit(self._network.get_image_features(pixel_values=batch.to(self._device)).pooler_output)

    @torch.inference_mode()
    def probability(self, cosines: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """How likely pairs of these cosines belong together, 0 to 1; None for a network that cannot say (CLIP)."""
        bias = getattr(self._network, "logit_bias", None)
        if bias is None:
            return None
        slope = float(self._network.logit_scale.exp())
        return np.asarray(1 / (1 + np.exp(-(cosines * slope + float(bias)))), np.float32)

    def _tokens(self, text: str) -> list[int]:
        return list(self._words.encode(self._kind.words(text), add_special_tokens=False).ids)


def _unit(found: torch.Tensor) -> Vectors:
    return np.asarray(functional.normalize(found, dim=-1).cpu().numpy(), np.float32)
