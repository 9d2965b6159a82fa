"""Tool ``grounding``: things named in words, where they are, and how many at once."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from cinejudge.tools.contract import Look, Provider, Tool
from cinejudge.tools.records.objects import SMALLEST_PX, Found, collect, draw
from cinejudge.tools.sampling.stretches import SampledArgs

Term = Annotated[
    str, StringConstraints(strip_whitespace=True, to_lower=True, max_length=60, pattern=r"^[A-Za-z][A-Za-z0-9' -]*$")
]


class Args(SampledArgs):
    """What to look for, where and how densely."""

    terms: Annotated[tuple[Term, ...], Field(min_length=1, max_length=10)]
    """Short English names of things to be seen, such as ``a red umbrella`` or ``left hand``."""
    fps: Annotated[float, Field(ge=0.2, le=30)] = 1.0
    """Frames looked at per second."""


def _grounding_dino(look: Look, args: Args) -> Found:
    from cinejudge.tools.models import grounding_dino

    names = tuple(dict.fromkeys(args.terms))
    return collect(look, args, names, lambda pictures: grounding_dino.detect(pictures, names, device=look.device))


TOOL = Tool(
    name="grounding",
    description=(
        "Finds what short English names say (a red umbrella, the man's left hand) in sampled frames, follows each "
        "thing over each shot, and counts how many are seen at once. Call it for things that `objects` has no class "
        "for, and for where a thing is."
    ),
    validity=(
        f"Pictures of at least {SMALLEST_PX} pixels. It tends to find something for every name: take a score under .5 "
        "for a hint, and name what might be there instead as well. Several seconds a frame without a GPU."
    ),
    args=Args,
    result=Found,
    providers=(
        Provider(
            name="grounding-dino-tiny",
            version="1",
            fidelity="paper",
            run=_grounding_dino,
            packages=("transformers", "scipy"),
            weights=("grounding-dino-tiny",),
            extra="hub",
        ),
    ),
    uses_shots=True,
    draw=draw,
)
