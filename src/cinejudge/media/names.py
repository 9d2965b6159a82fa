"""File names and other foreign words, made fit to print."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""The text with control, bidirectional and undecodable characters as ``\x..`` or ``\u....``: always one line."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
