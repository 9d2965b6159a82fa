"""Tool ``audio_quality``: how good the sound is, as listeners would rate it."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from cinejudge import weights
from cinejudge.schema import Record
from cinejudge.tools.contract import Abstain, Look, Provider, Tool, ToolArgs, ToolResult

LEAST_SPEECH_S = 1.0
"""In the clip and in a shot: the network rates speech, and says nothing meaningful about other sound."""
LEAST_SHARE = 0.25
"""Of speech in what is rated."""


class Args(ToolArgs):
    """The whole clip is listened to."""


class Quality(Record):
    """Ratings of a stretch of sound."""

    production_quality: float
    """1 (bad) to 10 (excellent), the scale of Audiobox-Aesthetics: ``1 + 9 (overall - 1) / 4`` for DNSMOS."""
    overall: float
    """Mean opinion score of the whole, 1 to 5. Clean studio speech reaches some 3.3."""
    signal: float
    """Of the voice, 1 to 5."""
    background: float
    """Of how little the background disturbs, 1 to 5."""
    speech_s: float


class ShotQuality(Quality):
    """Ratings of a shot's sound."""

    shot: int


class Result(ToolResult):
    """Ratings of the clip, and of every shot with enough speech."""

    clip: Quality | None
    """None where speech makes up too little of the clip, though enough of a shot."""
    shots: tuple[ShotQuality, ...]

    @property
    def summary(self) -> str:
        """The ratings of the clip, or of the shot that holds the most speech."""
        q = self.clip or max(self.shots, key=lambda shot: shot.speech_s)
        return (
            f"speech rated {q.overall:.1f} of 5 (voice {q.signal:.1f}, background {q.background:.1f}), "
            f"about {q.production_quality:.1f} of 10 as production quality"
        )


def _run(look: Look, args: Args) -> Result:
    from cinejudge.tools.models import dnsmos, whisper

    sound = look.footage.sound
    if sound is None:
        raise Abstain("the clip has no sound")
    samples = sound.mono(dnsmos.RATE)
    spans = whisper.speech_spans(samples)

    def judge(start_s: float, end_s: float) -> dict[str, float] | None:
        speech_s = sum(max(0.0, min(b, end_s) - max(a, start_s)) for a, b in spans)
        if speech_s < max(LEAST_SPEECH_S, LEAST_SHARE * (end_s - start_s)):
            return None
        return _rated(samples[round(start_s * dnsmos.RATE) : round(end_s * dnsmos.RATE)], speech_s)

    clip = judge(0.0, sound.duration_s)
    shots = [(shot.index, judge(shot.start_s, min(shot.end_s, sound.duration_s))) for shot in look.shots]
    rated = tuple(ShotQuality(shot=index, **q) for index, q in shots if q is not None)
    if clip is None and not rated:
        raise Abstain(f"too little speech to rate: it takes {LEAST_SPEECH_S:g} s and a quarter of the time")
    return Result(clip=None if clip is None else Quality(**clip), shots=rated)


def _rated(samples: NDArray[Any], speech_s: float) -> dict[str, float]:
    from cinejudge.tools.models import dnsmos

    opinion = dnsmos.rate(dnsmos.load(weights.path("dnsmos")), samples)
    return {
        "production_quality": round(1 + 9 * (opinion.overall - 1) / 4, 2),
        "overall": round(opinion.overall, 2),
        "signal": round(opinion.signal, 2),
        "background": round(opinion.background, 2),
        "speech_s": round(speech_s, 3),
    }


TOOL = Tool(
    name="audio_quality",
    description=(
        "Rates speech recordings as listeners would: the voice, the background, the whole. Call it for noise, "
        "distortion, artefacts and production quality of dialogue and narration."
    ),
    validity=(
        "At least 1 s of speech that makes up a quarter of what is rated; silent about music and effects alone. The "
        "1-10 production quality is converted from a speech score and not comparable with Audiobox-Aesthetics."
    ),
    args=Args,
    result=Result,
    providers=(
        Provider(
            name="dnsmos-p835",
            version="1",
            fidelity="substitute",
            run=_run,
            packages=("onnxruntime", "faster_whisper"),
            weights=("dnsmos",),
        ),
    ),
    uses_shots=True,
)
