"""Tool ``picture``: light, colour and technical quality of each shot, and what changes from shot to shot."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from cinejudge.media import Footage
from cinejudge.schema import Record, Shot, Span
from cinejudge.schema.errors import ToolError
from cinejudge.tools.contract import Abstain, Look, Provider, Tool, ToolArgs, ToolResult
from cinejudge.tools.drawing.marks import curve, write
from cinejudge.tools.signals import colour, temporal

WORST = 24
"""Moments named at most, the most striking first."""
FLASH = 0.05
"""A single frame brighter or darker than its neighbours by this share of full scale."""


class Args(ToolArgs):
    """All shots are measured."""


class Levels(Record):
    """Medians over frames of the measures that the decoding pass takes on the original pixels."""

    brightness: float
    """Mean luma, 0 to 1."""
    contrast: float
    """Standard deviation of luma, 0 to about 0.5."""
    saturation: float
    """Colourfulness: summed (max - min) over summed max of RGB, 0 to 1."""
    temperature: float
    """Red less blue as a share of all light; positive is warm."""
    tint: float
    """Green less the mean of red and blue as a share of all light; positive is green."""
    dark_share: float
    """Share of pixels under 16/255."""
    bright_share: float
    """Share of pixels of 250/255 or more."""
    sharpness: float
    """Laplacian over luma deviation at 288 lines, noise taken off; 0 is featureless."""
    noise: float
    """Standard deviation of the noise as a share of full scale."""
    blockiness: float
    """Excess of the luma step at the 8-pixel grid; 0 is none."""


class Freeze(Record):
    """A stretch in which the picture stands still."""

    start_frame: int
    end_frame: int
    """Exclusive."""
    span: Span
    still: bool
    """Whether the picture hardly moves before or after either: a still or a title card rather than a fault."""


class ShotPicture(Record):
    """One shot."""

    shot: int
    frames: int
    levels: Levels
    flicker: float | None
    """Amplitude of frame-to-frame brightness alternation as a share of the mean brightness; None under 8 frames."""
    motion: float
    """Mean absolute luma difference between frames, whole-picture changes left out, 0 to 1."""
    freezes: tuple[Freeze, ...]
    frozen_share: float
    """Share of its frames inside freezes that come out of movement; stills do not count."""
    repeated_share: float
    """Share of frames that repeat the one before, outside freezes."""
    black_share: float
    largest_jump: float
    """Largest sudden lasting change of mean brightness, 0 to 1."""


class Moment(Record):
    """Something to look at."""

    kind: Literal["freeze", "black", "exposure_jump", "flash", "soft"]
    shot: int
    frame: int
    span: Span
    value: float
    """Seconds of freeze or black, change of brightness of a jump or flash, share of the shot's sharpness when soft."""
    why: str


class Change(Record):
    """From one shot to the next: medians of the second less those of the first."""

    before: int
    after: int
    brightness: float
    contrast: float
    saturation: float
    temperature: float
    tint: float
    lightness: float
    """Difference of the mean CIELAB L*, 0 to 100, signed."""
    colour: float
    """Distance of the mean CIELAB a*, b* in the same light; some 2 is just seen, 20 is another colour."""
    tone: float
    """Mean distance between the lightness deciles in L*, 0 to 100: how differently dark and light are shared out."""


class Result(ToolResult):
    """Shots in order."""

    shots: tuple[ShotPicture, ...]
    clip: Levels
    """Means over the shots, weighted by frames."""
    flicker: float | None
    """The worst shot's."""
    frozen_share: float
    """Share of all frames inside freezes that come out of movement."""
    black_share: float
    changes: tuple[Change, ...]
    """Between adjacent shots."""
    moments: tuple[Moment, ...]
    """The worst moments, in order of time."""

    @property
    def summary(self) -> str:
        """Light, sharpness, and what stands out."""
        look = (
            f"brightness {self.clip.brightness:.2f}, sharpness {self.clip.sharpness:.2f}, noise {self.clip.noise:.4f}"
        )
        kinds = [m.kind for m in self.moments]
        named = ", ".join(f"{kinds.count(k)} x {k.replace('_', ' ')}" for k in dict.fromkeys(kinds))
        shots = f"{len(self.shots)} shot{'s' if len(self.shots) != 1 else ''}"
        return f"{shots}: {look}; {named or 'nothing stands out'}"


