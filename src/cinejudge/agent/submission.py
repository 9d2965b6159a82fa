"""The judge's final call: what it looks like, and what is checked before an answer counts."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cinejudge.agent.case import Case
from cinejudge.schema import CANNOT_TELL, Answer, Asked, Span
from cinejudge.schema.chat import ToolSpec

NAME = "submit_answers"
SLACK_S = 0.5
"""How far a cited time may lie outside its shot: a cut is seen a few frames around it."""


class _Given(BaseModel):
    """One answer as a model gives it. Lenient in form, strict in content."""

    model_config = ConfigDict(extra="ignore")

    question: str
    option: str
    reasoning: Annotated[str, Field(max_length=4000)]
    evidence: Annotated[list[str], Field(max_length=40)] = []
    spans: Annotated[list[dict[str, float]], Field(max_length=20)] = []
    confidence: Annotated[float, Field(ge=0, le=1)]


class Submission:
    """Collects the answers of one conversation. An answer with a flaw is rejected, never repaired."""

    def __init__(self, case: Case, asked: tuple[Asked, ...]) -> None:
        """Awaits answers to ``asked``."""
        self._case = case
        self._asked = {q.id: q for q in asked}
        self.answers: dict[str, Answer] = {}
        self.rejected: dict[str, str] = {}
        """Why the last answer to a question was not accepted."""

    def tool(self) -> ToolSpec:
        """The typed call. Ids are enumerated, so that a server with constrained decoding cannot err."""
        options = sorted({o.id for q in self._asked.values() for o in q.options})
        seconds = {"type": "number", "minimum": 0}
        span = {
            "type": "object",
            "properties": {"start_s": seconds, "end_s": seconds},
            "required": ["start_s", "end_s"],
        }
        answer = {
            "type": "object",
            "properties": {
                "question": {"type": "string", "enum": list(self._asked)},
                "reasoning": {"type": "string", "description": "What you saw or heard, for and against."},
                "option": {"type": "string", "enum": options, "description": "One of that question's own."},
                "evidence": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "Ids such as ev_0123456789ab.",
                },
                "spans": {"type": "array", "items": span, "description": "When it shows, in seconds."},
                "confidence": {"type": "number", "minimum": 0, "maximum": 1},
            },
            "required": ["question", "reasoning", "option", "confidence"],
        }
        return ToolSpec(
            name=NAME,
            description="Submits the answers to all questions at once and ends the review.",
            parameters={
                "type": "object",
                "properties": {"answers": {"type": "array", "items": answer}},
                "required": ["answers"],
            },
        )

    def check(self, arguments: dict[str, Any]) -> str | None:
        """Takes over what is valid; says what is wrong with the rest, or None when every question is answered."""
        given = arguments.get("answers")
        if not isinstance(given, list):
            return "answers: give a list with one entry for each question"
        problems: list[str] = []
        seen: set[str] = set()
        self.rejected = {}
        for raw in given:
            question, problem = self._take(raw, seen)
            if problem:
                problems.append(problem)
                if question:
                    self.rejected[question] = problem
                    self.answers.pop(question, None)
        problems += [f"{q}: no answer given" for q in self._asked if q not in self.answers and q not in self.rejected]
        return None if not problems else "; ".join(problems[:8])

    def _take(self, raw: Any, seen: set[str]) -> tuple[str | None, str | None]:
        try:
            given = _Given.model_validate(raw)
        except ValidationError as error:
            first = error.errors()[0]
            named = raw.get("question") if isinstance(raw, dict) else None
            known = named if isinstance(named, str) and named in self._asked else None
            where = ".".join(map(str, first["loc"]))
            return known, f"{known or 'an answer'}: {where}: {first['msg']}"
        asked = self._asked.get(given.question)
        if asked is None:
            return None, f"{given.question[:60]!r} is not a question of yours"
        if asked.id in seen:
            return asked.id, f"{asked.id}: answered twice"
        seen.add(asked.id)
        problem = self._flaw(asked, given)
        if problem:
            return asked.id, f"{asked.id}: {problem}"
        self.answers[asked.id] = self._answer(asked, given)
        return asked.id, None

    def _flaw(self, asked: Asked, given: _Given) -> str | None:
        if asked.option(given.option) is None:
            return f"no option {given.option[:40]!r}; choose among {', '.join(o.id for o in asked.options)}"
        unknown = [e for e in given.evidence if e not in self._case.perception.found]
        if unknown:
            return f"evidence {unknown[0][:40]!r} does not exist; cite only ids that you were shown"
        duration = self._case.footage.clip.duration_s
        for span in given.spans:
            start, end = span.get("start_s"), span.get("end_s")
            if start is None or end is None or not 0 <= start <= end <= duration + SLACK_S:
                return f"a span must lie within 0 to {duration:.2f} s and end after it starts"
            if asked.span and (end < asked.span.start_s - SLACK_S or start > asked.span.end_s + SLACK_S):
                return f"{start:.2f} to {end:.2f} s is not {asked.target}, which runs {_seconds(asked.span)}"
        return None

    def _answer(self, asked: Asked, given: _Given) -> Answer:
        option = asked.option(given.option)
        told = option is not None and option.id != CANNOT_TELL
        status = "not_judged" if not told else "answered" if option and option.score is not None else "not_applicable"
        return Answer.model_validate(
            {
                "asked": asked.id,
                "metric": asked.metric,
                "status": status,
                "option": given.option,
                "score": option.score if option and told else None,
                "by": self._case.session.model.name,
                "reasoning": given.reasoning,
                "evidence": tuple(dict.fromkeys(given.evidence)),
                "spans": tuple(Span(start_s=s["start_s"], end_s=s["end_s"]) for s in given.spans),
                "confidence": given.confidence,
                "reason": None if status == "answered" else given.reasoning,
            }
        )


def _seconds(span: Span) -> str:
    return f"{span.start_s:.2f} to {span.end_s:.2f} s"
