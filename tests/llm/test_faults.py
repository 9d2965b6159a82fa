"""What goes wrong between here and a model, on both protocols: repeated when that can help, one clear line if not."""

from __future__ import annotations

import json
import time
from email.utils import formatdate
from pathlib import Path

import pytest

from cinejudge.llm import Budget, Retries, create_model
from cinejudge.schema import Limits
from cinejudge.schema.errors import BudgetReached, MediaNotSeen, ModelError
from tests.llm.conftest import HELLO, LOOK, PICTURE, NewSession
from tests.servers import Answer, Call, Fault, ModelServer, answering, once, slow_down

FINE = answering(text="It is fine.")


@pytest.mark.parametrize(
    "fault",
    [
        slow_down(),
        slow_down("0.05"),
        slow_down("Wed, 21 Oct 2015 07:28:00 GMT"),
        Fault(500),
        Fault(502, body="<html>Bad gateway</html>"),
        Fault(503),
        Fault(529),
        Fault(cut=True),
        Fault(body="{not json"),
        Fault(body=""),
        Answer(empty=True),
    ],
    ids=[
        "429",
        "429-in-50ms",
        "429-long-ago",
        "500",
        "502-page",
        "503",
        "529",
        "cut-body",
        "broken-json",
        "empty-body",
        "no-choices",
    ],
)
async def test_a_passing_fault_is_asked_again(new_session: NewSession, fault: Fault | Answer) -> None:
    with ModelServer(once(fault, FINE)) as server:
        heard = []
        session = new_session(server, listener=heard.append)
        assert (await session.ask(HELLO)).finish == "stop"
    assert server.calls == 2
    assert session.usage().calls == 2  # what was sent, not what was answered
    (exchange,) = heard
    assert len(exchange.failures) == 1
    assert "\n" not in exchange.failures[0]


@pytest.mark.parametrize("fault", [slow_down(), Fault(500), Fault(cut=True), Answer(empty=True)])
async def test_a_lasting_fault_ends_after_so_many_attempts(new_session: NewSession, fault: Fault | Answer) -> None:
    with ModelServer(lambda request: fault) as server, pytest.raises(ModelError) as caught:
        await new_session(server).ask(HELLO)
    assert server.calls == 3
    assert caught.value.retryable
    assert "\n" not in str(caught.value)
    assert "/test" in str(caught.value)


@pytest.mark.parametrize(
    ("status", "says"), [(400, "out of order"), (401, "API key"), (403, "API key"), (404, "model name"), (422, "422")]
)
async def test_a_wrong_request_is_not_repeated(new_session: NewSession, status: int, says: str) -> None:
    with ModelServer(lambda request: Fault(status)) as server, pytest.raises(ModelError, match=says) as caught:
        await new_session(server).ask(HELLO)
    assert server.calls == 1
    assert not caught.value.retryable


async def test_a_redirect_is_not_followed(new_session: NewSession) -> None:
    with ModelServer(FINE) as other, ModelServer(lambda r: Fault(307, headers={"Location": other.url})) as server:
        session = new_session(server)
        with pytest.raises(ModelError, match="redirected to"):
            await session.ask(HELLO)
    assert other.calls == 0


async def test_retry_after_is_waited_for(new_session: NewSession) -> None:
    with ModelServer(once(slow_down("0.25"), FINE)) as server:
        start = time.monotonic()
        await new_session(server, retries=Retries(attempts=2, first_wait_s=0.0)).ask(HELLO)
    assert time.monotonic() - start >= 0.25


async def test_retry_after_has_its_limit(new_session: NewSession) -> None:
    with ModelServer(once(slow_down("3600"), FINE)) as server:
        start = time.monotonic()
        await new_session(server, retries=Retries(attempts=2, longest_wait_s=0.1)).ask(HELLO)
    assert time.monotonic() - start < 5


