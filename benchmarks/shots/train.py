"""Fits the small models that judge boundaries.

    python benchmarks/shots/train.py MATERIAL...

``MATERIAL`` are folders written by ``material.py`` with ``--split train`` or ``--clips``, or by ``packaged.py``. What
the product does is done step by step: the cheap detectors propose, a triage is fitted to what they say; where it leaves
a chance the network is asked, a second triage is fitted; what passes is measured as in a first round, and judged. Each
step sees what the models of the steps before let through. Everything is labelled by the known truth, and written to
``score.json`` of the package.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from material import TRAPS
from numpy.typing import NDArray
from scoring import Label, labels_of

from cinejudge import weights
from cinejudge.agent.segment.propose import Suspect, confident, measured, suspects
from cinejudge.media import ArtifactStore, Footage, FramePlan
from cinejudge.tools.cutting import score
from cinejudge.tools.models.transnet import load
from cinejudge.tools.perception import Perception
from cinejudge.tools.shots import TRIAGE, Pool, Signals, ask, cheap, features, listen

KNOTS = (0.02, 0.2, 0.4, 0.6, 0.8, 0.98)
"""Quantiles at which a curve may bend, over both classes with equal weight."""
BEND = 0.0003
SIZE = 0.00007
"""Weights of the penalties on bends and on size."""
TRAP_WEIGHT = 0.35
"""Weight of candidates from clips that are made to mislead: in real clips such moments are far rarer than here."""
GENERATED_WEIGHT = 0.5
"""Weight of those from generated videos that packages ship: most are shown at half their frame rate."""

Rows = list[tuple[dict[str, float], int, float]]
"""What is known of a place, whether it is a boundary, and its weight."""


@dataclass(frozen=True)
class Heard:
    """A place and what the detectors say of it."""

    start: int
    end: int
    features: dict[str, float]

    @property
    def gradual(self) -> bool:
        """Whether the transition takes more than one frame."""
        return self.end - self.start > 1

    @property
    def span(self) -> tuple[int, int]:
        """As proposed."""
        return self.start, self.end


@dataclass
class Made:
    """A clip and what the detectors say of it."""

    perception: Perception
    signals: Signals
    pool: Pool
    labels: list[Label]
    black: set[int]
    unsure: list[tuple[int, int]]
    """First and last frames of what nobody could say."""
    weight: float

    def heard(self) -> list[Heard]:
        """Every place that was proposed, not weighed yet."""
        spans = sorted(self.pool.detectors)
        return [Heard(a, b, features(self.signals.around(a, b), b - a)) for a, b in spans]

    def suspects(self) -> list[Suspect]:
        """Every place that was proposed, weighed by the triage."""
        return suspects(self.pool.candidates(self.signals), "made")

    def rows(self, places: Iterable[Heard | Suspect]) -> list[tuple[bool, tuple[dict[str, float], int, float]]]:
        """Whether each is gradual, and its row; those that teach nothing left out."""
        sure = (s for s in places if not any(s.span[0] <= b + 1 and s.span[1] >= a - 1 for a, b in self.unsure))
        known = ((s, label(s, self.labels, self.black)) for s in sure)
        return [(s.gradual, (s.features, y, self.weight)) for s, y in known if y is not None]


def label(place: Heard | Suspect, labels: Sequence[Label], black: set[int]) -> int | None:
    """1 a boundary, 0 none, None neither to be learned as one nor as the other."""
    if not place.gradual:
        near = min((abs(place.end - lb.frame) for lb in labels if lb.hard), default=3)
        if near <= 2:
            return 1 if near <= 1 else None
        edges = [f for lb in labels if lb.frame in black for f in (lb.start, lb.frame)]
        return None if any(abs(place.end - f) <= 1 for f in edges) else 0
    start, end = place.span  # as measured, where it was: where it really starts and ends
    if any(lb.hard and start <= lb.frame <= end <= lb.frame + 2 for lb in labels):
        return None
    best = 0.0
    for lb in labels:
        if not lb.hard:
            shared = min(end, lb.frame) - max(start, lb.start)
            best = max(best, shared / (max(end, lb.frame) - min(start, lb.start)))
    return 1 if best >= 0.5 else None if best > 0.2 else 0


def fit(rows: Rows) -> dict[str, Any]:
    """An additive logistic model with piecewise linear curves, by penalised maximum likelihood.

    It has a curve for each measure that most places have; where a place lacks one, the curve adds nothing.
    """
    import torch

    counts = Counter(name for row, _, _ in rows for name in row)
    names = sorted(name for name, count in counts.items() if 2 * count > len(rows))
    table = np.array([[row.get(n, np.nan) for n in names] for row, _, _ in rows], np.float32)
    truth, weights = (np.array(column, np.float32) for column in list(zip(*rows, strict=True))[1:])
    weight = np.where(truth == 1, 0.5 / truth.sum(), 0.5 / (1 - truth).sum())
    knots = {n: _quantiles(table[:, i], weight) for i, n in enumerate(names)}
    basis = torch.tensor(np.concatenate([_hats(table[:, i], knots[n]) for i, n in enumerate(names)], axis=1))
    sizes = [len(knots[n]) for n in names]
    target, share = torch.tensor(truth), torch.tensor(weights / weights.mean())
    heights = torch.zeros(sum(sizes), requires_grad=True)
    bias = torch.zeros(1, requires_grad=True)
    solver = torch.optim.LBFGS([heights, bias], max_iter=500, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        solver.zero_grad()
        out = torch.nn.functional.binary_cross_entropy_with_logits(basis @ heights + bias, target, weight=share)
        for curve in heights.split(sizes):
            out = out + SIZE * curve.square().sum()
            if len(curve) > 2:
                out = out + BEND * (curve[2:] - 2 * curve[1:-1] + curve[:-2]).square().sum()
        out.backward()
        return out

    solver.step(loss)
    values = [c.detach().numpy() for c in heights.split(sizes)]
    made = {
        n: {"knots": [round(float(k), 4) for k in knots[n]], "values": [round(float(v), 4) for v in c]}
        for n, c in zip(names, values, strict=True)
    }
    return {"bias": round(bias.item(), 4), "curves": made}


def _quantiles(x: NDArray[np.float32], weight: NDArray[np.float64]) -> NDArray[np.float32]:
    x, weight = x[np.isfinite(x)], weight[np.isfinite(x)]
    order = np.argsort(x)
    reached = np.cumsum(weight[order]) / weight.sum()
    at = x[order][np.minimum(np.searchsorted(reached, KNOTS), len(x) - 1)]
    return np.unique(np.round(at, 4)).astype(np.float32)


def _hats(x: NDArray[np.float32], knots: NDArray[np.float32]) -> NDArray[np.float32]:
    """Share of each knot in each value: the basis of piecewise linear curves that are level outside; 0 for NaN."""
    eye = np.eye(len(knots), dtype=np.float32)
    return np.nan_to_num(np.stack([np.interp(x, knots, row) for row in eye], axis=1)).astype(np.float32)


def listened(video: Path, entry: Mapping[str, Any], cache: Path) -> Made:
    """Decodes a clip and hears the cheap detectors."""
    plan = FramePlan(signals=False, pictures=False, sound=False)
    with Footage(video, cache=cache, plan=plan) as footage:
        signals, _ = listen(footage)
        _ = footage.luma, footage.times  # mapped, they outlive the footage
    perception = Perception(footage, ArtifactStore(cache / "artifacts"), cache / "evidence")
    black = {c["frame"] for c in entry["cuts"] if c.get("kind") == "cut-to-black"}
    unsure = [(a["start"], a["end"]) for a in entry.get("ambiguous", ())]
    weight = TRAP_WEIGHT if entry["kind"] in TRAPS else GENERATED_WEIGHT if entry["kind"] == "generated" else 1.0
    return Made(perception, signals, cheap(signals), labels_of(entry), black, unsure, weight)


class Models:
    """The fitted models so far; each lot is written, so that the steps after it are made with it."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._models: dict[str, Any] = {}

    def add(self, name: str, rows: Iterable[tuple[bool, tuple[dict[str, float], int, float]]]) -> None:
        """Fits one for hard cuts and one for gradual transitions."""
        sorts: dict[bool, Rows] = {False: [], True: []}
        for gradual, row in rows:
            sorts[gradual].append(row)
        for gradual, mine in sorts.items():
            self._models[f"{'gradual' if gradual else 'hard'}{name}"] = fit(mine)
            print(
                f"{'gradual' if gradual else 'hard'}{name}: {len(mine)} places, {sum(y for _, y, _ in mine)} boundaries"
            )
        self._out.write_text(json.dumps(self._models, indent=1) + "\n")
        score.load_scorers.cache_clear()


