"""Speech, music or noise: the convolutional network of INA's inaSpeechSegmenter (Doukhan et al., ICASSP 2018).

It looks at 0.68 s of sound in 21 of 24 log mel bands, every 20 ms. The network was published as a Keras HDF5 file.
That file is fixed by its SHA-256, so where its arrays lie in it is known, and neither Keras nor HDF5 is needed here.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from cinejudge.tools.signals import mel

RATE = 16_000
STEP_S = 0.08
CLASSES = ("speech", "music", "noise")
_WINDOW, _HOP, _FFT = 400, 160, 512
_PRE_EMPHASIS = 0.97
_BANDS, _LOW_HZ, _HIGH_HZ, _USED = 24, 100.0, 8000.0, 21
_PATCH, _PATCH_HOP = 68, 8
_BATCH = 256
_EPSILON = 1e-3
"""Keras's, in batch normalisation."""


class _Layer(NamedTuple):
    """Where a layer's float32 arrays begin in the file, in bytes, and the shape of its kernel."""

    shape: tuple[int, ...]
    """Keras order: [height, width, in, out] or [in, out]."""
    kernel: int
    bias: int
    gamma: int = 0
    beta: int = 0
    mean: int = 0
    variance: int = 0
    """The last layer has no normalisation: its gamma is 0."""


_CONVOLUTIONS = (
    _Layer((7, 4, 1, 64), 22976, 32192, 32448, 32704, 32960, 33216),
    _Layer((3, 3, 64, 128), 40176, 33472, 337928, 338440, 338952, 339464),
    _Layer((3, 3, 128, 128), 344440, 936312, 936824, 937336, 937848, 940408),
    _Layer((3, 3, 128, 256), 946448, 940920, 2129304, 2130328, 2133400, 2134424),
)
_DENSE = (
    _Layer((256, 256), 2139224, 2403416, 2404440, 2407512, 2408536, 2409560),
    _Layer((256, 256), 2415104, 2679296, 2680320, 2683392, 2684416, 2685440),
    _Layer((256, 256), 2690200, 2954392, 2955416, 2958488, 2959512, 2960536),
    _Layer((256, 256), 2965992, 3230184, 3231208, 3234280, 3235304, 3236328),
    _Layer((256, 3), 3241464, 33984),
)


@cache
def load(weights: Path) -> SpeechMusicNoise:
    """The network, loaded once per process."""
    return SpeechMusicNoise(weights)


class SpeechMusicNoise:
    """The network with its weights; batch normalisation is folded into them."""

    def __init__(self, weights: Path) -> None:
        """Reads ``keras_speech_music_noise_cnn.hdf5``."""
        data = weights.read_bytes()
        self._convolutions = [_read(data, layer) for layer in _CONVOLUTIONS]
        self._dense = [_read(data, layer) for layer in _DENSE]

    def log_probabilities(self, samples: NDArray[Any]) -> NDArray[np.float32]:
        """Log probability of each class every 20 ms; [n, 3] in the order of :data:`CLASSES`.

        A time step stands for the 0.68 s around it; the first and the last 0.34 s repeat their neighbour. Where the
        sound is digitally silent, all classes are equally likely. Empty below 0.72 s of sound.

        Args:
            samples: float32 [n], mono, 16 kHz.
        """
        bands = log_mel(samples)
        if len(bands) < _PATCH:
            return np.zeros((0, len(CLASSES)), np.float32)
        patches = np.lib.stride_tricks.sliding_window_view(bands, _PATCH, axis=0)[::_PATCH_HOP]
        out = np.concatenate([self._judge(patches[i : i + _BATCH]) for i in range(0, len(patches), _BATCH)])
        side = _PATCH // (2 * _PATCH_HOP)
        return np.concatenate([out[:1].repeat(side, 0), out, out[-1:].repeat(side - 1 + len(bands) % 2, 0)])

    @torch.inference_mode()
    def _judge(self, patches: NDArray[Any]) -> NDArray[np.float32]:
        """Patches [n, bands, frames], raw log energies."""
        finite = np.isfinite(patches).all(axis=(1, 2))
        x = torch.from_numpy(np.where(finite[:, None, None], patches, 0).astype(np.float32)).transpose(1, 2)
        spread, mean = torch.std_mean(x, dim=(1, 2), keepdim=True, correction=0)
        varied = finite & (spread.flatten().numpy() > 1e-6)
        x = ((x - mean) / spread.clamp_min(1e-6))[:, None]
        (w1, b1), (w2, b2), (w3, b3), (w4, b4) = self._convolutions
        # "Same" padding of the max pooling adds nothing: zeros, after a ReLU.
        x = functional.max_pool2d(functional.pad(functional.relu(functional.conv2d(x, w1, b1)), (0, 0, 1, 1)), (4, 2))
        x = functional.relu(functional.conv2d(x, w2, b2))
        x = functional.max_pool2d(functional.pad(functional.relu(functional.conv2d(x, w3, b3)), (0, 1)), 2)
        x = functional.max_pool2d(functional.relu(functional.conv2d(x, w4, b4)), (4, 1)).flatten(1)
        for weight, bias in self._dense[:-1]:
            x = functional.relu(functional.linear(x, weight, bias))
        out = functional.log_softmax(functional.linear(x, *self._dense[-1]), dim=1).numpy()
        out[~varied] = -np.log(len(CLASSES))
        return np.asarray(out, np.float32)


