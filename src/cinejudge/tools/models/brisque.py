"""BRISQUE: how far a picture's statistics lie from those of undamaged photographs (Mittal, Moorthy and Bovik, 2012).

"No-Reference Image Quality Assessment in the Spatial Domain", https://doi.org/10.1109/TIP.2012.2214050, as its authors
released it: luma is divided by its local deviation; the shapes of the distribution of that, and of the products of
neighbours in four directions, at two sizes, go into a support vector regression trained on people's ratings.
"""

from __future__ import annotations

import pickletools
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cinejudge import weights

Floats = NDArray[np.float64]

SIGMA, RADIUS = 7 / 6, 3
"""Of the Gaussian window of 7 pixels."""
SIZES = 2
LUMA = (0.299, 0.587, 0.114)


class Regression(NamedTuple):
    """Support vectors with a radial kernel, and the ranges to which features are brought."""

    vectors: Floats
    """[n, 36]."""
    weights: Floats
    """[n]."""
    gamma: float
    rho: float
    low: Floats
    high: Floats
    """Features that become -1 and 1, [36]."""


@cache
def load() -> Regression:
    """The authors' regression, loaded once per process."""
    return read(weights.path("brisque", "svm.txt"), weights.path("brisque", "normalize.pickle"))


def read(svm: Path, ranges: Path) -> Regression:
    """Reads a regression in LIBSVM's text form, and the ranges of its features.

    Raises:
        ValueError: it is another kind of machine.
    """
    head, _, body = svm.read_text("ascii").partition("SV\n")
    said = dict(line.split(maxsplit=1) for line in head.splitlines())
    if (said["svm_type"], said["kernel_type"]) != ("epsilon_svr", "rbf"):
        raise ValueError(f"{svm.name} holds a {said['svm_type']} with a {said['kernel_type']} kernel")
    rows = [line.split() for line in body.splitlines()]
    # The ranges lie in a pickle of two lists. It is not unpickled, which could run code: its numbers are read off.
    numbers = np.array(
        [number for kind, number, _ in pickletools.genops(ranges.read_bytes()) if kind.name == "BINFLOAT"]
    )
    return Regression(
        np.array([[float(cell.partition(":")[2]) for cell in row[1:]] for row in rows]),
        np.array([float(row[0]) for row in rows]),
        float(said["gamma"]),
        float(said["rho"]),
        *np.split(numbers, 2),
    )


def score(rgb: NDArray[np.uint8], regression: Regression) -> float:
    """BRISQUE of a picture, uint8 RGB [H, W, 3] of at least 64 pixels: about 0 for undamaged, 100 for ruined."""
    found = np.array(list(features(rgb.astype(np.float64) @ LUMA)))
    scaled = 2 * (found - regression.low) / (regression.high - regression.low) - 1
    distances = ((regression.vectors - scaled) ** 2).sum(axis=1)
    return float(regression.weights @ np.exp(-regression.gamma * distances) - regression.rho)


def features(luma: Floats) -> Iterator[float]:
    """The 36 features of a picture's luma, 0 to 255, [H, W]: at each size 2 of the pixels and 4 of each direction."""
    for size in range(SIZES):
        field = _normalised(luma)
        yield from _symmetric(field)
        for step in ((0, 1), (1, 0), (1, 1), (-1, 1)):
            yield from _lopsided(field * np.roll(field, step, axis=(0, 1)))
        if size + 1 < SIZES:
            luma = _halved(luma)


def _normalised(luma: Floats) -> Floats:
    """Luma less its local mean, over its local deviation."""
    from scipy.ndimage import gaussian_filter

    def mean(of: Floats) -> Floats:
        return np.asarray(gaussian_filter(of, SIGMA, mode="nearest", radius=RADIUS))

    middle = mean(luma)
    return np.asarray((luma - middle) / (np.sqrt(np.abs(mean(luma * luma) - middle * middle)) + 1))


def _halved(luma: Floats) -> Floats:
    """Half the size, bicubic, without what would alias."""
    import torch
    from torch.nn import functional

    plain = torch.from_numpy(luma)[None, None]
    size = (-(-luma.shape[0] // 2), -(-luma.shape[1] // 2))
    return np.asarray(functional.interpolate(plain, size=size, mode="bicubic", antialias=True)[0, 0].numpy())


@cache
def _shapes() -> tuple[Floats, Floats]:
    """Shapes of a generalised Gaussian, and the squared mean amount over the mean square that each has."""
    from scipy.special import gamma

    shapes = np.arange(0.2, 10.0005, 0.001)
    return shapes, gamma(2 / shapes) ** 2 / (gamma(1 / shapes) * gamma(3 / shapes))


def _symmetric(field: Floats) -> tuple[float, float]:
    """Shape and variance of a generalised Gaussian."""
    shapes, ratios = _shapes()
    variance = float(np.mean(field * field))
    ratio = float(np.mean(np.abs(field))) ** 2 / max(variance, 1e-12)
    return float(shapes[np.abs(1 / ratio - 1 / ratios).argmin()] if ratio else shapes[0]), variance


def _lopsided(products: Floats) -> tuple[float, float, float, float]:
    """Shape, mean, and the variances of both sides of an asymmetric generalised Gaussian."""
    from scipy.special import gamma

    shapes, ratios = _shapes()
    left, right = (
        np.sqrt(np.mean(side * side)) if side.size else 0.0 for side in (products[products < 0], products[products > 0])
    )
    lean = left / max(right, 1e-12)
    ratio = float(np.mean(np.abs(products))) ** 2 / max(float(np.mean(products * products)), 1e-12)
    wanted = ratio * (lean**3 + 1) * (lean + 1) / (lean**2 + 1) ** 2
    shape = float(shapes[((ratios - wanted) ** 2).argmin()])
    spread = np.sqrt(gamma(1 / shape) / gamma(3 / shape))
    mean = (right - left) * gamma(2 / shape) / gamma(1 / shape) * spread
    return shape, float(mean), float(left**2), float(right**2)
