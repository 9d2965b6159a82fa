"""Which models there are, and what is said when one is not."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from cinejudge.llm import create_model, provider_names, registry
from cinejudge.schema.chat import Capabilities, Message, TextPart
from cinejudge.schema.errors import ConfigError, ModelError


def _load(sha256: str) -> bytes:
    raise KeyError(sha256)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("anthropic/x", "no model provider 'anthropic'; there are: google, offline, openai"),
        ("", "no model provider ''"),
        ("_http/x", "no model provider"),
        ("openai", "write openai/NAME"),
        ("google/", "write google/NAME"),
        ("openai/gpt-x", "set OPENAI_API_KEY"),
        ("google/gemini-x", "set GOOGLE_API_KEY"),
        ("offline/x", "neither a name nor a base URL"),
    ],
)
def test_what_cannot_be_had(spec: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        create_model(spec, base_url=None, load=_load)


@pytest.mark.parametrize("spec", ["openai/org/model:7b", "google/gemini-x"])
async def test_a_server_of_ones_own_needs_no_key(spec: str) -> None:
    model = create_model(spec, base_url="http://localhost:1", load=_load)
    assert model.name == spec
    await model.aclose()


async def test_offline_answers_nothing() -> None:
    model = create_model("offline", base_url=None, load=_load)
    assert model.capabilities == Capabilities()
    with pytest.raises(ModelError, match="--model"):
        await model.generate((Message(role="user", parts=(TextPart(text="hi"),)),))


def test_another_package_adds_a_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("mine", "cinejudge.llm.providers.offline:OfflineModel", "cinejudge.llm")

    def entry_points(*, group: str, name: str | None = None) -> tuple[EntryPoint, ...]:
        assert group == "cinejudge.llm"
        return (entry,) if name in (None, "mine") else ()

    monkeypatch.setattr(registry, "entry_points", entry_points)
    monkeypatch.setattr(EntryPoint, "load", lambda self: lambda name, **rest: (name, sorted(rest)))
    assert "mine" in provider_names()
    assert create_model("mine/x", base_url=None, load=_load) == ("x", ["base_url", "load", "timeout_s"])


def test_no_client_is_imported_before_it_is_used() -> None:
    program = (
        "import sys; from cinejudge import llm; llm.provider_names()\n"
        "llm.create_model('offline', base_url=None, load=bytes)\n"
        "print([m for m in ('openai', 'google.genai', 'httpx2', 'numpy') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.stdout.strip() == "[]", run.stderr
