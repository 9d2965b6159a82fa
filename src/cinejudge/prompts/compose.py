"""Questions and evidence in words for a model: our own text plain, everything from outside quoted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from cinejudge.prompts.compact import compact
from cinejudge.prompts.quoting import quote
from cinejudge.schema import Asked, Evidence

MAX_DATA = 600
"""Characters of a tool's result that are shown beforehand; a judge that needs more calls the tool."""

_Scale = frozenset[tuple[str, str]]
"""Options by id and text, whatever their order."""


def describe_questions(asked: Iterable[Asked], fence: str) -> str:
    """Questions for one conversation. What several have in common is said once.

    The same question about several shots stands under one heading with a line for each of them. Options that several
    headings share stand at the top as a scale; under a heading they are then named in the order of that question.

    Texts of a suite hold ``{slots}``: what the brief says stays under the slot's name, as quoted data below the line
    of the question that it belongs to.
    """
    blocks: dict[tuple[object, ...], list[Asked]] = {}
    for question in asked:
        texts = tuple((option.id, option.text) for option in question.options)
        blocks.setdefault((question.suite, question.question, question.guidance, texts), []).append(question)
    used = Counter(_scale(block[0]) for block in blocks.values())
    letters: dict[_Scale, str] = {}
    told = []
    for first in (block[0] for block in blocks.values()):
        if used[_scale(first)] > 1 and _scale(first) not in letters:
            letters[_scale(first)] = f"S{len(letters) + 1}"
            told.append("\n".join((f"Scale {letters[_scale(first)]}:", *_options(first))))
    told += [
        _describe_block(i, block, letters.get(_scale(block[0])), fence) for i, block in enumerate(blocks.values(), 1)
    ]
    return "\n\n".join(told)


def _scale(asked: Asked) -> _Scale:
    return frozenset((option.id, option.text) for option in asked.options)


def _options(asked: Asked) -> list[str]:
    return [f"- `{option.id}`: {option.text}" for option in asked.options]


def _describe_block(number: int, block: Sequence[Asked], scale: str | None, fence: str) -> str:
    first = block[0]
    alike = all(question.text == first.text for question in block)
    lines = [f"### Question {number}"]
    if alike:
        lines.append(first.text)
    if first.guidance:
        lines.append(f"Look for: {first.guidance}")
    if scale:
        lines.append(f"Options (scale {scale}): " + ", ".join(f"`{option.id}`" for option in first.options))
    else:
        lines += ["Options:", *_options(first)]
    lines.append("Asked of:")
    for question in block:
        lines.append(f"- `{question.id}`: {_place(question)}" + ("" if alike else f". {question.text}"))
        for slot, value in sorted(question.slots.items()):
            lines += [f"In the brief, {{{slot}}} is:", quote(value, fence)]
    return "\n".join(lines)


def describe_evidence(found: Iterable[Evidence], fence: str, *, summary_only: bool = False) -> str:
    """Each piece of evidence: its id, tool and time plain, what it says quoted.

    Args:
        found: The evidence.
        fence: The mark of quoted data.
        summary_only: Leaves out the data behind the summary.
    """
    blocks = [_describe(evidence, fence, summary_only) for evidence in found]
    return "\n".join(blocks) if blocks else "None yet."


def _describe(evidence: Evidence, fence: str, summary_only: bool) -> str:
    time = f", {evidence.span.start_s:.2f} to {evidence.span.end_s:.2f} s" if evidence.span else ""
    head = f"- `{evidence.id}` {evidence.tool}{time}"
    if not evidence.found:
        return f"{head}, {evidence.status}: no evidence either way.\n" + quote(
            evidence.reason or "", fence, max_chars=300
        )
    data = "" if summary_only else f"\n{compact(evidence.data)}"
    return f"{head}:\n" + quote(f"{evidence.summary}{data}", fence, max_chars=MAX_DATA)


def _place(asked: Asked) -> str:
    """``shot2-3`` as ``shots 3 and 4``: records count from 0, words for people and models from 1."""
    match = re.fullmatch(r"([a-z]+)(\d+)(?:-(\d+))?", asked.target)
    if match is None:
        place = "the whole clip"
    else:
        kind, first, last = match[1].replace("spec", "shot of the brief"), int(match[2]) + 1, match[3]
        place = f"{kind} {first}" if last is None else f"{kind}s {first} and {int(last) + 1}"
    return f"{place}, {asked.span.start_s:.2f} to {asked.span.end_s:.2f} s" if asked.span else place
