"""Tool ``pose``: where the joints of each person are, which way the body faces, and its hands."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

from cinejudge.media import Footage
from cinejudge.tools.contract import Abstain, Look, Provider, Tool
from cinejudge.tools.records.pose import Args, Person, Result, Sample
from cinejudge.tools.sampling.stretches import Stretch, stretches

if TYPE_CHECKING:
    from cinejudge.tools.models.pose_search import Figure, Search

PICTURE_SIDE = 1280
"""Longer side of the pictures looked at, in pixels: hands need more of them than bodies."""
SMALLEST_PICTURE_PX = 96
MOST_FRAMES = 600
"""Five minutes at two frames per second; a body costs some tenths of a second."""
BATCH = 8
OVERLAP = 0.3
"""Least overlap of a person with itself in the next sample."""
SEEN = 0.5
"""Chance from which a point is told as seen and not hidden."""
SHOWN = 4
"""Pictures with drawn skeletons that are kept, of the samples that tell most, one for each shot first."""
SHOWN_SIDE = 960


def _blazepose(look: Look, args: Args) -> Result:
    from cinejudge.tools.models import pose_search

    return _run(look, args, pose_search.search)


def _ultralytics(look: Look, args: Args) -> Result:
    from cinejudge.tools.models import ultralytics_pose

    return _run(look, args, ultralytics_pose.search)


def _run(look: Look, args: Args, search: Search) -> Result:
    clip = look.footage.clip
    if min(clip.width, clip.height) < SMALLEST_PICTURE_PX:
        raise Abstain(f"the picture is smaller than {SMALLEST_PICTURE_PX} pixels")
    parts = stretches(look, args, MOST_FRAMES)
    people: list[Person] = []
    for part in parts:
        people += _people(look, part, search, len(people))
    if people and not any(person.posed for person in people):
        raise Abstain(f"{len(people)} people are seen, but too small, hidden or unclear to tell a pose")
    _show(look, people)
    return Result(frames=sum(len(p.frames) for p in parts), step_s=parts[0].step_s, people=tuple(people))


def _people(look: Look, part: Stretch, search: Search, first: int) -> list[Person]:
    """People of one stretch, numbered from ``first``; who shows up only once in a longer stretch is left out."""
    import numpy as np

    from cinejudge.tools.models.boxes import lasting, link

    frames = list(_sampled(look, part, search))
    boxes = [np.array([s.box for s in each], np.float32).reshape(-1, 4) for each in frames]
    numbers = link(boxes, overlap=OVERLAP)
    kept = lasting(numbers)
    samples: dict[int, list[Sample]] = defaultdict(list)
    for each, tracks in zip(frames, numbers, strict=True):
        for sample, track in zip(each, tracks, strict=True):
            if track in kept:
                samples[first + kept[track]].append(sample)
    return [_person(number, part.shot, seen) for number, seen in sorted(samples.items())]


def _sampled(look: Look, part: Stretch, search: Search) -> Iterator[list[Sample]]:
    for start in range(0, len(part.frames), BATCH):
        batch = list(look.footage.frames(part.frames[start : start + BATCH], max_side=PICTURE_SIDE))
        for (frame, picture), figures in zip(batch, search([p for _, p in batch], look.device), strict=True):
            height, width = picture.shape[:2]
            time_s = round(float(look.footage.times[frame]), 3)
            yield [_sample(figure, width, height, frame, time_s) for figure in figures]


def _sample(figure: Figure, width: int, height: int, frame: int, time_s: float) -> Sample:
    def share(x: float, y: float) -> tuple[float, float]:
        return round(float(x) / width, 4), round(float(y) / height, 4)

    x0, y0, x1, y1 = figure.box
    return Sample(
        frame=frame,
        time_s=time_s,
        box=(*share(x0, y0), *share(x1, y1)),
        points={name: (*share(x, y), round(float(seen), 2)) for name, (x, y, seen) in figure.points.items()},
        hands={side: tuple(share(x, y) for x, y in points) for side, points in figure.hands.items()},
        yaw=None if figure.yaw is None else round(figure.yaw, 1),
    )


def _person(number: int, shot: int | None, samples: Sequence[Sample]) -> Person:
    posed = [s for s in samples if s.points]
    shown = Counter(name for s in posed for name, (_, _, seen) in s.points.items() if seen >= SEEN)
    return Person(
        id=number,
        shot=shot,
        start_s=samples[0].time_s,
        end_s=samples[-1].time_s,
        seen=len(samples),
        posed=len(posed),
        facing=facing([s.yaw for s in posed if s.yaw is not None]),
        shows=tuple(name for name, count in shown.items() if 2 * count > len(posed)),
        hands=dict(Counter(side for s in posed for side in s.hands)),
        samples=tuple(samples),
    )


def facing(yaws: Sequence[float]) -> str | None:
    """The quarter into which a body faces, by the median of its turns in degrees; None without any."""
    if not yaws:
        return None
    across = median(math.sin(math.radians(yaw)) for yaw in yaws)
    towards = median(math.cos(math.radians(yaw)) for yaw in yaws)
    if abs(towards) >= abs(across):
        return "camera" if towards > 0 else "away"
    return "right" if across > 0 else "left"


def _by_frame(people: Sequence[Person]) -> dict[int, list[tuple[Person, Sample]]]:
    frames: dict[int, list[tuple[Person, Sample]]] = defaultdict(list)
    for person in people:
        for sample in person.samples:
            frames[sample.frame].append((person, sample))
    return frames


def _show(look: Look, people: Sequence[Person]) -> None:
    """Keeps pictures with the skeletons drawn in."""
    from cinejudge.tools.drawing.skeleton import draw_person

    by_frame = _by_frame(people)

    def told(frame: int) -> int:
        return sum(len(s.points) + 10 * len(s.hands) for _, s in by_frame[frame])

    best: dict[int | None, list[int]] = defaultdict(list)
    for frame in sorted(by_frame, key=told, reverse=True):
        best[by_frame[frame][0][0].shot].append(frame)
    ranked = sorted((place, -told(f), f) for frames in best.values() for place, f in enumerate(frames))
    for frame in sorted(f for _, _, f in ranked[:SHOWN]):
        rgb = look.footage.frame(frame, max_side=SHOWN_SIDE).copy()
        for person, sample in by_frame[frame]:
            draw_person(rgb, person, sample)
        time_s = by_frame[frame][0][1].time_s
        look.artifacts.append(look.store.put_image(rgb, f"poses at {time_s:.2f} s", frame=frame, time_s=time_s))


def _draw(footage: Footage, result: Result) -> Iterator[tuple[str, Any]]:
    from cinejudge.tools.drawing.skeleton import draw_person

    for frame, seen in sorted(_by_frame(result.people).items()):
        rgb = footage.frame(frame).copy()
        for person, sample in seen:
            draw_person(rgb, person, sample)
        yield f"{seen[0][1].time_s:.2f} s", rgb


TOOL = Tool(
    name="pose",
    description=(
        "Finds the joints of each person in sampled frames: head, shoulders, elbows, wrists, hips, knees, ankles and "
        "feet, which way the chest faces, and the fingers of hands that are seen well, with pictures of the skeletons. "
        "Call it for posture, gesture, which hand does what, limbs that bend or sit wrongly, and changes across a cut."
    ),
    validity=(
        "People whose head is seen and who would stand some 100 pixels high or more, the six largest of a picture; "
        "hands from 48 pixels. Points are left out where looks from a mirror differ. It always draws one human body "
        "with five fingers a hand: extra, missing or merged limbs show as points that sit wrongly, not as a count."
    ),
    args=Args,
    result=Result,
    providers=(
        Provider(
            name="ultralytics-pose",
            version="yolo11n-pose-1",
            fidelity="substitute",
            run=_ultralytics,
            packages=("ultralytics",),
            weights=("yolo11n-pose",),
            extra="yolo",
        ),
        Provider(
            name="blazepose",
            version="heavy-1",
            fidelity="paper",
            run=_blazepose,
            packages=("torch", "cv2", "ai_edge_litert", "scipy"),
            weights=("human-models", "blazepose", "hand-landmarks"),
        ),
    ),
    uses_shots=True,
    draw=_draw,
)
