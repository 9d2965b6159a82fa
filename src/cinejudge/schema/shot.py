"""Shots, the boundaries between them, and how they came to be."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cinejudge.schema.base import Record, Span, Unit

TransitionKind = Literal["hard_cut", "dissolve", "fade", "wipe", "cut_to_black"]


class Transition(Record):
    """How one shot gives way to the next."""

    type: TransitionKind
    start_frame: int
    """First frame that shows a trace of the new shot; for a hard cut equal to ``end_frame``."""
    end_frame: int
    """First clean frame of the new shot."""


class Correction(Record):
    """One decision of the segmentation loop about a boundary or an interval."""

    round: Annotated[int, Field(ge=0, le=2)]
    """0 for the proposal, then the round of correction."""
    action: Literal["propose", "keep", "merge", "split", "move", "retype"]
    frame: int
    reason: str
    by: str
    """A detector's name, ``signals`` or the model's name."""
    evidence: tuple[str, ...] = ()
    measures: dict[str, float] = Field(default_factory=dict)
    """The numbers that decided, by name."""


class Boundary(Record):
    """A boundary candidate: where, what, how sure, and everything decided about it."""

    transition: Transition
    confidence: Unit
    detectors: tuple[str, ...]
    history: tuple[Correction, ...] = ()

    @property
    def frame(self) -> int:
        """First clean frame of the new shot."""
        return self.transition.end_frame


class Shot(Record):
    """One corrected shot. Frames count from 0 in display order; ``end_frame`` is exclusive."""

    index: int
    start_frame: int
    """First clean frame."""
    end_frame: int
    start_s: float
    end_s: float
    transition_in: Transition | None
    spec: int | None = None
    """Index of the brief's shot that this one realises; None when nothing matches or there is no brief."""
    match: Unit | None = None
    """How well it matches that specification."""
    valid: bool = True
    """False for a segment that matches nothing in the brief: left out of metrics that need a match."""
    history: tuple[Correction, ...] = ()

    @property
    def span(self) -> Span:
        """The shot's time."""
        return Span(start_s=self.start_s, end_s=self.end_s)

    @property
    def frames(self) -> int:
        """Number of clean frames."""
        return self.end_frame - self.start_frame


class Segmentation(Record):
    """The shots of a clip with every decision that led to them, dropped candidates included."""

    shots: tuple[Shot, ...]
    corrections: tuple[Correction, ...]
    rounds: Annotated[int, Field(ge=0, le=2)]
    expected: int | None
    """Shots that the brief specifies; None without a brief."""
    notes: tuple[str, ...] = ()

    @property
    def completion(self) -> float | None:
        """MSAVBench's shot-completion factor: ``min(1, valid shots / specified shots)``."""
        if not self.expected:
            return None
        return min(1.0, sum(shot.valid for shot in self.shots) / self.expected)
