"""Resemblyzer's voice encoder: which voice speaks, whatever it says (GE2E loss, Wan et al. 2018).

A three-layer LSTM over 1.6 s of a 40-band mel spectrogram; its last state becomes 256 numbers of unit length. Two
voices are compared by the cosine of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from cinejudge.tools.signals import mel

RATE = 16_000
WINDOW_S = 1.6
SIZE = 256
_BANDS, _FRAMES = 40, 160
_WINDOW, _HOP = 400, 160
_LEVEL_DB = -30.0
_BATCH = 64


@cache
def load(weights: Path) -> VoiceEncoder:
    """The network, loaded once per process."""
    return VoiceEncoder(weights)


class VoiceEncoder:
    """The network with its weights."""

    def __init__(self, weights: Path) -> None:
        """Reads the published ``pretrained.pt`` as plain tensors only."""
        state = torch.load(weights, map_location="cpu", weights_only=True)["model_state"]
        self._lstm = torch.nn.LSTM(_BANDS, SIZE, 3, batch_first=True)
        self._linear = torch.nn.Linear(SIZE, SIZE)
        for name, part in (("lstm", self._lstm), ("linear", self._linear)):
            part.load_state_dict({k.removeprefix(f"{name}."): v for k, v in state.items() if k.startswith(f"{name}.")})
        self._lstm.eval()

    @torch.inference_mode()
    def embed(self, pieces: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
        """One unit vector for each piece of speech; [pieces, 256], no number below 0.

        Args:
            pieces: float32 [n], mono, 16 kHz, of at most 1.6 s; shorter ones are followed by silence.
        """
        if not len(pieces):
            return np.zeros((0, SIZE), np.float32)
        inputs = np.stack([mel_spectrogram(piece) for piece in pieces])
        out = []
        for first in range(0, len(inputs), _BATCH):
            _, (hidden, _) = self._lstm(torch.from_numpy(inputs[first : first + _BATCH]))
            raw = torch.relu(self._linear(hidden[-1]))
            out.append((raw / raw.norm(dim=1, keepdim=True).clamp_min(1e-9)).numpy())
        return np.concatenate(out)


def louder(samples: NDArray[Any]) -> NDArray[np.float32]:
    """Speech raised to an RMS of -30 dBFS where it is softer, as the encoder expects it."""
    rms = float(np.sqrt(np.square(samples, dtype=np.float64).mean())) if len(samples) else 0.0
    gain = 10 ** (_LEVEL_DB / 20) / rms if rms > 0 else 1.0
    return np.asarray(samples * max(1.0, gain), np.float32)


def mel_spectrogram(piece: NDArray[Any]) -> NDArray[np.float32]:
    """Mel powers (no logarithm) of 1.6 s, [160, 40]: 25 ms windows every 10 ms, centred, silence around them."""
    padded = np.pad(np.asarray(piece[: round(WINDOW_S * RATE)], np.float64), (_WINDOW // 2, _WINDOW // 2))
    padded = np.pad(padded, (0, max(0, (_FRAMES - 1) * _HOP + _WINDOW - len(padded))))
    window = np.hanning(_WINDOW + 1)[:-1]
    power = mel.power_spectra(padded, window, _HOP, _WINDOW)[:_FRAMES]
    filters = mel.triangles(mel.slaney_edges(_BANDS, 0, RATE / 2), np.arange(_WINDOW // 2 + 1) * RATE / _WINDOW)
    return np.asarray(power @ filters.T, np.float32)