def log_mel(samples: NDArray[Any]) -> NDArray[np.float64]:
    """Log energies of the lowest 21 of 24 mel bands from 100 Hz to 8 kHz, every 10 ms; -inf for none; [frames, 21].

    SIDEKIT's published front end: windows of 25 ms (Hann), pre-emphasis 0.97, 512-point spectra. A constant gain
    vanishes when the network normalises its input.
    """
    edges = mel.htk_edges(_BANDS, _LOW_HZ, _HIGH_HZ)
    filters = mel.triangles(edges, np.arange(_FFT // 2 + 1) * RATE / _FFT)
    # The filters that the network was trained on leave out the last bin under their upper corner.
    filters[np.arange(_BANDS), (edges[2:] * _FFT / RATE).astype(int)] = 0
    with np.errstate(divide="ignore"):
        return np.log(mel.bands(samples, np.hanning(_WINDOW), _HOP, _FFT, filters[:_USED], emphasis=_PRE_EMPHASIS))


def segment(log_probabilities: NDArray[np.float32], switch: float) -> NDArray[np.int64]:
    """The likeliest sequence of classes, where each change of class costs ``switch`` nats (Viterbi); [n]."""
    steps, classes = log_probabilities.shape
    came = np.zeros((steps, classes), np.int64)
    score = log_probabilities[0].astype(np.float64)
    for t in range(1, steps):
        best = int(score.argmax())
        stay = score >= score[best] - switch
        came[t] = np.where(stay, np.arange(classes), best)
        score = np.where(stay, score, score[best] - switch) + log_probabilities[t]
    path = np.zeros(steps, np.int64)
    path[-1] = score.argmax()
    for t in range(steps - 1, 0, -1):
        path[t - 1] = came[t, path[t]]
    return path


def _read(data: bytes, layer: _Layer) -> tuple[Tensor, Tensor]:
    """Weight and bias as torch wants them, [out, ...], with the normalisation folded in."""
    out = layer.shape[-1]

    def array(offset: int, count: int) -> NDArray[np.float64]:
        return np.frombuffer(data, "<f4", count, offset).astype(np.float64)

    kernel = array(layer.kernel, int(np.prod(layer.shape))).reshape(layer.shape)
    bias = array(layer.bias, out)
    if layer.gamma:
        scale = array(layer.gamma, out) / np.sqrt(array(layer.variance, out) + _EPSILON)
        kernel, bias = kernel * scale, (bias - array(layer.mean, out)) * scale + array(layer.beta, out)
    order = (3, 2, 0, 1) if kernel.ndim == 4 else (1, 0)
    return torch.from_numpy(kernel.transpose(order).astype(np.float32).copy()), torch.from_numpy(
        bias.astype(np.float32)
    )
