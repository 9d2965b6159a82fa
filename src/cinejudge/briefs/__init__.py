"""Briefs: what a video was meant to be, from a file beside it, a file of many, or a free-text prompt."""

from cinejudge.briefs.find import find_brief, parse_brief, read_brief

__all__ = ["find_brief", "parse_brief", "read_brief"]
