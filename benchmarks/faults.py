"""Injects ten faults at four strengths into clean clips, and prints what every measure says of every fault.

Run: python benchmarks/faults.py FOLDER [--write]   (a folder with the clips; --write puts it into docs/perception.md)

The first seconds of each clip are decoded, damaged, encoded again (H.264 at crf 10, sound as FLAC) and read through
the tools `picture` and `sound`. The clean one goes the same way.
"""

from __future__ import annotations

import argparse
import tempfile
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np
from cut import shots
from damage import FAULTS, PICTURE, SOUND, Pictures, Samples
from page import write_section

from cinejudge.media import ArtifactStore, Footage
from cinejudge.tools import picture, sound
from cinejudge.tools.contract import Look

CLIPS = ("ovi_multiperson_cafe.mp4", "universe1_other_13.mp4")
"""Their first seconds hold no silence of their own."""
SECONDS = 2.5
STAYS = 0.25
"""A measure stays put when it changes by less than this share of what its own fault of the third strength does."""


def read(path: Path, cache: Path) -> tuple[Pictures, float, Samples, int]:
    """Frames (RGB), frames per second, samples (peak at half scale) and their rate, of the first seconds."""
    with av.open(str(path)) as clip:
        fps = float(clip.streams.video[0].average_rate)
        frames = [f.to_ndarray(format="rgb24") for f in islice(clip.decode(video=0), round(SECONDS * fps))]
    with Footage(path, cache=cache) as footage:
        heard = footage.sound.slice(0, SECONDS)
    return np.stack(frames), fps, heard.samples * (0.5 / np.abs(heard.samples).max()), heard.rate


def encode(path: Path, frames: Pictures, fps: float, samples: Samples, rate: int) -> None:
    """Matroska with H.264 at high quality and lossless sound."""
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
        video.height, video.width = frames.shape[1:3]
        video.pix_fmt, video.options = "yuv420p", {"preset": "veryfast", "crf": "10"}
        audio = out.add_stream("flac", rate=rate, layout="stereo" if samples.shape[1] == 2 else "mono")
        whole = np.ascontiguousarray((samples * 32767).round().astype(np.int16).reshape(1, -1))
        block = av.AudioFrame.from_ndarray(whole, format="s16", layout=audio.layout.name)
        block.sample_rate, block.pts, block.time_base = rate, 0, Fraction(1, rate)
        out.mux([*audio.encode(block), *audio.encode()])
        for frame in frames:
            out.mux(video.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        out.mux(video.encode())


def measure(path: Path, cache: Path) -> dict[str, float]:
    """All measures of a clip; colour between its halves, all else over the whole."""
    with Footage(path, cache=cache) as footage:
        count = footage.clip.frames

        def look(*edges: int) -> Look:
            return Look(footage, shots(footage, edges[:-1], edges[1:]), ArtifactStore(cache / "artifacts"))

        seen = picture.TOOL.providers[0].run(look(0, count), picture.Args())
        halves = picture.TOOL.providers[0].run(look(0, count // 2, count), picture.Args())
        heard = sound.TOOL.providers[0].run(look(0, count), sound.Args())
    return {
        "flicker": seen.flicker,
        "frozen_share": seen.frozen_share,
        "sharpness": seen.clip.sharpness,
        "noise": seen.clip.noise,
        "blockiness": seen.clip.blockiness,
        "largest_jump": seen.shots[0].largest_jump,
        "colour change": halves.changes[0].colour,
        "silent_share": heard.silent_share,
        "clipped_share": heard.clipped_share,
        "hum prominence": heard.hum.prominence_db if heard.hum else 0.0,
    }


def table(clean: list[dict[str, float]], found: dict[str, list[list[dict[str, float]]]]) -> str:
    """Own measures by strength, then the change of all measures, of the clip where it is larger."""
    lines = ["| fault | measure | clip | clean | 1 | 2 | 3 | 4 | monotonic |", "|---|---|---|---|---|---|---|---|---|"]
    moves = []
    for fault, (own, sign, strengths, _) in FAULTS.items():
        named = f"{fault} {', '.join(f'{s:g}' for s in strengths)}"
        for name, before, rows in zip(CLIPS, clean, found[fault], strict=True):
            values = [before[own], *(row[own] for row in rows)]
            rising = all(np.diff(values) * sign > 0)
            cells = " | ".join(f"{v:.4g}" for v in values)
            lines.append(f"| {named} | {own} | {name} | {cells} | {'yes' if rising else '**no**'} |")
    own_change = {
        own: [abs(rows[2][own] - before[own]) for before, rows in zip(clean, found[fault], strict=True)]
        for fault, (own, *_) in FAULTS.items()
    }
    lines += ["", "| fault | " + " | ".join(own_change) + " |", "|---" * (len(own_change) + 1) + "|"]
    for fault, (own, *_) in FAULTS.items():
        cells = []
        for name, full in own_change.items():
            worst = max(
                abs(row[name] - before[name]) / max(scale, 1e-9)
                for before, rows, scale in zip(clean, found[fault], full, strict=True)
                for row in rows
            )
            stays = name == own or worst < STAYS
            moves += [] if stays else [f"{name} by {fault.split(' (')[0]}"]
            cells.append("own" if name == own else f"{worst:.2f}" if stays else f"**{worst:.2f}**")
        lines.append(f"| {fault.split(' (')[0]} | {' | '.join(cells)} |")
    pairs = len(FAULTS) * (len(FAULTS) - 1)
    return "\n".join([*lines, "", f"Stays put: {pairs - len(moves)} of {pairs}. Moved: {'; '.join(moves) or 'none'}."])


def main() -> None:
    """Damages, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/perception.md")
    given = parser.parse_args()
    clean: list[dict[str, float]] = []
    found: dict[str, list[list[dict[str, float]]]] = {fault: [] for fault in FAULTS}
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for clip in CLIPS:
            frames, fps, samples, rate = read(given.folder / clip, work)

            def measured(frames: Pictures, samples: Samples, fps: float = fps, rate: int = rate) -> dict[str, float]:
                encode(work / "damaged.mkv", frames, fps, samples, rate)
                return measure(work / "damaged.mkv", work)

            clean.append(measured(frames, samples))
            for fault, (_, _, strengths, damage) in PICTURE.items():
                found[fault].append([measured(damage(frames, fps, s), samples) for s in strengths])
            for fault, (_, _, levels, spoil) in SOUND.items():
                found[fault].append([measured(frames, spoil(samples, rate, s)) for s in levels])
    text = table(clean, found)
    print(text)
    if given.write:
        write_section("faults", text)


if __name__ == "__main__":
    main()
