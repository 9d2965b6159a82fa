"""A run folder with everything that a report may have to show, hostile words included. Also `python -m` runnable.

Clip one has findings, corrections, a reflection and every status; clip two is another model's take on the same brief;
a third file could not be judged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from cinejudge.schema import (
    Answer,
    Artifact,
    Asked,
    Brief,
    Clip,
    Correction,
    DimensionScore,
    Evidence,
    Failure,
    Finding,
    Line,
    Measured,
    MetricScore,
    Options,
    Segmentation,
    Shot,
    ShotSpec,
    Span,
    SuiteVerdict,
    Transition,
    Usage,
    Verdict,
    Versions,
)
from cinejudge.schema.suite import Band, Measure, Option, Rule
from cinejudge.traces import RunFolder, build_report

HOSTILE_NAME = "neon </script><img src=x onerror=window.hacked=1> \u202egpj.exe.mp4"
HOSTILE_TEXT = "</script><script>window.hacked=2</script><!--<script>"
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3
FPS = 24
CUTS = (0.0, 1.5, 3.25, 5.0, 7.5)
COLORS = ((52, 84, 110), (150, 96, 60), (70, 110, 72), (120, 60, 100))


class Blobs:
    """Pictures kept in memory, then written where the run folder looks for them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def find(self, sha256: str) -> Path:
        return self.folder / sha256

    def picture(self, caption: str, time_s: float | None, hue: int, *, width: int = 480, height: int = 270) -> Artifact:
        rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
        base = np.array(COLORS[hue % len(COLORS)], np.float32)
        light = 0.55 + 0.6 * np.exp(-(((columns - width * 0.6) / 160) ** 2 + ((rows - height * 0.35) / 110) ** 2))
        rgb = np.clip(base * light[..., None], 0, 255).astype(np.uint8)
        step = int((time_s or 0) * 20)
        cv2.rectangle(rgb, (0, int(height * 0.78)), (width, height), (24, 24, 26), -1)
        cv2.circle(rgb, (width // 4 + step, int(height * 0.52)), height // 7, (214, 186, 160), -1)
        cv2.rectangle(
            rgb, (width // 4 + step - 50, int(height * 0.66)), (width // 4 + step + 50, height), (40, 44, 52), -1
        )
        cv2.putText(
            rgb, caption[:34], (14, height - 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (235, 235, 235), 1, cv2.LINE_AA
        )
        done, jpeg = cv2.imencode(".jpg", rgb[..., ::-1])
        assert done
        data = jpeg.tobytes()
        sha256 = hashlib.sha256(data).hexdigest()
        (self.folder / sha256).write_bytes(data)
        return Artifact(
            sha256=sha256,
            media_type="image/jpeg",
            caption=caption,
            width=width,
            height=height,
            time_s=time_s,
            frame=None if time_s is None else round(time_s * FPS),
        )


def brief() -> Brief:
    shots = (
        ShotSpec(
            index=0,
            span=Span(start_s=0, end_s=2),
            description="A wide view of a rain-wet street at night.",
            scale="wide",
            camera_motion="slow push in",
            texts=("NIGHT MARKET",),
        ),
        ShotSpec(
            index=1,
            span=Span(start_s=2, end_s=4),
            description="A woman in a grey coat looks up at a sign.",
            scale="medium",
            transition="dissolve",
        ),
        ShotSpec(
            index=2,
            span=Span(start_s=4, end_s=6),
            description="Her face, close.",
            scale="close-up",
            lines=(Line(text="We are too late.", speaker="woman"),),
        ),
        ShotSpec(index=3, span=Span(start_s=6, end_s=8), description="The stall is empty."),
        ShotSpec(index=4, span=Span(start_s=8, end_s=10), description="Title card on black."),
    )
    return Brief(
        prompt="A woman comes too late to a night market. " + HOSTILE_TEXT,
        style="film noir",
        shots=shots,
        source="cinejudge",
    )


def _shots() -> tuple[tuple[Shot, ...], tuple[Correction, ...]]:
    def fix(round_: int, action: str, frame: int, reason: str, by: str, **measures: float) -> Correction:
        return Correction.model_validate(
            {"round": round_, "action": action, "frame": frame, "reason": reason, "by": by, "measures": measures}
        )

    cut = (
        fix(0, "propose", 36, "histogram distance stands out", "transnetv2", probability=0.97),
        fix(1, "keep", 36, "both detectors agree", "signals"),
    )
    dissolve = (
        fix(0, "propose", 72, "long run of raised probability", "transnetv2", probability=0.61),
        fix(1, "retype", 72, "change is spread over 9 frames: a dissolve, not a cut", "signals", linearity=0.93),
        fix(2, "move", 78, "first clean frame is later than proposed", "signals", residue=0.04),
    )
    fade = (
        fix(0, "propose", 118, "luma falls below 0.05", "adaptive", luma=0.03),
        fix(1, "keep", 120, HOSTILE_TEXT, "signals"),
    )
    dropped = fix(1, "merge", 150, "flash: luma returns within 3 frames", "signals", before_after=0.98)
    transitions = (
        None,
        Transition(type="hard_cut", start_frame=36, end_frame=36),
        Transition(type="dissolve", start_frame=69, end_frame=78),
        Transition(type="fade", start_frame=114, end_frame=120),
    )
    shots = tuple(
        Shot(
            index=i,
            start_frame=round(CUTS[i] * FPS),
            end_frame=round(CUTS[i + 1] * FPS),
            start_s=CUTS[i],
            end_s=CUTS[i + 1],
            transition_in=transitions[i],
            spec=i if i < 3 else None,
            match=(0.91, 0.72, 0.66, None)[i],
            valid=i < 3,
            history=((), cut, dissolve, fade)[i],
        )
        for i in range(4)
    )
    return shots, (*cut, *dissolve, *fade, dropped)


def _evidence(blobs: Blobs, hue: int) -> tuple[Evidence, ...]:
    def made(number: int, tool: str, provider: str | None, fidelity: str | None, **fields: object) -> Evidence:
        base = {
            "id": f"ev_{number:012x}",
            "tool": tool,
            "provider": provider,
            "version": "1",
            "fidelity": fidelity,
            "args": {},
            "status": "found",
            "seconds": 0.42,
        }
        return Evidence.model_validate(base | fields)

    keys = [
        blobs.picture(f"shot {i} at {t:.2f} s", t, hue + i)
        for i in range(4)
        for t in np.linspace(CUTS[i] + 0.1, CUTS[i + 1] - 0.1, 3).round(2).tolist()
    ]
    words = [
        {"text": w, "start_s": 3.5 + 0.3 * i, "end_s": 3.75 + 0.3 * i}
        for i, w in enumerate(["We", "are", "two", "late"])
    ]
    return (
        made(
            1,
            "keyframes",
            "own",
            "own",
            summary="12 pictures of 4 shots",
            artifacts=keys,
            data={"pictures": [{"shot": i // 3, "time_s": k.time_s, "artifact": k.sha256} for i, k in enumerate(keys)]},
        ),
        made(
            2,
            "ocr",
            "rapidocr",
            "substitute",
            summary='reads "NIGTH MARKET" from 0.25 s to 1.42 s',
            data={
                "texts": [
                    {"text": "NIGTH MARKET", "start_s": 0.25, "end_s": 1.42, "confidence": 0.96},
                    {"text": HOSTILE_TEXT, "start_s": 5.2, "end_s": 6.4, "confidence": 0.55},
                ]
            },
            artifacts=[blobs.picture("text close up at 0.50 s", 0.5, hue, width=420, height=120)],
        ),
        made(
            3,
            "speech",
            "faster-whisper",
            "substitute",
            summary='"We are two late" 3.50 to 4.65 s',
            seconds=2.9,
            data={"segments": [{"text": "We are two late", "start_s": 3.5, "end_s": 4.65, "words": words}]},
        ),
        made(
            4,
            "faces",
            "face-landmarker",
            "substitute",
            summary="2 people in 3 shots",
            data={
                "tracks": [
                    {"id": "person1", "start_s": 1.5, "end_s": 3.2},
                    {"id": "person1", "start_s": 3.3, "end_s": 4.9},
                    {"id": "person2", "start_s": 2.1, "end_s": 3.0},
                ],
                "similarity": 0.41,
            },
            artifacts=[
                blobs.picture("face in shot 1 at 2.20 s", 2.2, hue + 1, width=200, height=200),
                blobs.picture("face in shot 2 at 4.10 s", 4.1, hue + 2, width=200, height=200),
            ],
        ),
        made(
            5,
            "picture",
            "own",
            "own",
            summary="frozen from 6.10 to 7.40 s; no flicker",
            data={"freezes": [{"start_s": 6.1, "end_s": 7.4}], "sharpness": [0.5] * 400},
            span={"start_s": 6.1, "end_s": 7.4},
        ),
        made(
            6,
            "sync",
            None,
            None,
            status="unavailable",
            version=None,
            seconds=0,
            reason="no provider: weights missing: syncnet (`cinejudge weights pull syncnet`)",
        ),
        made(
            7, "sound", "own", "own", status="abstained", reason="the clip has no music to compare", summary="no music"
        ),
    )


def _questions() -> tuple[Asked, ...]:
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


def _suites(one: bool) -> dict[str, SuiteVerdict]:
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


def _findings(one: bool) -> tuple[Finding, ...]:
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


def verdict(blobs: Blobs, clip_id: str, name: str, hue: int, versions: Versions) -> Verdict:
    shots, corrections = _shots()
    one = hue == 0
    clip = Clip(
        id=clip_id,
        sha256=clip_id * 4,
        name=name,
        size_bytes=1_834_201,
        container="mp4",
        video_codec="h264",
        width=1280,
        height=720,
        rotation=0,
        fps=24.0,
        frames=180,
        duration_s=7.5,
        variable_frame_rate=False,
        audio_codec="aac",
        sample_rate=44_100,
        channels=2,
        notes=() if one else ("the last packet is damaged",),
    )
    usage = Usage(
        calls=14 if one else 9,
        cached_calls=3,
        input_tokens=48_210,
        output_tokens=2_904,
        cached_tokens=11_000,
        cost=None,
        seconds={"segment": 3.4, "plan": 0.02, "judge": 21.7, "reflect": 2.2, "verdict": 0.01},
    )
    return Verdict(
        clip=clip,
        brief=brief(),
        status="complete" if one else "partial",
        reason=None if one else "the limit of 60,000 tokens was reached; raise it with --max-tokens",
        shots=shots,
        segmentation=Segmentation(
            shots=shots, corrections=corrections, rounds=2, expected=5, notes=("one candidate was a flash",)
        ),
        suites=_suites(one),
        findings=_findings(one),
        evidence=_evidence(blobs, hue),
        questions=_questions(),
        measured=(Measured(name="faces.identity", target="shot1-2", value=0.41, evidence=("ev_000000000004",)),),
        facts={"has_speech": True, "has_music": False, "has_lip_view": None},
        usage=usage,
        versions=versions,
    )


def make_run(out: Path, source: Path | None = None) -> Path:
    """Writes the run folder under ``out``; ``source`` is the video that both clips claim to be."""
    versions = Versions(
        cinejudge="0.1.0",
        model="openai/viewer",
        suites={"msavbench": "a" * 64, "evalverse": "c" * 64},
        prompts="b" * 64,
        tools={"ocr": "rapidocr 1", "faces": "face-landmarker 1"},
    )
    blobs = Blobs(out / "blobs")
    options = Options(out=out, suites=("msavbench", "evalverse"), model="openai/viewer")
    with RunFolder.start(options, [out / "clips"], versions, blobs.find) as folder:
        for clip_id, name, hue in (
            ("0123456789abcdef", HOSTILE_NAME, 0),
            ("fedcba9876543210", "night-market-b.mp4", 2),
        ):
            trace = folder.clip(clip_id, brief())
            trace.event("clip_opened", name=name, source=source or out / "clips" / "gone.mp4", sha256=clip_id * 4)
            for kind, fields in _events():
                trace.event(kind, **fields)  # type: ignore[arg-type]
            trace.write_verdict(verdict(blobs, clip_id, name, hue, versions))
        bad = folder.file(out / "clips" / "broken.mp4")
        bad.write_failure(Failure(name="broken <b>.mp4", error="MediaError", message="broken <b>.mp4: not a video"))
        path = folder.path
        folder.finish()
    build_report(path)
    return path


def _events() -> Iterator[tuple[str, dict[str, object]]]:
    yield "stage_started", {"stage": "segment"}
    yield "stage_ended", {"stage": "segment", "seconds": 3.4}
    yield "question", {"asked": "identity@shot1-2", "to": "openai/viewer"}
    yield (
        "tool_call",
        {
            "tool": "faces",
            "args": {"shots": [1, 2]},
            "judge": "consistency",
            "asked": ("identity@shot1-2",),
            "evidence": "ev_000000000004",
        },
    )
    yield (
        "model_call",
        {
            "request": "d" * 64,
            "model": "viewer",
            "judge": "consistency",
            "asked": ("identity@shot1-2",),
            "input_tokens": 4200,
            "output_tokens": 210,
            "seconds": 3.1,
        },
    )
    yield (
        "reflection",
        {
            "asked": "identity@shot1-2",
            "action": "ask_again",
            "reason": "the answer contradicts the face similarity of 0.41",
        },
    )
    yield "error", {"error": "ModelError", "message": "rejected twice", "where": "directing"}


if __name__ == "__main__":
    import sys

    print(make_run(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None))
