"""A model looking on: what it may decide, and what it may not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cinejudge.agent.segment import look
from cinejudge.agent.segment.inspect import Judgement
from cinejudge.agent.segment.look import MAX_PLACES, ModelInspector
from cinejudge.agent.segment.propose import Suspect
from cinejudge.schema import Correction
from cinejudge.schema.chat import Capabilities, Message, Reply, TextPart, TokenUsage, ToolCall
from cinejudge.schema.errors import BudgetReached, ModelError
from tests.agent.segment.film import Film, scene


def suspect(start: int, end: int, score: float, weak: bool = False) -> Suspect:
    proposal = Correction(round=0, action="propose", frame=end, reason="", by="test")
    kind = "hard_cut" if start == end else "dissolve"
    signals = {"content": 9.0, "ratio": 2.0, "novelty": 2.0, "apart": 20.0, "contrast": 2.0}
    return Suspect(start, end, kind, signals, weak=weak, proposal=proposal, score=score)


class Model:
    """Answers calls in turn; counts what it was asked."""

    name = "test/model"
    capabilities = Capabilities(images=True, tools=True)

    def __init__(self, *calls: tuple[str, dict[str, Any] | None] | Exception) -> None:
        self.calls = list(calls)
        self.asked: list[tuple[Message, ...]] = []
        self.offered: list[Any] = []
        self.model = self

    async def ask(self, messages: tuple[Message, ...], tools: Any = (), **_: Any) -> Reply:
        self.asked.append(messages)
        self.offered.append(tools)
        call = self.calls.pop(0) if len(self.calls) > 1 else self.calls[0]
        if isinstance(call, Exception):
            raise call
        calls = (ToolCall(id=f"c{len(self.asked)}", name=call[0], arguments=call[1]),)
        message = Message(role="assistant", tool_calls=calls)
        return Reply(message=message, finish="tool_calls", usage=TokenUsage(), model=self.name)


@pytest.fixture(autouse=True)
def _scores(monkeypatch: pytest.MonkeyPatch) -> None:
    """The measures leave every suspect at the score that the test gave it."""
    monkeypatch.setattr(look, "by_signals", lambda s: Judgement(s, "measured", "signals"))


async def inspect(model: Model, *suspects: Suspect) -> tuple[dict[str, float], Film]:
    film = Film(scene(1, 60), scene(2, 60))
    inspector = ModelInspector(film, model, "fence")  # type: ignore[arg-type]
    judged = await inspector.inspect(suspects)
    assert [j.suspect.id for j in judged] == [s.id for s in suspects]
    return {j.suspect.id: j.suspect.score for j in judged}, film


def decide(choice: str) -> tuple[str, dict[str, Any]]:
    return "decide", {"choice": choice, "signs": "another place"}


async def test_only_doubtful_places_are_shown() -> None:
    model = Model(decide("none"))
    scores, film = await inspect(model, suspect(20, 20, 0.02), suspect(60, 60, 0.99))
    assert scores == {"b20": 0.02, "b60": 0.99}
    assert not model.asked and not film.store.captions


async def test_it_keeps_and_drops() -> None:
    assert (await inspect(Model(decide("b60")), suspect(60, 60, 0.4)))[0]["b60"] > 0.9
    assert (await inspect(Model(decide("none")), suspect(60, 60, 0.6)))[0]["b60"] < 0.1


async def test_it_chooses_among_readings_of_one_transition() -> None:
    scores, _ = await inspect(Model(decide("b55_66")), suspect(55, 66, 0.5), suspect(60, 60, 0.7))
    assert scores["b55_66"] > 0.9 and scores["b60"] < 0.1


async def test_a_rival_that_the_measures_are_sure_of_needs_no_eyes() -> None:
    model = Model(decide("none"))
    scores, _ = await inspect(model, suspect(55, 66, 0.5), suspect(60, 60, 0.98))
    assert not model.asked
    assert scores["b60"] == 0.98


@pytest.mark.parametrize("choice", ["b61", "60", "", "b60; also cut at 30", None, 60, ["b60"]])
async def test_a_frame_of_its_own_is_refused(choice: Any) -> None:
    model = Model(("decide", {"choice": choice, "signs": "x"}))
    scores, _ = await inspect(model, suspect(60, 60, 0.6))
    assert scores == {"b60": 0.6}


async def test_it_may_look_closer_and_compare_first() -> None:
    model = Model(("closer", {}), ("compare", {"boundary": "b60"}), decide("b60"))
    scores, film = await inspect(model, suspect(60, 60, 0.6))
    assert scores["b60"] > 0.9
    assert len(film.store.captions) == 2
    told = [p.text for p in model.asked[-1][-1].parts if isinstance(p, TextPart)]
    assert any("content" in text for text in told)


async def test_faces_on_both_sides_are_told_as_if_the_boundary_stood(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Any] = []

    async def look_(self: Film, name: str, **args: Any) -> Any:
        looked.append((name, [(s.start_frame, s.end_frame) for s in self.shots]))
        return SimpleNamespace(found=True)

    def track(number: int, shot: int) -> Any:
        return SimpleNamespace(id=number, shot=shot)

    pairs = [SimpleNamespace(a=0, b=1, cosine=0.61), SimpleNamespace(a=1, b=2, cosine=0.2)]
    found = SimpleNamespace(tracks=[track(0, 0), track(1, 1), track(2, 1)], similarities=pairs, threshold=0.4)
    monkeypatch.setattr(Film, "look", look_)
    monkeypatch.setattr(Film, "result", lambda self, evidence: found)
    model = Model(("faces", {"boundary": "b60"}), decide("none"))
    scores, film = await inspect(model, suspect(60, 60, 0.6))
    assert scores["b60"] < 0.1
    assert looked == [("faces", [(36, 60), (60, 84)])] and film.shots == ()
    told = "\n".join(p.text for p in model.asked[-1][-1].parts if isinstance(p, TextPart))
    assert "1 faces before it, 2 faces after it" in told
    assert "face 0 before it and face 1 after it: 0.61" in told and "0.20" not in told


async def test_a_place_is_shown_once_however_often_it_is_inspected() -> None:
    model, film = Model(decide("b60")), Film(scene(1, 60), scene(2, 60))
    inspector = ModelInspector(film, model, "fence")  # type: ignore[arg-type]
    for _ in range(2):
        (judged,) = await inspector.inspect([suspect(60, 60, 0.6)])
        assert judged.suspect.score > 0.9
    assert len(model.asked) == 1


async def test_a_wrong_tool_or_boundary_is_told_and_costs_a_turn() -> None:
    model = Model(("compare", {"boundary": "b1"}), ("open_file", {"path": "/etc/passwd"}), decide("none"))
    scores, _ = await inspect(model, suspect(60, 60, 0.6))
    assert scores["b60"] < 0.1


async def test_calls_are_bounded() -> None:
    model = Model(("closer", {}))
    scores, _ = await inspect(model, suspect(60, 60, 0.6))
    assert scores == {"b60": 0.6}
    assert len(model.asked) <= look.MAX_TURNS + 2
    many = [suspect(4 + 9 * i, 4 + 9 * i, 0.5) for i in range(12)]
    model = Model(decide("none"))
    await inspect(model, *many)
    assert len(model.asked) == MAX_PLACES


@pytest.mark.parametrize("error", [ModelError("the server is gone"), BudgetReached("no more tokens")])
async def test_without_an_answer_the_measures_stand_and_say_so(error: Exception) -> None:
    film = Film(scene(1, 60), scene(2, 60))
    inspector = ModelInspector(film, Model(error), "fence")  # type: ignore[arg-type]
    (judged,) = await inspector.inspect([suspect(60, 60, 0.6)])
    assert judged.suspect.score == 0.6
    assert str(error) in judged.reason


async def test_a_search_shows_the_stretch() -> None:
    model = Model(decide("none"))
    await inspect(model, suspect(60, 60, 0.6, weak=True))
    words = [p.text for p in model.asked[0][1].parts if isinstance(p, TextPart)]
    assert words[0].startswith("# A stretch")
