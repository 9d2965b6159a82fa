"""What was made of it: questions, answers of every kind, scores and findings."""

from __future__ import annotations

from cinejudge.schema import Answer, Asked, DimensionScore, Finding, Measured, MetricScore, Span, SuiteVerdict
from cinejudge.schema.suite import Band, Measure, Option, Rule

from .fixture_found import HOSTILE_TEXT, LONG_WORD


def questions() -> tuple[Asked, ...]:
    options = (
        Option(id="same", text="Clearly the same person", score=1.0),
        Option(id="alike", text="Alike, but details differ", score=0.5),
        Option(id="other", text="Another person", score=0.0),
    )
    scale = (
        Option(id="wide", text="Wide", score=1.0),
        Option(id="medium", text="Medium", score=0.0),
        Option(id="close", text="Close-up", score=0.0),
    )
    rule = Rule(
        measure=Measure(name="faces.identity"), bands=(Band(option="same", min=0.6), Band(option="alike", min=0.35))
    )
    shared = {"suite": "msavbench"}
    return (
        Asked(
            id="identity@shot1-2",
            question="identity",
            metric="subject.identity",
            dimension="consistency",
            text="Is the woman in the grey coat the same person in both shots?",
            options=options,
            target="shot1-2",
            shots=(1, 2),
            span=Span(start_s=1.5, end_s=5.0),
            rule=rule,
            tools=("faces", "look"),
            **shared,
        ),
        Asked(
            id="identity@shot0-1",
            question="identity",
            metric="subject.identity",
            dimension="consistency",
            text="Is the woman in the grey coat the same person in both shots?",
            options=options,
            target="shot0-1",
            shots=(0, 1),
            not_applicable="no face is large enough in shot 0",
            **shared,
        ),
        Asked(
            id="scale@shot0",
            question="scale",
            metric="camera.scale",
            dimension="camera",
            options=scale,
            text="Which shot scale does it show? The brief asks for {shot.scale}.",
            slots={"shot.scale": "wide " + HOSTILE_TEXT},
            target="shot0",
            shots=(0,),
            span=Span(start_s=0, end_s=1.5),
            guidance="Judge by how much of the place is seen.",
            **shared,
        ),
        Asked(
            id="scale@shot2",
            question="scale",
            metric="camera.scale",
            dimension="camera",
            options=scale,
            text="Which shot scale does it show? The brief asks for {shot.scale}.",
            slots={"shot.scale": LONG_WORD},
            target="shot2",
            shots=(2,),
            span=Span(start_s=3.25, end_s=5.0),
            not_judged="needs a model that can see",
            **shared,
        ),
        Asked(
            id="tension@clip",
            question="tension",
            metric="story.tension",
            dimension="directing",
            suite="evalverse",
            text="Does the tension rise towards the end?",
            options=options,
        ),
    )


