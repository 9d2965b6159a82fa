"""Tool ``shots``: every place where a shot might change, with what each detector says. Generous on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cinejudge import weights
from cinejudge.media import Footage
from cinejudge.schema import Record, Unit
from cinejudge.schema.shot import TransitionKind
from cinejudge.tools.boundary_signals import Floats, black_runs, content_change, fades, levels, runs, surges
from cinejudge.tools.contract import Look, Provider, Tool, ToolArgs, ToolResult
from cinejudge.tools.self_similarity import SelfSimilarity, self_similarity

NETWORK_FLOOR = 0.04
"""TransNetV2 outputs below this propose nothing; the network's own threshold is 0.5."""
CONTENT_FLOOR = 6.0
RATIO_FLOOR = 1.7
"""PySceneDetect's scores below these propose nothing; its own thresholds are 15 or 27 and 3."""
NOVELTY_FLOOR = 1.8
"""Self-similarity below this proposes nothing; an abrupt change between calm pictures reaches 5 and more."""
STEP = "step"
"""Detector that takes note of every small step between calm frames: the reserve for a second look."""
STEP_FLOOR = 1.0
MERGE_FRAMES = 1
"""Hard-cut candidates this close together are one."""


class Args(ToolArgs):
    """Takes the whole clip."""


class Candidate(Record):
    """A place where a shot might change."""

    start_frame: int
    """First frame with a trace of the new shot."""
    end_frame: int
    """First clean frame of the new shot; equal to ``start_frame`` for a hard cut."""
    type: TransitionKind
    confidence: Unit
    """The strongest detector's own score; not a probability."""
    detectors: tuple[str, ...]
    signals: dict[str, float]
    """What every detector says here, whether or not it proposed this candidate."""


class Result(ToolResult):
    """Candidates in order of time, and where each detector alone would cut."""

    frames: int
    candidates: tuple[Candidate, ...]
    alone: dict[str, tuple[int, ...]]
    """First frames of new shots by each published detector at its default threshold."""
    black: tuple[tuple[int, int], ...] = ()
    """First and last (exclusive) frame of each stretch of black."""

    @property
    def summary(self) -> str:
        """How many places, and what the published detectors make of them."""
        alone = ", ".join(f"{name} {len(cuts)}" for name, cuts in self.alone.items())
        return f"{len(self.candidates)} places where a shot might change; at default thresholds: {alone}"


@dataclass
class _Signals:
    """Outputs of all detectors; index ``t`` of an array speaks of the step from frame ``t - 1`` to ``t``."""

    content: Floats
    ratio: Floats
    similar: SelfSimilarity
    single: Floats | None
    many: Floats | None
    fades: Sequence[tuple[int, int]]
    surges: Sequence[tuple[int, int]]

    def around(self, start: int, end: int) -> dict[str, float]:
        """The strongest output of every detector over a transition."""
        near = slice(max(0, start - 1), end + 2)
        said = {
            "content": float(self.content[near].max()),
            "ratio": float(self.ratio[near].max()),
            "novelty": float(self.similar.novelty[near].max()),
        }
        if self.single is not None and self.many is not None:
            said["network"] = float(self.single[near].max())
            said["network_span"] = float(self.many[start : end + 1].mean())
        return {name: round(value, 4) for name, value in said.items()}


@dataclass
class _Pool:
    """Collects candidates; one place proposed twice is one candidate with both detectors."""

    found: dict[tuple[int, int], dict[str, float]] = field(default_factory=dict)
    kinds: dict[tuple[int, int], TransitionKind] = field(default_factory=dict)

    def add(self, start: int, end: int, kind: TransitionKind, detector: str, score: float) -> None:
        spans = [(start, end)]
        if start == end:
            spans += [(end + k, end + k) for k in range(-MERGE_FRAMES, MERGE_FRAMES + 1)]
        span = next((s for s in spans if s in self.found), (start, end))
        detectors = self.found.setdefault(span, {})
        detectors[detector] = max(score, detectors.get(detector, 0.0))
        self.kinds.setdefault(span, kind)


