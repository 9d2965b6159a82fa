"""Tool ``speech``: when somebody speaks, and what is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cinejudge import weights
from cinejudge.media import Footage
from cinejudge.schema import Record, Span
from cinejudge.tools.contract import Abstain, Look, Provider, Tool, ToolArgs, ToolResult
from cinejudge.tools.drawing.marks import curve, write
from cinejudge.tools.models import whisper

PAUSE_S = 0.5
"""A longer pause ends an utterance."""
LONGEST_S = 28.0
"""Whisper hears 30 s at a time."""
SHORTEST_S = 0.4
"""Shorter stretches hold no word to rely on; Whisper likes to hear a farewell in them."""
LOWEST_LOGPROB = -0.85
"""Mean log probability of the tokens below which the words are taken for invented."""
LOWEST_PROBABILITY = 0.6
"""Mean probability of the words below which they are."""
HIGHEST_COMPRESSION = 2.4
"""Whisper's own limit for text that repeats itself."""
FASTEST_WORDS_PER_S, FASTEST_CHARACTERS_PER_S = 7.0, 12.0
"""More words than anybody speaks; characters in languages that write no spaces, where Whisper takes each for a word."""
UNSPACED = ("zh", "yue", "ja", "th", "lo", "my")
UNSURE_LANGUAGE = 0.5
"""Probability below which a model of many languages does not know which one it hears."""
MARGIN_S = 0.15
"""Sound given to the model around an utterance."""


class Args(ToolArgs):
    """The whole clip is listened to."""


class Word(Record):
    """One spoken word."""

    text: str
    start_s: float
    end_s: float
    probability: float


class Utterance(Record):
    """A stretch of speech without a long pause."""

    start_s: float
    end_s: float
    transcribed: bool
    text: str
    """Empty where it was not transcribed."""
    reason: str | None
    """Why it was not transcribed."""
    language: str | None
    """Two-letter code; None where it is not known."""
    words: tuple[Word, ...]
    avg_logprob: float | None
    """Mean log probability of the tokens; None where no model listened."""
    no_speech_prob: float | None
    compression_ratio: float | None


class Result(ToolResult):
    """Speech in order of time."""

    spans: tuple[Span, ...]
    """Where the voice activity detector hears speech, transcribed or not."""
    speech_s: float
    duration_s: float
    utterances: tuple[Utterance, ...]

    @property
    def words(self) -> tuple[Word, ...]:
        """All words in order of time."""
        return tuple(word for utterance in self.utterances for word in utterance.words)

    @property
    def text(self) -> str:
        """All words as one text."""
        return " ".join(word.text for word in self.words)

    @property
    def fully_transcribed(self) -> bool:
        """Whether every utterance of some length was understood."""
        return all(u.transcribed or u.end_s - u.start_s < SHORTEST_S for u in self.utterances)

    def text_between(self, start_s: float, end_s: float) -> str:
        """The words whose middle lies in a time span, such as a shot's."""
        return " ".join(w.text for w in self.words if start_s <= (w.start_s + w.end_s) / 2 < end_s)

    @property
    def summary(self) -> str:
        """What was said, quoted, or why not."""
        if not self.spans:
            return "no speech"
        said = f'"{self.text}"' if self.words else "no words understood"
        left = [u for u in self.utterances if not u.transcribed]
        rest = f"; {len(left)} stretch(es) not transcribed: {left[0].reason}" if left else ""
        return f"{self.speech_s:.1f} s of speech: {said}{rest}"


def _large(look: Look, args: Args) -> Result:
    folder = weights.path("whisper-large-v3")
    return _run(look, whisper.faster_whisper(str(folder), None, look.device))


def _tiny_english(look: Look, args: Args) -> Result:
    folder = weights.path("whisper-tiny-en")
    return _run(look, whisper.faster_whisper(str(folder), "en", look.device))


def _small(look: Look, args: Args) -> Result:
    return _run(look, whisper.openai_whisper(str(weights.path("whisper-small")), look.device))


def _run(look: Look, transcribe: whisper.Transcriber) -> Result:
    sound = look.footage.sound
    if sound is None:
        raise Abstain("the clip has no sound")
    samples = sound.mono(whisper.RATE)
    spans = whisper.speech_spans(samples)
    utterances = tuple(_utterance(samples, start, end, transcribe) for start, end in utterance_spans(spans))
    return Result(
        spans=tuple(Span(start_s=round(start, 3), end_s=round(end, 3)) for start, end in spans),
        speech_s=round(sum(end - start for start, end in spans), 3),
        duration_s=round(sound.duration_s, 3),
        utterances=utterances,
    )


