"""A question as asked about one clip, and its answer."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field

from cinejudge.schema.base import Record, Span, Unit, content_hash
from cinejudge.schema.suite import Name, Option, Rule

CANNOT_TELL = "cannot_tell"
"""Option that every asked question ends with. Choosing it means ``not_judged``, never a score."""

SLOT = re.compile(r"\{([a-z_]+\.[a-z_]+|[a-z_]+)\}")
"""A placeholder such as ``{shot.scale}`` in the texts of a suite."""


class Asked(Record):
    """A question made for this very video: one thing in scope, slots found, options shuffled."""

    id: str
    """``suite/question@target``, for example ``msavbench/camera.scale@shot2``."""
    question: Name
    metric: Name
    dimension: Name
    suite: Name
    text: str
    """The suite's words, with ``{slots}`` left standing: see :meth:`filled`."""
    slots: dict[str, str] = Field(default_factory=dict)
    """Values from the brief: untrusted, shown to a model as quoted data. They stand nowhere else in this record."""
    options: tuple[Option, ...]
    """Shuffled; the last one is always ``cannot_tell``. Texts may hold ``{slots}`` too."""
    target: str = "clip"
    """``clip``, ``shot2``, ``shot2-3``, ``spec2``, ``speaker1``, ``line0``, counted from 0."""
    shots: tuple[int, ...] = ()
    span: Span | None = None
    rule: Rule | None = None
    tools: tuple[Name, ...] = ()
    guidance: str = ""
    not_applicable: str | None = None
    """Why a gate left it out; None when it is to be answered."""
    not_judged: str | None = None
    """Why it cannot be decided whether it applies (a tool is missing)."""

    def option(self, option_id: str) -> Option | None:
        """The option of that id, or None."""
        return next((o for o in self.options if o.id == option_id), None)

    @property
    def content(self) -> str:
        """Identity of what is asked: an answer to one question answers every other of the same content.

        Scores, rules and the order of options are no part of it.
        """
        texts = {option.id: option.text for option in self.options}
        return content_hash([self.text, self.slots, self.guidance, texts, self.target, self.span, sorted(self.tools)])

    def filled(self, text: str) -> str:
        """``text`` with each ``{slot}`` replaced by the brief's words in quotation marks, for a person to read.

        Slot values are not looked into again, so braces in them stay what they are.
        """
        return SLOT.sub(lambda m: f"“{self.slots[m[1]]}”" if m[1] in self.slots else "(not specified)", text)


AnswerStatus = Literal["answered", "not_applicable", "not_judged", "failed"]


class Answer(Record):
    """What was answered, by whom, on what evidence."""

    asked: str
    """Id of the question as asked."""
    metric: Name
    status: AnswerStatus
    option: str | None = None
    score: Unit | None = None
    by: str = ""
    """``rule``, or the model's name."""
    reasoning: str = ""
    evidence: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    confidence: Unit | None = None
    agreement: Unit | None = None
    """Share of samples that chose this option, when asked several times."""
    uncertain: str | None = None
    """Why it stays in doubt after reflection."""
    reason: str | None = None
    """Why there is no answer."""
    before: tuple[Answer, ...] = ()
    """Earlier answers that reflection replaced, or the evidence where the model could not tell."""


class Measured(Record):
    """A raw number taken from evidence. Name, target, settings and slots say what was measured."""

    name: Name
    target: str = "clip"
    settings: dict[str, Any] = Field(default_factory=dict)
    """From the suite."""
    slots: dict[str, str] = Field(default_factory=dict)
    """What the brief asks for, where the measure compares with it. Untrusted."""
    value: float | None
    unit: str = ""
    reason: str | None = None
    """Why there is no value."""
    missing: Annotated[bool, Field(description="the means are missing, rather than nothing to measure")] = False
    note: str = ""
    """What was compared with what, for a reader; may quote the video."""
    evidence: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    parts: dict[str, float] = Field(default_factory=dict)
    """The values it was made of, by target."""
