"""Groups of things that are alike."""

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


def grouped(similarity: NDArray[Any], apart: NDArray[np.bool_], least: float) -> NDArray[np.int64]:
    """The same for given similarities, where some pairs are known to be different; see :func:`clusters`.

    Args:
        similarity: Of each pair, symmetric; [n, n].
        apart: Pairs that never share a group, such as two faces in one picture; symmetric; [n, n].
        least: Mean similarity of all pairs between two groups from which on they are joined.
    """
    total, size, labels = np.array(similarity, np.float64), np.ones(len(similarity)), np.arange(len(similarity))
    barred = apart | np.eye(len(similarity), dtype=bool)
    mean = np.where(barred, -np.inf, total)
    while len(mean):
        a, b = divmod(int(mean.argmax()), len(mean))
        if mean[a, b] < least:
            break
        total[a] += total[b]
        total[:, a] = total[a]
        size[a] += size[b]
        barred[a] |= barred[b]
        barred[:, a] = barred[a]
        mean[a] = np.where(barred[a], -np.inf, total[a] / (size[a] * size))
        mean[:, a] = mean[a]
        barred[b] = barred[:, b] = True
        mean[b] = mean[:, b] = -np.inf
        labels[labels == b] = a
    return renumbered(labels)


def pairs_nearby(count: int, most: int = 5000) -> list[tuple[int, int]]:
    """All pairs of things in order of time; of so many that it would be more than ``most``, those close in order.

    Returns:
        Places (a, b) with a < b, by b.
    """
    reach = count if count * (count - 1) // 2 <= most else max(1, most // count)
    return [(a, b) for b in range(count) for a in range(max(0, b - reach), b)]


def renumbered(labels: NDArray[Any]) -> NDArray[np.int64]:
    """The same groups, numbered 0, 1, 2 ... in order of first appearance; [n]."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[inverse], np.int64)


def mean_vector(vectors: NDArray[Any]) -> NDArray[np.float64]:
    """The mean of unit vectors [n, size] at unit length; [size]."""
    mean = np.asarray(vectors, np.float64).mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9))
