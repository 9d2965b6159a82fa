"""The result for one clip."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cinejudge.schema.answer import Answer, Asked, Measured
from cinejudge.schema.base import SCHEMA_VERSION, Record, Span, Unit
from cinejudge.schema.brief import Brief
from cinejudge.schema.clip import Clip
from cinejudge.schema.evidence import Evidence, Fidelity
from cinejudge.schema.shot import Segmentation, Shot
from cinejudge.schema.suite import Name, Severity

MetricStatus = Literal["scored", "not_applicable", "not_judged", "failed"]
"""Only ``scored`` enters a mean. ``not_judged``: the means are missing. Never a default score."""


class Finding(Record):
    """One failure that a maker can act on."""

    id: str
    mode: str
    severity: Severity
    title: str
    detail: str = ""
    suggestion: str = ""
    suite: str
    metric: Name | None = None
    shared: tuple[str, ...] = ()
    """Metrics of other suites that fail by the same answer, as ``suite/metric``."""
    shots: tuple[int, ...] = ()
    spans: tuple[Span, ...] = ()
    evidence: tuple[str, ...] = ()
    confidence: Unit | None = None
    answer: str | None = None
    """Id of the question whose answer it follows from."""


class MetricScore(Record):
    """One metric of one clip."""

    id: Name
    name: str
    level: str = ""
    status: MetricStatus
    score: Unit | None = None
    raw: float | None = None
    unit: str = ""
    reason: str | None = None
    coverage: Unit = 0.0
    """Share of what applies that is scored: of the questions, the measure counting as one of them."""
    fidelity: Fidelity | None = None
    """Of the weakest evidence it rests on."""
    providers: tuple[str, ...] = ()
    weight: float = 1.0
    measured: Measured | None = None
    answers: tuple[Answer, ...] = ()


class DimensionScore(Record):
    """The mean of the scored metrics of one dimension."""

    id: Name
    name: str
    group: str = ""
    status: MetricStatus
    score: Unit | None = None
    coverage: Unit
    """Share of the applicable metrics that is scored, by weight and by each one's own coverage."""
    weight: float = 1.0
    counts: bool = True
    metrics: tuple[MetricScore, ...]


class SuiteVerdict(Record):
    """One suite's result for one clip."""

    name: Name
    title: str
    status: MetricStatus
    score: Unit | None = None
    coverage: Unit
    """The same over the dimensions that count."""
    completion: Unit | None = None
    """Shot-completion factor that the score was multiplied by; None where the suite has none."""
    dimensions: tuple[DimensionScore, ...]


class Usage(Record):
    """What the verdict cost."""

    calls: int = 0
    cached_calls: int = 0
    """Calls answered from the reply cache: paid earlier, not again."""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost: float | None = None
    """In the currency of the price file; None when a price is unknown."""
    seconds: dict[str, float] = Field(default_factory=dict)
    """Wall time per stage."""


class Versions(Record):
    """What the verdict depends on."""

    cinejudge: str
    model: str
    suites: dict[str, str]
    """Suite name to content hash."""
    prompts: str
    tools: dict[str, str] = Field(default_factory=dict)
    """Tool name to ``provider version``."""


class Verdict(Record):
    """Everything found about one clip. Every score leads to answers, every answer to evidence."""

    schema_version: Annotated[int, Field(ge=1)] = SCHEMA_VERSION
    clip: Clip
    brief: Brief | None
    status: Literal["complete", "partial"]
    """``partial``: a budget was reached or a judge failed; what is there stands."""
    reason: str | None = None
    shots: tuple[Shot, ...]
    segmentation: Segmentation
    suites: dict[str, SuiteVerdict]
    findings: tuple[Finding, ...]
    evidence: tuple[Evidence, ...]
    questions: tuple[Asked, ...]
    measured: tuple[Measured, ...] = ()
    """Measures that decided a question, beside those inside the metrics."""
    facts: dict[str, bool | None] = Field(default_factory=dict)
    """What the gates looked at; None when a tool to tell is missing."""
    usage: Usage
    versions: Versions

    def evidence_by_id(self, evidence_id: str) -> Evidence | None:
        """The evidence of that id, or None."""
        return next((e for e in self.evidence if e.id == evidence_id), None)


class Failure(Record):
    """A clip that could not be judged, in one line."""

    schema_version: int = SCHEMA_VERSION
    name: str
    clip_id: str | None = None
    error: str
    """Class of the error."""
    message: str
    source: str | None = None
    """Absolute path of the file; None in traces of before it was kept."""
    seconds: float = 0.0
