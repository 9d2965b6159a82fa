"""Tool ``objects``: persons and things of the 80 COCO classes, where they are, and how many at once."""

from __future__ import annotations

from typing import Any

from pydantic import field_validator

from cinejudge.tools.contract import Look, Provider, Tool
from cinejudge.tools.models.coco import COCO
from cinejudge.tools.records.objects import SMALLEST_PX, Found, collect, draw
from cinejudge.tools.sampling.stretches import SampledArgs


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


def _nanodet(look: Look, args: Args) -> Found:
    from cinejudge.tools.models import nanodet

    return _run(look, args, nanodet.detect)


def _ultralytics(look: Look, args: Args) -> Found:
    from cinejudge.tools.models import ultralytics_yolo

    return _run(look, args, ultralytics_yolo.detect)


def _run(look: Look, args: Args, detect: Any) -> Found:
    classes = [COCO.index(name) for name in args.classes] or None
    return collect(look, args, COCO, lambda pictures: detect(pictures, classes=classes, device=look.device))


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
    result=Found,
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
    draw=draw,
)
