"""File names and other foreign words, made fit to print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path


def printable(text: str) -> str:
    r"""The text with control, bidirectional and undecodable characters as ``\x..`` or ``\u....``: always one line."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def distinct_names(paths: Sequence[Path]) -> list[str]:
    """A name for each file, with as many of the folders above it as it takes to tell them apart."""
    depth = [1] * len(paths)
    longest = [len(path.parts) for path in paths]
    while True:
        names = ["/".join(path.parts[-d:]) for path, d in zip(paths, depth, strict=True)]
        counts = Counter(names)
        same = [i for i, name in enumerate(names) if counts[name] > 1 and depth[i] < longest[i]]
        if not same:
            return names
        for i in same:
            depth[i] += 1
