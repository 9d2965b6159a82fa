"""Which quoted words of a prompt are spoken and which are to be read on screen."""

from __future__ import annotations

import re
from typing import NamedTuple

from cinejudge.schema import Line

_QUOTED = re.compile(
    r"“([^“”\n]{1,400})”|\"([^\"\n]{1,400})\"|«([^«»\n]{1,400})»|「([^「」\n]{1,400})」|『([^『』\n]{1,400})』"
    r"|(?<!\w)['‘]([^'‘’\n]{1,120})['’](?!\w)"
)
_CONTEXT = 90
"""Characters looked at on either side of a quotation."""

_VERBS = (
    r"says?|said|saying|whisper(?:s|ed|ing)?|shout(?:s|ed|ing)?|yell(?:s|ed|ing)?|scream(?:s|ed|ing)?|asks?|asked"
    r"|asking|repl(?:y|ies|ied|ying)|answer(?:s|ed|ing)?|murmur(?:s|ed|ing)?|mutter(?:s|ed|ing)?"
    r"|exclaim(?:s|ed|ing)?|cries|crying|calls?|calling|announc(?:e|es|ed|ing)|declar(?:e|es|ed|ing)|tells?|telling"
    r"|speak(?:s|ing)?|sing(?:s|ing)?|chant(?:s|ing)?|narrat(?:e|es|ing)|greets?|adds?|continues"
)
_SPOKEN = re.compile(
    rf"\b(?:{_VERBS}|narrator|narration|voice-?\s?over|dialogue|spoken|voice|line)\b|[说喊问答唱]|低声|旁白|台词|对白",
    re.IGNORECASE,
)
_SHOWN = re.compile(
    r"\b(?:titles?|captions?|captioned|subtitles?|text|signs?|signage|labell?ed|labels?|logo|posters?|banner|headline"
    r"|slogan|tagline|lettering|inscription|inscribed|engraved|reads|reading|written|printed|displays?|displayed"
    r"|displaying|spell(?:s|ed|ing)|screen|billboard|plaque|card|overlay)\b"
    r"|字幕|标题|片名|文字|写着|显示|招牌|字样|标语|印着",
    re.IGNORECASE,
)
_WORDS = re.compile(r"\bwords?\b", re.IGNORECASE)
"""Goes with either; decides only where nothing else does."""

_LABEL = re.compile(r"(?:^|[\s.;(])([A-Z][\w'’-]{1,20}(?: [A-Z][\w'’-]{1,20})?|[\u4e00-\u9fff]{1,6})\s?[:：]\s*$")
_SPEAKER = re.compile(
    rf"(?:\b(?i:the|an?)\s+(?P<noun>(?:[a-z][\w'’-]*\s+){{0,2}}?[a-z][\w'’-]*)|\b(?P<name>[A-Z][\w'’-]+))"
    rf"\s+(?:\w+ly\s+)?(?:{_VERBS})\b[^.!?]*$"
)
_NO_NAMES = frozenset(["He", "She", "They", "It", "I", "We", "You", "Who", "Then", "And", "But"])

_CAPITALS = re.compile(
    r"\b(?i:titles?|captions?|text|signs?|labels?|logo|banner|headline|card)"
    r"(?i:\s+(?:card|reads|reading|that reads|says))?\s*:?\s+((?:[A-Z0-9][A-Z0-9'’&!?-]*(?:\s+|\b|$)){1,8})"
)


class Words(NamedTuple):
    """Quoted words of a text by what they are for; those whose purpose the text leaves open are in neither."""

    lines: tuple[Line, ...]
    texts: tuple[str, ...]


def sort_quotes(text: str) -> Words:
    """Sorts the quoted words of a prompt by the words around them; words in capitals after "title" need no quotes."""
    lines: list[Line] = []
    shown: list[tuple[int, str]] = []
    taken: list[tuple[int, int]] = []
    for match in _QUOTED.finditer(text):
        words = next(group for group in match.groups() if group is not None).strip()
        taken.append(match.span())
        if not words:
            continue
        before, after = _around(text, *match.span())
        purpose = _purpose(before, after)
        if purpose == "spoken":
            lines.append(Line(text=words, speaker=_speaker(before), language=language_of(words)))
        elif purpose == "shown":
            shown.append((match.start(), words.rstrip(",;")))
    for match in _CAPITALS.finditer(text):
        words = match[1].strip(" -")
        quoted = any(start <= match.start(1) < end for start, end in taken)
        if sum(letter.isupper() for letter in words) >= 3 and not quoted:
            shown.append((match.start(1), words))
    return Words(tuple(lines), tuple(dict.fromkeys(words for _, words in sorted(shown))))


def language_of(words: str) -> str | None:
    """The language that a script gives away; None for Latin and other scripts that many languages share."""
    if re.search(r"[\u3040-\u30ff]", words):
        return "ja"
    if re.search(r"[\uac00-\ud7af]", words):
        return "ko"
    return "zh" if re.search(r"[\u4e00-\u9fff]", words) else None


def _around(text: str, start: int, end: int) -> tuple[str, str]:
    """The rest of the sentence on both sides of a quotation; other quotations end it too."""
    before = re.split(r"[.!?;\n。！？；]\s|[\"”」』»]", text[max(0, start - _CONTEXT) : start])[-1]
    after = re.split(r"[.!?;\n。！？；]|[\"“「『«]", text[end : end + _CONTEXT])[0]
    return before, after


def _purpose(before: str, after: str) -> str | None:
    label = _LABEL.search(before)
    if label and not _SHOWN.search(label[1]):
        return "spoken"
    spoken = max((m.end() for m in _SPOKEN.finditer(before)), default=-1)
    shown = max((m.end() for m in _SHOWN.finditer(before)), default=-1)
    if spoken != shown:
        return "spoken" if spoken > shown else "shown"
    said, seen = _SPOKEN.search(after), _SHOWN.search(after)
    if said and seen:
        return "spoken" if said.start() < seen.start() else "shown"
    if said or seen:
        return "spoken" if said else "shown"
    return "shown" if _WORDS.search(before) else None


def _speaker(before: str) -> str | None:
    label = _LABEL.search(before)
    if label:
        return label[1]
    found = _SPEAKER.search(before)
    if found is None:
        return None
    name: str = found["noun"] or found["name"]
    return None if name in _NO_NAMES else name