def _run(look: Look, args: Args) -> Result:
    if not look.shots:
        raise ToolError("picture: the shots are not known yet")
    footage = look.footage
    shots = [shot for shot in look.shots if shot.frames > 0]
    if not shots:
        raise Abstain("no shot holds a clean frame")
    measured = [_shot(footage, shot) for shot in shots]
    pictures = [picture for picture, _ in measured]
    moments = sorted((m for _, found in measured for m in found), key=_weight, reverse=True)[:WORST]
    frames = [p.frames for p in pictures]
    flickers = [p.flicker for p in pictures if p.flicker is not None]
    return Result(
        shots=tuple(pictures),
        clip=Levels(
            **{
                n: round(float(np.average([getattr(p.levels, n) for p in pictures], weights=frames)), 5)
                for n in Levels.model_fields
            }
        ),
        flicker=max(flickers, default=None),
        frozen_share=round(float(np.average([p.frozen_share for p in pictures], weights=frames)), 4),
        black_share=round(float(np.average([p.black_share for p in pictures], weights=frames)), 4),
        changes=tuple(_change(footage, *pair) for pair in pairwise(zip(shots, pictures, strict=True))),
        moments=tuple(sorted(moments, key=lambda m: m.frame)),
    )


def _shot(footage: Footage, shot: Shot) -> tuple[ShotPicture, list[Moment]]:
    inside = slice(shot.start_frame, shot.end_frame)
    signals = {name: values[inside] for name, values in footage.signals.items()}
    luma = footage.luma[inside]
    repeats = signals["exact_repeat"].copy()
    repeats[:1] = 0  # its neighbour lies in another shot
    dark = temporal.black(signals["brightness"], signals["dark_share"])
    for run in dark:
        repeats[run.start : run.end] = 0  # black is told by itself
    moving = temporal.motion(luma)
    frozen = temporal.freezes(repeats, footage.clip.fps)
    faults = [run for run in frozen if not temporal.still_around(run, repeats, moving)]
    jumps = temporal.exposure_jumps(signals["brightness"], luma)
    flicker = temporal.flicker(signals["brightness"])
    picture = ShotPicture(
        shot=shot.index,
        frames=shot.frames,
        levels=Levels(**{name: round(float(np.median(signals[name])), 5) for name in Levels.model_fields}),
        flicker=None if flicker is None else round(flicker, 5),
        motion=round(float(moving[1:].mean()), 5) if len(moving) > 1 else 0.0,
        freezes=tuple(
            Freeze(
                start_frame=shot.start_frame + run.start,
                end_frame=shot.start_frame + run.end,
                span=_span(footage, shot, run),
                still=run not in faults,
            )
            for run in frozen
        ),
        frozen_share=round(sum(run.end - run.start for run in faults) / shot.frames, 4),
        repeated_share=round(temporal.repeated_share(repeats, frozen), 4),
        black_share=round(sum(run.end - run.start for run in dark) / shot.frames, 4),
        largest_jump=round(max((abs(j.size) for j in jumps), default=0.0), 4),
    )
    return picture, list(_moments(footage, shot, signals, faults, dark, jumps))


