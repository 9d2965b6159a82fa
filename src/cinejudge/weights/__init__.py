"""Model weights: which there are, where they come from, whether they are here and genuine."""

from cinejudge.weights.entries import Weight, WeightFile, catalog, default_names, get_weight
from cinejudge.weights.fetch import NPM_BYTES
from cinejudge.weights.install import Progress, by_hand_of, needs_npm, pull
from cinejudge.weights.store import cache_dir, expected, missing, path, present, receipt_of, weights_dir

__all__ = [
    "NPM_BYTES",
    "Progress",
    "Weight",
    "WeightFile",
    "by_hand_of",
    "cache_dir",
    "catalog",
    "default_names",
    "expected",
    "get_weight",
    "missing",
    "needs_npm",
    "path",
    "present",
    "pull",
    "receipt_of",
    "weights_dir",
]
