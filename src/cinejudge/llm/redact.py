"""Keeps secrets out of errors, replies, caches and traces."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

_KEY_NAME = re.compile(r"(?:API_?KEY|TOKEN|SECRET|PASSWORD)$", re.IGNORECASE)
_SHAPES = (
    re.compile(r"\b(?:sk|pk|rk|gsk|xai|hf|nvapi)[-_][\w*.-]{6,}"),
    re.compile(r"\bAIza[\w-]{20,}"),
    re.compile(r"(?i)(?<=bearer )[^\s\"',]+"),
    re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),  # user:password@host
    re.compile(r"(?i)(?<=[?&]key=)[^&\s\"']+"),
)
_GONE = "(redacted)"


def known_secrets(environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Values of all environment variables whose names say that they are secret, longest first."""
    environment = os.environ if environment is None else environment
    found = {value for name, value in environment.items() if _KEY_NAME.search(name) and len(value) >= 8}
    return tuple(sorted(found, key=lambda value: (-len(value), value)))


def redact_known(text: str) -> str:
    """``text`` without the secrets of the environment. Leaves everything else to the letter."""
    for secret in known_secrets():
        text = text.replace(secret, _GONE)
    return text


def redact(text: str) -> str:
    """``text`` for an error message: no secret of the environment, nothing that has the shape of a key, one line."""
    text = redact_known(text)
    for shape in _SHAPES:
        text = shape.sub(_GONE, text)
    return " ".join(text.split())