def _moments(
    footage: Footage,
    shot: Shot,
    signals: dict[str, Any],
    frozen: list[temporal.Run],
    dark: list[temporal.Run],
    jumps: list[temporal.Jump],
) -> Iterator[Moment]:
    def moment(kind: Any, run: temporal.Run, value: float, why: str) -> Moment:
        span = _span(footage, shot, run)
        return Moment(
            kind=kind, shot=shot.index, frame=shot.start_frame + run.start, span=span, value=round(value, 4), why=why
        )

    for kind, runs in (("freeze", frozen), ("black", dark)):
        for run in runs:
            length = _span(footage, shot, run).length_s
            yield moment(kind, run, length, f"{'stands still' if kind == 'freeze' else 'black'} for {length:.2f} s")
    for jump in jumps:
        yield moment(
            "exposure_jump", temporal.Run(jump.at, jump.at + 1), jump.size, f"brightness jumps by {jump.size:+.0%}"
        )
    residual = temporal.high_pass(signals["brightness"])
    near = {jump.at + d for jump in jumps for d in (-1, 0)}
    for t in np.flatnonzero(np.abs(residual) > FLASH):
        if int(t) not in near and abs(residual[t]) >= np.abs(residual[max(0, t - 1) : t + 2]).max():
            side = "brighter" if residual[t] > 0 else "darker"
            yield moment(
                "flash",
                temporal.Run(int(t), int(t) + 1),
                float(residual[t]),
                f"one frame {side} by {abs(residual[t]):.0%}",
            )
    usual = float(np.median(signals["sharpness"]))
    for run in temporal.soft_runs(signals["sharpness"]):
        if not any(run.start < d.end and d.start < run.end for d in dark):
            share = float(signals["sharpness"][run.start : run.end].min()) / usual
            yield moment("soft", run, share, f"sharpness falls to {share:.0%} of the shot's")


def _weight(moment: Moment) -> float:
    return (
        1 - moment.value
        if moment.kind == "soft"
        else abs(moment.value) * (1 if moment.kind in ("freeze", "black") else 10)
    )


def _change(footage: Footage, first: tuple[Shot, ShotPicture], second: tuple[Shot, ShotPicture]) -> Change:
    a, b = (colour.lab(footage.thumbs[shot.start_frame : shot.end_frame]) for shot, _ in (first, second))
    old, new = first[1].levels, second[1].levels
    return Change(
        before=first[0].index,
        after=second[0].index,
        **{
            n: round(getattr(new, n) - getattr(old, n), 5)
            for n in ("brightness", "contrast", "saturation", "temperature", "tint")
        },
        lightness=round(colour.lightness_change(a, b), 2),
        colour=round(colour.colour_change(a, b), 2),
        tone=round(colour.tone_change(a, b), 2),
    )


def _span(footage: Footage, shot: Shot, run: temporal.Run) -> Span:
    end = shot.start_frame + run.end
    end_s = shot.end_s if end >= shot.end_frame else float(footage.times[end])
    start_s = float(footage.times[shot.start_frame + run.start])
    return Span(start_s=round(start_s, 3), end_s=round(max(start_s, end_s), 3))


def _draw(footage: Footage, result: Result) -> Iterator[tuple[str, Any]]:
    brightness = footage.signals["brightness"]
    for moment in result.moments:
        rgb = footage.frame(moment.frame, max_side=960)
        strip = curve(
            brightness, rgb.shape[1], 80, low=0.0, high=1.0, cursor=moment.frame / max(1, len(brightness) - 1)
        )
        picture = np.vstack([rgb, strip])
        write(picture, f"{moment.kind.replace('_', ' ')}: {moment.why}")
        yield f"{moment.span.start_s:.2f} s", picture


TOOL = Tool(
    name="picture",
    description=(
        "Measures light, colour and technical quality of each shot (brightness, contrast, saturation, temperature, "
        "clipping, sharpness, noise, blockiness, flicker, freezes, motion), names the worst moments, and tells how "
        "light and colour change from shot to shot."
    ),
    validity="Clips whose shots are known. Flicker needs 8 frames in a shot and tells whole-picture flicker only.",
    args=Args,
    result=Result,
    providers=(Provider(name="own", version="2", fidelity="own", run=_run),),
    uses_shots=True,
    draw=_draw,
)
