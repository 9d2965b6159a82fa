"""Tool ``shots``: every place where a shot might change, with what each detector says. Generous on purpose.

Cheap detectors look at all frames. The network, which costs more than all the rest, is asked only about the frames
around places that they leave any chance. What has none by the word of all detectors is not proposed.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cinejudge import weights
from cinejudge.media import Footage
from cinejudge.schema import Record, Unit
from cinejudge.schema.shot import TransitionKind
from cinejudge.tools.boundaries import BLACK_SHOT_S
from cinejudge.tools.contract import Look, Provider, Tool, ToolArgs, ToolResult
from cinejudge.tools.cutting.score import scorer_for
from cinejudge.tools.cutting.self_similarity import SelfSimilarity, self_similarity, sides
from cinejudge.tools.cutting.signals import Floats, Levels, content_change, fades, levels, runs, surges

if TYPE_CHECKING:
    from cinejudge.tools.models.transnet import TransNetV2

ASK = 0.05
"""Probability by the cheap detectors from which the network is asked."""
TRIAGE = 0.02
"""Probability by all detectors below which a place is not proposed."""
AROUND = 3
"""Frames on either side of a place that the network judges beside it."""
NETWORK_FLOOR = 0.04
"""TransNetV2 outputs below this propose nothing; the network's own threshold is 0.5."""
CONTENT_FLOOR = 6.0
RATIO_FLOOR = 1.7
"""PySceneDetect's scores below these propose nothing; its own thresholds are 15 or 27 and 3."""
NOVELTY_FLOOR = 1.8
"""Self-similarity below this proposes nothing; an abrupt change between calm pictures reaches 5 and more."""
STEP_FLOOR = 1.0
"""A smaller change proposes nothing even between calm frames."""
PASSAGE_ROOM = 2
"""Frames that a gradual change may reach beyond a way through black or white and still be taken for all of it."""
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
    """Probability by what the detectors say, before any measuring."""
    detectors: tuple[str, ...]
    signals: dict[str, float]
    """What every detector says here, whether or not it proposed this candidate."""


class Result(ToolResult):
    """Candidates in order of time, and where each detector alone would cut."""

    frames: int
    candidates: tuple[Candidate, ...]
    alone: dict[str, tuple[int, ...]]
    """First frames of new shots by each published detector at its default threshold."""
    plain: tuple[tuple[int, int], ...] = ()
    """First and last (exclusive) frame of each stretch of black or white."""

    @property
    def summary(self) -> str:
        """How many places, and what the published detectors make of them."""
        alone = ", ".join(f"{name} {len(cuts)}" for name, cuts in self.alone.items())
        return f"{len(self.candidates)} places where a shot might change; at default thresholds: {alone}"


@dataclass
class Signals:
    """Outputs of all detectors; index ``t`` of an array speaks of the step from frame ``t - 1`` to ``t``."""

    thumbs: NDArray[np.uint8]
    content: Floats
    ratio: Floats
    similar: SelfSimilarity
    light: Levels
    fps: float
    single: Floats
    """The network's outputs, NaN where it was not asked."""
    many: Floats
    _sides: dict[tuple[int, int], dict[str, float]] = field(default_factory=dict)
    """Of every place weighed so far: each is weighed before and after the network is asked."""

    def around(self, start: int, end: int) -> dict[str, float]:
        """What every detector says of a transition, at its strongest."""
        near = slice(max(0, start - 1), end + 2)
        if (start, end) not in self._sides:
            self._sides[start, end] = sides(self.thumbs, start, end)
        said = {
            "content": float(self.content[near].max()),
            "ratio": float(self.ratio[near].max()),
            "novelty": float(self.similar.novelty[near].max()),
            **self._sides[start, end],
        }
        if end - start > 1:
            said["plain"] = self.light.through(start, end)
        if np.isfinite(self.single[near]).all():
            said["network"] = float(self.single[near].max())
            said["network_span"] = float(self.many[start : end + 1].mean())
        return {name: round(value, 4) for name, value in said.items()}