def suites(one: bool) -> dict[str, SuiteVerdict]:
    def metric(id_: str, name: str, status: str, **fields: object) -> MetricScore:
        return MetricScore.model_validate({"id": id_, "name": name, "status": status, **fields})

    first = Answer(
        asked="identity@shot1-2",
        metric="subject.identity",
        status="answered",
        option="same",
        score=1.0,
        by="openai/viewer",
        reasoning="Same coat and the same hair.",
        evidence=("ev_000000000001",),
        confidence=0.55,
    )
    identity = Answer(
        asked="identity@shot1-2",
        metric="subject.identity",
        status="answered",
        option="alike",
        score=0.5,
        by="openai/viewer",
        evidence=("ev_000000000004", "ev_000000000001"),
        confidence=0.72,
        agreement=0.67,
        spans=(Span(start_s=2.1, end_s=4.2),),
        before=(first,),
        reasoning="The coat is the same, but the jaw is wider in the close-up and the fringe has gone. " * 2,
        uncertain="two of three samples agree",
    )
    gated = Answer(
        asked="identity@shot0-1",
        metric="subject.identity",
        status="not_applicable",
        reason="no face is large enough in shot 0",
    )
    scale = Answer(
        asked="scale@shot0",
        metric="camera.scale",
        status="answered",
        option="wide",
        score=1.0,
        by="rule",
        evidence=("ev_000000000001",),
        confidence=0.8,
        reasoning="persons fill 0.12 of the height, below 0.3 " + HOSTILE_TEXT,
    )
    unseen = Answer(
        asked="scale@shot2", metric="camera.scale", status="not_judged", reason="needs a model that can see"
    )
    tension = Answer(
        asked="tension@clip",
        metric="story.tension",
        status="failed",
        by="openai/viewer",
        reason="the answer cited ev_ffffffffffff, which does not exist; rejected twice",
    )
    error_rate = Measured(
        name="text.error_rate",
        value=0.17,
        unit="CER",
        evidence=("ev_000000000002",),
        note='best reading of "NIGHT MARKET": "NIGTH MARKET"',
        parts={"NIGHT MARKET": 0.17},
        spans=(Span(start_s=0.25, end_s=1.42),),
    )
    text = 0.83 if one else 1.0
    consistency = 0.5 if one else 0.88
    msav = (
        DimensionScore(
            id="consistency",
            name="Cross-shot consistency",
            status="scored",
            score=consistency,
            coverage=0.67,
            metrics=(
                metric(
                    "subject.identity",
                    "Subject identity",
                    "scored",
                    level="cross_shot",
                    score=consistency,
                    fidelity="substitute",
                    providers=("face-landmarker",),
                    answers=(identity, gated),
                ),
                metric(
                    "music.consistency",
                    "Music consistency",
                    "not_applicable",
                    level="cross_shot",
                    reason="the clip has no music",
                ),
                metric(
                    "sync.lips",
                    "Lip synchrony",
                    "not_judged",
                    level="cross_shot",
                    reason="sync: weights missing: syncnet (`cinejudge weights pull syncnet`)",
                ),
            ),
        ),
        DimensionScore(
            id="camera",
            name="Camera",
            status="scored",
            score=1.0 if one else 0.4,
            coverage=0.5,
            metrics=(
                metric(
                    "camera.scale",
                    "Shot scale",
                    "scored",
                    level="intra_shot",
                    score=1.0 if one else 0.4,
                    providers=("rule",),
                    answers=(scale, unseen),
                ),
            ),
        ),
        DimensionScore(
            id="text",
            name="On-screen text",
            status="scored",
            score=text,
            coverage=1.0,
            metrics=(
                metric(
                    "text.accuracy",
                    "Text accuracy",
                    "scored",
                    level="intra_shot",
                    score=text,
                    raw=round(1 - text, 2),
                    unit="CER",
                    fidelity="substitute",
                    providers=("rapidocr",),
                    measured=error_rate,
                ),
            ),
        ),
        DimensionScore(
            id="sound",
            name="Sound",
            status="not_judged",
            coverage=0.0,
            metrics=(metric("sound.quality", "Sound quality", "not_judged", reason="needs a model that can hear"),),
        ),
    )
    eval_verse = (
        DimensionScore(
            id="directing",
            name="Directing",
            group="production",
            status="failed",
            coverage=0.0,
            metrics=(
                metric(
                    "story.tension",
                    "Dramatic tension",
                    "failed",
                    reason="no valid answer after two attempts",
                    answers=(tension,),
                ),
            ),
        ),
    )
    score = round((text + consistency + (1.0 if one else 0.4)) / 3 * 0.6, 4)
    return {
        "msavbench": SuiteVerdict(
            name="msavbench",
            title="MSAVBench",
            status="scored",
            score=score,
            coverage=0.58,
            completion=0.6,
            dimensions=msav,
        ),
        "evalverse": SuiteVerdict(
            name="evalverse", title="EvalVerse", status="failed", coverage=0.0, dimensions=eval_verse
        ),
    }


def findings(one: bool) -> tuple[Finding, ...]:
    missing = Finding(
        id="f1",
        mode="missing shots",
        severity="critical",
        title="3 of 5 specified shots are there",
        detail="Nothing matches the title card of shot 4.",
        suggestion="Generate shot 4 as its own clip.",
        suite="msavbench",
    )
    if not one:
        return (missing,)
    return (
        missing,
        Finding(
            id="f2",
            mode="identity drift",
            severity="major",
            title="The woman's face changes between shots 1 and 2",
            detail="Wider jaw, the fringe has gone.",
            suggestion="Condition shot 2 on the face of shot 1.",
            suite="msavbench",
            metric="subject.identity",
            shots=(1, 2),
            spans=(Span(start_s=3.4, end_s=4.2),),
            evidence=("ev_000000000004",),
            confidence=0.72,
            answer="identity@shot1-2",
        ),
        Finding(
            id="f3",
            mode="misspelt text",
            severity="moderate",
            title='"NIGTH MARKET" instead of "NIGHT MARKET"',
            suggestion="Render the sign with a text layer.",
            suite="msavbench",
            metric="text.accuracy",
            shots=(0,),
            spans=(Span(start_s=0.25, end_s=1.42),),
            evidence=("ev_000000000002",),
        ),
        Finding(
            id="f4",
            mode="frozen picture",
            severity="minor",
            title="The picture stands still for 1.3 s",
            detail=HOSTILE_TEXT + LONG_WORD,
            suite="evalverse",
            spans=(Span(start_s=6.1, end_s=7.4),),
            shots=(3,),
            evidence=("ev_000000000005",),
        ),
    )
