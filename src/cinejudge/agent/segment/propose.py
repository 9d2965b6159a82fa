"""From detector candidates to suspects: boundaries in question, with what the detectors and the pictures say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cinejudge.schema import Correction
from cinejudge.schema.shot import TransitionKind
from cinejudge.tools.boundaries import Measured, Place
from cinejudge.tools.boundaries import Result as Measures
from cinejudge.tools.perception import Perception
from cinejudge.tools.shots import Candidate, features

SHORTEST_SHOT = 2
"""Frames. A single odd picture is a flash or a fault, not a shot."""
SHORTEST_BESIDE_GRADUAL = 5
"""Frames of a shot beside a gradual transition. What changes sooner is mostly the rest of the same transition."""
LIKELY = 0.05
"""Probability by the detectors from which a suspect is inspected at once."""
_CONFIDENT = 0.5
"""The network's output from which a candidate bounds the stretch that its neighbours are judged by."""


@dataclass(frozen=True)
class Suspect:
    """A boundary in question."""

    start: int
    """First frame with a trace of the new shot."""
    end: int
    """First clean frame of the new shot; equal to ``start`` for a hard cut."""
    kind: TransitionKind
    signals: dict[str, float]
    """What the detectors say."""
    weak: bool
    """The detectors hardly believe in it; only a search inside a long shot takes it up."""
    proposal: Correction
    place: Place | None = None
    """What was measured, and how far it looked."""
    found: Measured | None = None
    """What the pictures say: measures, and where the transition really starts and ends."""
    evidence: tuple[str, ...] = ()
    score: float = 0.0
    """Probability in [0, 1] that this is a boundary, by the evidence so far."""

    @property
    def id(self) -> str:
        """What a model calls it."""
        return f"b{self.start}" if self.start == self.end else f"b{self.start}_{self.end}"

    @property
    def gradual(self) -> bool:
        """Whether the transition takes more than one frame."""
        return self.end - self.start > 1

    @property
    def span(self) -> tuple[int, int]:
        """First changed and first clean frame: as measured, or else as proposed."""
        return (self.found.start, self.found.end) if self.found else (self.start, self.end)

    @property
    def features(self) -> dict[str, float]:
        """Everything that speaks for or against it, on scales that a linear model can use."""
        return features(self.signals, self.end - self.start) | (self.found.measures if self.found else {})

    def clashes(self, other: Suspect) -> bool:
        """Whether both cannot hold: the shot between them would be too short.

        Two frames are enough between hard cuts. Beside a gradual transition a shot lasts five frames and at least half
        as long as the transition does, and between two of them as long as the longer: less is a part of the same
        transition.
        """
        (a, b), (c, d) = sorted((self.span, other.span))
        if not (self.gradual or other.gradual):
            return c - b < SHORTEST_SHOT
        longest = max(b - a, d - c)
        return c - b < max(SHORTEST_BESIDE_GRADUAL, longest if self.gradual and other.gradual else longest / 2)


def suspects(candidates: Iterable[Candidate], evidence: str) -> list[Suspect]:
    """All candidates as proposed by the evidence of that id, nothing measured yet."""
    return [
        Suspect(
            c.start_frame,
            c.end_frame,
            c.type,
            c.signals,
            weak=c.confidence < LIKELY,
            proposal=Correction(
                round=0,
                action="propose",
                frame=c.end_frame,
                reason=f"proposed as {c.type.replace('_', ' ')}",
                by=", ".join(c.detectors),
                evidence=(evidence,),
                measures=c.signals,
            ),
            evidence=(evidence,),
            score=c.confidence,
        )
        for c in candidates
    ]


def confident(all_: Iterable[Suspect]) -> list[Suspect]:
    """Hard cuts of which the network is sure before anything is measured."""
    return [s for s in all_ if s.signals.get("network", 0.0) >= _CONFIDENT and not s.gradual]


def place_of(suspect: Suspect, bounds: Sequence[Suspect], frames: int) -> Place:
    """Where to measure, looking no further than the nearest of ``bounds`` on either side."""
    spans = [b.span for b in bounds if b.id != suspect.id]
    first = max((end for _, end in spans if end <= suspect.start - SHORTEST_SHOT), default=0)
    last = min((start for start, _ in spans if start >= suspect.end + SHORTEST_SHOT), default=frames)
    return Place(start=suspect.start, end=suspect.end, first=first, last=last)


async def measured(perception: Perception, all_: Sequence[Suspect], bounds: Sequence[Suspect]) -> list[Suspect]:
    """The suspects measured between ``bounds``; one that was measured there before stays as it is."""
    frames = perception.footage.clip.frames
    places = [place_of(s, bounds, frames) for s in all_]
    fresh = tuple(p for s, p in zip(all_, places, strict=True) if s.place != p)
    if not fresh:
        return list(all_)
    evidence = await perception.look("boundaries", places=fresh)
    result: Measures = perception.result(evidence)
    by_place = dict(zip(fresh, result.places, strict=True))
    out = []
    for suspect, place in zip(all_, places, strict=True):
        if place in by_place:
            seen = (suspect.evidence[0], evidence.id)
            suspect = replace(suspect, place=place, found=by_place[place], evidence=seen)
        out.append(suspect)
    return out
