"""Prints what the cosines of the tool `similarity` mean: pictures of one shot, of one clip, and of different clips.

Run: python benchmarks/similarity.py CLIPS   (a folder of clips with a labels.json that gives their cuts)
"""

from __future__ import annotations

import json
import sys
import tempfile
from itertools import combinations
from pathlib import Path

import numpy as np

from cinejudge.media import Footage
from cinejudge.tools.models.views import View, cosine, views
from cinejudge.tools.sampling.shot_pictures import PICTURE_SIDE
from cinejudge.tools.similarity import ANCHORS

Seen = tuple[str, int, View]


def look(folder: Path) -> list[Seen]:
    """First, middle and last picture of every labelled shot: clip, shot, description."""
    seen = []
    with tempfile.TemporaryDirectory() as cache:
        for name, label in json.loads((folder / "labels.json").read_text(encoding="utf-8")).items():
            with Footage(folder / name, cache=Path(cache)) as footage:
                starts = [0, *(cut["frame"] for cut in label["cuts"])]
                ends = [*(cut.get("start", cut["frame"]) for cut in label["cuts"]), footage.clip.frames]
                for shot, (start, end) in enumerate(zip(starts, ends, strict=True)):
                    frames = [start, (start + end) // 2, end - 1]
                    pictures = (rgb for _, rgb in footage.frames(frames, max_side=PICTURE_SIDE))
                    seen += [(name, shot, view) for view in views(pictures)]
    return seen


def compared(a: View, b: View, kind: str) -> float | None:
    """Cosine of two pictures in one respect, as the tool takes it."""
    if kind == "subject":
        return max((cosine(x, y) for x in a.subjects for y in b.subjects), default=None)
    x, y = getattr(a, kind), getattr(b, kind)
    return None if x is None or y is None else cosine(x, y)


def table(seen: list[Seen]) -> str:
    """Percentiles of the cosines in Markdown, and how well they tell one shot from another clip."""
    lines = [
        "| | pairs | same shot | other shot, same clip | other clip | AUC same shot / other clip | 0 and 1 stand at |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind, (zero, one) in ANCHORS.items():
        groups: dict[str, list[float]] = {"shot": [], "clip": [], "other": []}
        for (clip, shot, a), (clip_b, shot_b, b) in combinations(seen, 2):
            value = compared(a, b, kind)
            if value is not None:
                group = "other" if clip != clip_b else "shot" if shot == shot_b else "clip"
                groups[group].append(value)
        cells = [" ".join(f"{v:.2f}" for v in np.percentile(g, [5, 50, 95])) for g in groups.values()]
        counts = " / ".join(str(len(g)) for g in groups.values())
        right = np.mean(np.array(groups["shot"])[:, None] > np.array(groups["other"])[None])
        lines.append(f"| {kind} | {counts} | {' | '.join(cells)} | {right:.3f} | {zero} and {one} |")
    return "\n".join(lines)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(table(look(Path(sys.argv[1]))))
