"""Fits the small models that judge boundaries, on made clips only.

    python benchmarks/shots/train.py MATERIAL... [--out src/cinejudge/agent/segment/score.json]

``MATERIAL`` are folders written by ``material.py --split train``. Every candidate that the detectors propose there is
measured as in a first round and labelled by the known truth; one additive logistic model is fitted for hard cuts and
one for gradual transitions, each with and without the network's outputs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from material import TRAPS
from numpy.typing import NDArray
from scoring import Label, labels_of

from cinejudge.agent.segment.propose import TRIAGE, Suspect, confident, measured, suspects
from cinejudge.agent.segment.score import Curve, Scorer
from cinejudge.media import ArtifactStore, Footage, FramePlan
from cinejudge.tools.perception import Perception

KNOTS = (0.02, 0.2, 0.4, 0.6, 0.8, 0.98)
"""Quantiles at which a curve may bend, over both classes with equal weight."""
BEND = 0.001
SIZE = 0.0002
"""Weights of the penalties on bends and on size."""
RISING = {
    *("network", "network_span", "novelty", "ratio", "residual_jump", "difference_jump", "motion_jump", "changed"),
    *("lost", "lost_jump", "structure", "structure_jump", "returns", "colours", "colours_across"),
    *("edges", "edges_across", "frames_after", "blend_fit", "dip"),
}
"""Measures that can only speak for a boundary as they grow: their curves may not fall, whatever the material says."""
NETWORK = ("network", "network_span")

TRAP_WEIGHT = 0.2
"""Weight of candidates from clips that are made to mislead: in real clips such moments are far rarer than here."""

Rows = list[tuple[Suspect, int, float]]
"""A candidate, whether it is a boundary, and its weight."""


def label(suspect: Suspect, labels: Sequence[Label], black: set[int]) -> int | None:
    """1 a boundary, 0 none, None neither to be learned as one nor as the other."""
    if not suspect.gradual:
        near = [abs(suspect.end - lb.frame) for lb in labels if lb.hard]
        if near and min(near) <= 2:
            return 1 if min(near) <= 1 else None
        edges = [f for lb in labels if lb.frame in black for f in (lb.start, lb.frame)]
        return None if any(abs(suspect.end - f) <= 1 for f in edges) else 0
    if any(lb.hard and suspect.start <= lb.frame <= suspect.end <= lb.frame + 2 for lb in labels):
        return None
    best = 0.0
    for lb in labels:
        if not lb.hard:
            shared = min(suspect.end, lb.frame) - max(suspect.start, lb.start)
            best = max(best, shared / (max(suspect.end, lb.frame) - min(suspect.start, lb.start)))
    return 1 if best >= 0.5 else None if best > 0.2 else 0


def fit(
    rows: Sequence[Mapping[str, float]], truth: NDArray[np.float32], weights: NDArray[np.float32]
) -> dict[str, Any]:
    """An additive logistic model with piecewise linear curves, by penalised maximum likelihood."""
    import torch

    names = sorted(set.intersection(*(set(row) for row in rows)))
    table = np.array([[row[n] for n in names] for row in rows], np.float32)
    weight = np.where(truth == 1, 0.5 / truth.sum(), 0.5 / (1 - truth).sum())
    knots = {n: _quantiles(table[:, i], weight) for i, n in enumerate(names)}
    basis = torch.tensor(np.concatenate([_hats(table[:, i], knots[n]) for i, n in enumerate(names)], axis=1))
    sizes = [len(knots[n]) for n in names]
    target, share = torch.tensor(truth), torch.tensor(weights / weights.mean())
    free = torch.zeros(sum(sizes))
    # A curve that may only rise is its first height and the squares of its rises.
    free[[i for i, size in zip(_starts(sizes), sizes, strict=True) for i in range(i + 1, i + size)]] = 0.3
    free.requires_grad_()
    bias = torch.zeros(1, requires_grad=True)
    solver = torch.optim.LBFGS([free, bias], max_iter=500, line_search_fn="strong_wolfe")

    def curves() -> list[torch.Tensor]:
        parts = zip(names, free.split(sizes), strict=True)
        return [torch.cat([c[:1], c[1:].square()]).cumsum(0) if n in RISING else c for n, c in parts]

    def loss() -> torch.Tensor:
        solver.zero_grad()
        bent = curves()
        out = torch.nn.functional.binary_cross_entropy_with_logits(basis @ torch.cat(bent) + bias, target, weight=share)
        for curve in bent:
            out = out + SIZE * curve.square().sum()
            if len(curve) > 2:
                out = out + BEND * (curve[2:] - 2 * curve[1:-1] + curve[:-2]).square().sum()
        out.backward()
        return out

    solver.step(loss)
    values = [c.detach().numpy() for c in curves()]
    made = {
        n: {"knots": [round(float(k), 4) for k in knots[n]], "values": [round(float(v), 4) for v in c]}
        for n, c in zip(names, values, strict=True)
    }
    return {"bias": round(bias.item(), 4), "curves": made}


def _starts(sizes: Sequence[int]) -> list[int]:
    return [sum(sizes[:i]) for i in range(len(sizes))]


def _quantiles(x: NDArray[np.float32], weight: NDArray[np.float64]) -> NDArray[np.float32]:
    order = np.argsort(x)
    reached = np.cumsum(weight[order]) / weight.sum()
    at = x[order][np.minimum(np.searchsorted(reached, KNOTS), len(x) - 1)]
    return np.unique(np.round(at, 4)).astype(np.float32)


def _hats(x: NDArray[np.float32], knots: NDArray[np.float32]) -> NDArray[np.float32]:
    """Share of each knot in each value: the basis of piecewise linear curves that are level outside."""
    eye = np.eye(len(knots), dtype=np.float32)
    return np.stack([np.interp(x, knots, row) for row in eye], axis=1).astype(np.float32)


async def candidates(video: Path, entry: Mapping[str, Any], cache: Path) -> Rows:
    """Every candidate of a clip with its label, what the detectors say of it included."""
    with Footage(video, cache=cache, plan=FramePlan(pictures=False, sound=False)) as footage:
        perception = Perception(footage, ArtifactStore(cache / "artifacts"), cache / "evidence")
        evidence = await perception.look("shots")
        proposed = suspects(perception.result(evidence).candidates, evidence.id)
        proposed = await measured(perception, proposed, confident(proposed))
    black = {c["frame"] for c in entry["cuts"] if c.get("kind") == "cut-to-black"}
    weight = TRAP_WEIGHT if entry["kind"] in TRAPS else 1.0
    labelled = [(s, label(s, labels_of(entry), black)) for s in proposed]
    return [(s, y, weight) for s, y in labelled if y is not None]


def models(rows: Rows) -> Iterator[tuple[str, dict[str, Any]]]:
    """The eight models by name: triage on all rows, judgement on those that the triage lets through."""
    for kind, gradual in (("hard", False), ("gradual", True)):
        for suffix, left_out in (("", ()), ("_without_network", NETWORK)):
            mine = [row for row in rows if row[0].gradual == gradual]
            heard = [_only(replace(s, found=None).features, left_out) for s, _, _ in mine]
            triage = fit(heard, *_targets(mine))
            yield f"{kind}_triage{suffix}", triage
            judge = _scorer(triage)
            passed = [
                row for row, said in zip(mine, heard, strict=True) if judge.probability(said) >= TRIAGE and row[0].found
            ]
            yield f"{kind}{suffix}", fit([_only(s.features, left_out) for s, _, _ in passed], *_targets(passed))


def _targets(rows: Rows) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    return np.array([y for _, y, _ in rows], np.float32), np.array([w for _, _, w in rows], np.float32)


def _only(features: Mapping[str, float], left_out: Sequence[str]) -> dict[str, float]:
    return {name: value for name, value in features.items() if name not in left_out}


def _scorer(model: Mapping[str, Any]) -> Scorer:
    curves = {m: Curve(tuple(c["knots"]), tuple(c["values"])) for m, c in model["curves"].items()}
    return Scorer(model["bias"], curves)


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("material", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, default=Path("src/cinejudge/agent/segment/score.json"))
    given = parser.parse_args()
    rows: Rows = []
    with tempfile.TemporaryDirectory() as cache:
        for folder in given.material:
            for name, entry in json.loads((folder / "labels.json").read_text()).items():
                rows += asyncio.run(candidates(folder / name, entry, Path(cache)))
    given.out.write_text(json.dumps(dict(models(rows)), indent=1) + "\n")
    print(f"{len(rows)} candidates, {sum(y for _, y, _ in rows)} boundaries: {given.out}")


if __name__ == "__main__":
    main()
