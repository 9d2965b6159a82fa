"""Free-text prompts: shots, lines, on-screen words and film terms, as far as the text says them plainly."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from cinejudge.briefs.quotes import language_of, sort_quotes
from cinejudge.schema import Brief, Line, ShotSpec, Span
from cinejudge.schema.terms import find_phrases

MAX_CHARS = 20_000
MAX_SHOTS = 200
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九十")}

_TIME = r"\d{1,4}(?::\d{1,2})?(?:\.\d{1,3})?"
_HEAD = re.compile(
    r"(?:\b(?:shot|scene)\s*#?\s*(?P<number>\d{1,3})|(?:镜头|分镜)\s*(?P<chinese>\d{1,3}|[一二三四五六七八九十]{1,3})"
    r"|第\s*(?P<ordinal>\d{1,3}|[一二三四五六七八九十]{1,3})\s*(?:个)?\s*(?:镜头|镜|幕))"
    rf"\s*(?P<closed>\]|】|\*\*)?\s*(?P<times>[\[(（【]\s*(?P<start>{_TIME})\s*(?:s|sec|seconds|秒)?\s*[-–—~至到]\s*(?P<end>{_TIME})"
    r"\s*(?:s|sec|seconds|秒)?\s*[\])）】])?\s*(?P<mark>[:：\])）】]|\*\*)?",
    re.IGNORECASE,
)
_SPEECH_TAG = re.compile(r"<S>(.{1,2000}?)(?:<E>|</S>)", re.DOTALL)
_SOUND_TAG = re.compile(r"<AUDCAP>(.{1,2000}?)(?:<ENDAUDCAP>|</AUDCAP>|$)", re.DOTALL)
_SECTION = re.compile(r"\b(Video Prompt|Ambient Prompt|Audio Prompt|Sound Prompt|Speech Content)\s*:", re.IGNORECASE)


class _Passage(NamedTuple):
    """What a stretch of prompt says."""

    description: str
    lines: tuple[Line, ...]
    texts: tuple[str, ...]
    sounds: tuple[str, ...]


def parse_text(text: str) -> Brief:
    """The brief that a prompt amounts to.

    ``Shot N [a-b s]`` and ``Shot N:`` begin shots (also ``镜头 N``) when they count up from 1; ``<S>…<E>`` tags and
    quotations hold lines or on-screen words, ``<AUDCAP>…<ENDAUDCAP>`` sounds. What is not said plainly stays open.

    Raises:
        ValueError: the prompt is too long, or no proper Unicode.
    """
    if len(text) > MAX_CHARS:
        raise ValueError(f"the prompt has {len(text)} characters; at most {MAX_CHARS} are read")
    if _LONE_SURROGATE.search(text):
        raise ValueError("the prompt holds half a Unicode character")
    heads = _heads(text)
    opening = _read(text[: heads[0].start()] if heads else text)
    ends = [*(head.start() for head in heads[1:]), len(text)]
    shots = tuple(_shot(index, head, _read(text[head.end() : ends[index]])) for index, head in enumerate(heads))
    return Brief(
        prompt=text.strip(),
        style=_terms("style", opening.description),
        shots=shots,
        texts=opening.texts,
        lines=opening.lines,
        sounds=opening.sounds,
        source="text",
    )


def _heads(text: str) -> list[re.Match[str]]:
    """Beginnings of shots: marked by a time, a colon or brackets, and numbered without a gap from 1."""
    heads: list[re.Match[str]] = []
    for match in _HEAD.finditer(text):
        number = _number(match["number"] or match["chinese"] or match["ordinal"])
        marked = match["closed"] or match["times"] or match["mark"]
        if marked and number == len(heads) + 1 and len(heads) < MAX_SHOTS:
            heads.append(match)
    return heads


def _shot(index: int, head: re.Match[str], passage: _Passage) -> ShotSpec:
    said: dict[str, Any] = {
        field: _terms(attribute, passage.description)
        for field, attribute in (
            ("lighting", "lighting"),
            ("scale", "scale"),
            ("angle", "angle"),
            ("camera_motion", "motion"),
            ("transition", "transition"),
        )
    }
    return ShotSpec(
        index=index,
        span=_span(head["start"], head["end"]),
        description=passage.description,
        texts=passage.texts,
        lines=passage.lines,
        sounds=passage.sounds,
        **said,
    )


def _read(text: str) -> _Passage:
    lines = [_line(words) for words in _SPEECH_TAG.findall(text)]
    sounds = [words.strip() for words in _SOUND_TAG.findall(text)]
    seen = _SOUND_TAG.sub(" ", text)
    parts = _SECTION.split(_SPEECH_TAG.sub(" ", seen))
    prose = parts[0]
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        if name.lower() == "speech content":
            lines.append(_line(body))
        elif name.lower() == "video prompt":
            prose += body
        else:
            sounds.append(body.strip())
    quotes = sort_quotes(prose)
    return _Passage(
        description=" ".join(_SPEECH_TAG.sub(r"“\1”", seen).split()).strip(" *#[【(（:：-–—"),
        lines=tuple(line for line in [*lines, *quotes.lines] if line.text),
        texts=quotes.texts,
        sounds=tuple(sound for sound in sounds if sound),
    )


def _line(words: str) -> Line:
    words = words.strip()
    return Line(text=words, language=language_of(words))


def _terms(attribute: str, text: str) -> str | None:
    found: Iterable[str] = dict.fromkeys(phrase.lower() for phrase in find_phrases(attribute, text))
    return ", ".join(found) or None


def _span(start: str | None, end: str | None) -> Span | None:
    if start is None or end is None:
        return None
    first, last = _seconds(start), _seconds(end)
    return Span(start_s=first, end_s=last) if last > first else None


def _seconds(time: str) -> float:
    minutes, _, seconds = time.rpartition(":")
    return 60.0 * int(minutes or 0) + float(seconds)


def _number(digits: str) -> int:
    if digits.isdecimal():
        return int(digits)
    tens, ten, ones = digits.rpartition("十")
    if not ten:
        return _DIGITS.get(digits, 0)
    return 10 * _DIGITS.get(tens, 1) + _DIGITS.get(ones, 0)
