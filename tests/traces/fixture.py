"""A run folder with everything that a report may have to show, hostile words included.

Clip one has findings, corrections, a reflection and every status; clip two is another model's take on the same brief;
a third file could not be judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cinejudge.schema import Clip, Failure, Measured, Options, Segmentation, Usage, Verdict, Versions
from cinejudge.traces import RunFolder, build_report

from . import fixture_judged as judged
from .fixture_found import HOSTILE_NAME, Blobs, brief, evidence, shots


def verdict(blobs: Blobs, clip_id: str, name: str, hue: int, versions: Versions) -> Verdict:
    kept, corrections = shots()
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
        shots=kept,
        segmentation=Segmentation(
            shots=kept, corrections=corrections, rounds=2, expected=5, notes=("one candidate was a flash",)
        ),
        suites=judged.suites(one),
        findings=judged.findings(one),
        evidence=evidence(blobs, hue),
        questions=judged.questions(),
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
