"""Briefs in free text: a model sorts what a prompt says into shots and slots, and may use no other words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cinejudge import prompts
from cinejudge.agent.case import Case
from cinejudge.briefs.quotes import language_of
from cinejudge.llm.converse import ToolOutput, converse
from cinejudge.llm.lean import lean_schema
from cinejudge.schema import Brief, Line, ShotSpec, Span, content_hash
from cinejudge.schema.chat import Message, TextPart, ToolSpec
from cinejudge.schema.errors import BudgetReached, ModelError, ToolError
from cinejudge.schema.terms import vocabulary

NAME = "write_shots"
SLACK_S = 0.5
"""How far a time may lie beyond the end of the clip: prompts are round, clips are not."""
_TERMS = {
    "lighting": "lighting",
    "scale": "scale",
    "angle": "angle",
    "camera_motion": "motion",
    "transition": "transition",
}
"""Slots that film language has words for, with the attribute that lists them."""

Short = Annotated[str, Field(min_length=1, max_length=300)]
Several = Annotated[list[Short], Field(max_length=20)]


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: Annotated[str, Field(min_length=1, max_length=2000)]
    speaker: Short | None = None


class _Shot(BaseModel):
    model_config = ConfigDict(extra="forbid")
    description: Annotated[str, Field(min_length=1, max_length=20_000)]
    start_s: Annotated[float, Field(ge=0)] | None = None
    end_s: Annotated[float, Field(ge=0)] | None = None
    scene: Short | None = None
    lighting: Short | None = None
    scale: Short | None = None
    angle: Short | None = None
    camera_motion: Short | None = None
    transition: Short | None = None
    subjects: Several = []
    texts: Several = []
    lines: Annotated[list[_Line], Field(max_length=20)] = []
    sounds: Several = []


class _Shots(BaseModel):
    model_config = ConfigDict(extra="forbid")
    shots: Annotated[list[_Shot], Field(max_length=30)]


async def read_brief(case: Case) -> Brief | None:
    """The brief of a case; one in free text with its shots as the model reads them.

    A brief that has shots stays as it is, and so does any where no model can be asked or where its reading stays
    wrong: then what the templates found in the text stands.
    """
    brief = case.brief
    if brief is None or not brief.prompt or brief.shots or not case.session.model.capabilities.tools:
        return brief
    with case.stage("brief"):
        try:
            return await _ask(case, brief)
        except (ModelError, BudgetReached) as error:
            case.trace.event("error", error=type(error).__name__, message=str(error), where="brief")
            return brief


async def _ask(case: Case, brief: Brief) -> Brief:
    # The mark follows from the prompt, not from the clip: one prompt is read once for all clips made from it.
    fence = prompts.make_fence(case.fence_key, content_hash(brief.prompt))
    reading = Reading(brief.prompt, case.footage.clip.duration_s)
    outcome = await converse(
        case.asking("brief"),
        (
            Message(role="system", parts=(TextPart(text=prompts.render("brief", fence=fence, final=NAME)),)),
            Message(role="user", parts=(TextPart(text=prompts.quote(brief.prompt, fence, max_chars=20_000)),)),
        ),
        (),
        _no_tools,
        final=ToolSpec(
            name=NAME,
            description="The shots of the text, in order.",
            parameters=lean_schema(_Shots.model_json_schema()),
        ),
        check=reading.check,
        quote=lambda words: prompts.quote(words, fence),
        max_turns=1,
    )
    if outcome.arguments is None:
        case.trace.event("error", error="ModelError", message=outcome.reason, where="brief")
        return brief
    return _with_shots(brief, reading.shots)


async def _no_tools(name: str, arguments: dict[str, Any]) -> ToolOutput:
    raise ToolError(f"no tool named {name!r} here")


class Reading:
    """What a model makes of a text, checked word by word against it."""

    def __init__(self, text: str, duration_s: float) -> None:
        """Holds readings against this text and the length of the clip."""
        self._text = _plain(text)
        self._words = frozenset(_words(text))
        self._duration_s = duration_s
        self.shots: tuple[ShotSpec, ...] = ()

    def check(self, arguments: dict[str, Any]) -> str | None:
        """Takes over a reading without a flaw; else says what is wrong with it."""
        try:
            given = _Shots.model_validate(arguments)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        problems = [f"shot {i}: {flaw}" for i, shot in enumerate(given.shots, 1) for flaw in self._flaws(shot)]
        starts = [shot.start_s for shot in given.shots if shot.start_s is not None]
        if starts != sorted(starts):
            problems.append("the times of the shots do not follow one another")
        if problems:
            return "; ".join(problems[:8])
        self.shots = tuple(_spec(i, shot) for i, shot in enumerate(given.shots))
        return None

    def _flaws(self, shot: _Shot) -> Iterator[str]:
        for words in (shot.description, *shot.texts, *(line.text for line in shot.lines)):
            if _plain(words) not in self._text:
                yield f"{words[:60]!r} does not stand in the text like this"
        named = (shot.scene, *shot.subjects, *shot.sounds, *(line.speaker for line in shot.lines))
        for words in filter(None, named):
            yield from self._strange(words, frozenset())
        for slot, attribute in _TERMS.items():
            yield from self._strange(getattr(shot, slot) or "", vocabulary(attribute))
        if shot.start_s is None or shot.end_s is None:
            if shot.start_s is not shot.end_s:
                yield "give both times or none"
        elif not shot.start_s < shot.end_s <= self._duration_s + SLACK_S:
            yield f"the clip runs from 0 to {self._duration_s:.2f} s; leave out times that do not fit"

    def _strange(self, words: str, terms: frozenset[str]) -> Iterator[str]:
        for word in _words(words):
            known = word in self._words or word in terms or (not word.isascii() and word in self._text)
            if not known:
                yield f"{word[:40]!r} is no word of the text"


def _spec(index: int, shot: _Shot) -> ShotSpec:
    span = None
    if shot.start_s is not None and shot.end_s is not None:
        span = Span(start_s=shot.start_s, end_s=shot.end_s)
    return ShotSpec(
        index=index,
        span=span,
        description=shot.description,
        scene=shot.scene,
        lighting=shot.lighting,
        scale=shot.scale,
        angle=shot.angle,
        camera_motion=shot.camera_motion,
        transition=shot.transition,
        subjects=tuple(shot.subjects),
        texts=tuple(shot.texts),
        lines=tuple(Line(text=o.text, speaker=o.speaker, language=language_of(o.text)) for o in shot.lines),
        sounds=tuple(shot.sounds),
    )


def _with_shots(brief: Brief, shots: tuple[ShotSpec, ...]) -> Brief:
    """The brief with these shots; words that now stand in a shot no longer stand beside the shots too."""
    placed = {_plain(words) for s in shots for words in (*s.texts, *s.sounds, *(line.text for line in s.lines))}
    return brief.model_copy(
        update={
            "shots": shots,
            "texts": tuple(text for text in brief.texts if _plain(text) not in placed),
            "lines": tuple(line for line in brief.lines if _plain(line.text) not in placed),
            "sounds": tuple(sound for sound in brief.sounds if _plain(sound) not in placed),
        }
    )


def _plain(text: str) -> str:
    """Without regard to case, spacing and the shape of quotation marks and dashes."""
    shaped = text.casefold().translate(str.maketrans("‘’“”–—", "''\"\"--"))
    return " ".join(shaped.split())


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())
