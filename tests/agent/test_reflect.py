"""Which answers get a second look."""

from __future__ import annotations

from typing import Any

import pytest

from cinejudge.agent.reflect import _doubt
from cinejudge.schema import Answer, Verdict
from tests.agent.conftest import Judge
from tests.servers import Answer as Said
from tests.servers import Call, Fault, ModelServer, Request, careful


def answer(**changes: Any) -> Answer:
    made = {
        "asked": "s/q@clip",
        "metric": "m",
        "status": "answered",
        "option": "yes",
        "score": 1.0,
        "by": "openai/judge",
    }
    return Answer.model_validate({**made, "confidence": 0.9, **changes})


RULE = answer(by="rule", option="no", score=0.0, confidence=None, reasoning="camera.shake = 3")


@pytest.mark.parametrize(
    ("given", "measured", "why"),
    [
        (answer(), None, None),
        (answer(), RULE, "a measurement says no"),
        (answer(score=0.0, option="no"), RULE, None),
        (answer(confidence=0.3), None, "confidence is only 0.30"),
        (answer(agreement=0.5), None, "50% of the samples"),
        (answer(agreement=0.75), None, None),
        (answer(by="rule", confidence=None), RULE, None),
        (answer(status="not_judged", score=None, confidence=0.1), RULE, None),
    ],
)
def test_doubt(given: Answer, measured: Answer | None, why: str | None) -> None:
    doubt = _doubt(given, measured)
    assert (doubt is None) == (why is None)
    assert why is None or why in (doubt or "")


def test_an_unsure_answer_is_asked_once_more_and_both_are_kept(judge: Judge, clip: Any) -> None:
    """The server is unsure at first and sure in the second look, which shows it its first answer."""

    def unsure_at_first(request: Request) -> Said | Fault:
        said = careful()(request)
        assert isinstance(said, Said)
        second = "# A second look" in request.text
        calls = []
        for call in said.calls:
            arguments = call.arguments
            if call.name == "submit_answers" and isinstance(arguments, dict):
                given = [{**a, "confidence": 0.8 if second else 0.2} for a in arguments["answers"]]
                arguments = {**arguments, "answers": given}
            calls.append(Call(call.name, arguments))
        return Said(calls=tuple(calls))

    with ModelServer(unsure_at_first) as server:
        (verdict,) = judge(clip, model="openai/judge", base_url=server.openai_url).results
    assert isinstance(verdict, Verdict)
    second = [request for request in server.requests if "# A second look" in request.text]
    by_dimension = {(q.suite, q.dimension) for q in verdict.questions if f"Your answer to `{q.id}`" in str(second)}
    assert len(second) == len(by_dimension) > 1  # one conversation for all that a dimension doubts
    by_model = [
        a
        for d in verdict.suites["msavbench"].dimensions
        for m in d.metrics
        for a in m.answers
        if a.by == "openai/judge" and a.status == "answered"
    ]
    assert by_model
    assert all(len(a.before) == 1 and a.before[0].confidence == 0.2 for a in by_model)
    assert all(a.confidence == 0.8 and a.uncertain is None for a in by_model)
