"""The one path to a model: nothing is paid twice, nothing is spent beyond its limits."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cinejudge.llm import Budget, Price, ReplyCache, Retries, Session
from cinejudge.llm.replies import request_key
from cinejudge.schema import Limits
from cinejudge.schema.chat import Capabilities, Message, Reply, Settings, TextPart, TokenUsage, ToolSpec
from cinejudge.schema.errors import BudgetReached, ConfigError, ModelError, TraceError
from tests.llm.conftest import FINAL, HELLO, LOOK, PICTURE, QUICK, user


class FakeModel:
    """Answers from memory, after a while if told to."""

    def __init__(self, name: str = "fake/model", seconds: float = 0.0) -> None:
        self.name = name
        self.capabilities = Capabilities(images=True, tools=True)
        self.calls = 0
        self.most_at_once = 0
        self._at_once = 0
        self._seconds = seconds

    async def generate(
        self,
        messages: tuple[Message, ...],
        tools: tuple[ToolSpec, ...] = (),
        *,
        tool_choice: str = "auto",
        settings: Settings = Settings(),  # noqa: B008
    ) -> Reply:
        self.calls += 1
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        await asyncio.sleep(self._seconds)
        self._at_once -= 1
        usage = TokenUsage(input_tokens=1000, output_tokens=100, cached_tokens=400)
        message = Message(role="assistant", parts=(TextPart(text=f"reply {self.calls}"),))
        return Reply(message=message, finish="stop", usage=usage, model=self.name)

    async def aclose(self) -> None: ...


PRICES = {"fake/model": Price(input=10, cached_input=1, output=30)}
COST = (600 * 10 + 400 * 1 + 100 * 30) / 1e6


def _session(tmp_path: Path, model: FakeModel | None = None, **options: object) -> Session:
    return Session(model or FakeModel(), ReplyCache(tmp_path), **{"retries": QUICK, **options})  # type: ignore[arg-type]


class TestReplies:
    async def test_the_same_request_is_paid_once_even_in_another_session(self, tmp_path: Path) -> None:
        model = FakeModel()
        first = await _session(tmp_path, model).ask(HELLO)
        later = _session(tmp_path, model)
        second = await later.ask(HELLO)
        assert model.calls == 1
        assert (first.cached, second.cached) == (False, True)
        assert second.message == first.message
        assert (later.usage().calls, later.usage().cached_calls, later.usage().input_tokens) == (0, 1, 0)

    async def test_what_can_change_the_reply_makes_another_request(self, tmp_path: Path) -> None:
        model = FakeModel()
        session = _session(tmp_path, model)
        await session.ask(HELLO)
        await session.ask((*HELLO, user("And?")))
        await session.ask(HELLO, (LOOK,))
        await session.ask(HELLO, (LOOK, FINAL))
        await session.ask(HELLO, (LOOK, FINAL), tool_choice="look")
        await session.ask(HELLO, settings=Settings(temperature=0.5))
        await session.ask(HELLO, sample=1)
        await session.ask((Message(role="user", parts=(PICTURE,)),))
        await session.ask((Message(role="user", parts=(PICTURE.model_copy(update={"artifact": "0" * 64}),)),))
        await _session(tmp_path, FakeModel("fake/other")).ask(HELLO)
        assert model.calls == 9

    async def test_identical_requests_in_flight_share_one_call(self, tmp_path: Path) -> None:
        model = FakeModel(seconds=0.05)
        session = _session(tmp_path, model)
        replies = await asyncio.gather(*(session.ask(HELLO) for _ in range(5)))
        assert model.calls == 1
        assert len({reply.message for reply in replies}) == 1
        assert (session.usage().calls, session.usage().cached_calls) == (1, 4)
        assert session.usage().input_tokens == 1000

    async def test_who_gives_up_takes_nothing_from_the_others(self, tmp_path: Path) -> None:
        model = FakeModel(seconds=0.1)
        session = _session(tmp_path, model)
        impatient = asyncio.create_task(session.ask(HELLO))
        patient = asyncio.create_task(session.ask(HELLO))
        await asyncio.sleep(0.02)
        impatient.cancel()
        assert (await patient).finish == "stop"
        assert model.calls == 1

    async def test_a_call_that_nobody_waits_for_is_kept_all_the_same(self, tmp_path: Path) -> None:
        model = FakeModel(seconds=0.1)
        session = _session(tmp_path, model)
        task = asyncio.create_task(session.ask(HELLO))
        await asyncio.sleep(0.02)
        task.cancel()
        await session.aclose()
        assert (await _session(tmp_path, model).ask(HELLO)).cached

    def test_the_key_is_the_same_in_every_process(self, tmp_path: Path) -> None:
        program = (
            "from tests.llm.conftest import HELLO, LOOK, FINAL, PICTURE\n"
            "from cinejudge.schema.chat import Message, Settings\n"
            "from cinejudge.llm.replies import request_key\n"
            "talk = (*HELLO, Message(role='user', parts=(PICTURE,)))\n"
            "print(request_key('openai/x', talk, (LOOK, FINAL), 'required', Settings(seed=3), 2))"
        )
        talk = (*HELLO, Message(role="user", parts=(PICTURE,)))
        here = request_key("openai/x", talk, (LOOK, FINAL), "required", Settings(seed=3), 2)
        root = Path(__file__).parents[2]
        for seed in ("1", "2"):
            environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}
            run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
            assert run.stdout.strip() == here, run.stderr

    async def test_a_damaged_file_is_asked_for_again(self, tmp_path: Path) -> None:
        model = FakeModel()
        await _session(tmp_path, model).ask(HELLO)
        (file,) = tmp_path.rglob("*.json")
        file.write_bytes(file.read_bytes()[:40])
        assert not (await _session(tmp_path, model).ask(HELLO)).cached
        assert (await _session(tmp_path, model).ask(HELLO)).cached
        assert model.calls == 2

    async def test_a_reply_is_on_disk_before_anybody_sees_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        synced: list[int] = []
        sync = os.fsync
        monkeypatch.setattr(os, "fsync", lambda handle: (synced.append(handle), sync(handle)))
        seen_on_disk: list[bool] = []
        session = _session(tmp_path, listener=lambda _: seen_on_disk.append(bool(list(tmp_path.rglob("*.json")))))
        await session.ask(HELLO)
        assert seen_on_disk == [True]
        assert len(synced) == 2  # the file, and the folder that names it
        assert not list(tmp_path.rglob("*.tmp"))

    async def test_a_folder_that_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way")
        with pytest.raises(TraceError, match="cannot"):
            await Session(FakeModel(), ReplyCache(tmp_path / "file" / "replies")).ask(HELLO)

    async def test_a_full_disk_leaves_nothing_half_written(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(handle: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(TraceError, match="No space left"):
            await _session(tmp_path).ask(HELLO)
        assert not [path for path in tmp_path.rglob("*") if path.is_file()]

    async def test_the_listener_hears_of_found_replies_too(self, tmp_path: Path) -> None:
        heard: list[bool] = []
        model = FakeModel()
        for _ in range(2):
            session = _session(tmp_path, model, listener=lambda exchange: heard.append(exchange.reply.cached))
            await session.ask(HELLO, sample=0)
        assert heard == [False, True]


class TestConcurrency:
    async def test_calls_at_once_are_limited_over_all_clips(self, tmp_path: Path) -> None:
        model = FakeModel(seconds=0.02)
        run = _session(tmp_path, model, concurrency=3)
        clips = [run.within(Limits(), name=f"clip {i}") for i in range(4)]
        await asyncio.gather(*(clip.ask((user(f"{i} {j}"),)) for i, clip in enumerate(clips) for j in range(4)))
        assert model.calls == 16
        assert model.most_at_once == 3

    async def test_a_waiting_retry_holds_up_nobody(self, tmp_path: Path) -> None:
        class Slow(FakeModel):
            async def generate(self, messages: tuple[Message, ...], *args: object, **kwargs: object) -> Reply:
                if messages == HELLO and self.calls == 0:
                    self.calls += 1
                    raise ModelError("busy", retryable=True, retry_after=60)
                return await super().generate(messages)

        session = _session(tmp_path, Slow(), concurrency=1, retries=Retries(attempts=2, longest_wait_s=60))
        waiting = asyncio.create_task(session.ask(HELLO))
        await asyncio.sleep(0.05)
        await session.ask((user("another"),))
        assert not waiting.done()
        waiting.cancel()


class TestBudget:
    async def test_calls(self, tmp_path: Path) -> None:
        model = FakeModel(seconds=0.01)
        session = _session(tmp_path, model, budget=Budget(Limits(max_calls=3)))
        asked = (session.ask((user(str(i)),)) for i in range(6))
        results = await asyncio.gather(*asked, return_exceptions=True)
        assert model.calls == 3
        assert sum(isinstance(r, BudgetReached) for r in results) == 3

    async def test_tokens(self, tmp_path: Path) -> None:
        model = FakeModel()
        session = _session(tmp_path, model, budget=Budget(Limits(max_tokens=2000)))
        await session.ask((user("1"),))
        await session.ask((user("2"),))
        with pytest.raises(BudgetReached, match="2200 of 2000 tokens"):
            await session.ask((user("3"),))
        assert model.calls == 2

    async def test_cost(self, tmp_path: Path) -> None:
        session = _session(tmp_path, budget=Budget(Limits(max_cost=COST)), prices=PRICES)
        await session.ask((user("1"),))
        with pytest.raises(BudgetReached, match="cost"):
            await session.ask((user("2"),))
        assert session.usage().cost == pytest.approx(COST)

    async def test_seconds(self, tmp_path: Path) -> None:
        session = _session(tmp_path, budget=Budget(Limits(max_seconds=0)))
        with pytest.raises(BudgetReached, match="seconds"):
            await session.ask(HELLO)

    async def test_a_clip_ends_and_the_run_goes_on(self, tmp_path: Path) -> None:
        model = FakeModel()
        run = _session(tmp_path, model, budget=Budget(Limits(max_calls=3)))
        first = run.within(Limits(max_calls=2), name="clip one")
        second = run.within(Limits(max_calls=2), name="clip two")
        await first.ask((user("1"),))
        await first.ask((user("2"),))
        with pytest.raises(BudgetReached, match="clip one"):
            await first.ask((user("3"),))
        await second.ask((user("4"),))
        with pytest.raises(BudgetReached, match="budget of the run"):
            await second.ask((user("5"),))
        assert (first.usage().calls, second.usage().calls, run.usage().calls) == (2, 1, 3)
        assert run.usage().input_tokens == 3000

    async def test_what_is_in_the_cache_needs_no_budget(self, tmp_path: Path) -> None:
        await _session(tmp_path).ask(HELLO)
        assert (await _session(tmp_path, budget=Budget(Limits(max_calls=0))).ask(HELLO)).cached

    async def test_a_continued_run_stops_where_an_undisturbed_one_would(self, tmp_path: Path) -> None:
        requests = [(user(str(i)),) for i in range(5)]
        await _session(tmp_path).ask(requests[0])  # killed after the first of two allowed calls
        model = FakeModel()
        again = _session(tmp_path, model, budget=Budget(Limits(max_calls=2)))
        await again.ask(requests[0])
        await again.ask(requests[0])  # found twice, paid once
        await again.ask(requests[1])
        with pytest.raises(BudgetReached):
            await again.ask(requests[2])
        assert model.calls == 1

    async def test_an_unknown_price_is_no_price(self, tmp_path: Path) -> None:
        session = _session(tmp_path)
        assert session.usage().cost == 0  # nothing was called
        await session.ask(HELLO)
        assert session.usage().cost is None

    def test_a_cost_limit_without_a_price_is_refused_at_once(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="CINEJUDGE_PRICES"):
            _session(tmp_path, budget=Budget(Limits(max_cost=1)))
        with pytest.raises(ConfigError, match="fake/model"):
            _session(tmp_path).within(Limits(max_cost=1), name="clip")

    def test_the_offline_model_needs_no_price(self, tmp_path: Path) -> None:
        from cinejudge.llm import create_model

        offline = create_model("offline", base_url=None, load=lambda sha256: b"")
        Session(offline, ReplyCache(tmp_path), budget=Budget(Limits(max_cost=1)))


async def test_an_error_that_is_no_fault_of_the_server_is_not_repeated(tmp_path: Path) -> None:
    class Broken(FakeModel):
        async def generate(self, *args: object, **kwargs: object) -> Reply:
            self.calls += 1
            raise ZeroDivisionError

    model = Broken()
    with pytest.raises(ZeroDivisionError):
        await _session(tmp_path, model).ask(HELLO)
    assert model.calls == 1


def test_two_sessions_may_store_the_same_reply_at_once(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from cinejudge.schema.chat import Message, Reply, TokenUsage

    reply = Reply(message=Message(role="assistant"), finish="stop", usage=TokenUsage(), model="m")
    caches = [ReplyCache(tmp_path) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for key in ("ab01", "ab02", "ab03"):
            list(pool.map(lambda cache, key=key: cache.put(key, reply), caches))
            assert caches[0].get(key) is not None
    assert not list(tmp_path.rglob("*.tmp"))
