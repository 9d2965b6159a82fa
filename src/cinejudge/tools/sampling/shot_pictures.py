"""The pictures by which shots are compared: a few of each, and the user's references."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, pairwise
from typing import Any

from cinejudge.media import Footage
from cinejudge.schema import Shot
from cinejudge.schema.errors import ToolError
from cinejudge.tools.contract import Look

PICTURE_SIDE = 640
MOST_SHOTS = 40
"""Of more shots than this only neighbours are compared."""


def chosen(look: Look, wanted: Sequence[int] = ()) -> list[Shot]:
    """The shots of these indices, all where none is named.

    Raises:
        ToolError: the shots are not known yet, or there is no such shot.
    """
    if not look.shots:
        raise ToolError("the shots are not known yet")
    known = {shot.index: shot for shot in look.shots}
    unknown = [i for i in wanted if i not in known]
    if unknown:
        raise ToolError(f"no shot {unknown[0]}; there are shots 0 to {len(look.shots) - 1}")
    return [known[i] for i in dict.fromkeys(wanted or known)]


def pairs(shots: Sequence[Shot]) -> Iterable[tuple[int, int]]:
    """Indices of the shots to compare with each other."""
    indices = [shot.index for shot in shots]
    return combinations(indices, 2) if len(indices) <= MOST_SHOTS else pairwise(indices)


def few(footage: Footage, shot: Shot) -> Iterator[Any]:
    """The first, a middle and the last kept picture of a shot, uint8 RGB [H, W, 3]."""
    kept = footage.sample(shot.start_frame, shot.end_frame)
    places = dict.fromkeys([kept[0], kept[len(kept) // 2], kept[-1]]) if kept else [shot.start_frame]
    return (rgb for _, rgb in footage.frames(list(places), max_side=PICTURE_SIDE))


def reference(look: Look, name: str) -> Any:
    """A picture of the user's own, uint8 RGB [H, W, 3].

    Raises:
        ToolError: there is no such artifact, or it is no picture.
    """
    import cv2
    import numpy as np

    if not look.store.has(name):
        raise ToolError(f"no artifact {name[:12]}…")
    picture = cv2.imdecode(np.frombuffer(look.store.read(name), np.uint8), cv2.IMREAD_COLOR_RGB)
    if picture is None:
        raise ToolError(f"artifact {name[:12]}… is no picture")
    return picture
