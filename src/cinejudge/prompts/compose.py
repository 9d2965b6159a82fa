"""Questions and evidence in words for a model: our own text plain, everything from outside quoted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from cinejudge.prompts.quoting import quote
from cinejudge.schema import SLOT, Asked, Evidence

NUMBER = "number"
"""End of the slots that hold a number of ours."""
_MAX_DATA = 1500
"""Characters of a tool's result that are shown; a judge that needs more calls the tool."""


def describe_questions(asked: Iterable[Asked], fence: str) -> str:
    """All questions, each under a heading with its id; see :func:`describe_question`."""
    return "\n\n".join(describe_question(question, fence) for question in asked)


def describe_question(asked: Asked, fence: str) -> str:
    """One question with what it is about, its options by id, and the words of the brief that it refers to, quoted.

    Texts of a suite hold ``{slots}``. Numbers are ours and are put in their place; what the brief says stays under the
    slot's name, as quoted data below the question.
    """
    about = _target(asked.target)
    if asked.span:
        about += f", {asked.span.start_s:.2f} to {asked.span.end_s:.2f} s"
    lines = [f"### `{asked.id}`", f"About: {about}.", _numbered(asked, asked.text)]
    for slot, value in sorted(asked.slots.items()):
        if not slot.endswith(NUMBER):
            lines += [f"In the brief, {{{slot}}} is:", quote(value, fence)]
    if asked.guidance:
        lines.append(f"Look for: {_numbered(asked, asked.guidance)}")
    lines.append("Options:")
    lines += [f"- `{option.id}`: {_numbered(asked, option.text)}" for option in asked.options]
    return "\n".join(lines)


def _numbered(asked: Asked, text: str) -> str:
    """``text`` with the numbers of shots and speakers in place."""
    return SLOT.sub(lambda m: asked.slots.get(m[1], m[0]) if m[1].endswith(NUMBER) else m[0], text)


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
