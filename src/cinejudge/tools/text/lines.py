"""Merges what is read in single frames into lines of text with time spans.

A detection joins a line when it reads alike and lies near where the line was last seen, or covers the same place and
reads somewhat alike (text that changes). The words of a line are decided by vote, so that one blurred frame does not
spoil them; what is drawn is never corrected towards a dictionary.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cinejudge.tools.text.distance import normal_characters, similarity

Box = tuple[float, float, float, float]

ALIKE = 0.5
"""Similarity of two readings above which they may be the same line seen at another place."""
NEAR = 0.25
"""Largest move of a line's centre between two readings, as a share of the picture."""
SAME_PLACE = 0.4
"""Overlap (intersection over union) above which a line may have changed its words in place."""
SOMEWHAT_ALIKE = 0.2
LONGEST_GAP = 2
"""A line may be missed in so many sampled frames in a row and still go on."""
EDGE = 0.01
"""A box this near to the picture's edge is taken to run out of it."""


class Seen(NamedTuple):
    """One detection in one sampled frame."""

    sample: int
    """Position of the frame among the sampled ones."""
    frame: int
    time_s: float
    text: str
    confidence: float
    box: Box


@dataclass
class Track:
    """Detections that belong to one line of text."""

    seen: list[Seen] = field(default_factory=list)

    @property
    def last(self) -> Seen:
        """The newest detection."""
        return self.seen[-1]


class Vote(NamedTuple):
    """One wording of a line and what speaks for it."""

    text: str
    confidence: float
    """Mean confidence over the frames that read it."""
    frames: int
    first: Seen
    last: Seen


def merge(detections: Iterable[Seen]) -> list[Track]:
    """Joins detections, given in order of time, into tracks. The best-fitting pairs are joined first."""
    tracks: list[Track] = []
    for frame in _by_sample(detections):
        open_tracks = [t for t in tracks if frame[0].sample - t.last.sample <= LONGEST_GAP + 1]
        pairs = sorted(
            (
                (fit, t, d)
                for t, track in enumerate(open_tracks)
                for d, new in enumerate(frame)
                if (fit := _fit(track.last, new))
            ),
            reverse=True,
        )
        taken_tracks: set[int] = set()
        taken: set[int] = set()
        for _, t, d in pairs:
            if t not in taken_tracks and d not in taken:
                open_tracks[t].seen.append(frame[d])
                taken_tracks.add(t)
                taken.add(d)
        tracks += [Track([new]) for d, new in enumerate(frame) if d not in taken]
    return tracks


def votes(track: Track) -> tuple[Vote, ...]:
    """The wordings of a line, the one with the largest sum of confidence first."""
    by_text: dict[str, list[Seen]] = {}
    for seen in track.seen:
        by_text.setdefault(seen.text, []).append(seen)
    counted = [
        Vote(text, sum(s.confidence for s in group) / len(group), len(group), group[0], group[-1])
        for text, group in by_text.items()
    ]
    return tuple(sorted(counted, key=lambda v: (-v.confidence * v.frames, v.first.sample)))


def cut_off(box: Box) -> bool:
    """Whether text at that place runs out of the picture."""
    return min(box[0], box[1], 1 - box[2], 1 - box[3]) < EDGE


def in_reading_order(boxes: Sequence[Box]) -> list[int]:
    """Indices of boxes row by row from the top, each row from the left."""
    order = sorted(range(len(boxes)), key=lambda i: (boxes[i][1] + boxes[i][3]) / 2)
    rows: list[list[int]] = []
    for i in order:
        centre = (boxes[i][1] + boxes[i][3]) / 2
        if rows and boxes[rows[-1][0]][1] < centre < boxes[rows[-1][0]][3]:
            rows[-1].append(i)
        else:
            rows.append([i])
    return [i for row in rows for i in sorted(row, key=lambda i: boxes[i][0])]


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (_area(a) + _area(b) - shared)


def _fit(old: Seen, new: Seen) -> float:
    alike, shared = similarity(old.text, new.text), overlap(old.box, new.box)
    if (alike >= ALIKE and _distance(old.box, new.box) <= NEAR) or (shared >= SAME_PLACE and alike >= SOMEWHAT_ALIKE):
        return alike + shared
    return 0.0


def _distance(a: Box, b: Box) -> float:
    dx, dy = (a[0] + a[2] - b[0] - b[2]) / 2, (a[1] + a[3] - b[1] - b[3]) / 2
    return float((dx * dx + dy * dy) ** 0.5)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _by_sample(detections: Iterable[Seen]) -> list[list[Seen]]:
    frames: dict[int, list[Seen]] = {}
    for seen in detections:
        if normal_characters(seen.text, "lenient"):
            frames.setdefault(seen.sample, []).append(seen)
    return [frames[sample] for sample in sorted(frames)]
