"""What judging costs: every shared clip under all three suites, offline and against the local test server.

    python benchmarks/judging.py FOLDER [CLIP...]

FOLDER holds clips and a ``labels.json`` with their prompts, which serve as briefs. The server of ``tests/servers``
answers at once and makes one tool call before each answer; it counts four characters as a token and pictures by size.
Each clip is judged offline with an empty evidence cache, then by a model that sees frames only, then by one that takes
video with sound (over Gemini's protocol), and reckoned by a dry run. Weights come from the usual cache. Writes into
docs/performance.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import resource
import tempfile
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

from page import write_section

from cinejudge import weights
from cinejudge.estimating import ClipEstimate, reckon
from cinejudge.evaluation import run
from cinejudge.llm.counting import MOST_PER_PICTURE, PATCH
from cinejudge.media.process import end_server
from cinejudge.schema import Options, Verdict
from tests.servers import ModelServer, careful
from tests.servers.behaviours import questions

SUITES = ("msavbench", "mtavg2", "evalverse")
TOLD = 150
"""Tokens that a question takes on its own, its options and the instructions aside."""


@dataclass(frozen=True)
class Judged:
    """What one clip came to."""

    offline: Verdict
    offline_cpu_s: float
    model: Verdict
    model_cpu_s: float
    asked: int
    frames: int
    """Different frames that the model was shown."""
    pictures: int
    """Pictures sent, over all requests."""
    video: Verdict
    estimate: ClipEstimate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("clip", nargs="*", help="file names; all when none is given")
    given = parser.parse_args()
    labels = json.loads((given.folder / "labels.json").read_text(encoding="utf-8"))
    names = given.clip or sorted(labels)
    os.environ.setdefault("GOOGLE_API_KEY", "test")
    known = weights.weights_dir()
    judged = []
    for name in names:
        judged.append(_judge(given.folder / name, labels[name].get("prompt"), known))
        print(_row(judged[-1]), flush=True)
    write_section("judging", _section(judged), "performance.md")


def _judge(clip: Path, prompt: str | None, known: Path) -> Judged:
    with tempfile.TemporaryDirectory() as scratch:
        cache = Path(scratch) / "cache"
        cache.mkdir()
        (cache / "weights").symlink_to(known)
        os.environ["CINEJUDGE_CACHE_DIR"] = str(cache)
        base = Options(suites=SUITES, out=Path(scratch) / "traces")
        start = _cpu()
        offline = _verdict(clip, prompt, base)
        offline_cpu = _cpu() - start
        with ModelServer(careful(looks=1), perceives=("image",)) as server:
            seeing = base.model_copy(update={"model": "openai/test", "base_url": server.openai_url})
            start = _cpu()
            model = _verdict(clip, prompt, seeing)
            model_cpu = _cpu() - start
            estimate = asyncio.run(reckon([clip], seeing, briefs=[prompt])).clips[0]
            put = [r for r in server.requests if "submit_answers" in r.tools]
            asked = {q.id for r in put if "# What you judge" in r.text for q in questions(r)}
            pictures = sum(media.kind == "image" for r in put for media in r.media)
        with ModelServer(careful(looks=1)) as server:
            watching = base.model_copy(update={"model": "google/test", "base_url": server.url})
            video = _verdict(clip, prompt, watching)
    shown = [e.data["pictures"] for e in model.evidence if e.tool in ("keyframes", "look") and e.found]
    frames = len({picture["frame"] for pictures_ in shown for picture in pictures_})
    return Judged(offline, offline_cpu, model, model_cpu, len(asked), frames, pictures, video, estimate)


def _verdict(clip: Path, prompt: str | None, options: Options) -> Verdict:
    (result,) = asyncio.run(run([clip], options, briefs=[prompt])).results
    if not isinstance(result, Verdict):
        raise SystemExit(f"{clip.name}: {result.message}")
    return result


def _cpu() -> float:
    """CPU seconds of this process and its children so far."""
    end_server()  # only then is it known what decoders took; the next run starts one anew, as a command does
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _section(judged: list[Judged]) -> str:
    ten = next((j for j in judged if abs(j.model.clip.duration_s - 10) < 0.5), judged[0])
    total_in = sum(j.model.usage.input_tokens for j in judged)
    total_every = sum(_naive(j, j.model.clip.frames) for j in judged)
    total_second = sum(_naive(j, math.ceil(j.model.clip.duration_s)) for j in judged)
    return "\n".join(
        (
            "| clip | seconds, shots | coverage offline (%) | coverage with a model (%) | questions put | calls "
            "| tokens in | of these cached | out | tokens in, with video | frames shown | pictures sent "
            "| CPU s offline | CPU s with a model |",
            "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
            *map(_row, judged),
            "",
            fill(
                "Coverage: MSAVBench, MTAVG-Bench 2.0, EvalVerse, of what applies. CPU offline is with an empty cache, "
                "with a model what is left to do afterwards. Calls include tool rounds and second looks.",
                120,
            ),
            "",
            fill(
                f"A clip of {ten.model.clip.duration_s:.0f} s, all three suites: {ten.frames} frames shown, on contact "
                f"sheets and by `look`, and {ten.model.usage.input_tokens:,} input tokens for {ten.asked} questions, "
                f"{ten.model.usage.input_tokens / ten.asked:,.0f} each.",
                120,
            ),
            "",
            fill(
                "Asking each question on its own, once, without tools, with every frame of the clip at its own size "
                f"({TOLD} tokens of text, pictures counted as above), would come to {total_every:,} input tokens for "
                f"these clips, {total_every / total_in:,.0f} times as many; with one frame a second to "
                f"{total_second:,}, {total_second / total_in:.1f} times.",
                120,
            ),
            "",
            "| dry run, all clips | reckoned | counted | ratio | widest for one clip |",
            "|---|---|---|---|---|",
            *(_held(judged, what) for what in ("calls", "input_tokens", "cached_tokens", "output_tokens")),
        )
    )


def _row(one: Judged) -> str:
    usage, clip = one.model.usage, one.model.clip
    cells = (
        clip.name,
        f"{clip.duration_s:.1f}, {len(one.model.shots)}",
        _coverage(one.offline),
        _coverage(one.model),
        one.asked,
        usage.calls,
        f"{usage.input_tokens:,}",
        f"{usage.cached_tokens:,}",
        f"{usage.output_tokens:,}",
        f"{one.video.usage.input_tokens:,}",
        one.frames,
        one.pictures,
        f"{one.offline_cpu_s:.0f}",
        f"{one.model_cpu_s:.0f}",
    )
    return f"| {' | '.join(map(str, cells))} |"


def _coverage(verdict: Verdict) -> str:
    return ", ".join(f"{100 * verdict.suites[name].coverage:.0f}" for name in SUITES)


def _naive(one: Judged, frames: int) -> int:
    """Input tokens of asking each question with so many frames."""
    clip = one.model.clip
    frame = min(MOST_PER_PICTURE, math.ceil(clip.width / PATCH) * math.ceil(clip.height / PATCH))
    return one.asked * (frames * frame + TOLD)


def _held(judged: list[Judged], what: str) -> str:
    """The estimate held against what was counted."""
    pairs = [(getattr(j.estimate, what), getattr(j.model.usage, what)) for j in judged]
    reckoned, counted = (sum(values) for values in zip(*pairs, strict=True))
    widest = max((r / c for r, c in pairs if c), key=lambda ratio: max(ratio, 1 / ratio))
    return f"| {what.replace('_', ' ')} | {reckoned:,} | {counted:,} | {reckoned / counted:.2f} | {widest:.2f} |"


if __name__ == "__main__":
    main()
