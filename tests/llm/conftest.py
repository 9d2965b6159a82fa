"""Models behind a local server, sessions in a fresh folder, and messages to send."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from cinejudge.llm import Retries, Session, create_model
from cinejudge.llm.probing import probe_media
from cinejudge.llm.replies import ReplyCache
from cinejudge.schema.chat import ImagePart, Message, TextPart, ToolSpec
from tests.servers import ModelServer

QUICK = Retries(attempts=3, first_wait_s=0.01, longest_wait_s=0.3)

LOOK = ToolSpec(
    name="look",
    description="Shows frames.",
    parameters={"type": "object", "properties": {"shot": {"type": "integer", "minimum": 0}}, "required": ["shot"]},
)
FINAL = ToolSpec(
    name="submit_answers",
    description="Ends the review.",
    parameters={"type": "object", "properties": {"verdict": {"enum": ["good", "bad"]}}, "required": ["verdict"]},
)
PICTURE = ImagePart(artifact=next(iter(probe_media())), media_type="image/png", width=448, height=192)

NewSession = Callable[..., Session]


def user(text: str) -> Message:
    return Message(role="user", parts=(TextPart(text=text),))


HELLO = (Message(role="system", parts=(TextPart(text="You judge."),)), user("How is it?"))


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test may reach a real provider."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=["openai/test", "google/test"])
def spec(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def new_session(tmp_path: Path, spec: str) -> AsyncIterator[NewSession]:
    """Makes sessions that share a reply cache, on a model of either protocol."""
    made: list[Session] = []

    def make(server: ModelServer, **options: object) -> Session:
        model = create_model(spec, base_url=server.url, load=lambda sha256: b"", timeout_s=5)
        session = Session(model, ReplyCache(tmp_path / "replies"), **{"retries": QUICK, **options})  # type: ignore[arg-type]
        made.append(session)
        return session

    yield make
    for session in made:
        await session.aclose()
