"""Prompt templates as files, and how untrusted words are put into them."""

from cinejudge.prompts.compact import compact
from cinejudge.prompts.compose import describe_evidence, describe_questions
from cinejudge.prompts.injection import Hit, find_injections
from cinejudge.prompts.loader import names, render, version
from cinejudge.prompts.quoting import make_fence, quote

__all__ = [
    "Hit",
    "compact",
    "describe_evidence",
    "describe_questions",
    "find_injections",
    "make_fence",
    "names",
    "quote",
    "render",
    "version",
]