def features(signals: Mapping[str, float], frames: int) -> dict[str, float]:
    """Signals on scales that an additive model can use.

    Args:
        signals: What the detectors say of a place.
        frames: Length of the transition.
    """
    said = {name: math.log(signals[name] + small) for name, small in _SMALL.items()}
    said |= {name: signals[name] for name in ("mixture", "straight", "plain") if name in signals}
    said |= {name: _logit(signals[name]) for name in ("network", "network_span") if name in signals}
    if frames > 1:
        said["frames"] = math.log(frames)
    return said


_SMALL = {"content": 1.0, "ratio": 0.1, "novelty": 0.1, "apart": 1.0, "contrast": 0.1}
"""Added before the logarithm is taken, so that what is next to nothing weighs nothing."""


@dataclass
class Pool:
    """Collects candidates; one place proposed twice is one candidate with both detectors."""

    frames: int
    """Length of the clip: what reaches beyond its first or last frame parts nothing."""
    passages: Sequence[tuple[int, int]]
    """Ways through a moment of black or white, in order. A gradual change within one is taken for all of it."""
    detectors: dict[tuple[int, int], set[str]] = field(default_factory=dict)
    kinds: dict[tuple[int, int], TransitionKind] = field(default_factory=dict)

    def add(self, start: int, end: int, kind: TransitionKind, detector: str) -> None:
        """Takes a proposal."""
        at = bisect.bisect_right(self.passages, (start + PASSAGE_ROOM, self.frames)) - 1
        if start < end and at >= 0 and end <= self.passages[at][1] + PASSAGE_ROOM:
            (start, end), kind = self.passages[at], "fade"
        if start < 1 or end >= self.frames:
            return
        spans = [(start, end)]
        if start == end:
            spans += [(end + k, end + k) for k in range(-MERGE_FRAMES, MERGE_FRAMES + 1)]
        span = next((s for s in spans if s in self.detectors), (start, end))
        self.detectors.setdefault(span, set()).add(detector)
        self.kinds.setdefault(span, kind)

    def candidates(self, signals: Signals) -> list[Candidate]:
        """In order of time, each with what the detectors say and the probability by that."""
        found = []
        for (start, end), detectors in sorted(self.detectors.items()):
            said = signals.around(start, end)
            known = features(said, end - start)
            found.append(
                Candidate(
                    start_frame=start,
                    end_frame=end,
                    type=self.kinds[start, end],
                    confidence=scorer_for(end - start > 1, known, measured=False).probability(known),
                    detectors=tuple(sorted(detectors)),
                    signals=said,
                )
            )
        return found


def propose(footage: Footage, network: TransNetV2 | None) -> Result:
    """Finds the places.

    Args:
        footage: The clip; of two frames or more.
        network: Asked around places that the other detectors leave a chance, where it is there.
    """
    frames = len(footage.thumbs)
    if frames < 2:
        return Result(frames=frames, candidates=(), alone={})
    signals, alone = listen(footage)
    pool = cheap(signals)
    if network is not None:
        ask(network, pool, signals)
        alone["transnetv2"] = tuple(end for _, end in runs(signals.single > 0.5) if end < frames)
    return Result(
        frames=frames,
        candidates=tuple(c for c in pool.candidates(signals) if c.confidence >= TRIAGE),
        alone=alone,
        plain=tuple(runs(signals.light.plain)),
    )


def listen(footage: Footage) -> tuple[Signals, dict[str, tuple[int, ...]]]:
    """The cheap detectors' signals, and where each published one alone would cut."""
    alone: dict[str, tuple[int, ...]] = {}
    thumbs, fps = footage.thumbs, footage.clip.fps
    content, ratio = content_change(thumbs, fps, alone)
    similar = self_similarity(thumbs, longest=round(min(64, max(8, 2 * fps))))
    silent = np.full((2, len(thumbs)), np.nan, np.float32)
    return Signals(thumbs, content, ratio, similar, levels(thumbs), fps, *silent), alone


