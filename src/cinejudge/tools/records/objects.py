"""Things seen in frames, followed over shots and counted: what every detector of things has in common."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cinejudge.media import Footage
from cinejudge.schema import Record
from cinejudge.tools.contract import Abstain, Look, ToolResult
from cinejudge.tools.sampling.stretches import SampledArgs, Stretch, stretches

if TYPE_CHECKING:
    from cinejudge.tools.models.nanodet import Detections

PICTURE_SIDE = 640
"""Longer side of the pictures looked at, in pixels."""
SMALLEST_PX = 96
"""Shorter side of the picture below which the detectors are not to be trusted."""
OVERLAP = 0.3

Detect = Callable[[Iterator[Any]], "list[Detections]"]
"""Finds things in RGB pictures; their classes are places in a list of names."""


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


class Found(ToolResult):
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
        """The names with their highest number at once."""
        most: Counter[str] = Counter()
        for count in self.counts:
            most[count.name] = max(most[count.name], count.most)
        seen = ", ".join(f"{number} {name}" for name, number in most.most_common(8))
        told = f"at once at most: {seen}" if seen else "nothing of the kind"
        return told + (f"; a frame every {self.step_s:.2g} s" if self.step_s else "")


def collect(look: Look, args: SampledArgs, names: Sequence[str], detect: Detect) -> Found:
    """Looks at the pictures that the arguments ask for.

    Args:
        look: The clip.
        args: Which pictures.
        names: Of the classes that ``detect`` tells apart.
        detect: The detector.

    Raises:
        Abstain: the picture is too small.
        ToolError: no such shot or span.
    """
    clip = look.footage.clip
    if min(clip.width, clip.height) < SMALLEST_PX:
        raise Abstain(f"the picture is smaller than {SMALLEST_PX} pixels")
    frames: list[Frame] = []
    tracks: list[Track] = []
    counts: list[Count] = []
    parts = stretches(look, args)
    for stretch in parts:
        detected = detect(rgb for _, rgb in look.footage.frames(stretch.frames, max_side=PICTURE_SIDE))
        seen = _follow(look.footage, stretch, detected, names, len(tracks))
        frames += seen
        tracks += _tracks(seen, stretch)
        counts += _counts(seen, stretch)
    return Found(frames=tuple(frames), tracks=tuple(tracks), counts=tuple(counts), step_s=parts[0].step_s)


def _follow(
    footage: Footage, stretch: Stretch, detected: Sequence[Detections], names: Sequence[str], first: int
) -> list[Frame]:
    """Links the detections of a stretch, leaves out what shows up only once, and numbers the tracks from ``first``."""
    from cinejudge.tools.models.boxes import lasting, link

    # Boxes of different classes are moved apart so that they are never linked.
    numbers = link([d.boxes + 2 * d.classes[:, None] for d in detected], overlap=OVERLAP)
    kept = {old: first + new for old, new in lasting(numbers).items()}
    frames = []
    for frame, found, tracks in zip(stretch.frames, detected, numbers, strict=True):
        objects = tuple(
            Object(name=names[c], score=round(float(s), 3), box=_rounded(b), track=kept[track])
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


def draw(footage: Footage, result: Found) -> Iterator[tuple[str, Any]]:
    """The pictures looked at, with a box around each thing."""
    from cinejudge.tools.drawing.marks import draw_box

    for seen in result.frames:
        rgb = footage.frame(seen.frame).copy()
        for thing in seen.objects:
            draw_box(rgb, thing.box, f"{thing.name} {thing.track} {thing.score:.2f}")
        yield f"{seen.time_s:.2f} s", rgb
