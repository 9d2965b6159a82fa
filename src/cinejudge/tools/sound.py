"""Tool ``sound``: level, faults and events of the sound track."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cinejudge.media import Footage, Sound
from cinejudge.schema import Record, Span
from cinejudge.tools.contract import Abstain, Look, Provider, Tool, ToolArgs, ToolResult
from cinejudge.tools.drawing.marks import curve, write
from cinejudge.tools.signals import loudness as ln
from cinejudge.tools.signals import spectrum, waveform

MOST_POINTS = 600
"""Points of the loudness curve; longer sounds keep the loudest block of each step."""
MOST_ONSETS = 400
SHORTEST_S = 0.1
FLOOR_LKFS = -120.0
"""Stands for silence in the curve, since JSON has no minus infinity."""


class Args(ToolArgs):
    """The whole clip is measured."""


class Onset(Record):
    """A sudden beginning: a blow, a word, a note."""

    time_s: float
    strength: float
    """Spectral flux as a share of the clip's largest, 0 to 1."""


class Hum(Record):
    """The mains frequency that stands out most."""

    hz: float
    prominence_db: float
    """Median over five harmonics of their steady level over the spectrum around them; above 12 it is hum."""
    level_db: float


class Stereo(Record):
    """How left and right stand to each other."""

    correlation: float
    """-1 to 1; below -0.3 the channels cancel each other in mono: a phase fault."""
    mono_loss_db: float
    balance_db: float
    """Left over right; beyond 20 dB one channel is all but empty."""


class ShotSound(Record):
    """The sound of one shot."""

    shot: int
    loudness_lkfs: float | None
    """Gated loudness; None under 0.4 s or for silence."""
    level_db: float | None
    """RMS in dBFS; None for digital silence."""
    peak_db: float | None
    silent_share: float
    """Share of its time under -60 dBFS."""


class Result(ToolResult):
    """Levels in dBFS are over full scale; loudness after ITU-R BS.1770-4."""

    duration_s: float
    channels: int
    integrated_lkfs: float | None
    """None under 0.4 s or for silence."""
    momentary_lkfs: tuple[float, ...]
    """Loudness of 400 ms blocks, place ``i`` for the block that starts at ``i * curve_step_s``; -120 is silence."""
    curve_step_s: float
    dynamic_range_lu: float | None
    """95th less 10th percentile of the momentary loudness above -70 LKFS."""
    sample_peak_db: float | None
    true_peak_db: float | None
    """In dBTP, fourfold oversampled."""
    clipped_share: float
    """Share of samples in flat tops at full scale (three in a row or more), 0 to 1."""
    clipped_runs: int
    worst_clipping: Span | None
    silences: tuple[Span, ...]
    """At least 0.3 s under -60 dBFS."""
    silent_share: float
    hum: Hum | None
    """None under 2 s, or where 50 and 60 Hz and their harmonics lie under -80 dBFS."""
    dc_offset: float
    """Largest mean of a channel, as a share of full scale."""
    noise_floor_db: float | None
    """Level that the quietest tenth of the 50 ms windows stays below, digital silence left out."""
    stereo: Stereo | None
    """None for mono, or where one channel is empty."""
    one_channel_empty: bool
    """Whether one of two channels is digitally silent."""
    onsets: tuple[Onset, ...]
    """The strongest, in order of time."""
    shots: tuple[ShotSound, ...]

    @property
    def summary(self) -> str:
        """Loudness and whatever is wrong."""
        if self.integrated_lkfs is None:
            return "silent throughout" if self.silent_share > 0.99 else "too short or too quiet to give a loudness"
        faults = [f"clipping in {self.clipped_share:.2%} of the samples"] if self.clipped_share > 1e-4 else []
        if self.hum and self.hum.prominence_db > 12:
            faults.append(f"{self.hum.hz:.0f} Hz hum at {self.hum.level_db:.0f} dBFS")
        if self.silences:
            faults.append(f"silence for {sum(s.length_s for s in self.silences):.1f} s")
        if self.stereo and self.stereo.correlation < -0.3:
            faults.append("channels out of phase")
        if self.one_channel_empty:
            faults.append("one channel empty")
        return f"{self.integrated_lkfs:.1f} LKFS, {len(self.onsets)} onsets" + "".join(f"; {f}" for f in faults)


