"""Pictures as they would look in white light of full strength."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BRIGHTEST = 99.0
"""Percentile of a channel that becomes white."""
WHITE = 240.0
LEAST = 24.0
"""A channel whose brightest values lie below is taken for black rather than dark, and not raised further."""


def neutral(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture with each channel scaled so that its brightest values are white (von Kries' rule, white patch).

    Networks trained on everyday photographs miss faces and bodies under strong grading or in the dark; this undoes
    both as far as they are the same all over the picture.
    """
    brightest = np.percentile(rgb.reshape(-1, 3), BRIGHTEST, axis=0)
    return np.clip(rgb * (WHITE / np.maximum(brightest, LEAST)), 0, 255).astype(np.uint8)
