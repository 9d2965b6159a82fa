"""Scores predicted first frames of shots against labels.

A hard cut is found when a prediction lies within 2 frames of it, a gradual one when a prediction lies inside its span
widened by 2. A label takes one prediction, the nearest to its middle; a second one is false. Predictions inside an
ambiguous stretch (widened by 2) count neither way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TOLERANCE = 2


@dataclass(frozen=True)
class Label:
    """One true boundary."""

    start: int
    frame: int
    kind: str

    @property
    def hard(self) -> bool:
        """Whether it is a hard cut."""
        return self.kind == "hard"


@dataclass(frozen=True)
class Outcome:
    """One clip scored."""

    found: tuple[Label, ...]
    missed: tuple[Label, ...]
    false: tuple[int, ...]

    @property
    def exact(self) -> bool:
        """Whether nothing is missed and nothing is false."""
        return not self.missed and not self.false


def labels_of(entry: Mapping[str, Any]) -> list[Label]:
    """The labels of one clip."""
    return [Label(c.get("start", c["frame"]), c["frame"], c["type"]) for c in entry["cuts"]]


def score_clip(predicted: Sequence[int], entry: Mapping[str, Any], tolerance: int = TOLERANCE) -> Outcome:
    """Matches predictions with labels, in order of the labels."""
    left = sorted(predicted)
    found, missed = [], []
    for label in labels_of(entry):
        near = [p for p in left if label.start - tolerance <= p <= label.frame + tolerance]
        if near:
            left.remove(min(near, key=lambda p: abs(p - (label.start + label.frame) / 2)))
            found.append(label)
        else:
            missed.append(label)
    doubtful = entry.get("ambiguous") or []
    false = [p for p in left if not any(d["start"] - tolerance <= p <= d["end"] + tolerance for d in doubtful)]
    return Outcome(tuple(found), tuple(missed), tuple(false))


@dataclass(frozen=True)
class Totals:
    """Many clips scored."""

    outcomes: tuple[Outcome, ...]
    minutes: float

    @property
    def true(self) -> int:
        """Boundaries found."""
        return sum(len(o.found) for o in self.outcomes)

    @property
    def false(self) -> int:
        """Boundaries that are none."""
        return sum(len(o.false) for o in self.outcomes)

    @property
    def labels(self) -> int:
        """Boundaries there are."""
        return self.true + sum(len(o.missed) for o in self.outcomes)

    @property
    def precision(self) -> float:
        """Share of the predictions that are right; 1 where there are none."""
        return self.true / (self.true + self.false) if self.true + self.false else 1.0

    def recall(self, hard: bool | None = None) -> float:
        """Share of the labels found: all, the hard or the gradual ones; 1 where there are none."""
        found = [lb for o in self.outcomes for lb in o.found if hard is None or lb.hard == hard]
        missed = [lb for o in self.outcomes for lb in o.missed if hard is None or lb.hard == hard]
        return len(found) / (len(found) + len(missed)) if found or missed else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        p, r = self.precision, self.recall()
        return 2 * p * r / (p + r) if p + r else 0.0

    @property
    def exact(self) -> int:
        """Clips with nothing missed and nothing false."""
        return sum(o.exact for o in self.outcomes)

    @property
    def false_per_minute(self) -> float:
        """False boundaries per minute of film."""
        return self.false / self.minutes if self.minutes else 0.0


def total(outcomes: Iterable[Outcome], minutes: float) -> Totals:
    """Sums up."""
    return Totals(tuple(outcomes), minutes)
