"""Tool ``boundaries``: what speaks for and against a boundary, measured in ways that the detectors do not use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cinejudge.schema import Record
from cinejudge.schema.shot import TransitionKind
from cinejudge.tools.contract import Look, Provider, Tool, ToolArgs, ToolResult

if TYPE_CHECKING:
    from cinejudge.tools.cutting.frame_pairs import Pictures

_TINY = 1.0
"""Grey levels added to both sides of a ratio, so that noise in still pictures weighs nothing."""
BLACK_SHOT_S = 1.0
"""Black that lasts shorter than this is part of a transition, not a shot."""
_LATER_S = 0.7
"""How far away it is looked for what was hidden."""
_BEYOND = 0.3
"""How far beyond its ends, in lengths of a transition, it is looked for where it really begins and ends."""
_UNEXPLAINED = 0.01
"""Share of the variance that a mixture may leave to a straight line."""
_THROUGH = 13.0
"""Grey levels outside both sides from which a transition goes through black or white."""
_DIP = 0.35
"""Fall of brightness below the darker side, in 64 grey levels, from which a mixture goes through black."""


class Place(Record):
    """A boundary to measure, and how far one may look."""

    start: Annotated[int, Field(ge=1)]
    """First frame with a trace of the new shot."""
    end: Annotated[int, Field(ge=1)]
    """First clean frame of the new shot; equal to ``start`` for a hard cut."""
    first: Annotated[int, Field(ge=0)]
    """First frame of the shot before."""
    last: Annotated[int, Field(ge=1)]
    """Last frame of the shot after, exclusive."""


class Args(ToolArgs):
    """The places."""

    places: tuple[Place, ...]


class Measured(Record):
    """One place, measured."""

    start: int
    """As asked, or moved to where the transition really starts and ends."""
    end: int
    start_s: float
    end_s: float
    kind: TransitionKind
    measures: dict[str, float]
    """By name."""


class Result(ToolResult):
    """One entry per place, in the order asked."""

    places: tuple[Measured, ...]

    @property
    def summary(self) -> str:
        """How many."""
        return f"{len(self.places)} places measured"


def _run(look: Look, args: Args) -> Result:
    from cinejudge.tools.cutting.frame_pairs import Pictures

    footage = look.footage
    pictures = Pictures(footage)
    found = []
    for place in args.places:
        start, end = settle(pictures, place)
        measures = measure(pictures, place.model_copy(update={"start": start, "end": end}))
        found.append(
            Measured(
                start=start,
                end=end,
                start_s=round(float(footage.times[start]), 4),
                end_s=round(float(footage.times[end]), 4),
                kind=kind_of(pictures, start, end, measures),
                measures=measures,
            )
        )
    return Result(places=tuple(found))


def measure(pictures: Pictures, place: Place) -> dict[str, float]:
    """Measures of a boundary: the last clean frame of the old shot against the first clean one of the new."""
    a, b = place.start - 1, place.end
    gap = b - a
    reach = int(np.clip(round(0.4 * pictures.fps), 4, 12))
    before = [t for t in range(a - reach, a + 1) if t >= place.first]
    after = [t for t in range(b, b + reach + 1) if t < place.last]
    here = pictures.pair(a, b)
    usual = [pictures.pair(t - gap, t) for t in before[::-1] if t - gap >= place.first][:3]
    usual += [pictures.pair(t, t + gap) for t in after if t + gap < place.last][:3]
    colours, edges = pictures.unlike(a, b)
    across = [
        pictures.unlike(x, y) for x, y in zip(before[-4::-2] or before[:1], after[3::2] or after[-1:], strict=False)
    ]
    within = [pictures.unlike(before[0], before[-1]), pictures.unlike(after[0], after[-1])]
    far_a, far_b = before[max(0, len(before) - 4)], after[min(len(after) - 1, 3)]
    # A flash or something crossing the lens: what lies before comes back after.
    returns = [pictures.pair(x, y) for x, y in ((a, far_b), (far_a, b), (far_a, far_b))]
    same, alike = pictures.goes_on(a, b, place.first, place.last)
    found = {
        "goes_on": same,
        "goes_on_alike": alike,
        "returns_later": _returns_later(pictures, place),
        "residual": np.log(here.residual + _TINY),
        "residual_jump": _jump(here.residual, [p.residual for p in usual]),
        "difference_jump": _jump(here.difference, [p.difference for p in usual]),
        "lost": here.lost,
        "lost_jump": here.lost - max((p.lost for p in usual), default=0.0),
        "structure": here.structure,
        "structure_jump": here.structure - max((p.structure for p in usual), default=0.0),
        "returns": min(p.structure for p in returns),
        "returns_residual": np.log(min(p.residual for p in returns) + _TINY),
        "colours": colours,
        "edges": edges,
        "colours_across": np.mean([c for c, _ in across]) - max(c for c, _ in within),
        "edges_across": np.mean([e for _, e in across]) - max(e for _, e in within),
        "motion_jump": _jump(here.motion, [p.motion for p in usual]),
        "changed": here.changed,
        "frames_after": np.log(min(30, pictures.count - b)),
    }
    if gap > 2:
        found |= _mixture(pictures, a, b) | _smear(pictures, place)
    return {name: round(float(value), 4) for name, value in found.items()}


def _returns_later(pictures: Pictures, place: Place) -> float:
    """The least change of structure over the place from up to ``_LATER_S`` before to as long after it.

    What passes close to the lens hides the picture for longer than a flash does, and then it is back.
    """
    far = round(_LATER_S * pictures.fps)
    steps = {(0, far), (far, 0), (0, far // 2), (far // 2, 0), (far // 2, far // 2)}
    spans = {(max(place.first, place.start - 1 - x), min(place.last - 1, place.end + y)) for x, y in steps}
    return min(pictures.pair(x, y).structure for x, y in spans)


def _smear(pictures: Pictures, place: Place) -> dict[str, float]:
    """How much the camera's own swing smears the pictures: at the place, and more than in the second around it."""
    second = round(pictures.fps)
    first, last = max(place.first, place.start - 1 - second), min(place.last, place.end + 1 + second)
    at = range(max(first, place.start - 3), min(last, place.end + 3))
    strongest = max(pictures.smeared(t) for t in at)
    around = [pictures.smeared(t) for t in range(first, last) if t not in at]
    return {"smear": strongest, "smear_rise": strongest - float(np.median(around)) if around else 0.0}


