"""Matches the shots that are there with the shots that the brief asks for, in order.

Dynamic programming over both sequences: a shot may realise a specified shot, be extra, share its specification with
the next shot (split), or stand for two specified shots (merged). What is compared is time, the kind of transition and
words on screen, as far as the brief and the evidence have them; where they say nothing, only the order counts. A
difference in number is told, never repaired: no boundary is made or unmade here.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cinejudge.schema import Brief, Shot, ShotSpec

Step = Literal["match", "extra", "missing", "split", "merged"]

_COST: dict[Step, float] = {"match": 0.0, "extra": 0.55, "missing": 0.55, "split": 0.35, "merged": 0.35}
"""What leaving the plain one-to-one order costs, against at most 1 for a perfect match."""
_TIME, _TEXT = 2.0, 4.0
"""A shot that was left out moves all later ones ahead in time; words that a shot was to show stay with it."""
_SIZE: dict[Step, tuple[int, int]] = {
    "match": (1, 1),
    "extra": (1, 0),
    "missing": (0, 1),
    "split": (2, 1),
    "merged": (1, 2),
}
_TRANSITIONS = {
    "hard_cut": ("cut",),
    "dissolve": ("dissolve", "crossfade", "cross-fade", "mix"),
    "fade": ("fade",),
    "wipe": ("wipe", "slide", "push"),
    "cut_to_black": ("black",),
}


@dataclass(frozen=True)
class Alignment:
    """Shots with ``spec``, ``match`` and ``valid`` set, and what a reader should know."""

    shots: tuple[Shot, ...]
    notes: tuple[str, ...]


def align(
    shots: Sequence[Shot],
    brief: Brief | None,
    texts: Mapping[int, Sequence[str]] | None = None,
    lines: Mapping[int, str] | None = None,
) -> Alignment:
    """Matches shots with the brief's shots.

    Args:
        shots: The corrected shots.
        brief: What the clip was meant to be.
        texts: Words read in each shot, by its index, where they are known.
        lines: Words heard in each shot, likewise.

    Returns:
        The alignment; unchanged shots where the brief specifies none.
    """
    if brief is None or not brief.shots:
        return Alignment(tuple(shots), ())
    specs = brief.shots
    timed = _on_the_same_clock(shots, specs)
    alike = [[_alike(s, p, timed, texts or {}, lines or {}) for p in specs] for s in shots]
    path = _best_path(shots, specs, alike)
    matched: dict[int, tuple[int, float]] = {}
    notes: list[str] = []
    if len(shots) != len(specs):
        notes.append(f"the brief asks for {len(specs)} shots, the clip has {len(shots)}")
    for step, i, j, score in path:
        if step == "match":
            matched[i] = (j, score)
        elif step == "extra":
            notes.append(f"shot {i + 1} matches nothing in the brief")
        elif step == "missing":
            notes.append(f"shot {j + 1} of the brief is missing")
        elif step == "split":
            matched[i], matched[i + 1] = (j, score), (j, score)
            notes.append(f"shot {j + 1} of the brief is split over shots {i + 1} and {i + 2}")
        else:
            matched[i] = (j + (alike[i][j + 1] > alike[i][j]), score)
            notes.append(f"shot {i + 1} stands for shots {j + 1} and {j + 2} of the brief")
    done = []
    for i, shot in enumerate(shots):
        hit = matched.get(i)
        update = {"spec": specs[hit[0]].index, "match": hit[1]} if hit else {"spec": None, "match": None}
        done.append(shot.model_copy(update=update | {"valid": hit is not None}))
    return Alignment(tuple(done), tuple(notes))


def _best_path(
    shots: Sequence[Shot], specs: Sequence[ShotSpec], alike: Sequence[Sequence[float]]
) -> list[tuple[Step, int, int, float]]:
    n, m = len(shots), len(specs)
    best: dict[tuple[int, int], float] = {(0, 0): 0.0}
    came: dict[tuple[int, int], tuple[Step, float]] = {}
    for i in range(n + 1):
        for j in range(m + 1):
            for step, (di, dj) in _SIZE.items():
                before = (i - di, j - dj)
                if before not in best or (di, dj) == (0, 0):
                    continue
                pairs = [alike[a][b] for a in range(before[0], i) for b in range(before[1], j)]
                score = sum(pairs) / len(pairs) if pairs else 0.0
                gain = best[before] + score - _COST[step]
                if gain > best.get((i, j), float("-inf")) and (i, j) != (0, 0):
                    best[i, j] = gain
                    came[i, j] = (step, round(score, 3))
    path: list[tuple[Step, int, int, float]] = []
    at = (n, m)
    while at != (0, 0):
        step, score = came[at]
        at = (at[0] - _SIZE[step][0], at[1] - _SIZE[step][1])
        path.append((step, at[0], at[1], score))
    return path[::-1]


def _alike(
    shot: Shot, spec: ShotSpec, timed: bool, texts: Mapping[int, Sequence[str]], lines: Mapping[int, str]
) -> float:
    """How well a shot fits a specification, 0 to 1; one half where nothing speaks for or against it."""
    said: list[tuple[float, float]] = [(1.0, 0.5)]
    if timed and spec.span is not None:
        union = max(shot.end_s, spec.span.end_s) - min(shot.start_s, spec.span.start_s)
        said.append((_TIME, shot.span.overlap_s(spec.span) / union if union > 0 else 0.0))
    if spec.transition and shot.transition_in is not None:
        wanted = spec.transition.lower()
        kinds = [kind for kind, words in _TRANSITIONS.items() if any(w in wanted for w in words)]
        if kinds:
            said.append((0.5, float(shot.transition_in.type in kinds)))
    if shot.index in texts:
        if spec.texts:
            said.append((_TEXT, max(_read(wanted, texts[shot.index]) for wanted in spec.texts)))
        elif texts[shot.index]:
            said.append((0.5, 0.25))
    if shot.index in lines and (spec.lines or lines[shot.index]):
        script = " ".join(line.text for line in spec.lines)
        said.append((1.0, _read(script, [lines[shot.index]]) if script else 0.25))
    return sum(w * s for w, s in said) / sum(w for w, _ in said)


def _read(wanted: str, found: Sequence[str]) -> float:
    target = re.sub(r"\W+", "", wanted).lower()
    readings = [re.sub(r"\W+", "", f).lower() for f in [*found, "".join(found)]]
    return max((difflib.SequenceMatcher(None, target, r).ratio() for r in readings), default=0.0)


def _on_the_same_clock(shots: Sequence[Shot], specs: Sequence[ShotSpec]) -> bool:
    """Whether the brief's times can be this clip's: every shot has one, and both end at about the same time."""
    spans = [s.span for s in specs]
    if not shots or any(span is None for span in spans):
        return False
    end = max(span.end_s for span in spans if span is not None)
    return 0.7 * end <= shots[-1].end_s <= 1.4 * end