async def test_retry_after_as_a_date(new_session: NewSession) -> None:
    in_a_minute = formatdate(time.time() + 60, usegmt=True)
    with ModelServer(lambda request: slow_down(in_a_minute)) as server, pytest.raises(ModelError) as caught:
        await new_session(server, retries=Retries(attempts=1)).ask(HELLO)
    assert caught.value.retry_after == pytest.approx(60, abs=5)


async def test_a_wait_never_outlasts_the_time_limit(new_session: NewSession) -> None:
    with ModelServer(lambda request: slow_down("30")) as server:
        session = new_session(server, retries=Retries(attempts=4), budget=Budget(Limits(max_seconds=0.3), name="clip"))
        start = time.monotonic()
        with pytest.raises(BudgetReached, match="seconds"):
            await session.ask(HELLO)
    assert time.monotonic() - start < 5


async def test_a_server_that_hangs(new_session: NewSession) -> None:
    with ModelServer(once(Fault(delay_s=30), FINE)) as server:
        session = new_session(server, timeout_s=2)
        assert (await session.ask(HELLO)).finish == "stop"
    assert server.calls == 2


async def test_a_client_time_out(spec: str) -> None:
    with ModelServer(lambda request: Fault(delay_s=30)) as server:
        model = create_model(spec, base_url=server.url, load=lambda sha256: b"", timeout_s=0.3)
        with pytest.raises(ModelError) as caught:
            await model.generate(HELLO)
        await model.aclose()
    assert caught.value.retryable


async def test_time_runs_out_during_a_call(new_session: NewSession) -> None:
    with ModelServer(lambda request: Fault(delay_s=30)) as server:
        session = new_session(server, budget=Budget(Limits(max_seconds=0.4), name="clip"))
        with pytest.raises(BudgetReached, match="budget of the clip reached"):
            await session.ask(HELLO)


async def test_nobody_listens(spec: str) -> None:
    with ModelServer() as server:
        address = server.url
    model = create_model(spec, base_url=address, load=lambda sha256: b"", timeout_s=2)
    with pytest.raises(ModelError, match="Connect") as caught:
        await model.generate(HELLO)
    await model.aclose()
    assert caught.value.retryable


async def test_a_web_page_instead_of_a_reply(spec: str, new_session: NewSession) -> None:
    with ModelServer(lambda request: Fault(body='"hello"')) as server, pytest.raises(ModelError) as caught:
        await new_session(server).ask(HELLO)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("optional", ["temperature", "seed"])
async def test_a_model_that_does_not_take_a_setting(tmp_path: Path, optional: str) -> None:
    from cinejudge.llm import Session
    from cinejudge.llm.replies import ReplyCache
    from cinejudge.schema.chat import Settings

    refusal = Fault(400, param=optional, message=f"Unsupported value: '{optional}' does not support 0")
    with ModelServer(lambda r: refusal if optional in r.raw else Answer(text="It is fine.")) as server:
        model = create_model("openai/reasoner", base_url=server.url, load=lambda sha256: b"")
        session = Session(model, ReplyCache(tmp_path))
        settings = Settings(temperature=0.0, seed=1)
        await session.ask(HELLO, settings=settings)
        await session.ask(HELLO, settings=settings, sample=1)
        await session.aclose()
    assert server.calls == 3  # it is told once


async def test_a_spent_account_is_not_asked_again() -> None:
    body = json.dumps({"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}})
    with ModelServer(lambda request: Fault(429, body=body)) as server:
        model = create_model("openai/x", base_url=server.url, load=lambda sha256: b"")
        with pytest.raises(ModelError, match="quota") as caught:
            await model.generate(HELLO)
        await model.aclose()
    assert not caught.value.retryable


async def test_gemini_says_in_the_body_how_long_to_wait() -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "17s"}]
    body = json.dumps({"error": {"code": 429, "message": "slow down", "status": "EXHAUSTED", "details": details}})
    with ModelServer(lambda request: Fault(429, body=body)) as server:
        model = create_model("google/x", base_url=server.url, load=lambda sha256: b"")
        with pytest.raises(ModelError, match="slow down") as caught:
            await model.generate(HELLO)
        await model.aclose()
    assert caught.value.retry_after == 17