def _run(look: Look, args: Args) -> Result:
    sound = look.footage.sound
    if sound is None:
        raise Abstain("the clip has no sound")
    if sound.duration_s < SHORTEST_S:
        raise Abstain(f"the sound is only {sound.duration_s:.2f} s long")
    samples = sound.samples
    powers = ln.block_powers(samples, sound.rate)
    momentary = np.maximum(ln.loudness(powers), FLOOR_LKFS)
    points, step_s = _thinned(momentary)
    level = waveform.levels(samples, sound.rate)
    silences = waveform.silences(level)
    clipped = waveform.clipping(samples, sound.rate)
    stereo = waveform.stereo(samples)
    peaks = waveform.peaks(samples)
    mono = sound.mono(spectrum.ONSET_RATE)
    hum = spectrum.hum(mono, spectrum.ONSET_RATE)
    onsets = spectrum.onsets(mono)
    strongest = sorted(onsets, key=lambda o: -o.strength)[:MOST_ONSETS]
    return Result(
        duration_s=round(sound.duration_s, 3),
        channels=samples.shape[1],
        integrated_lkfs=_rounded(ln.integrated(powers)),
        momentary_lkfs=tuple(round(float(v), 1) for v in points),
        curve_step_s=step_s,
        dynamic_range_lu=_range(momentary),
        sample_peak_db=_rounded(ln.decibels(float(peaks.max()))),
        true_peak_db=_rounded(ln.decibels(ln.true_peak(samples, sound.rate))),
        clipped_share=clipped.share,
        clipped_runs=clipped.runs,
        worst_clipping=_span(clipped.worst) if clipped.worst else None,
        silences=tuple(_span(s) for s in silences),
        silent_share=_silent_share(level),
        hum=Hum(**{k: round(v, 2) for k, v in hum._asdict().items()}) if hum else None,
        dc_offset=round(waveform.offset(samples), 5),
        noise_floor_db=_rounded(waveform.noise_floor(level)),
        stereo=Stereo(**{k: round(v, 3) for k, v in stereo._asdict().items()}) if stereo else None,
        one_channel_empty=samples.shape[1] == 2 and bool((peaks < 1e-5).sum() == 1),
        onsets=tuple(Onset(time_s=round(o.time_s, 3), strength=round(o.strength, 3)) for o in sorted(strongest)),
        shots=tuple(_shot(sound, shot.index, shot.start_s, shot.end_s) for shot in look.shots),
    )


def _shot(sound: Sound, index: int, start_s: float, end_s: float) -> ShotSound:
    part = sound.slice(start_s, end_s)
    level = waveform.levels(part.samples, part.rate)
    squares = float(np.square(part.samples, dtype=np.float64).mean()) if part.samples.size else 0.0
    return ShotSound(
        shot=index,
        loudness_lkfs=_rounded(ln.integrated(ln.block_powers(part.samples, part.rate))),
        level_db=_rounded(ln.decibels(squares**0.5)),
        peak_db=_rounded(ln.decibels(float(np.abs(part.samples).max(initial=0.0)))),
        silent_share=_silent_share(level),
    )


def _thinned(momentary: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    group = max(1, -(-len(momentary) // MOST_POINTS))
    points = [momentary[i : i + group].max() for i in range(0, len(momentary), group)]
    return np.asarray(points), round(group * ln.HOP_S, 3)


def _range(momentary: NDArray[np.float64]) -> float | None:
    heard = momentary[momentary > ln.ABSOLUTE_GATE]
    return _rounded(float(np.quantile(heard, 0.95) - np.quantile(heard, 0.1))) if len(heard) > 1 else None


def _silent_share(level: NDArray[np.float64]) -> float:
    return round(float((level < waveform.SILENCE_DB).mean()), 4) if len(level) else 1.0


def _span(stretch: waveform.Stretch) -> Span:
    return Span(start_s=round(stretch.start_s, 4), end_s=round(stretch.end_s, 4))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _draw(footage: Footage, result: Result) -> Iterator[tuple[str, Any]]:
    if not result.momentary_lkfs:
        return
    for share in (0.125, 0.375, 0.625, 0.875):
        time_s = share * result.duration_s
        rgb = footage.frame(footage.frame_at(time_s), max_side=960)
        picture = np.vstack([rgb, curve(result.momentary_lkfs, rgb.shape[1], 120, low=-60.0, high=0.0, cursor=share)])
        write(picture, result.summary)
        yield f"{time_s:.2f} s", picture


TOOL = Tool(
    name="sound",
    description=(
        "Measures the sound track: loudness over time and per shot, peaks, clipping, silence, hum, noise floor, stereo "
        "faults and the moments where sounds begin. Call it for sound level, balance, drop-outs and timing."
    ),
    validity="Clips with at least 0.1 s of sound; loudness needs 0.4 s, hum 2 s.",
    args=Args,
    result=Result,
    providers=(Provider(name="own", version="2", fidelity="own", run=_run),),
    uses_shots=True,
    draw=_draw,
)
