"""A model counts as seeing, hearing or watching only if it shows that it did."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from cinejudge.llm import probe
from cinejudge.llm.probing import PROBES, probe_media
from cinejudge.schema.chat import Capabilities
from cinejudge.schema.errors import ModelError
from tests.llm.conftest import NewSession
from tests.llm.make_probe_media import BEEPS, COLORS, DIGITS
from tests.servers import Answer, Fault, ModelServer, Request

EVERYTHING = Capabilities(images=True, audio=True, video=True, tools=True)


def _media(found: Capabilities) -> Capabilities:
    """What is perceived, whatever the protocol can do beside it."""
    return found.model_copy(update={"spans": False})


@pytest.mark.parametrize(
    ("perceives", "found"),
    [
        (("image", "audio", "video"), EVERYTHING),
        (("image",), Capabilities(images=True, tools=True)),
        (("image", "audio"), Capabilities(images=True, audio=True, tools=True)),
        ((), Capabilities(tools=True)),
    ],
)
async def test_what_is_dropped_in_silence_is_not_perceived(
    new_session: NewSession, tmp_path: Path, perceives: tuple[str, ...], found: Capabilities
) -> None:
    with ModelServer(perceives=perceives) as server:
        session = new_session(server)
        assert _media(await probe(session, tmp_path / "probes", base_url=server.url)) == found
        assert _media(session.model.capabilities) == found
        # Whether a part of a video can be named is a matter of the protocol.
        assert session.model.capabilities.spans == (found.video and session.model.name.startswith("google/"))
        assert server.calls == 4


async def test_is_asked_once_per_model_and_address(new_session: NewSession, tmp_path: Path) -> None:
    with ModelServer() as server:
        await probe(new_session(server), tmp_path / "probes", base_url=server.url)
        again = new_session(server)
        assert _media(await probe(again, tmp_path / "probes", base_url=server.url)) == EVERYTHING
        assert again.usage().cached_calls == 0
        assert server.calls == 4
    assert not any(server.url in path.name for path in (tmp_path / "probes").iterdir())


async def test_a_medium_that_the_server_rejects(new_session: NewSession, tmp_path: Path) -> None:
    def no_sound(request: Request) -> Answer | Fault:
        return Fault(400, message="input_audio is not supported")

    with ModelServer() as server:
        inner = server.behaviour
        server.behaviour = lambda r: no_sound(r) if any(m.kind == "audio" for m in r.media) else inner(r)
        found = await probe(new_session(server), tmp_path / "probes", base_url=server.url)
    assert _media(found) == Capabilities(images=True, video=True, tools=True)


async def test_who_answers_without_having_seen(new_session: NewSession, tmp_path: Path) -> None:
    with ModelServer() as server:
        server.behaviour = lambda request: Answer(text="A wonderful picture with four digits: 1234.")
        found = await probe(new_session(server), tmp_path / "probes", base_url=server.url)
    assert found == Capabilities()


async def test_a_passing_fault_leaves_no_lasting_mark(new_session: NewSession, tmp_path: Path) -> None:
    with ModelServer() as server:
        inner = server.behaviour
        server.behaviour = lambda request: Fault(503) if request.media else inner(request)
        with pytest.raises(ModelError):
            await probe(new_session(server), tmp_path / "probes", base_url=server.url)
        server.behaviour = inner
        assert _media(await probe(new_session(server), tmp_path / "probes", base_url=server.url)) == EVERYTHING


async def test_a_wrong_key_is_no_lack_of_capability(new_session: NewSession, tmp_path: Path) -> None:
    with ModelServer() as server:
        server.behaviour = lambda request: Fault(401)
        with pytest.raises(ModelError, match="API key"):
            await probe(new_session(server), tmp_path / "probes", base_url=server.url)
    assert not (tmp_path / "probes").exists()


@pytest.mark.parametrize(
    ("number", "answer", "right"),
    [
        (0, "7419", True),
        (0, "7 4 1 9.", True),
        (0, "1234", False),
        (0, "nothing", False),
        (1, "4", True),
        (1, "There are four beeps", True),
        (1, "3", False),
        (1, "3 or 4", False),
        (2, "Blue, then yellow, then red.", True),
        (2, "red, yellow, blue", False),
        (2, "blue", False),
    ],
)
def test_which_answers_are_right(number: int, answer: str, right: bool) -> None:
    assert PROBES[number].right(answer) is right


def test_the_media_hold_what_the_questions_ask_for() -> None:
    picture, sound, video = probe_media().values()
    assert PROBES[0].right(DIGITS)
    with av.open(io.BytesIO(picture)) as opened:
        assert next(opened.decode(video=0)).to_ndarray(format="gray").min() < 50  # it is not blank
    with wave.open(io.BytesIO(sound)) as opened_sound:
        samples = np.frombuffer(opened_sound.readframes(opened_sound.getnframes()), "<i2")
        loud = np.convolve(np.abs(samples) > 1000, np.ones(200), "same") > 0
    assert np.count_nonzero(np.diff(loud.astype(int)) == 1) == BEEPS == 4
    with av.open(io.BytesIO(video)) as opened:
        colors = [frame.to_ndarray(format="rgb24").mean((0, 1)) for frame in opened.decode(video=0)]
    named = [min(COLORS, key=lambda c: float(np.abs(np.array(COLORS[c]) - color).sum())) for color in colors]
    assert list(dict.fromkeys(named)) == ["blue", "yellow", "red"]