def cheap(signals: Signals) -> Pool:
    """What the cheap detectors propose."""
    frames, light = len(signals.thumbs), signals.light
    short = BLACK_SHOT_S * signals.fps
    pool = Pool(frames, [(a, b) for a, b in fades(light) if 0 < light.through(a, b) * (b - a) < short])
    _add_hard(pool, signals)
    _add_gradual(pool, signals)
    return pool


def ask(network: TransNetV2, pool: Pool, signals: Signals) -> None:
    """Asks the network around places that the cheap detectors leave a chance; it proposes places of its own there."""
    worth = np.zeros(len(signals.thumbs), bool)
    for place in pool.candidates(signals):
        if place.confidence >= ASK:
            worth[max(0, place.start_frame - AROUND) : place.end_frame + AROUND] = True
    signals.single, signals.many = network.predict(signals.thumbs, runs(worth))
    _add_network(pool, signals)


def _add_hard(pool: Pool, s: Signals) -> None:
    for t in _peaks(s.content, CONTENT_FLOOR):
        if s.ratio[t] >= RATIO_FLOOR:
            pool.add(t, t, "hard_cut", "pyscenedetect")
    for t in _peaks(s.similar.novelty, NOVELTY_FLOOR):
        if s.content[t] >= CONTENT_FLOOR / 2 and s.ratio[t] >= 1.2:
            pool.add(t, t, "hard_cut", "self_similarity")
    for t in _peaks(s.content, STEP_FLOOR):
        if s.ratio[t] >= 1.3 and s.similar.novelty[t] >= 1.2:
            pool.add(t, t, "hard_cut", "step")


def _add_gradual(pool: Pool, s: Signals) -> None:
    for blend in s.similar.blends:
        pool.add(blend.start, blend.end, "dissolve", "blend")
    for start, end in fades(s.light):
        pool.add(start, end, "fade", "brightness")
    for passage in s.similar.passages:
        pool.add(passage.start, passage.end, "dissolve", "unlike_sides")
    for start, end in surges(s.content, s.fps):
        pool.add(start, end, "wipe", "surge")


def _add_network(pool: Pool, s: Signals) -> None:
    for t in _peaks(np.nan_to_num(s.single), NETWORK_FLOOR):
        pool.add(t + 1, t + 1, "hard_cut", "transnetv2")
    for floor in (0.2, 0.5):
        for start, end in runs(s.many > floor):
            if end - start >= 2:
                pool.add(start + 1, end, "dissolve", "transnetv2")


def _peaks(values: Floats, floor: float) -> list[int]:
    """Indices of local maxima at or above a floor; the first of a plateau."""
    padded = np.concatenate([[-np.inf], values, [-np.inf]])
    is_peak = (padded[1:-1] > padded[:-2]) & (padded[1:-1] >= padded[2:]) & (values >= floor)
    return [int(t) for t in np.flatnonzero(is_peak)]


def _logit(p: float) -> float:
    q = min(max(p, 1e-3), 1 - 1e-3)
    return math.log(q / (1 - q))


def _with_network(look: Look, _: Any) -> Result:
    from cinejudge.tools.models.transnet import load

    return propose(look.footage, load(weights.path("transnetv2")))


def _without_network(look: Look, _: Any) -> Result:
    return propose(look.footage, None)


TOOL = Tool(
    name="shots",
    description="Places where a shot might change, proposed generously by several detectors, before any correction.",
    validity="Any clip of two frames or more.",
    args=Args,
    result=Result,
    providers=(
        Provider("transnetv2", "5", "paper", _with_network, packages=("torch", "scenedetect"), weights=("transnetv2",)),
        Provider("pyscenedetect", "5", "substitute", _without_network, packages=("scenedetect",)),
    ),
    for_models=False,
)
