"""Compares ours with PySceneDetect, TransNetV2 and their union on labelled clips, in one run.

    python benchmarks/shots/run.py NAME=FOLDER... [--sheets OUT] [--report docs/shots.md] [--jobs N]

Each FOLDER holds videos and a ``labels.json`` (see ``material.py``). Every method opens each file itself; its time
holds decoding. Frames that a method errs on are drawn into sheets to look at.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial, reduce
from pathlib import Path
from typing import Any

import methods
import numpy as np
from methods import Cost, Found
from scoring import Totals, score_clip, total

MARK = "<!-- written by benchmarks/shots/run.py: do not edit below -->"
NETWORK, UNION, OURS = "TransNetV2, 0.5", "plain union of TransNetV2 and adaptive (3.5)", "ours, offline"


def compare(folder: Path, jobs: int) -> tuple[dict[str, Any], dict[str, dict[str, Found]]]:
    """Runs every method over every clip of a folder; labels, and what was found by method and clip."""
    labels = json.loads((folder / "labels.json").read_text())
    labels = {n: e for n, e in labels.items() if "cuts" in e and (folder / n).is_file()}
    found: dict[str, dict[str, Found]] = {name: {} for name in (*list(_WAYS)[:-1], UNION, OURS)}
    paths = [folder / clip for clip in labels]
    with ProcessPoolExecutor(jobs, initializer=_warm_up, initargs=(paths[0],)) as pool:
        for i, (path, by_method) in enumerate(zip(paths, pool.map(_all_methods, paths), strict=True)):
            print(f"\r{folder.name}: {i + 1}/{len(paths)}", end="", flush=True)
            for name, one in by_method.items():
                found[name][path.name] = one
    print()
    return labels, found


def _ours(path: Path) -> Found:
    with tempfile.TemporaryDirectory() as cache:
        return methods.ours(path, Path(cache))


_WAYS: dict[str, Callable[[Path], Found]] = {
    "PySceneDetect, adaptive": partial(methods.timed, methods.adaptive),
    "PySceneDetect, content": partial(methods.timed, methods.content),
    NETWORK: partial(methods.timed, methods.network),
    OURS: _ours,
}


def _warm_up(path: Path) -> None:
    """Loads what is loaded once."""
    for way in _WAYS.values():
        way(path)


def _all_methods(path: Path) -> dict[str, Found]:
    found = {name: way(path) for name, way in _WAYS.items()}
    return found | {UNION: methods.union(found[NETWORK], path)}


def totals(labels: Mapping[str, Any], cuts: Mapping[str, list[int]]) -> Totals:
    """Scores one method."""
    minutes = sum(e["n_frames"] / e["fps"] for e in labels.values()) / 60
    return total([score_clip(cuts[clip], entry) for clip, entry in labels.items()], minutes)


def table(labels: Mapping[str, Any], found: Mapping[str, Mapping[str, Found]]) -> list[str]:
    """The comparison, and what each stage of ours adds."""
    lines = [
        "| | precision | recall | F1 | hard | gradual | clips exact | false per minute | wall s | processor s |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, by_clip in found.items():
        cost = reduce(Cost.__add__, (f.cost for f in by_clip.values()))
        scores = totals(labels, {c: f.cuts for c, f in by_clip.items()})
        lines.append(_row(name, scores, len(labels), f"{cost.wall_s:.1f} | {cost.processor_s:.1f}"))
    stages = next(iter(found[OURS].values())).stages
    stages = max((f.stages for f in found[OURS].values()), key=len, default=stages)
    for stage in stages:
        cuts = {c: f.stages.get(stage, f.cuts) for c, f in found[OURS].items()}
        lines.append(_row(f"ours after: {stage}", totals(labels, cuts), len(labels), " | "))
    return lines


def _row(name: str, t: Totals, clips: int, cost: str) -> str:
    numbers = (t.precision, t.recall(), t.f1, t.recall(hard=True), t.recall(hard=False))
    return (
        f"| {name} | "
        + " | ".join(f"{x:.3f}" for x in numbers)
        + (f" | {t.exact}/{clips} | {t.false_per_minute:.2f} | {cost} |")
    )


def by_kind(labels: Mapping[str, Any], found: Mapping[str, Mapping[str, Found]]) -> list[str]:
    """F1 (or clips exact, where nothing is to be found) by the kind of the made clip."""
    kinds = sorted({e["kind"] for e in labels.values() if "kind" in e})
    if not kinds:
        return []
    lines = ["", "| kind: found/labels, false | " + " | ".join(found) + " |", "|---" * (len(found) + 1) + "|"]
    for kind in kinds:
        mine = {c: e for c, e in labels.items() if e.get("kind") == kind}
        cells = []
        for by_clip in found.values():
            t = totals(mine, {c: by_clip[c].cuts for c in mine})
            cells.append(f"{t.true}/{t.labels}, {t.false}")
        lines.append(f"| {kind} | " + " | ".join(cells) + " |")
    return lines


def sheets(folder: Path, labels: Mapping[str, Any], found: Mapping[str, Found], out: Path) -> int:
    """Draws the frames around each error of ours; returns how many sheets."""
    import av
    import cv2

    from cinejudge.tools.drawing.sheet import Cell, contact_sheet

    out.mkdir(parents=True, exist_ok=True)
    drawn = 0
    for clip, entry in labels.items():
        outcome = score_clip(found[clip].cuts, entry)
        wrong = [(f"missed_{lb.frame}", lb.start, lb.frame) for lb in outcome.missed]
        wrong += [(f"false_{f}", f, f) for f in outcome.false]
        if not wrong:
            continue
        with av.open(str(folder / clip)) as container:
            pictures = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
        for what, start, end in wrong:
            first, last = max(0, start - 8), min(len(pictures), end + 8)
            at = np.unique(np.linspace(first, last - 1, 20).astype(int))
            sheet = contact_sheet([Cell(pictures[t], f"{t}") for t in at], columns=5, cell_width=240)
            cv2.imwrite(str(out / f"{Path(clip).stem}_{what}.png"), sheet[..., ::-1])
            drawn += 1
    return drawn


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", metavar="NAME=FOLDER")
    parser.add_argument("--sheets", type=Path)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--jobs", type=int, default=1, help="clips at once; more than one spoils the wall times")
    given = parser.parse_args()
    lines = [f"Measured on {os.cpu_count()} cores ({platform.machine()}), no GPU; times hold decoding."]
    for part in given.sets:
        name, _, folder = part.partition("=")
        labels, found = compare(Path(folder), given.jobs)
        count = sum(len(e["cuts"]) for e in labels.values())
        hard = sum(c["type"] == "hard" for e in labels.values() for c in e["cuts"])
        lines += ["", f"### {name}: {len(labels)} clips, {hard} hard cuts, {count - hard} gradual", ""]
        lines += table(labels, found) + by_kind(labels, found)
        if given.sheets:
            print(f"{sheets(Path(folder), labels, found[OURS], given.sheets / Path(folder).name)} sheets of errors")
    text = "\n".join(lines) + "\n"
    print(text)
    if given.report:
        head = given.report.read_text().partition(MARK)[0] if given.report.exists() else ""
        given.report.write_text(f"{head}{MARK}\n\n{text}")


if __name__ == "__main__":
    main()
