"""What happened to a clip, one small record per line of ``events.jsonl``.

The set of kinds is closed and so are their fields: no request header, no key and no media can slip in. Whatever is
large (evidence data, pictures, replies) is named by its id or hash, and stands where it is kept.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, TypeAdapter

from cinejudge.schema import Answer, Correction, Finding, Record, Unit
from cinejudge.schema.evidence import EvidenceStatus
from cinejudge.traces.run import path_text


class _Event(Record):
    at: datetime
    """When it was written, in UTC."""


class ClipOpened(_Event):
    """Work on the clip begins, or goes on after an interruption."""

    kind: Literal["clip_opened"] = "clip_opened"
    name: str
    source: Annotated[str, BeforeValidator(path_text)]
    """Absolute path of the file. Where a player finds it."""
    sha256: str | None = None


class Repaired(_Event):
    """The last line had been cut short by a kill or a full disk and was removed."""

    kind: Literal["repaired"] = "repaired"
    removed_bytes: int


class StageStarted(_Event):
    """A stage of the graph begins."""

    kind: Literal["stage_started"] = "stage_started"
    stage: str


class StageEnded(_Event):
    """A stage of the graph is done."""

    kind: Literal["stage_ended"] = "stage_ended"
    stage: str
    seconds: float
    """Wall time of the stage so far; one that ran twice counts both."""


class EvidenceFound(_Event):
    """A tool gave evidence, anew or from the cache."""

    kind: Literal["evidence"] = "evidence"
    evidence: str
    tool: str
    status: EvidenceStatus
    provider: str | None = None
    summary: str = ""
    seconds: float = 0.0
    cached: bool = False


class Corrected(_Event):
    """The segmentation loop decided about a boundary."""

    kind: Literal["correction"] = "correction"
    correction: Correction


class QuestionAsked(_Event):
    """A question was put to a rule or a model."""

    kind: Literal["question"] = "question"
    asked: str
    to: str
    """``rule``, the model's name, or ``run ID``: that earlier run has asked it, and its answer is taken over."""
    attempt: Annotated[int, Field(ge=1)] = 1


class ToolCalled(_Event):
    """A model called a tool."""

    kind: Literal["tool_call"] = "tool_call"
    tool: str
    args: dict[str, Any]
    judge: str = ""
    """Who called: the ids of a judge's dimensions, joined by ``+``, or ``segment``."""
    asked: tuple[str, ...] = ()
    """Questions that the judge was working on."""
    evidence: str | None = None
    error: str | None = None


class ModelCalled(_Event):
    """A model answered a request."""

    kind: Literal["model_call"] = "model_call"
    request: Annotated[str, Field(pattern=r"^[0-9a-f]{8,64}$")]
    """Hash of the request: the key of the reply cache."""
    model: str
    judge: str = ""
    """Who asked: the ids of a judge's dimensions, joined by ``+``, ``segment`` or ``brief``."""
    asked: tuple[str, ...] = ()
    """Questions that the judge was working on."""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    seconds: float = 0.0
    cached: bool = False
    """Whether the reply came from the reply cache and cost nothing."""


class Answered(_Event):
    """A question was answered."""

    kind: Literal["answer"] = "answer"
    answer: Answer


class Reflected(_Event):
    """An answer was looked at again."""

    kind: Literal["reflection"] = "reflection"
    asked: str
    action: Literal["keep", "ask_again", "lower_confidence", "reject"]
    reason: str
    confidence: Unit | None = None


class FindingMade(_Event):
    """A failure was found."""

    kind: Literal["finding"] = "finding"
    finding: Finding


class ErrorSeen(_Event):
    """Something failed. Whether the clip went on shows in what follows."""

    kind: Literal["error"] = "error"
    error: str
    """Class of the error."""
    message: str
    where: str = ""
    """Stage, judge or tool."""


class Rescored(_Event):
    """A number was computed anew from the trace and came out different."""

    kind: Literal["rescored"] = "rescored"
    suite: str
    metric: str | None
    """None for the suite's own score."""
    before: float | None
    after: float | None
    note: str = ""


Event = Annotated[
    ClipOpened
    | Repaired
    | StageStarted
    | StageEnded
    | EvidenceFound
    | Corrected
    | QuestionAsked
    | ToolCalled
    | ModelCalled
    | Answered
    | Reflected
    | FindingMade
    | ErrorSeen
    | Rescored,
    Field(discriminator="kind"),
]
EventKind = Literal[
    "clip_opened",
    "repaired",
    "stage_started",
    "stage_ended",
    "evidence",
    "correction",
    "question",
    "tool_call",
    "model_call",
    "answer",
    "reflection",
    "finding",
    "error",
    "rescored",
]
EVENTS: TypeAdapter[Event] = TypeAdapter(Event)
"""Reads and checks one event."""
