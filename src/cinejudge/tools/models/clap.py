"""CLAP: sound and words in one space, where likeness is the cosine (Wu et al., ICASSP 2023; HTSAT and RoBERTa).

It hears 10 s at a time, at 48 kHz, as 64 log mel bands from 50 Hz to 14 kHz; shorter sound is repeated, as published.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from cinejudge import weights
from cinejudge.tools.models import tokens
from cinejudge.tools.models.pretrained import pretrained
from cinejudge.tools.signals import mel

if TYPE_CHECKING:
    from tokenizers import Tokenizer

RATE = 48_000
WINDOW_S = 10
LONGEST = 77
"""Tokens that a text may have, marks included: so many in its training."""
_SIZE, _HOP, _BANDS, _LOW_HZ, _HIGH_HZ = 1024, 480, 64, 50.0, 14_000.0
_FAINTEST = 1e-10
_BATCH = 4

Vectors = NDArray[np.float32]
"""[N, D], each of length 1."""


@cache
def load(device: str = "cpu") -> Clap:
    """The network with its weights and words, loaded once per process."""
    folder: Path = weights.path("clap-htsat-unfused")
    network = pretrained("ClapModel", folder, device, safetensors=False)
    return Clap(network, tokens.read(folder), device)


class Clap:
    """The network with its weights and its words."""

    def __init__(self, network: Any, words: Tokenizer, device: str) -> None:
        """Binds network and words; :func:`load` does it from the weights folder."""
        self._network, self._words, self._device = network, words, device
        self._begin, self._end, self._fill = (tokens.mark(words, mark) for mark in ("<s>", "</s>", "<pad>"))

    @property
    def slope(self) -> float:
        """What cosines are multiplied by before texts are weighed against each other."""
        return float(self._network.logit_scale_a.exp())

    def length(self, text: str) -> int:
        """Tokens of a text, marks included."""
        return len(self._tokens(text)) + 2

    @torch.inference_mode()
    def texts(self, texts: Sequence[str]) -> Vectors:
        """Where texts lie."""
        rows = [[self._begin, *self._tokens(text), self._end] for text in texts]
        longest = max(map(len, rows))
        ids = torch.tensor([row + [self._fill] * (longest - len(row)) for row in rows], device=self._device)
        there = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows], device=self._device)
        return _vectors(self._network.get_text_features(input_ids=ids, attention_mask=there))

    @torch.inference_mode()
    def sound(self, samples: NDArray[Any]) -> Vectors:
        """Where each 10 s of a sound lie.

        Args:
            samples: float32 [n], mono, 48 kHz, n at least 1.
        """
        size = WINDOW_S * RATE
        bands = np.stack([log_mel(samples[start : start + size]) for start in range(0, len(samples), size)])
        every = torch.from_numpy(bands[:, None]).to(self._device)
        batches = [every[first : first + _BATCH] for first in range(0, len(every), _BATCH)]
        return np.concatenate([_vectors(self._network.get_audio_features(input_features=b)) for b in batches])

    def _tokens(self, text: str) -> list[int]:
        return list(self._words.encode(text, add_special_tokens=False).ids)


def log_mel(samples: NDArray[Any]) -> NDArray[np.float32]:
    """Mel bands in dB of up to 10 s, repeated while it fits and followed by silence; [1001, 64].

    Args:
        samples: float32 [n], mono, 48 kHz, n from 1 to 480,000.
    """
    size = WINDOW_S * RATE
    whole = np.tile(np.asarray(samples, np.float64), size // len(samples))
    whole = np.pad(np.pad(whole, (0, size - len(whole))), _SIZE // 2, mode="reflect")
    filters = mel.triangles(mel.slaney_edges(_BANDS, _LOW_HZ, _HIGH_HZ), np.arange(_SIZE // 2 + 1) * RATE / _SIZE)
    power = mel.power_spectra(whole, np.hanning(_SIZE + 1)[:-1], _HOP, _SIZE) @ filters.T
    return np.asarray(10 * np.log10(np.maximum(power, _FAINTEST)), np.float32)


def _vectors(found: Any) -> Vectors:
    return np.asarray(found.pooler_output.cpu().numpy(), np.float32)
