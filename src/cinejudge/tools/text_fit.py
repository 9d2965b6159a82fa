"""Tool ``text_fit``: how well the pictures of each shot fit what words say of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, StringConstraints

from cinejudge.media import Footage
from cinejudge.schema import Record
from cinejudge.tools.contract import Abstain, Look, Provider, Tool, ToolResult
from cinejudge.tools.sampling.stretches import SampledArgs, Stretch, stretches

PICTURE_SIDE = 640
BATCH = 8
LATIN = 0.9
"""Share of letters that must be of the plain Latin alphabet for a text to pass for English."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


class Args(SampledArgs):
    """The words, and which pictures to hold against them."""

    texts: Annotated[tuple[Text, ...], Field(min_length=1, max_length=8)]
    """Plain descriptions in English of what is to be seen, such as ``a red car on a wet street at night``."""
    fps: Annotated[float, Field(ge=0.2, le=30)] = 1.0
    """Pictures looked at per second."""


class Fit(Record):
    """One text against one shot."""

    shot: int | None
    text: int
    """Place in the texts asked for, from 0."""
    cosine: float
    """Mean over the pictures. Compare it with those of other texts or shots, not with a fixed scale."""
    probability: float | None
    """That picture and text belong together, 0 to 1, mean over the pictures; None where the network cannot say."""
    best_cosine: float
    best_s: float
    worst_cosine: float
    worst_s: float


class Result(ToolResult):
    """Every text against every shot."""

    texts: tuple[str, ...]
    fits: tuple[Fit, ...]

    @property
    def summary(self) -> str:
        """Texts by number, since their words may be anybody's."""
        told = [f"shot {f.shot}, text {f.text}: {f.cosine:.3f}" for f in self.fits[:12]]
        return "cosines: " + "; ".join(told)


def _siglip(look: Look, args: Args) -> Result:
    return _run(look, args, "siglip")


def _clip(look: Look, args: Args) -> Result:
    return _run(look, args, "clip")


def _run(look: Look, args: Args, name: str) -> Result:
    from cinejudge.tools.models import image_text

    foreign = [i for i, text in enumerate(args.texts) if not plain_latin(text)]
    if foreign:
        raise Abstain(f"text {foreign[0]} is not in English, which is all that the network reads")
    network = image_text.load(name, look.device)
    for place, text in enumerate(args.texts):
        if network.length(text) > network.longest:
            raise Abstain(
                f"text {place} has {network.length(text)} tokens, the network reads {network.longest}: shorten"
            )
    words = network.texts(args.texts)
    fits: list[Fit] = []
    for stretch in stretches(look, args):
        cosines = np.concatenate([network.pictures(batch) for batch in _batches(look.footage, stretch)]) @ words.T
        fits += _fits(look.footage, stretch, cosines, network.probability(cosines))
    return Result(texts=args.texts, fits=tuple(fits))


def _batches(footage: Footage, stretch: Stretch) -> Iterator[list[Any]]:
    for first in range(0, len(stretch.frames), BATCH):
        yield [rgb for _, rgb in footage.frames(stretch.frames[first : first + BATCH], max_side=PICTURE_SIDE)]


def _fits(
    footage: Footage, stretch: Stretch, cosines: NDArray[np.float32], chances: NDArray[np.float32] | None
) -> Iterator[Fit]:
    """Sums up the cosines of a stretch, float32 [pictures, texts]."""
    times = [float(footage.times[frame]) for frame in stretch.frames]
    for text in range(cosines.shape[1]):
        column = cosines[:, text]
        best, worst = int(column.argmax()), int(column.argmin())
        yield Fit(
            shot=stretch.shot,
            text=text,
            cosine=round(float(column.mean()), 4),
            probability=None if chances is None else round(float(chances[:, text].mean()), 4),
            best_cosine=round(float(column[best]), 4),
            best_s=round(times[best], 3),
            worst_cosine=round(float(column[worst]), 4),
            worst_s=round(times[worst], 3),
        )


def plain_latin(text: str) -> bool:
    """Whether a text may pass for English by its letters."""
    letters: Sequence[str] = [c for c in text if c.isalpha()]
    return bool(letters) and sum(c.isascii() for c in letters) >= LATIN * len(letters)


def _draw(footage: Footage, result: Result) -> Iterator[tuple[str, Any]]:
    from cinejudge.tools.drawing.marks import write

    for fit in result.fits:
        for cosine, time_s in ((fit.best_cosine, fit.best_s), (fit.worst_cosine, fit.worst_s)):
            rgb = footage.frame(footage.frame_at(time_s), max_side=960).copy()
            write(rgb, f"{cosine:.3f}  {result.texts[fit.text]}")
            yield f"{time_s:.2f} s", rgb


TOOL = Tool(
    name="text_fit",
    description=(
        "Tells how well the pictures of each shot fit short English descriptions, as the cosine between both in a "
        "network trained on captions, with the best and the worst moment. Call it with two or more descriptions that "
        "differ in what is in question, such as what was asked for and what seems to be shown instead, and compare."
    ),
    validity=(
        "English in at most 64 tokens, some 45 words (CLIP: 77 tokens, and of a wide picture only the middle square). "
        "Blind to counting, to order, to who does what to whom, and to negation; a single cosine says little."
    ),
    args=Args,
    result=Result,
    providers=(
        Provider(
            name="siglip-so400m",
            version="1",
            fidelity="own",
            run=_siglip,
            packages=("transformers",),
            weights=("siglip-so400m",),
            extra="hub",
        ),
        Provider(
            name="clip-vit-l14",
            version="1",
            fidelity="own",
            run=_clip,
            packages=("transformers",),
            weights=("clip-vit-l14",),
            extra="hub",
        ),
    ),
    uses_shots=True,
    draw=_draw,
)