def utterance_spans(spans: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Joins speech spans over short pauses, and cuts what is longer than the model hears at once."""
    joined: list[tuple[float, float]] = []
    for start, end in spans:
        if joined and start - joined[-1][1] < PAUSE_S and end - joined[-1][0] <= LONGEST_S:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    cut: list[tuple[float, float]] = []
    for start, end in joined:
        while end - start > LONGEST_S:
            cut.append((start, start + LONGEST_S))
            start += LONGEST_S
        cut.append((start, end))
    return cut


def _utterance(samples: NDArray[Any], start: float, end: float, transcribe: whisper.Transcriber) -> Utterance:
    known: dict[str, Any] = {"start_s": round(start, 3), "end_s": round(end, 3)}
    if end - start < SHORTEST_S:
        return Utterance(**known, **_silent(f"shorter than {SHORTEST_S} s: too short to tell a word"))
    offset = max(0.0, start - MARGIN_S)
    part = np.ascontiguousarray(samples[round(offset * whisper.RATE) : round((end + MARGIN_S) * whisper.RATE)])
    heard = transcribe(part)
    known |= {
        "avg_logprob": round(heard.avg_logprob, 3),
        "no_speech_prob": round(heard.no_speech_prob, 3),
        "compression_ratio": round(heard.compression_ratio, 3),
    }
    reason = disbelief(heard, end - start)
    if reason:
        return Utterance(**{**_silent(reason), **known})
    words = tuple(
        Word(
            text=word.text,
            start_s=round(offset + word.start_s, 3),
            end_s=round(offset + word.end_s, 3),
            probability=round(word.probability, 3),
        )
        for word in heard.words
    )
    return Utterance(
        **known,
        transcribed=True,
        text=" ".join(word.text for word in words),
        reason=None,
        language=heard.language,
        words=words,
    )


def disbelief(heard: whisper.Heard, length_s: float) -> str | None:
    """Why the words of a stretch of speech cannot be relied on; None where they can.

    Args:
        heard: What the model made of it.
        length_s: Of the stretch, in seconds.
    """
    sure = heard.language_probability
    unclear = "not English or not intelligible" if sure is None else "not intelligible"
    if not heard.words:
        return f"no words understood: {unclear}"
    if sure is not None and sure < UNSURE_LANGUAGE:
        return f"language not known: the likeliest, {heard.language}, has probability {sure:.2f}"
    if heard.avg_logprob < LOWEST_LOGPROB:
        return f"{unclear}: mean log probability {heard.avg_logprob:.2f} is below {LOWEST_LOGPROB}"
    probability = float(np.mean([word.probability for word in heard.words]))
    if probability < LOWEST_PROBABILITY:
        return f"{unclear}: mean word probability {probability:.2f} is below {LOWEST_PROBABILITY}"
    if heard.compression_ratio > HIGHEST_COMPRESSION or _is_chant([word.text for word in heard.words]):
        return f"the model repeats itself (compression ratio {heard.compression_ratio:.1f})"
    fastest = FASTEST_CHARACTERS_PER_S if heard.language in UNSPACED else FASTEST_WORDS_PER_S
    if len(heard.words) / length_s > fastest:
        return f"{len(heard.words)} words in {length_s:.1f} s: faster than anybody speaks"
    return None


def _is_chant(words: Sequence[str]) -> bool:
    """Whether one phrase of several words is said three times or more and nothing else; short loops compress little."""
    return len(set(words)) > 1 and any(
        len(words) % size == 0 and all(word == words[i % size] for i, word in enumerate(words))
        for size in range(2, len(words) // 3 + 1)
    )


def _silent(reason: str) -> dict[str, Any]:
    return {
        "transcribed": False,
        "text": "",
        "reason": reason,
        "language": None,
        "words": (),
        "avg_logprob": None,
        "no_speech_prob": None,
        "compression_ratio": None,
    }


def _draw(footage: Footage, result: Result) -> Iterator[tuple[str, Any]]:
    sound = footage.sound
    if sound is None:
        return
    mono = np.abs(sound.mono(1000))
    for utterance in result.utterances:
        middle = (utterance.start_s + utterance.end_s) / 2
        rgb = footage.frame(footage.frame_at(middle), max_side=960)
        strip = curve(
            mono, rgb.shape[1], 80, low=0.0, high=max(0.05, float(mono.max())), cursor=middle / result.duration_s
        )
        picture = np.vstack([rgb, strip])
        write(picture, utterance.text or f"({utterance.reason})")
        yield f"{utterance.start_s:.2f} to {utterance.end_s:.2f} s", picture


TOOL = Tool(
    name="speech",
    description=(
        "Tells when somebody speaks and what is said, word by word with times. Call it for dialogue, narration and "
        "script lines."
    ),
    validity=(
        "Speech of at least 0.4 s without loud music over it. With the English model other languages are heard as "
        "speech but not transcribed; with the others, speech whose language is not clear. Singing may be missed."
    ),
    args=Args,
    result=Result,
    providers=(
        Provider(
            name="faster-whisper-large-v3",
            version="1",
            fidelity="paper",
            run=_large,
            packages=("faster_whisper", "onnxruntime"),
            weights=("whisper-large-v3",),
        ),
        Provider(
            name="openai-whisper-small",
            version="2",
            fidelity="substitute",
            run=_small,
            packages=("whisper", "faster_whisper", "onnxruntime"),
            weights=("whisper-small",),
            extra="whisper",
        ),
        Provider(
            name="faster-whisper-tiny-en",
            version="1",
            fidelity="substitute",
            run=_tiny_english,
            packages=("faster_whisper", "onnxruntime"),
            weights=("whisper-tiny-en",),
        ),
    ),
    draw=_draw,
)
