"""What a video was meant to be."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cinejudge.schema.base import Record, Span

Text = Annotated[str, Field(max_length=20_000)]


class Line(Record):
    """A line of the script, as it should be spoken."""

    text: Text
    speaker: str | None = None
    language: str | None = None
    """BCP 47 tag such as ``en``; None when the brief does not say."""


class Reference(Record):
    """Material that the video should be faithful to. Paths are the user's own, never a model's."""

    kind: Literal["subject_image", "scene_image", "voice"]
    path: str
    subject: str | None = None


class ShotSpec(Record):
    """One shot as the brief asks for it. A slot left None was not specified and is never judged."""

    index: Annotated[int, Field(ge=0)]
    span: Span | None = None
    description: Text = ""
    scene: str | None = None
    lighting: str | None = None
    scale: str | None = None
    angle: str | None = None
    camera_motion: str | None = None
    transition: str | None = None
    subjects: tuple[str, ...] = ()
    layout: str | None = None
    texts: tuple[str, ...] = ()
    """Words that should be readable on screen."""
    lines: tuple[Line, ...] = ()
    sounds: tuple[str, ...] = ()
    music: str | None = None
    emotion: str | None = None


class Brief(Record):
    """The whole specification of one video. Everything in it is untrusted text."""

    prompt: Text = ""
    genre: str | None = None
    style: str | None = None
    tone: str | None = None
    language: str | None = None
    persons: Annotated[int, Field(ge=0)] | None = None
    """How many different people should appear; None when the brief gives no number."""
    shots: tuple[ShotSpec, ...] = ()
    texts: tuple[str, ...] = ()
    """Words that should be readable somewhere; those bound to a shot stand in the shot."""
    lines: tuple[Line, ...] = ()
    sounds: tuple[str, ...] = ()
    music: str | None = None
    references: tuple[Reference, ...] = ()
    source: str = ""
    """The format it was read from (``text``, ``cinejudge``, ``msavbench``)."""

    @property
    def all_texts(self) -> tuple[str, ...]:
        """On-screen words of the brief and of its shots, in order."""
        return self.texts + tuple(t for shot in self.shots for t in shot.texts)

    @property
    def all_lines(self) -> tuple[Line, ...]:
        """Script lines of the brief and of its shots, in order."""
        return self.lines + tuple(line for shot in self.shots for line in shot.lines)