async def test_gemini_malformed_call_is_asked_again() -> None:
    with ModelServer(answering(Call("look", "{broken"))) as server:
        model = create_model("google/x", base_url=server.url, load=lambda sha256: b"")
        with pytest.raises(ModelError, match="tool call that cannot be read") as caught:
            await model.generate(HELLO, (LOOK,))
        await model.aclose()
    assert caught.value.retryable


async def test_an_error_in_a_reply_that_claims_success() -> None:
    body = json.dumps({"error": {"message": "upstream died", "code": 502}})
    with ModelServer(lambda request: Fault(body=body)) as server:
        model = create_model("openai/x", base_url=server.url, load=lambda sha256: b"")
        with pytest.raises(ModelError, match="upstream died"):
            await model.generate(HELLO)
        await model.aclose()


class TestMediaDroppedOnTheWay:
    def _talk(self) -> tuple:  # type: ignore[type-arg]
        from cinejudge.schema.chat import Message, TextPart

        parts = (TextPart(text="Look at this."), PICTURE, PICTURE)
        return (Message(role="user", parts=parts),)

    async def test_is_noticed_by_the_token_count(self, new_session: NewSession) -> None:
        with ModelServer(answering(text="a lovely scene"), perceives=()) as server:
            session = new_session(server)
            with pytest.raises(MediaNotSeen, match="did not pass the media on"):
                await session.ask(self._talk())
            with pytest.raises(MediaNotSeen):
                await session.ask(self._talk())
        assert server.calls == 2  # such a reply is never kept
        assert session.usage().input_tokens == server.prompt_tokens  # but it was paid

    async def test_media_that_arrive_are_no_cause_for_alarm(self, new_session: NewSession) -> None:
        with ModelServer(answering(text="a lovely scene")) as server:
            assert (await new_session(server).ask(self._talk())).finish == "stop"

    async def test_a_server_that_counts_nothing_cannot_be_checked(self, new_session: NewSession) -> None:
        with ModelServer(lambda request: Answer(text="a lovely scene", tokens=0)) as server:
            assert (await new_session(server).ask(self._talk())).finish == "stop"


class TestSecrets:
    KEY = "sk-live-0123456789abcdefABCDEF"

    async def test_never_reach_an_error(
        self, new_session: NewSession, monkeypatch: pytest.MonkeyPatch, spec: str
    ) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", self.KEY)
        monkeypatch.setenv("GOOGLE_API_KEY", self.KEY)
        message = f"Incorrect API key provided: {self.KEY}; header Bearer abc.def-123; see sk-other-99999999"
        with ModelServer(lambda request: Fault(401, message=message)) as server:
            session = new_session(server)
            with pytest.raises(ModelError, match="redacted") as caught:
                await session.ask(HELLO)
        assert self.KEY in str(server.requests[0].headers)  # it was really used
        for secret in (self.KEY, "abc.def-123", "sk-other"):
            assert secret not in str(caught.value)
        assert caught.value.__cause__ is None

    async def test_never_reach_a_reply_nor_its_file(
        self, new_session: NewSession, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", self.KEY)
        monkeypatch.setenv("GOOGLE_API_KEY", self.KEY)
        with ModelServer(answering(text=f"your key is {self.KEY}")) as server:
            reply = await new_session(server).ask(HELLO)
        assert self.KEY not in reply.model_dump_json()
        files = [path for path in (tmp_path / "replies").rglob("*") if path.is_file()]
        assert files
        assert not any(self.KEY.encode() in path.read_bytes() for path in files)


async def test_a_proxy_in_the_environment_does_not_stand_before_this_machine(
    new_session: NewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with ModelServer(FINE) as server:
        assert (await new_session(server).ask(HELLO)).finish == "stop"
