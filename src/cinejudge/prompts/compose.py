"""Questions and evidence in words for a model: our own text plain, everything from outside quoted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from cinejudge.prompts.quoting import quote
from cinejudge.schema import Asked, Evidence

_MAX_DATA = 1500
"""Characters of a tool's result that are shown; a judge that needs more calls the tool."""


def describe_questions(asked: Iterable[Asked], fence: str) -> str:
    """All questions, each under a heading with its id; see :func:`describe_question`."""
    return "\n\n".join(describe_question(question, fence) for question in asked)


def describe_question(asked: Asked, fence: str) -> str:
    """One question with what it is about, its options by id, and the words of the brief that stand in it, quoted."""
    lines = [f"### `{asked.id}`"]
    if asked.span:
        lines.append(f"About: {_target(asked.target)}, {asked.span.start_s:.2f} to {asked.span.end_s:.2f} s.")
    else:
        lines.append(f"About: {_target(asked.target)}.")
    if any(value and value in asked.text for value in asked.slots.values()):
        lines += ["The question, which repeats words of the brief:", quote(asked.text, fence)]
    else:
        lines.append(asked.text)
    for slot, value in sorted(asked.slots.items()):
        lines += [f"In the brief, `{slot}` is:", quote(value, fence)]
    if asked.guidance:
        lines.append(f"Look for: {asked.guidance}")
    lines.append("Options:")
    for option in asked.options:
        foreign = any(value and value in option.text for value in asked.slots.values())
        lines += [f"- `{option.id}`:", quote(option.text, fence)] if foreign else [f"- `{option.id}`: {option.text}"]
    return "\n".join(lines)


def describe_evidence(found: Iterable[Evidence], fence: str) -> str:
    """Each piece of evidence: its id, tool and time plain, what it says quoted."""
    blocks = [_describe(evidence, fence) for evidence in found]
    return "\n\n".join(blocks) if blocks else "None yet."


def _describe(evidence: Evidence, fence: str) -> str:
    time = f", {evidence.span.start_s:.2f} to {evidence.span.end_s:.2f} s" if evidence.span else ""
    by = f" ({evidence.provider})" if evidence.provider else ""
    head = f"- `{evidence.id}` {evidence.tool}{by}{time}"
    if evidence.found:
        data = json.dumps(evidence.data, ensure_ascii=False)
        return f"{head}:\n" + quote(f"{evidence.summary}\n{data}", fence, max_chars=_MAX_DATA)
    return f"{head}, {evidence.status}: no evidence either way.\n" + quote(evidence.reason or "", fence, max_chars=300)


def _target(target: str) -> str:
    """``shot2-3`` as ``shots 3 and 4``: records count from 0, words for people and models from 1."""
    match = re.fullmatch(r"([a-z]+)(\d+)(?:-(\d+))?", target)
    if match is None:
        return "the whole clip"
    kind, first, last = match[1].replace("spec", "shot of the brief"), int(match[2]) + 1, match[3]
    return f"{kind} {first}" if last is None else f"{kind}s {first} and {int(last) + 1}"
