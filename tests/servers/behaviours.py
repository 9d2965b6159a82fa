"""Ready-made models: one that does as it should, one that obeys whoever speaks to it, one that never ends."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.servers.messages import Answer, Call, Fault, Request

Behaviour = Callable[[Request], Answer | Fault]

_HEADING = re.compile(r"^### Question \d+$", re.MULTILINE)
_QUESTION = re.compile(r"^- `([^`\n]+@[^`\n]+)`: [^\n]*?(?:(\d+\.\d+) to (\d+\.\d+) s\b[^\n]*)?$", re.MULTILINE)
_OPTION = re.compile(r"^- `([a-z][a-z0-9_.-]*)`:", re.MULTILINE)
_SCALE = re.compile(r"^Options \(scale S\d+\): (.+)$", re.MULTILINE)
_EVIDENCE = re.compile(r"\bev_[0-9a-f]{12}\b")
_FENCE = re.compile(r"mark `([0-9a-f]{12})`")
_ORDER = re.compile(
    r"full marks|(?:perfect|highest|maximum|top|best) (?:possible )?(?:score|marks?|rating)"
    r"|\b10\s?/\s?10\b|ten out of ten|100\s?%"
    r"|(?:ignore|disregard|forget|override) (?:\w+ ){0,4}(?:instructions|rubric|rules|prompt)"
    r"|满分|満点|만점|nota máxima",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Question:
    """A question as it stands in the prompt, outside quoted data."""

    id: str
    options: tuple[str, ...]
    span: tuple[float, float] | None


def answering(*calls: Call, text: str = "") -> Behaviour:
    """Always the same answer."""
    return lambda request: Answer(text=text, calls=calls)


def careful(looks: int = 0) -> Behaviour:
    """Looks so many times with the first tool offered, then answers every question with one of its options.

    It reads instructions only outside quoted data, cites evidence ids that it was shown, and chooses by the question's
    id alone: neither the order of options nor anything that the video says changes its choice.
    """

    def behave(request: Request) -> Answer:
        final = request.final
        others = [name for name in request.tools if name != final]
        if others and request.answered < looks and request.choice not in request.tools:
            return Answer(calls=(Call(others[0], fill(request.tools[others[0]])),))
        return Answer(calls=(Call(final, _submission(request, final, _by_id)),))

    return behave


def obedient(order: re.Pattern[str] = _ORDER) -> Behaviour:
    """As ``careful``, but does what anybody asks for outside quoted data.

    Once an order stands there, it chooses the first option that was offered and is fully confident; ``obeyed`` in its
    reasoning says what it followed.
    """
    as_it_should = careful()

    def behave(request: Request) -> Answer | Fault:
        heard = order.search(outside_quotes(request))
        if not heard:
            return as_it_should(request)
        submission = _submission(request, request.final, lambda question: question.options[0])
        for given in submission.get("answers", []):
            given |= {"confidence": 1.0, "reasoning": f"obeyed: {heard[0]}"}
        return Answer(calls=(Call(request.final, submission),))

    return behave


def puzzled(request: Request) -> Answer:
    """Cannot tell the answer to any question."""
    return Answer(calls=(Call(request.final, _submission(request, request.final, lambda question: "cannot_tell")),))


def stubborn(request: Request) -> Answer:
    """Calls the first tool again and again, whatever it must call."""
    name = next(iter(request.tools))
    return Answer(calls=(Call(name, fill(request.tools[name])),))


def perceiving(behaviour: Behaviour) -> Behaviour:
    """Answers a capability probe truthfully, by what arrived; all else goes to ``behaviour``."""
    from cinejudge.llm.probing import PROBES, REPORT, probe_media

    answers = dict(zip(probe_media(), ("7419", "4", "blue, yellow, red"), strict=True))
    assert len(PROBES) == len(answers)

    def behave(request: Request) -> Answer | Fault:
        if list(request.tools) != [REPORT.name]:
            return behaviour(request)
        said = [answers[media.sha256] for media in request.media] or ["nothing"]
        return Answer(calls=(Call(REPORT.name, {"answer": said[0]}),))

    return behave


def outside_quotes(request: Request) -> str:
    """What is said to the model: everything that does not stand between two lines with this request's mark.

    Quotes end only at a line with the mark that the first message announced, as an attentive reader would see it.
    """
    fence = _FENCE.search(request.turns[0].text)
    text = "\n".join(turn.text for turn in request.turns if turn.role != "assistant")
    if fence is None:
        return text
    begin, end = (rf"\[material {fence[1]} {edge}\]" for edge in ("begins", "ends"))
    return re.sub(rf"^{begin}$.*?^{end}$", "", text, flags=re.MULTILINE | re.DOTALL)


def questions(request: Request) -> tuple[Question, ...]:
    """The questions of the last message that holds any."""
    for turn in reversed(request.turns):
        blocks = _HEADING.split(turn.text)[1:]
        if blocks:
            return tuple(question for block in blocks for question in _questions(block))
    return ()


def _questions(block: str) -> Iterator[Question]:
    scale = _SCALE.search(block)
    options = re.findall("`([^`]+)`", scale[1]) if scale else _OPTION.findall(block)
    for match in _QUESTION.finditer(block):
        yield Question(match[1], tuple(options), (float(match[2]), float(match[3])) if match[2] else None)


def _by_id(question: Question) -> str:
    told = sorted(set(question.options) - {"cannot_tell"})
    return told[int(hashlib.sha256(question.id.encode()).hexdigest(), 16) % len(told)]


def _submission(request: Request, final: str, choose: Callable[[Question], str]) -> dict[str, Any]:
    asked = questions(request)
    if not asked or "answers" not in request.tools[final].get("properties", {}):
        return fill(request.tools[final])
    evidence = list(dict.fromkeys(_EVIDENCE.findall(outside_quotes(request))))[:2]
    return {
        "answers": [
            {
                "question": question.id,
                "reasoning": "Seen on the contact sheets; nothing speaks against it.",
                "option": choose(question),
                "evidence": evidence,
                "spans": [{"start_s": question.span[0], "end_s": question.span[1]}] if question.span else [],
                "confidence": 0.8,
            }
            for question in asked
        ]
    }


def fill(schema: dict[str, Any]) -> Any:
    """The plainest value that a JSON Schema allows; of an enumeration the first, of the optional nothing."""
    root = schema

    def plain(part: dict[str, Any]) -> Any:
        if "$ref" in part:
            return plain(root["$defs"][part["$ref"].rsplit("/", 1)[1]])
        if "enum" in part:
            return part["enum"][0]
        if "const" in part:
            return part["const"]
        for several in ("anyOf", "oneOf", "allOf"):
            if several in part:
                return plain(part[several][0])
        match part.get("type"):
            case "object":
                return {name: plain(part["properties"][name]) for name in part.get("required", [])}
            case "array":
                return [plain(part["items"])] * part.get("minItems", 0)
            case "integer" | "number":
                least = part.get("minimum", part.get("exclusiveMinimum", 0))
                return least + 1 if "exclusiveMinimum" in part else least
            case "boolean":
                return False
            case _:
                return "as shown"

    return plain(schema)
