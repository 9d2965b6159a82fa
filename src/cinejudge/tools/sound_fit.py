"""Tool ``sound_fit``: how well the sound of each shot fits what words say of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cinejudge.schema import Record
from cinejudge.schema.errors import ToolError
from cinejudge.tools.contract import Abstain, Look, Provider, Tool, ToolArgs, ToolResult
from cinejudge.tools.signals import waveform
from cinejudge.tools.text_fit import Text, plain_latin

LEAST_S = 0.5
"""Of sound above -60 dBFS: less holds nothing to recognise."""


class Args(ToolArgs):
    """The words, and which shots to hold against them."""

    texts: Annotated[tuple[Text, ...], Field(min_length=1, max_length=16)]
    """Plain descriptions in English of what is to be heard, such as ``a dog barks in the distance``."""
    shots: tuple[int, ...] = ()
    """Shot indices; empty means all, or the whole clip where no shots are known."""


class Fit(Record):
    """One text against the sound of one shot."""

    shot: int | None
    text: int
    """Place in the texts asked for, from 0."""
    cosine: float
    """Mean over each 10 s, -1 to 1. Compare it with those of other texts or shots, not with a fixed scale."""
    share: float
    """Of the texts asked for, how much speaks for this one, 0 to 1; all texts of a shot come to 1."""


class Result(ToolResult):
    """Every text against every shot that is heard."""

    texts: tuple[str, ...]
    fits: tuple[Fit, ...]
    silent: tuple[int, ...]
    """Shots with too little sound."""

    @property
    def summary(self) -> str:
        """Texts by number, since their words may be anybody's."""
        told = [f"shot {f.shot}, text {f.text}: {f.cosine:.3f}" for f in self.fits[:12]]
        return "cosines: " + "; ".join(told)


def _clap(look: Look, args: Args) -> Result:
    from cinejudge.tools.models import clap

    sound = look.footage.sound
    if sound is None:
        raise Abstain("the clip has no sound")
    network = clap.load(look.device)
    for place, text in enumerate(args.texts):
        if not plain_latin(text):
            raise Abstain(f"text {place} is not in English, which is all that the network reads")
        if network.length(text) > clap.LONGEST:
            raise Abstain(f"text {place} has {network.length(text)} tokens, the network reads {clap.LONGEST}: shorten")
    parts = _parts(look, args.shots, sound.duration_s)
    heard = {shot: sound.slice(a, b).mono(clap.RATE) for shot, a, b in parts}
    silent = [shot for shot, samples in heard.items() if _heard_s(samples, clap.RATE) < LEAST_S]
    if len(silent) == len(heard):
        raise Abstain(f"less than {LEAST_S:g} s of sound louder than {waveform.SILENCE_DB:g} dBFS in a shot")
    words = network.texts(args.texts)
    fits: list[Fit] = []
    for shot, samples in heard.items():
        if shot in silent:
            continue
        lengths = np.diff([*range(0, len(samples), clap.WINDOW_S * clap.RATE), len(samples)])
        cosines = np.average(network.sound(samples) @ words.T, axis=0, weights=lengths)
        fits += _fits(shot, cosines, network.slope)
    return Result(texts=args.texts, fits=tuple(fits), silent=tuple(shot for shot in silent if shot is not None))


def _parts(look: Look, shots: Sequence[int], duration_s: float) -> list[tuple[int | None, float, float]]:
    known = {shot.index: shot for shot in look.shots}
    unknown = [index for index in shots if index not in known]
    if unknown:
        there = f"there are shots 0 to {len(known) - 1}" if known else "the shots are not known yet"
        raise ToolError(f"no shot {unknown[0]}; {there}")
    wanted = [known[index] for index in shots] or list(look.shots)
    return [(s.index, s.start_s, s.end_s) for s in wanted] or [(None, 0.0, duration_s)]


def _heard_s(samples: NDArray[Any], rate: int) -> float:
    return float((waveform.levels(samples, rate) >= waveform.SILENCE_DB).sum()) * waveform.WINDOW_S


def _fits(shot: int | None, cosines: NDArray[Any], slope: float) -> list[Fit]:
    weighed = np.exp((cosines - cosines.max()) * slope)
    return [
        Fit(shot=shot, text=text, cosine=round(float(cosine), 4), share=round(float(share), 4))
        for text, (cosine, share) in enumerate(zip(cosines, weighed / weighed.sum(), strict=True))
    ]


TOOL = Tool(
    name="sound_fit",
    description=(
        "Tells how well the sound of each shot fits short English descriptions, as the cosine between both in a "
        "network trained on captions of sound. Call it with two or more descriptions that differ in what is in "
        "question, such as the effect that was asked for and what may be heard instead, and compare."
    ),
    validity=(
        "English in at most 77 tokens, some 55 words; shots with at least 0.5 s of sound above -60 dBFS. Blind to "
        "order, to counting, to negation and to what is said; a soft sound under a loud one is easily missed."
    ),
    args=Args,
    result=Result,
    providers=(
        Provider(
            name="clap-htsat",
            version="1",
            fidelity="own",
            run=_clap,
            packages=("transformers",),
            weights=("clap-htsat-unfused",),
            extra="hub",
        ),
    ),
    uses_shots=True,
)
