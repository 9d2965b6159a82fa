"""A whole clip judged against servers that misbehave on purpose, over both wire protocols."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from cinejudge import llm
from cinejudge.schema import Answer as Judged
from cinejudge.schema import Verdict
from tests.agent.conftest import Judge, two_shots
from tests.llm.conftest import QUICK
from tests.servers import Answer, Behaviour, Call, Fault, ModelServer, Request, careful, in_turn, slow_down, stubborn

QUESTIONS = ("light.plain", "light.soft")
OTHER = "tiny/light.other@clip"
"""A question that nobody has asked."""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Measured once for all tests; replies do not mix, since each test has a model of its own name."""
    return tmp_path_factory.mktemp("misbehaving")


@pytest.fixture(autouse=True)
def cache(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CINEJUDGE_CACHE_DIR", str(shared / "cache"))


@pytest.fixture(scope="module")
def clip(shared: Path) -> Path:
    return two_shots(shared / "clip.mp4")


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Two questions that only eyes can answer."""
    options = [{"id": "yes", "text": "It is.", "score": 1}, {"id": "no", "text": "It is not.", "score": 0}]
    questions = [
        {"id": i, "scope": "clip", "text": f"{i}?", "options": options, "tools": ["picture"]} for i in QUESTIONS
    ]
    metric = {"id": "light", "name": "Light", "paradigm": "rubric", "questions": questions}
    made = {"name": "tiny", "title": "Tiny", "version": "1", "source": "us"}
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump({**made, "dimensions": [{"id": "light", "name": "Light", "metrics": [metric]}]}))
    return path


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries and time-outs that a test can wait for."""
    monkeypatch.setenv("GOOGLE_API_KEY", "test")
    monkeypatch.setattr(llm, "Session", partial(llm.Session, retries=QUICK, timeout_s=3.0))


@pytest.fixture(params=["openai", "google"])
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def judging(*steps: Answer | Fault | Behaviour) -> Behaviour:
    """These steps for the judge's own requests, careful with all others."""
    misbehave = in_turn(*steps)

    def behave(request: Request) -> Answer | Fault:
        return misbehave(request) if "submit_answers" in request.tools else careful()(request)

    return behave


def answers(*given: tuple[str, str]) -> Answer:
    """A submission of these questions with these options."""
    rest = {"reasoning": "seen", "evidence": [], "spans": [], "confidence": 0.9}
    return Answer(
        calls=(Call("submit_answers", {"answers": [{"question": q, "option": o, **rest} for q, o in given]}),)
    )


FIRST, SECOND = (f"tiny/{name}@clip" for name in QUESTIONS)


class Result:
    """What became of the clip."""

    def __init__(self, verdict: Verdict, server: ModelServer) -> None:
        self.verdict = verdict
        (dimension,) = verdict.suites["tiny"].dimensions
        self.answers: dict[str, Judged] = {a.asked: a for m in dimension.metrics for a in m.answers}
        self.requests = [request for request in server.requests if "submit_answers" in request.tools]

    @property
    def statuses(self) -> list[str]:
        return [self.answers[question].status for question in (FIRST, SECOND)]


@pytest.fixture
def go(judge: Judge, clip: Path, suite: Path, provider: str, request: pytest.FixtureRequest) -> Any:
    model = f"{provider}/{re.sub('[^a-z0-9-]', '-', request.node.name)}"

    def judged(*steps: Answer | Fault | Behaviour) -> Result:
        with ModelServer(judging(*steps)) as server:
            (verdict,) = judge(clip, suites=(str(suite),), model=model, base_url=server.url).results
        assert isinstance(verdict, Verdict), verdict
        assert not server.complaints
        return Result(verdict, server)

    return judged


@pytest.mark.parametrize(
    "fault",
    [
        slow_down("0"),
        slow_down(),
        Fault(500),
        Fault(delay_s=5),
        Fault(cut=True),
        Answer(empty=True),
        Fault(body="{not json"),
        Answer(calls=(Call("submit_answers", "{oops"),)),
        Answer(calls=(Call("delete_files", {"path": "/"}),)),
        Answer(calls=(Call("look", {"start_s": "soon"}),)),
        Answer(calls=(Call("look", {"start_s": 900, "end_s": 901}),)),
        Answer(text="First of all, the composition", finish="length"),
        Answer(text="It is plain light."),
        answers((FIRST, "yes"), (OTHER, "yes")),
        answers((FIRST, "yes"), (FIRST, "no"), (SECOND, "yes")),
        answers((FIRST, "yes")),
        Answer(calls=(*answers((FIRST, "yes"), (SECOND, "no")).calls, *answers((FIRST, "no"), (SECOND, "no")).calls)),
    ],
    ids=[
        "429-retry-after",
        "429",
        "500",
        "time-out",
        "cut-connection",
        "empty-choices",
        "invalid-json-body",
        "invalid-json-arguments",
        "unknown-tool",
        "wrong-argument-type",
        "argument-out-of-range",
        "length",
        "prose",
        "answer-for-another-question",
        "two-answers-for-one",
        "one-answer-missing",
        "two-submissions",
    ],
)
def test_one_fault_costs_a_request_and_no_answer(go: Any, fault: Answer | Fault) -> None:
    result = go(fault, careful())
    assert result.verdict.status == "complete"
    assert result.statuses == ["answered", "answered"]
    assert len(result.requests) == 2


@pytest.mark.parametrize(
    ("lasting", "statuses", "reason"),
    [
        (slow_down("0"), ["failed", "failed"], "429"),
        (Fault(500), ["failed", "failed"], "500"),
        (Fault(delay_s=5), ["failed", "failed"], "no reply within"),
        (Fault(cut=True), ["failed", "failed"], ""),
        (Answer(empty=True), ["failed", "failed"], "without c"),
        (Fault(401), ["failed", "failed"], "API key"),
        (stubborn, ["failed", "failed"], "no more looks are possible"),
        (Answer(text="I will not judge this.", finish="refused"), ["failed", "failed"], ""),
        (Answer(text="First of all", finish="length"), ["failed", "failed"], "cut off"),
        (Answer(calls=(Call("delete_files", {}),)), ["failed", "failed"], "no more looks are possible"),
        (answers((FIRST, "yes"), (OTHER, "yes")), ["answered", "failed"], "not a question of yours"),
        (answers((FIRST, "yes"), (FIRST, "no"), (SECOND, "yes")), ["failed", "answered"], "answered twice"),
        (answers((FIRST, "yes")), ["answered", "failed"], "no answer given"),
    ],
    ids=[
        "429",
        "500",
        "time-out",
        "cut-connection",
        "empty-choices",
        "401",
        "endless-tool-calls",
        "refusal",
        "length",
        "unknown-tool",
        "answer-for-another-question",
        "two-answers-for-one",
        "one-answer-missing",
    ],
)
def test_a_lasting_fault_fails_its_questions_and_nothing_else(
    go: Any, lasting: Answer | Fault | Behaviour, statuses: list[str], reason: str
) -> None:
    result = go(lasting)
    assert result.verdict.status == "partial"
    assert result.statuses == statuses
    failed = next(a for a in result.answers.values() if a.status == "failed")
    assert reason in (failed.reason or "")
    assert failed.score is None
    assert len(result.requests) <= 7  # six turns, and the answer that goes back once


@pytest.mark.parametrize(
    ("flawed", "reason"),
    [
        (answers((FIRST, "yes"), (OTHER, "yes")), f"'{OTHER}' is not a question of yours"),
        (answers((FIRST, "yes"), (FIRST, "no"), (SECOND, "yes")), f"{FIRST}: answered twice"),
        (answers((FIRST, "perhaps"), (SECOND, "yes")), f"{FIRST}: no option 'perhaps'"),
    ],
    ids=["another-question", "two-answers", "no-such-option"],
)
def test_the_reason_goes_back_to_the_model(go: Any, flawed: Answer, reason: str) -> None:
    assert reason in go(flawed, careful()).requests[1].text
