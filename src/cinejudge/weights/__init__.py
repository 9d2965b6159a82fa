"""Model weights: which there are, where they come from, whether they are here and genuine."""

from cinejudge.weights.catalog import Weight, WeightFile, catalog, default_names, get_weight
from cinejudge.weights.fetch import NODE_DOWNLOAD, npm_is_here
from cinejudge.weights.pull import Progress, offline, pull
from cinejudge.weights.store import cache_dir, missing, path, present, weights_dir

__all__ = [
    "NODE_DOWNLOAD",
    "Progress",
    "Weight",
    "WeightFile",
    "cache_dir",
    "catalog",
    "default_names",
    "get_weight",
    "missing",
    "npm_is_here",
    "offline",
    "path",
    "present",
    "pull",
    "weights_dir",
]