def judged(clip: Made, with_network: bool) -> list[tuple[bool, tuple[dict[str, float], int, float]]]:
    """Rows of what the triage lets through, measured as in a first round."""
    passed = [s for s in clip.suspects() if s.score >= TRIAGE and ("network" in s.signals) == with_network]
    return clip.rows(asyncio.run(measured(clip.perception, passed, confident(passed))))


def train(clips: Sequence[Made], models: Models) -> None:
    """All steps."""
    models.add("_triage_without_network", (row for clip in clips for row in clip.rows(clip.heard())))
    models.add("_without_network", (row for clip in clips for row in judged(clip, with_network=False)))
    network = load(weights.path("transnetv2"))
    for clip in clips:
        ask(network, clip.pool, clip.signals)
    asked = ((clip, [place for place in clip.heard() if "network" in place.features]) for clip in clips)
    models.add("_triage", (row for clip, heard in asked for row in clip.rows(heard)))
    models.add("", (row for clip in clips for row in judged(clip, with_network=True)))


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("material", type=Path, nargs="+")
    folders = parser.parse_args().material
    with tempfile.TemporaryDirectory() as cache:
        material = [
            (folder / name, entry)
            for folder in folders
            for name, entry in json.loads((folder / "labels.json").read_text()).items()
        ]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            clips = list(pool.map(lambda made: listened(*made, Path(cache)), material))
        train(clips, Models(Path(score.__file__).with_suffix(".json")))


if __name__ == "__main__":
    main()
