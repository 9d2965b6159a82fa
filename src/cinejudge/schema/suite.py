"""One evaluation system, as a film expert writes it in YAML."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from cinejudge.schema.base import Record, Unit, content_hash

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]*$", max_length=80)]
Scope = Literal["clip", "shot", "adjacent", "spec", "speaker", "line"]
"""What a question is asked about: once, or of each shot found, pair of neighbouring shots, shot of the brief (found
or not), speaker heard, line of the script."""
Paradigm = Literal["measured", "rubric", "grounded"]
Severity = Literal["minor", "moderate", "major", "critical"]


class FindingSpec(Record):
    """The finding that a bad answer or a low measure gives rise to."""

    mode: str
    """Name of the failure, in the field's words."""
    severity: Severity = "moderate"
    suggestion: str = ""
    """What a generator should change. ``{slots}`` of the question may stand in it."""


class Option(Record):
    """One answer that may be chosen."""

    id: Name
    text: str
    score: Unit | None = None
    """None: choosing it leaves the question out (not applicable). In a vocabulary it is left out: the brief decides."""
    synonyms: tuple[str, ...] = ()
    """Other words by which a brief may name it; only read in vocabularies."""
    finding: FindingSpec | None = None


class Step(Record):
    """One step of an answer scale that several questions of a suite share."""

    id: Name
    text: str
    score: Unit | None
    severity: Severity | None = None
    """Choosing it gives the question's own finding with this severity; None gives none."""


class Measure(Record):
    """A named measure with its settings, for example ``text.error_rate``."""

    name: Name
    settings: dict[str, Any] = Field(default_factory=dict)


class Band(Record):
    """Chooses an option while the measure lies in [min, max)."""

    option: Name
    min: float | None = None
    max: float | None = None


class Rule(Record):
    """How measured evidence answers a question. Bands are tried in order; none fitting leaves it open."""

    measure: Measure
    bands: tuple[Band, ...]
    decisive: bool = True
    """True: the rule's answer is final. False: a model that can see is asked; the rule speaks only offline."""


class Mapping(Record):
    """How a raw value becomes a score: ``clip((raw - zero_at) / (one_at - zero_at), 0, 1)``."""

    zero_at: float
    one_at: float

    @model_validator(mode="after")
    def _sloped(self) -> Mapping:
        if self.zero_at == self.one_at:
            raise ValueError("zero_at and one_at are equal: the mapping has no slope")
        return self

    def score(self, raw: float) -> float:
        """The score in [0, 1] of a raw value."""
        return min(1.0, max(0.0, (raw - self.zero_at) / (self.one_at - self.zero_at)))


class Question(Record):
    """A question of a suite, to be asked once per thing in its scope."""

    id: Name
    scope: Scope = "clip"
    text: str
    """May hold ``{slots}`` filled from the brief; slot values reach a model as quoted data."""
    slot: str | None = None
    """Brief slot that must be filled for the question to exist, such as ``shot.scale`` or ``brief.style``."""
    options: tuple[Option, ...] = ()
    scale: Name | None = None
    """Instead of options: a scale of the suite, whose steps become the options."""
    vocabulary: Name | None = None
    """Instead of options: a vocabulary of the suite; the slot's own value scores 1, the others 0."""
    gate: tuple[Name, ...] = ()
    """Facts that must hold, such as ``has_speech``; ``not.has_speech`` negates."""
    rule: Rule | None = None
    tools: tuple[Name, ...] = ()
    """Tools that a judge may call for it."""
    guidance: str = ""
    """What to look for, and what to set aside."""
    finding: FindingSpec | None = None
    """Used when the chosen option scores below one half and has no finding of its own."""

    @model_validator(mode="after")
    def _answerable(self) -> Question:
        if bool(self.options) == bool(self.vocabulary):
            raise ValueError(f"question {self.id}: give either options or a vocabulary")
        if self.vocabulary and not self.slot:
            raise ValueError(f"question {self.id}: a vocabulary needs the slot it is compared with")
        if self.options and len({o.id for o in self.options}) != len(self.options):
            raise ValueError(f"question {self.id}: two options share an id")
        return self


