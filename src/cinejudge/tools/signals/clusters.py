"""Groups of vectors that lie close together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def clusters(vectors: NDArray[Any], least: float) -> NDArray[np.int64]:
    """Agglomerative clustering by average linkage: groups are joined while their mean cosine is at least ``least``.

    Args:
        vectors: Unit vectors [n, size], n at least 1.
        least: Mean cosine of all pairs between two groups, -1 to 1.

    Returns:
        Group of each vector, numbered in order of first appearance; [n].
    """
    if len(vectors) == 1:
        return np.zeros(1, np.int64)
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import pdist

    tree = linkage(np.maximum(pdist(np.asarray(vectors, np.float64), "cosine"), 0), "average")
    return renumbered(fcluster(tree, 1 - least, "distance"))


def renumbered(labels: NDArray[Any]) -> NDArray[np.int64]:
    """The same groups, numbered 0, 1, 2 ... in order of first appearance; [n]."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[inverse], np.int64)


def mean_vector(vectors: NDArray[Any]) -> NDArray[np.float64]:
    """The mean of unit vectors [n, size] at unit length; [size]."""
    mean = np.asarray(vectors, np.float64).mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9))