def _mixture(pictures: Pictures, a: int, b: int) -> dict[str, float]:
    """How the frames between ``a`` and ``b`` come about: mixed, wiped, through black, or by movement."""
    low = np.asarray(pictures.thumbs[a : b + 1], np.float32).reshape(b - a + 1, -1)
    change = low[-1] - low[0]
    size = float(change @ change) + 1e-3
    inner = low[1:-1]
    share = (inner - low[0]) @ change / size
    left = ((inner - low[0] - share[:, None] * change) ** 2).sum(axis=1) / size
    steps = np.diff(np.concatenate([[0.0], share, [1.0]]))
    either = np.minimum(np.abs(inner - low[0]), np.abs(inner - low[-1])) ** 2
    brightness = low.mean(axis=1)
    steps_at = np.unique(np.linspace(a, b - 1, 6).astype(int)).tolist()
    adjacent = [pictures.pair(t, t + 1) for t in steps_at]
    shifts = [float(np.hypot(*pictures.shift(t, t + 1))) for t in steps_at]
    return {
        # A wipe leaves a sixth of the change to a mixture, a mixture leaves a twelfth of it to a wipe.
        "blend_fit": float(1 - np.clip(6 * left.mean(), 0, 2)),
        "blend_steady": float(1 - np.abs(np.minimum(steps, 0)).sum() - max(0.0, steps.max() - 0.6)),
        "wipe_fit": float(1 - np.clip(12 * either.sum(axis=1).mean() / size, 0, 2)),
        "brighter": float((inner >= np.maximum(low[0], low[-1]) - 8).mean()),
        "dip": float((min(brightness[0], brightness[-1]) - brightness.min()) / 64),
        "seconds": float(np.log((b - a) / pictures.fps)),
        "followed": float(np.mean([p.structure for p in adjacent])),
        # A pan or a zoom has gone far by its end, in widths of the picture; a mixture stays where it is.
        "travel": float((b - a) / 128 * np.mean([max(p.motion, s) for p, s in zip(adjacent, shifts, strict=True)])),
    }


