"""From judged suspects to boundaries: the set of boundaries that fits together and is most likely."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from cinejudge.agent.segment.propose import SHORTEST_SHOT, Suspect
from cinejudge.schema import Clip
from cinejudge.tools.boundaries import BLACK_SHOT_S

LEAST_CUT = 0.3
"""Probability that a hard cut needs."""

LEAST_GRADUAL = 0.4
"""The same for a gradual transition: what is mistaken for a boundary is mostly motion that looks like a dissolve."""

LEAST_HIDDEN = 0.5
"""The same for a place that the detectors hardly believed in: most of those are nothing (``docs/shots.md``)."""

LAST_SHOT = 3
"""Frames of the last shot of a file, at least."""

PLAIN = 0.3
"""Share of black or white from which a stretch of less than a second is a moment of it."""

IsShot = Callable[[int, int], bool]
"""Whether frames ``first`` to ``last`` (exclusive) can be a shot of their own."""


def possible_shots(plain: Sequence[tuple[int, int]], clip: Clip) -> IsShot:
    """What can be a shot: two frames or more, more than a moment of black or white, and three frames at the end.

    On both sides of such a moment a fade goes on for a while, and that is no shot either.

    Files often end with a frame or two that are damaged or belong to what was cut off.

    Args:
        plain: ``(start, end)`` of each stretch of black or white, in order, end exclusive.
        clip: Tells how many frames there are, and how many a second.
    """
    starts = [start for start, _ in plain]

    def is_shot(first: int, last: int) -> bool:
        if last - first < (LAST_SHOT if last == clip.frames else SHORTEST_SHOT):
            return False
        if last - first >= BLACK_SHOT_S * clip.fps:
            return True
        near = plain[max(0, bisect.bisect_right(starts, first) - 1) : bisect.bisect_left(starts, last)]
        covered = sum(max(0, min(end, last) - max(start, first)) for start, end in near)
        return covered < PLAIN * (last - first)

    return is_shot


def least(suspect: Suspect) -> float:
    """Probability that this boundary needs."""
    if suspect.weak:
        return LEAST_HIDDEN
    return LEAST_GRADUAL if suspect.gradual else LEAST_CUT


def select(judged: Sequence[Suspect], is_shot: IsShot, frames: int) -> list[Suspect]:
    """The boundaries that together lie furthest above what each needs, in log-odds, and leave room for shots.

    Every stretch after a boundary can then be a shot.

    Args:
        judged: Suspects with their scores; several may speak of the same transition.
        is_shot: What can lie between two boundaries, or between one and the end.
        frames: Length of the clip.

    Returns:
        Boundaries in order of time.
    """
    likely = sorted((s for s in judged if s.score >= least(s)), key=lambda s: s.span[::-1])
    ends = [s.span[1] for s in likely]
    best: list[float] = []
    previous: list[int | None] = []
    for suspect in likely:
        gain, link = 0.0, None
        for j in range(bisect.bisect_right(ends, suspect.span[0] - SHORTEST_SHOT) - 1, -1, -1):
            if best[j] > gain and not suspect.clashes(likely[j]) and is_shot(ends[j], suspect.span[0]):
                gain, link = best[j], j
        best.append(gain + log_odds(suspect.score) - log_odds(least(suspect)))
        previous.append(link)
    chosen: list[Suspect] = []
    last = [i for i, end in enumerate(ends) if is_shot(end, frames)]
    at = max(last, key=best.__getitem__) if last else None
    while at is not None:
        chosen.append(likely[at])
        at = previous[at]
    return chosen[::-1]


def pooled(judged: Sequence[Suspect]) -> list[Suspect]:
    """The suspects, where several doubtful readings of one change stand for it together.

    Readings that clash exclude each other, so that the change took place is likelier than any one of them. The
    strongest of them gets ``1 - (1 - p1)(1 - p2)...`` over itself and the strongest reading of the other sort, hard or
    gradual: two of a sort are measured from the same pictures and say the same twice.
    """
    ordered = sorted(judged, key=lambda s: s.span)
    longest = max((s.span[1] - s.span[0] for s in ordered), default=0)
    firsts = [s.span[0] for s in ordered]
    out = []
    for suspect in ordered:
        start, end = suspect.span
        near = slice(
            bisect.bisect_left(firsts, start - 2 * longest - 2), bisect.bisect_right(firsts, end + longest + 2)
        )
        rivals = [s for s in ordered[near] if s is not suspect and s.clashes(suspect)]
        score = suspect.score
        if all(r.score <= score for r in rivals):
            other = max((r.score for r in rivals if r.gradual != suspect.gradual), default=0.0)
            score = 1 - (1 - score) * (1 - other)
        out.append(replace(suspect, score=score))
    return out


def log_odds(p: float) -> float:
    """Of a probability; never quite 0, so that a boundary at the threshold counts for something."""
    q = min(max(p, 1e-4), 1 - 1e-4)
    return math.log(q / (1 - q)) + 1e-6


def probability(odds: float) -> float:
    """Of log-odds."""
    return 1 / (1 + math.exp(-odds))