def _propose(footage: Footage, with_network: bool) -> Result:
    frames = len(footage.thumbs)
    if frames < 2:
        return Result(frames=frames, candidates=(), alone={})
    alone: dict[str, tuple[int, ...]] = {}
    content, ratio = content_change(footage.thumbs, footage.clip.fps, alone)
    single = many = None
    if with_network:
        single, many = _network(footage.thumbs)
        alone["transnetv2"] = tuple(_first_clean(single > 0.5))
    fps = footage.clip.fps
    light = levels(footage.thumbs)
    similar = self_similarity(footage.thumbs, longest=round(min(64, max(8, 2 * fps))))
    signals = _Signals(content, ratio, similar, single, many, fades(light), surges(content, fps))
    pool = _Pool()
    _add_hard(pool, signals)
    _add_gradual(pool, signals, frames)
    candidates = [
        Candidate(
            start_frame=start,
            end_frame=end,
            type=pool.kinds[start, end],
            confidence=min(1.0, max(0.0, max(detectors.values()))),
            detectors=tuple(sorted(detectors)),
            signals=signals.around(start, end),
        )
        for (start, end), detectors in pool.found.items()
    ]
    return Result(
        frames=frames,
        candidates=tuple(sorted(candidates, key=lambda c: (c.start_frame, c.end_frame))),
        alone=alone,
        black=tuple(black_runs(light)),
    )


def _add_hard(pool: _Pool, s: _Signals) -> None:
    if s.single is not None:
        for t in _peaks(s.single, NETWORK_FLOOR):
            if t + 1 < len(s.content):
                pool.add(t + 1, t + 1, "hard_cut", "transnetv2", float(s.single[t]))
    for t in _peaks(s.content, CONTENT_FLOOR):
        if s.ratio[t] >= RATIO_FLOOR:
            pool.add(t, t, "hard_cut", "pyscenedetect", min(1.0, float(s.content[t]) / 54 * min(1, s.ratio[t] / 3)))
    for t in _peaks(s.similar.novelty, NOVELTY_FLOOR):
        if s.content[t] >= CONTENT_FLOOR / 2 and s.ratio[t] >= 1.2:
            pool.add(t, t, "hard_cut", "self_similarity", min(1.0, float(s.similar.novelty[t]) / 8))
    for t in _peaks(s.content, STEP_FLOOR):
        if s.ratio[t] >= 1.3 and s.similar.novelty[t] >= 1.2:
            pool.add(t, t, "hard_cut", STEP, min(1.0, float(s.content[t]) / 54))


def _add_gradual(pool: _Pool, s: _Signals, frames: int) -> None:
    if s.many is not None:
        for floor in (0.2, 0.5):
            for start, end in runs(s.many > floor):
                if end - start >= 2 and end < frames:
                    pool.add(start + 1, end, "dissolve", "transnetv2", float(s.many[start:end].max()))
    for blend in s.similar.blends:
        pool.add(blend.start, blend.end, "dissolve", "blend", blend.strength)
    for start, end in s.fades:
        if start > 0 and end < frames:
            pool.add(start, end, "fade", "brightness", 0.5)
    for passage in s.similar.passages:
        pool.add(passage.start, passage.end, "dissolve", "unlike_sides", min(1.0, passage.strength / 8))
    for start, end in s.surges:
        if end < frames:
            pool.add(start, end, "wipe", "surge", 0.2)


def _network(thumbs: NDArray[np.uint8]) -> tuple[Floats, Floats]:
    from cinejudge.tools.models.transnet import load

    return load(weights.path("transnetv2")).predict(thumbs)


def _peaks(values: Floats, floor: float) -> list[int]:
    """Indices of local maxima at or above a floor; the first of a plateau."""
    padded = np.concatenate([[-np.inf], values, [-np.inf]])
    is_peak = (padded[1:-1] > padded[:-2]) & (padded[1:-1] >= padded[2:]) & (values >= floor)
    return [int(t) for t in np.flatnonzero(is_peak)]


def _first_clean(flags: NDArray[np.bool_]) -> list[int]:
    return [end for _, end in runs(flags) if end < len(flags)]


def _with_network(look: Look, _: Any) -> Result:
    return _propose(look.footage, with_network=True)


def _without_network(look: Look, _: Any) -> Result:
    return _propose(look.footage, with_network=False)


TOOL = Tool(
    name="shots",
    description="Places where a shot might change, proposed generously by several detectors, before any correction.",
    validity="Any clip of two frames or more.",
    args=Args,
    result=Result,
    providers=(
        Provider("transnetv2", "1", "paper", _with_network, packages=("torch", "scenedetect"), weights=("transnetv2",)),
        Provider("pyscenedetect", "1", "substitute", _without_network, packages=("scenedetect",)),
    ),
    for_models=False,
)