def settle(pictures: Pictures, place: Place) -> tuple[int, int]:
    """Where the transition really starts and ends.

    A hard cut moves past a single blended frame; a cut into or out of a moment of black takes in all of the black. A
    gradual transition is moved to where the mixture begins and ends.
    """
    if place.end > place.start:
        return _fitted(pictures, place)
    at = place.end
    longest = round(BLACK_SHOT_S * pictures.fps)
    if pictures.black(at) != pictures.black(at - 1):
        start = end = at
        while start - 1 > place.first and pictures.black(start - 1):
            start -= 1
        while end + 1 < place.last and pictures.black(end):
            end += 1
        # Black from the first frames of the shot on is how it begins, and words on black are black still: neither is
        # anything that passes between two pictures.
        within = start - place.first > 1 and not pictures.empty(start - 1) and not pictures.empty(end)
        if within and end - start < longest:
            return start, end
    for mixed in (at, at - 1):
        a, b = mixed - 1, mixed + 1
        if a < 0 or b >= pictures.count:
            continue
        share, left, change = _between(*(pictures.luma[t].astype(np.float32).ravel() for t in (a, mixed, b)))
        if change > 64 and 0.15 < share < 0.85 and left < 0.4 * share * (1 - share):
            return mixed, mixed + 1
    return place.start, place.end


def _fitted(pictures: Pictures, place: Place) -> tuple[int, int]:
    """Where the way from the old picture to the new one begins and where it is done, if it is a mixture.

    The share of the new picture is fitted with a line that is level, rises, and is level again, a little beyond both
    ends, and once more from there. What goes through black or white, and what no such line explains (the picture
    moves as much as it changes), stays as it was proposed.
    """
    start, end = place.start, place.end
    light = np.asarray(pictures.thumbs[start - 1 : end + 1], np.float32).reshape(end - start + 2, -1).mean(axis=1)
    sides = sorted((light[0], light[-1]))
    if max(sides[0] - light.min(), light.max() - sides[1]) > _THROUGH:
        return start, end
    for _ in range(2):
        more = max(2, round(_BEYOND * (end - start)))
        first, last = max(place.first, start - 1 - more), min(place.last - 1, end + more)
        low = np.asarray(pictures.thumbs[first : last + 1], np.float32).reshape(last - first + 1, -1)
        change = low[min(end, last) - first] - low[max(start - 1, first) - first]
        up, done, unexplained = _level_rising_level(low @ change)
        if unexplained > _UNEXPLAINED:
            return place.start, place.end
        start, end = first + up + 1, first + done
    return start, end


def _level_rising_level(values: NDArray[np.float32]) -> tuple[int, int, float]:
    """The line that is level up to one index, rises to another and is level again, of least squares.

    Returns:
        Both indices, at least two apart, and the share of the variance that the line leaves.
    """
    count = len(values)
    up, done = np.triu_indices(count, 2)
    lines = np.clip((np.arange(count) - up[:, None]) / (done - up)[:, None], 0, 1)
    lines -= lines.mean(axis=1, keepdims=True)
    centred = values - values.mean()
    slope = np.maximum(lines @ centred, 0)
    explained = slope**2 / (lines * lines).sum(axis=1)
    best = int(explained.argmax())
    return int(up[best]), int(done[best]), float(1 - explained[best] / max(float(centred @ centred), 1e-6))


def kind_of(pictures: Pictures, start: int, end: int, measures: dict[str, float]) -> TransitionKind:
    """The kind of a transition: by black or white between the sides, by a dip of brightness, by mixture or by edge."""
    if end - start <= 1:
        return "hard_cut"
    if np.mean([pictures.black(t) for t in range(start, end)]) > 0.7:
        return "cut_to_black"
    if any(pictures.plain(t) for t in range(start, end)) or measures.get("dip", 0.0) > _DIP:
        return "fade"
    return "wipe" if measures.get("wipe_fit", 0.0) > measures.get("blend_fit", 0.0) else "dissolve"


def _between(
    old: NDArray[np.float32], mixed: NDArray[np.float32], new: NDArray[np.float32]
) -> tuple[float, float, float]:
    """Share of the new picture in the mixed one, what a straight mixture leaves, and the mean squared change."""
    change = new - old
    size = float(change @ change) + 1e-3
    share = float((mixed - old) @ change) / size
    left = mixed - old - share * change
    return share, float(left @ left) / size, size / len(old)


def _jump(value: float, usual: list[float]) -> float:
    return float(np.log((value + _TINY) / (max(usual, default=value) + _TINY)))


TOOL = Tool(
    name="boundaries",
    description="What speaks for and against a shot boundary at given frames: change after motion compensation, what "
    "comes back after it, likeness of both sides, mixture.",
    validity="Any two frames of one clip.",
    args=Args,
    result=Result,
    providers=(Provider("opencv", "4", "own", _run, packages=("cv2",)),),
    for_models=False,
)
