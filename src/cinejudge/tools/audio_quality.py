"""Tool ``audio_quality``: how good the sound is, as listeners would rate it."""

from __future__ import annotations

from collections.abc import Callable

from cinejudge import weights
from cinejudge.media import Sound
from cinejudge.schema import Record
from cinejudge.tools.contract import Abstain, Look, Provider, Tool, ToolArgs, ToolResult
from cinejudge.tools.signals import waveform

LEAST_S = 1.0
"""Of sound that is not silent, in the clip and in a shot."""
LEAST_SPEECH_S = 1.0
"""In the clip and in a shot: DNSMOS rates speech, and says nothing meaningful about other sound."""
LEAST_SHARE = 0.25
"""Of speech in what DNSMOS rates."""


class Args(ToolArgs):
    """The whole clip is listened to."""


class Quality(Record):
    """Ratings of a stretch of sound. What one provider rates and another does not is None there."""

    production_quality: float
    """1 (bad) to 10 (excellent): Audiobox-Aesthetics' own, or ``1 + 9 (overall - 1) / 4`` for DNSMOS."""
    enjoyment: float | None = None
    """Audiobox-Aesthetics: how much the content is enjoyed, 1 to 10."""
    usefulness: float | None = None
    """Audiobox-Aesthetics: how well it could serve as material, 1 to 10."""
    complexity: float | None = None
    """Audiobox-Aesthetics: how much is heard at once, 1 to 10; neither good nor bad."""
    overall: float | None = None
    """DNSMOS: mean opinion score of the whole, 1 to 5. Clean studio speech reaches some 3.3."""
    signal: float | None = None
    """DNSMOS: of the voice, 1 to 5."""
    background: float | None = None
    """DNSMOS: of how little the background disturbs, 1 to 5."""
    speech_s: float | None = None
    """Seconds of speech; None where it was not looked for."""


class ShotQuality(Quality):
    """Ratings of a shot's sound."""

    shot: int


class Result(ToolResult):
    """Ratings of the clip, and of every shot with enough to rate."""

    clip: Quality | None
    """None where speech makes up too little of the clip, though enough of a shot."""
    shots: tuple[ShotQuality, ...]

    @property
    def summary(self) -> str:
        """The ratings of the clip, or of the shot that holds the most speech."""
        q = self.clip or max(self.shots, key=lambda shot: shot.speech_s or 0.0)
        if q.overall is None:
            return (
                f"production quality {q.production_quality:.1f} of 10 (enjoyment {q.enjoyment:.1f}, "
                f"usefulness {q.usefulness:.1f}, complexity {q.complexity:.1f})"
            )
        return (
            f"speech rated {q.overall:.1f} of 5 (voice {q.signal:.1f}, background {q.background:.1f}), "
            f"about {q.production_quality:.1f} of 10 as production quality"
        )


Rate = Callable[[float, float], Quality | None]
"""Takes start and end in seconds; None where there is too little to rate."""


def _audiobox(look: Look, args: Args) -> Result:
    from cinejudge.tools.models import audiobox, wavlm

    sound = _sound(look)
    samples = sound.mono(wavlm.RATE)
    network = audiobox.load(weights.path("audiobox-aesthetics"), look.device)

    def rate(start_s: float, end_s: float) -> Quality | None:
        part = samples[round(start_s * wavlm.RATE) : round(end_s * wavlm.RATE)]
        heard_s = float((waveform.levels(part, wavlm.RATE) >= waveform.SILENCE_DB).sum()) * waveform.WINDOW_S
        if heard_s < LEAST_S:
            return None
        found = audiobox.rate(network, part)
        return Quality(**{name: round(value, 2) for name, value in found._asdict().items()})

    return _rated(look, sound, rate, f"less than {LEAST_S:g} s of sound louder than {waveform.SILENCE_DB:g} dBFS")


def _dnsmos(look: Look, args: Args) -> Result:
    from cinejudge.tools.models import dnsmos, whisper

    sound = _sound(look)
    samples = sound.mono(dnsmos.RATE)
    spans = whisper.speech_spans(samples)

    def rate(start_s: float, end_s: float) -> Quality | None:
        speech_s = sum(max(0.0, min(b, end_s) - max(a, start_s)) for a, b in spans)
        if speech_s < max(LEAST_SPEECH_S, LEAST_SHARE * (end_s - start_s)):
            return None
        part = samples[round(start_s * dnsmos.RATE) : round(end_s * dnsmos.RATE)]
        opinion = dnsmos.rate(dnsmos.load(weights.path("dnsmos")), part)
        return Quality(
            production_quality=round(1 + 9 * (opinion.overall - 1) / 4, 2),
            overall=round(opinion.overall, 2),
            signal=round(opinion.signal, 2),
            background=round(opinion.background, 2),
            speech_s=round(speech_s, 3),
        )

    return _rated(
        look, sound, rate, f"too little speech to rate: it takes {LEAST_SPEECH_S:g} s and a quarter of the time"
    )


def _sound(look: Look) -> Sound:
    if look.footage.sound is None:
        raise Abstain("the clip has no sound")
    return look.footage.sound


def _rated(look: Look, sound: Sound, rate: Rate, lacking: str) -> Result:
    clip = rate(0.0, sound.duration_s)
    shots = [(shot.index, rate(shot.start_s, min(shot.end_s, sound.duration_s))) for shot in look.shots]
    told = tuple(ShotQuality(shot=index, **dict(q)) for index, q in shots if q is not None)
    if clip is None and not told:
        raise Abstain(lacking)
    return Result(clip=clip, shots=told)


TOOL = Tool(
    name="audio_quality",
    description=(
        "Rates the sound as listeners would, shot by shot. Call it for noise, distortion, artefacts and production "
        "quality. What it rates depends on the model at hand: any sound, or speech only (voice, background, whole)."
    ),
    validity=(
        "At least 1 s of sound above -60 dBFS (Audiobox-Aesthetics), or 1 s of speech that makes up a quarter of what "
        "is rated (DNSMOS: silent about music and effects alone, its 1-10 converted and not comparable)."
    ),
    args=Args,
    result=Result,
    providers=(
        Provider(
            name="audiobox-aesthetics",
            version="1",
            fidelity="paper",
            run=_audiobox,
            packages=("torch",),
            weights=("audiobox-aesthetics",),
        ),
        Provider(
            name="dnsmos-p835",
            version="1",
            fidelity="substitute",
            run=_dnsmos,
            packages=("onnxruntime", "faster_whisper"),
            weights=("dnsmos",),
        ),
    ),
    uses_shots=True,
)
