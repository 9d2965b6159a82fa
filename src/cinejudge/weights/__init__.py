"""Model weights: which there are, where they come from, whether they are here and genuine."""

from cinejudge.weights.entries import Weight, WeightFile, catalog, default_names, get_weight
from cinejudge.weights.fetch import NPM_BYTES
from cinejudge.weights.install import Progress, needs_npm, pull
from cinejudge.weights.store import cache_dir, missing, path, present, weights_dir

__all__ = [
    "NPM_BYTES",
    "Progress",
    "Weight",
    "WeightFile",
    "cache_dir",
    "catalog",
    "default_names",
    "get_weight",
    "missing",
    "needs_npm",
    "path",
    "present",
    "pull",
    "weights_dir",
]