class Metric(Record):
    """One number of a suite."""

    id: Name
    name: str
    level: str = ""
    """The system's own grouping, for example MSAVBench's ``global``, ``cross_shot``, ``intra_shot``, ``reference``."""
    paradigm: Paradigm
    describes: str = ""
    paper_tools: str = ""
    """What the paper measures it with."""
    weight: Annotated[float, Field(gt=0)] = 1.0
    gate: tuple[Name, ...] = ()
    measure: Measure | None = None
    unit: str = ""
    mapping: Mapping | None = None
    finding: FindingSpec | None = None
    finding_below: Unit = 0.5
    questions: tuple[Question, ...] = ()

    @model_validator(mode="after")
    def _judgeable(self) -> Metric:
        if self.paradigm == "measured" and (self.measure is None or self.mapping is None):
            raise ValueError(f"metric {self.id}: a measured metric needs a measure and a mapping")
        if (self.measure is None) != (self.mapping is None):
            raise ValueError(f"metric {self.id}: a measure and its mapping go together")
        if self.paradigm == "rubric" and not self.questions:
            raise ValueError(f"metric {self.id}: a rubric metric needs questions")
        if self.paradigm == "grounded" and not self.questions and self.measure is None:
            raise ValueError(f"metric {self.id}: a grounded metric needs questions or a measure")
        return self


class Dimension(Record):
    """Metrics that are averaged together."""

    id: Name
    name: str
    group: str = ""
    """Path above it, for example ``production/acting``."""
    weight: Annotated[float, Field(gt=0)] = 1.0
    counts: bool = True
    """False: reported beside the suite's score, not in it."""
    describes: str = ""
    metrics: tuple[Metric, ...]


class Suite(Record):
    """A whole evaluation system."""

    name: Name
    title: str
    version: str
    source: str
    """Where it is published."""
    notes: tuple[str, ...] = ()
    """What we decided where the source is silent."""
    completion_factor: bool = False
    """Whether the overall score is multiplied by the shot-completion factor (MSAVBench)."""
    vocabularies: dict[Name, tuple[Option, ...]] = Field(default_factory=dict)
    scales: dict[Name, tuple[Step, ...]] = Field(default_factory=dict)
    dimensions: tuple[Dimension, ...]

    @model_validator(mode="before")
    @classmethod
    def _scaled(cls, data: Any) -> Any:
        """Writes out the options of every question that names a scale."""
        scales = data.get("scales") if isinstance(data, dict) else None
        if not isinstance(scales, dict):
            return data

        def metric(raw: Any) -> Any:
            return _within(raw, "questions", lambda question: _with_scale(question, scales))

        return _within(data, "dimensions", lambda raw: _within(raw, "metrics", metric))

    @model_validator(mode="after")
    def _unique(self) -> Suite:
        metrics = [m.id for d in self.dimensions for m in d.metrics]
        questions = [q.id for d in self.dimensions for m in d.metrics for q in m.questions]
        for kind, ids in (("dimension", [d.id for d in self.dimensions]), ("metric", metrics), ("question", questions)):
            twice = sorted({i for i in ids if ids.count(i) > 1})
            if twice:
                raise ValueError(f"suite {self.name}: {kind} ids appear twice: {', '.join(twice)}")
        for d in self.dimensions:
            for m in d.metrics:
                for q in m.questions:
                    if q.vocabulary and q.vocabulary not in self.vocabularies:
                        raise ValueError(f"question {q.id}: unknown vocabulary {q.vocabulary}")
        return self

    @property
    def hash(self) -> str:
        """Identity of the content, for caches and traces."""
        return content_hash(self)


def _within(raw: Any, key: str, change: Callable[[Any], Any]) -> Any:
    """``raw`` with each item of its list ``key`` changed; what has another shape is left to the validation."""
    if not isinstance(raw, dict) or not isinstance(raw.get(key), (list, tuple)):
        return raw
    return {**raw, key: [change(item) for item in raw[key]]}


def _with_scale(question: Any, scales: dict[str, Any]) -> Any:
    if not isinstance(question, dict) or not question.get("scale"):
        return question
    name, finding = question["scale"], question.get("finding")
    if name not in scales:
        raise ValueError(f"question {question.get('id')}: unknown scale {name}")
    options = []
    for step in (Step.model_validate(raw) for raw in scales[name]):
        option: dict[str, Any] = {"id": step.id, "text": step.text, "score": step.score}
        if step.severity:
            if not isinstance(finding, dict):
                raise ValueError(f"question {question.get('id')}: scale {name} names severities, so it needs a finding")
            option["finding"] = {**finding, "severity": step.severity}
        options.append(option)
    return {**question, "options": options}
