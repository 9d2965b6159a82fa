"""A run over the folders of two models, for the comparison of models and of clips."""

from __future__ import annotations

from pathlib import Path

from cinejudge.schema import Failure, Options, Versions
from cinejudge.traces import RunFolder, build_report

from .fixture import verdict
from .fixture_found import Blobs, brief


def make_run_of_models(out: Path, clips: int = 2) -> Path:
    """Two models with so many clips each, all of one brief; ``alpha`` is the better one, one of ``beta`` failed."""
    versions = Versions(
        cinejudge="0.1.0",
        model="openai/viewer",
        suites={"msavbench": "a" * 64, "evalverse": "c" * 64},
        prompts="b" * 64,
    )
    blobs = Blobs(out / "blobs")
    options = Options(out=out, suites=("msavbench", "evalverse"), model="openai/viewer")
    with RunFolder.start(options, [out / "clips"], versions, blobs.find) as folder:
        for model, hue in (("alpha", 0), ("beta", 2)):
            for number in range(clips):
                clip_id = f"{hue}{number:015x}"
                trace = folder.clip(clip_id, brief())
                source = out / "clips" / model / f"{number}.mp4"
                trace.event("clip_opened", name=source.name, source=source, sha256=clip_id * 4)
                trace.write_verdict(verdict(blobs, clip_id, f"{model}-{number}.mp4", hue, versions))
        source = out / "clips" / "beta" / "broken.mp4"
        folder.file(source).write_failure(
            Failure(name="broken.mp4", error="MediaError", message="broken.mp4: the file is empty", source=str(source))
        )
        path = folder.path
        folder.finish()
    build_report(path)
    return path
