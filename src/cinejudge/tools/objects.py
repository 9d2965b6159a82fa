"""Tool ``objects``: persons and things of the 80 COCO classes, where they are, and how many at once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import field_validator

from cinejudge.media import Footage
from cinejudge.schema import Record
from cinejudge.tools.contract import Abstain, Look, Provider, Tool, ToolResult
from cinejudge.tools.models.coco import COCO
from cinejudge.tools.sampling import SampledArgs, Stretch, stretches

PICTURE_SIDE = 640
"""Longer side of the pictures looked at, in pixels; the networks take no more."""
SMALLEST_PX = 96
"""Shorter side of the picture below which the detectors are not to be trusted."""
OVERLAP = 0.3


class Args(SampledArgs):
    """What to look for, where and how densely."""

    classes: tuple[str, ...] = ()
    """COCO names such as ``person``; empty means all 80."""

    @field_validator("classes")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in names if name not in COCO]
        if unknown:
            raise ValueError(f"not a COCO class: {', '.join(unknown)[:80]}")
        return names


class Object(Record):
    """One thing in one frame."""

    name: str
    score: float
    box: tuple[float, float, float, float]
    track: int


class Frame(Record):
    """What one frame shows."""

    frame: int
    time_s: float
    shot: int | None
    objects: tuple[Object, ...]


class Track(Record):
    """One thing followed through one shot."""

    id: int
    name: str
    shot: int | None
    start_s: float
    end_s: float
    """Time of the last sample that shows it."""
    samples: int
    score: float
    """Mean."""
    size: float
    """Mean share of the picture's area."""


class Count(Record):
    """How many of a class a shot shows at once."""

    shot: int | None
    name: str
    most: int
    typical: int
    """Median over the samples of the shot."""


class Result(ToolResult):
    """Objects by frame, followed over shots, and counted."""

    frames: tuple[Frame, ...]
    tracks: tuple[Track, ...]
    counts: tuple[Count, ...]
    step_s: float | None = None
    """Time between two frames, where the video is too long for the density that was asked for."""

    def most(self, name: str) -> int:
        """Most of a class seen at once anywhere."""
        return max((count.most for count in self.counts if count.name == name), default=0)

    @property
    def summary(self) -> str:
        """The classes with their highest number at once."""
        most: Counter[str] = Counter()
        for count in self.counts:
            most[count.name] = max(most[count.name], count.most)
        seen = ", ".join(f"{number} {name}" for name, number in most.most_common(8))
        told = f"at once at most: {seen}" if seen else f"nothing of the {len(COCO)} classes"
        return told + (f"; a frame every {self.step_s:.2g} s" if self.step_s else "")


def _nanodet(look: Look, args: Args) -> Result:
    from cinejudge.tools.models import nanodet

    return _run(look, args, nanodet.detect)


def _ultralytics(look: Look, args: Args) -> Result:
    from cinejudge.tools.models import ultralytics_yolo

    return _run(look, args, ultralytics_yolo.detect)


def _run(look: Look, args: Args, detect: Any) -> Result:
    clip = look.footage.clip
    if min(clip.width, clip.height) < SMALLEST_PX:
        raise Abstain(f"the picture is smaller than {SMALLEST_PX} pixels")
    classes = [COCO.index(name) for name in args.classes] or None
    frames: list[Frame] = []
    tracks: list[Track] = []
    counts: list[Count] = []
    parts = stretches(look, args)
    for stretch in parts:
        pictures = (rgb for _, rgb in look.footage.frames(stretch.frames, max_side=PICTURE_SIDE))
        detected = detect(pictures, classes=classes, device=look.device)
        seen = _follow(look.footage, stretch, detected, len(tracks))
        frames += seen
        tracks += _tracks(seen, stretch)
        counts += _counts(seen, stretch)
    return Result(frames=tuple(frames), tracks=tuple(tracks), counts=tuple(counts), step_s=parts[0].step_s)


def _follow(footage: Footage, stretch: Stretch, detected: Sequence[Any], first: int) -> list[Frame]:
    """Links the detections of a stretch, leaves out what shows up only once, and numbers the tracks from ``first``."""
    from cinejudge.tools.models.boxes import lasting, link

    # Boxes of different classes are moved apart so that they are never linked.
    numbers = link([d.boxes + 2 * d.classes[:, None] for d in detected], overlap=OVERLAP)
    kept = {old: first + new for old, new in lasting(numbers).items()}
    frames = []
    for frame, found, tracks in zip(stretch.frames, detected, numbers, strict=True):
        objects = tuple(
            Object(name=COCO[c], score=round(float(s), 3), box=_rounded(b), track=kept[track])
            for b, s, c, track in zip(found.boxes, found.scores, found.classes, tracks, strict=True)
            if track in kept
        )
        frames.append(
            Frame(frame=frame, time_s=round(float(footage.times[frame]), 3), shot=stretch.shot, objects=objects)
        )
    return frames


def _rounded(box: Any) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (round(float(v), 4) for v in box)
    return x0, y0, x1, y1


def _tracks(frames: Sequence[Frame], stretch: Stretch) -> list[Track]:
    seen: dict[int, list[tuple[float, Object]]] = defaultdict(list)
    for frame in frames:
        for thing in frame.objects:
            seen[thing.track].append((frame.time_s, thing))
    return [
        Track(
            id=number,
            name=sightings[0][1].name,
            shot=stretch.shot,
            start_s=sightings[0][0],
            end_s=sightings[-1][0],
            samples=len(sightings),
            score=round(sum(o.score for _, o in sightings) / len(sightings), 3),
            size=round(sum(_area(o.box) for _, o in sightings) / len(sightings), 4),
        )
        for number, sightings in sorted(seen.items())
    ]


def _area(box: tuple[float, float, float, float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _counts(frames: Sequence[Frame], stretch: Stretch) -> list[Count]:
    by_frame = [Counter(thing.name for thing in frame.objects) for frame in frames]
    names = sorted({name for counted in by_frame for name in counted})
    return [
        Count(
            shot=stretch.shot,
            name=name,
            most=max(counted[name] for counted in by_frame),
            typical=sorted(counted[name] for counted in by_frame)[len(by_frame) // 2],
        )
        for name in names
    ]


def _draw(footage: Footage, result: Result) -> Iterator[tuple[str, Any]]:
    from cinejudge.tools.drawing.marks import draw_box

    for seen in result.frames:
        rgb = footage.frame(seen.frame).copy()
        for thing in seen.objects:
            draw_box(rgb, thing.box, f"{thing.name} {thing.track} {thing.score:.2f}")
        yield f"{seen.time_s:.2f} s", rgb


TOOL = Tool(
    name="objects",
    description=(
        "Finds persons and 79 kinds of everyday things (COCO classes) in sampled frames, follows them over each shot, "
        "and counts how many are seen at once. Call it for numbers of people, presence of a thing, place and size."
    ),
    validity=(
        f"Pictures of at least {SMALLEST_PX} pixels. Knows 80 classes only; what it does not find may still be there, "
        "above all when it is small, dark or drawn."
    ),
    args=Args,
    result=Result,
    providers=(
        Provider(
            name="ultralytics",
            version="yolo11n-1",
            fidelity="paper",
            run=_ultralytics,
            packages=("ultralytics",),
            weights=("yolo11n",),
            extra="yolo",
        ),
        Provider(
            name="nanodet",
            version="1",
            fidelity="substitute",
            run=_nanodet,
            packages=("torch", "cv2", "scipy"),
            weights=("human-models",),
        ),
    ),
    uses_shots=True,
    draw=_draw,
)
