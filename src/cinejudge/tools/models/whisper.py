"""Speech to text with Whisper, through faster-whisper or openai-whisper, and where speech is, with Silero VAD.

Decoding is greedy-temperature beam search without the usual fallback to sampling: a rerun hears the same words, and
a stretch that the model cannot follow stays recognisable by its low probability instead of being guessed again until
it looks plausible.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from numpy.typing import NDArray

RATE = 16_000
THREADS = 2
TOKENS_PER_S, MORE_TOKENS = 10, 20
"""A stretch may hold so many tokens: twice what fast speech needs, so that a loop of repetitions ends early."""


class HeardWord(NamedTuple):
    """A word; times in seconds from the start of what was transcribed."""

    text: str
    start_s: float
    end_s: float
    probability: float


class Heard(NamedTuple):
    """What the model made of a stretch of sound, with the numbers that say whether to believe it."""

    words: tuple[HeardWord, ...]
    language: str
    language_probability: float | None
    """None where the model knows one language only."""
    avg_logprob: float
    """Mean log probability of the tokens: 0 is certain."""
    no_speech_prob: float
    compression_ratio: float
    """Length of the text over its compressed length: high for text that repeats itself."""


Transcriber = Callable[[NDArray[Any]], Heard]
"""Takes float32 [n] at 16 kHz, at most 30 s."""


def speech_spans(samples: NDArray[Any]) -> list[tuple[float, float]]:
    """Where somebody speaks, in seconds: Silero VAD v6 at probability 0.5, pauses under 0.3 s bridged.

    Args:
        samples: float32 [n], mono, 16 kHz.
    """
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(threshold=0.5, min_silence_duration_ms=300, min_speech_duration_ms=150, speech_pad_ms=100)
    found = get_speech_timestamps(samples, options, sampling_rate=RATE)
    return [(span["start"] / RATE, span["end"] / RATE) for span in found]


@cache
def faster_whisper(folder: str, language: str | None, device: str) -> Transcriber:
    """A CTranslate2 model in a folder.

    Args:
        folder: Holds ``model.bin``, ``config.json``, ``tokenizer.json`` and the vocabulary.
        language: What is spoken, for a model of one language; None lets the model tell.
        device: ``cpu`` or ``cuda``.
    """
    from faster_whisper import WhisperModel

    precision = "float16" if device == "cuda" else "int8"
    model = WhisperModel(folder, device=device, compute_type=precision, cpu_threads=THREADS, local_files_only=True)

    def transcribe(samples: NDArray[Any]) -> Heard:
        segments, info = model.transcribe(
            samples,
            language=language,
            beam_size=5,
            temperature=0.0,
            word_timestamps=True,
            condition_on_previous_text=False,
            vad_filter=False,
            max_new_tokens=_most_tokens(samples),
        )
        parts = list(segments)
        words = tuple(
            HeardWord(word.word.strip(), word.start, word.end, word.probability)
            for part in parts
            for word in part.words or ()
        )
        sure = None if language else float(info.language_probability)
        return _heard(
            words, info.language, sure, [(p.avg_logprob, p.no_speech_prob, p.compression_ratio) for p in parts]
        )

    return transcribe


@cache
def openai_whisper(file: str, device: str) -> Transcriber:
    """One of OpenAI's own checkpoints (``small.pt``, ``large-v3.pt`` ...), read from disk."""
    import whisper

    model = whisper.load_model(file, device=device)

    def transcribe(samples: NDArray[Any]) -> Heard:
        mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(samples), n_mels=model.dims.n_mels).to(model.device)
        _, languages = model.detect_language(mel)
        language = max(languages, key=languages.__getitem__)
        found = model.transcribe(
            samples,
            language=language,
            beam_size=5,
            temperature=0.0,
            word_timestamps=True,
            condition_on_previous_text=False,
            fp16=device == "cuda",
            sample_len=_most_tokens(samples),
        )
        parts = found["segments"]
        words = tuple(
            HeardWord(word["word"].strip(), word["start"], word["end"], word["probability"])
            for part in parts
            for word in part["words"]
        )
        numbers = [(p["avg_logprob"], p["no_speech_prob"], p["compression_ratio"]) for p in parts]
        return _heard(words, language, float(languages[language]), numbers)

    return transcribe


def _most_tokens(samples: NDArray[Any]) -> int:
    return MORE_TOKENS + round(TOKENS_PER_S * len(samples) / RATE)


def _heard(
    words: tuple[HeardWord, ...], language: str, sure: float | None, parts: list[tuple[float, float, float]]
) -> Heard:
    """Takes the worst of the parts, so that one invented part is not hidden by a good one."""
    logprobs, no_speech, ratios = zip(*parts, strict=True) if parts else ((0.0,), (1.0,), (0.0,))
    return Heard(words, language, sure, float(min(logprobs)), float(max(no_speech)), float(max(ratios)))
