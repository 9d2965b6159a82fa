"""DNSMOS P.835: how people would rate recorded speech, its voice and its background (Reddy et al., ICASSP 2022)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
WINDOW_S = 9.01
"""What the network listens to at once; shorter sound is repeated, as published."""
HOP_S = 1.0
MOST_WINDOWS = 300
"""In sound of more than five minutes the windows lie further apart than the published second."""
THREADS = 2

# From the network's raw outputs to the scale of the listening tests: published polynomials, highest power first.
_SIGNAL = (-0.08397278, 1.22083953, 0.0052439)
_BACKGROUND = (-0.13166888, 1.60915514, -0.39604546)
_OVERALL = (-0.06766283, 1.11546468, 0.04602535)


class Opinion(NamedTuple):
    """Mean opinion scores, 1 (bad) to 5 (excellent)."""

    signal: float
    """The voice itself."""
    background: float
    """How little the background disturbs."""
    overall: float


@cache
def load(weights: Path) -> Any:
    """The ONNX session, loaded once per process."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    return onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])


def rate(session: Any, samples: NDArray[Any]) -> Opinion:
    """Rates sound that holds speech; the mean over windows of 9.01 s every second, at most 300 of them.

    Args:
        session: From :func:`load`.
        samples: float32 [n], mono, 16 kHz, n at least 1.
    """
    size = int(WINDOW_S * RATE)
    x = np.asarray(samples, np.float32)
    x = np.tile(x, -(-size // len(x)))[: max(size, len(x))]
    hop = max(round(HOP_S * RATE), (len(x) - size) // MOST_WINDOWS + 1)
    raw = [
        session.run(None, {"input_1": x[None, start : start + size]})[0][0]
        for start in range(0, len(x) - size + 1, hop)
    ]
    signal, background, overall = np.array(raw, np.float64).T
    return Opinion(
        *(
            float(np.clip(np.polyval(line, values).mean(), 1.0, 5.0))
            for line, values in ((_SIGNAL, signal), (_BACKGROUND, background), (_OVERALL, overall))
        )
    )
