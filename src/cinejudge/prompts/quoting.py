"""Untrusted words as quoted data: fenced, line by line, with nothing in them that a model could take for structure."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata

MAX_CHARS = 4000
"""Longest quoted text; what is longer is cut and says so."""

_LINE_BREAKS = re.compile(r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
_OWN_FENCE = re.compile(r"\[(?=\s*/?\s*material\b)", re.IGNORECASE)
_TEMPLATE_TOKEN = re.compile(
    r"<(?=\s*[|｜/]"  # <|im_start|> and its like, closing tags
    r"|\s*(?:s|bos|eos|system|user|assistant|tool\w*|function\w*|invoke|parameter|think\w*|start_of_turn|end_of_turn"
    r"|start_header_id|end_header_id|image|video|audio|<\s*sys)\b)",
    re.IGNORECASE,
)
_BRACKET_TOKEN = re.compile(
    r"\[(?=\s*/?\s*(?:inst|system|user|assistant|tool_?calls?|tool_?results?|available_tools)\b)", re.IGNORECASE
)
_CODE_FENCE = re.compile(r"`{3,}|~{3,}")


def make_fence(secret: str, *about: str) -> str:
    """The mark between whose lines quoted data stands.

    It is the same whenever the same run asks about the same thing, so that replies are found again in the cache, and
    nobody who makes a video can know it.

    Args:
        secret: The run's own random text.
        about: What the request is about, for example the clip's id.

    Returns:
        12 hex digits (HMAC-SHA256, 48 bits).
    """
    return hmac.new(secret.encode(), "\0".join(about).encode(), hashlib.sha256).hexdigest()[:12]


def quote(text: str, fence: str, *, max_chars: int = MAX_CHARS) -> str:
    """``text`` as quoted data.

    The mark itself, chat-template tokens, tool-call tags and code fences lose the character that makes them special;
    control, invisible and direction-changing characters are written as escapes; each line is led by ``| ``.

    Args:
        text: Anything: words read from frames, speech, a brief, a file name, a tool's result.
        fence: The mark, from :func:`make_fence`.
        max_chars: Characters of ``text`` that are kept.
    """
    kept = neutralise(re.sub(re.escape(fence), "(mark)", text[:max_chars], flags=re.IGNORECASE))
    lines = [f"| {line}" for line in kept.split("\n")]
    if len(text) > max_chars:
        lines.append(f"({len(text) - max_chars} more characters left out)")
    return "\n".join((f"[material {fence} begins]", *lines, f"[material {fence} ends]"))


def neutralise(text: str) -> str:
    """``text`` without anything that a chat template, a parser or a screen would act upon."""
    plain = _escape_invisible(_LINE_BREAKS.sub("\n", text))
    plain = _OWN_FENCE.sub("(", plain)
    plain = _TEMPLATE_TOKEN.sub("‹", plain)
    plain = _BRACKET_TOKEN.sub("(", plain)
    return _CODE_FENCE.sub("'''", plain)


def _escape_invisible(text: str) -> str:
    return "".join(_escaped(c) if _invisible(c) else c for c in text)


def _invisible(char: str) -> bool:
    """Control and format characters (bidirectional marks, zero widths, tags), surrogates, private use, fillers."""
    if char in "\n\t":
        return False
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn") or char in "\u115f\u1160\u3164\uffa0"


def _escaped(char: str) -> str:
    return f"\\u{{{ord(char):x}}}"
