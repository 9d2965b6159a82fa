"""WeSpeaker's ResNet34: whose voice it is, in 256 numbers; voices of two people lie nearly at right angles.

Wang et al., "Wespeaker", ICASSP 2023; trained on VoxCeleb2, tuned with a large margin. It takes any length from 25 ms.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cinejudge.tools.signals import filter_bank

SIZE = 256
THREADS = 2
_BATCH = 32


@cache
def load(weights: Path) -> WeSpeaker:
    """The network, loaded once per process."""
    return WeSpeaker(weights)


class WeSpeaker:
    """The network with its weights."""

    def __init__(self, weights: Path) -> None:
        """Reads ``voxceleb_resnet34_LM.onnx``."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        self._session = onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])

    def embed(self, pieces: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
        """One unit vector for each piece of speech; [pieces, 256].

        Args:
            pieces: float32 [n], mono, 16 kHz, n at least 400.
        """
        bands = [filter_bank.log_bands(piece) for piece in pieces]
        bands = [each - each.mean(axis=0) for each in bands]
        out = np.zeros((len(pieces), SIZE), np.float32)
        by_length: dict[int, list[int]] = {}
        for place, each in enumerate(bands):
            by_length.setdefault(len(each), []).append(place)
        for places in by_length.values():
            for first in range(0, len(places), _BATCH):
                some = places[first : first + _BATCH]
                (found,) = self._session.run(["embs"], {"feats": np.stack([bands[place] for place in some])})
                out[some] = found / np.linalg.norm(found, axis=1, keepdims=True).clip(min=1e-9)
        return out
