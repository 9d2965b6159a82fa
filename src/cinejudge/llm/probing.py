"""Finds out what a model takes in by showing it something whose content is known."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from cinejudge.llm.session import Session
from cinejudge.schema import content_hash
from cinejudge.schema.chat import (
    AudioPart,
    Capabilities,
    ImagePart,
    Message,
    Part,
    Reply,
    TextPart,
    ToolSpec,
    VideoPart,
)
from cinejudge.schema.errors import ModelError, TraceError

_FORMAT = 2
"""Raised when the probes change, or what is kept of them."""

REPORT = ToolSpec(
    name="report_perception",
    description="Reports what you perceive.",
    parameters={
        "type": "object",
        "properties": {"answer": {"type": "string", "description": "A few words; 'nothing' if there is nothing."}},
        "required": ["answer"],
        "additionalProperties": False,
    },
)


@dataclass(frozen=True)
class Probe:
    """A question that only who perceives its medium can answer."""

    file: str
    question: str
    right: Callable[[str], bool]


PROBES: tuple[Probe, Probe, Probe] = (
    Probe(
        "digits.png",
        "Which four digits does the picture show, from left to right?",
        lambda answer: re.sub(r"\D", "", answer) == "7419",
    ),
    Probe(
        "beeps.wav",
        "How many separate beeps are in the recording? Answer with the number.",
        lambda answer: re.findall(r"\d+|four", answer.lower()) in (["4"], ["four"]),
    ),
    Probe(
        "colors.mp4",
        "The video fills the picture with one plain colour after another. Name them in order.",
        lambda answer: (
            re.findall(r"blue|yellow|red|green|black|white|purple|orange", answer.lower()) == ["blue", "yellow", "red"]
        ),
    ),
)


async def probe(session: Session, folder: Path, *, base_url: str | None) -> Capabilities:
    """Finds out what the session's model takes in, and sets its ``capabilities`` to that.

    Four short calls the first time; the result is kept on disk for the model at this address. A medium counts only if
    the answer shows that it was perceived: a server that accepts it and drops it on the way does not pass.

    Args:
        session: The path to the model.
        folder: Where results are kept.
        base_url: Address of the server, None for the provider's own.

    Raises:
        ModelError: the model cannot be reached or used at all.
        TraceError: the result cannot be kept.
    """
    model = session.model
    if model.capabilities == Capabilities():
        return model.capabilities
    known = probed(model.name, folder, base_url=base_url)
    model.capabilities = known or await _find_out(session)
    if known is None:
        _keep(_path(model.name, folder, base_url), model.capabilities)
    return model.capabilities


def probed(name: str, folder: Path, *, base_url: str | None) -> Capabilities | None:
    """What an earlier probe found out about the model of this name at this address; None when there was none."""
    try:
        return Capabilities.model_validate_json(_path(name, folder, base_url).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def _path(name: str, folder: Path, base_url: str | None) -> Path:
    return folder / f"{content_hash([_FORMAT, name, base_url])}.json"


def _keep(path: Path, found: Capabilities) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found.model_dump_json(), encoding="utf-8")
    except OSError as error:
        raise TraceError(f"cannot keep what the model takes in, at {path}: {error.strerror}") from error


async def _find_out(session: Session) -> Capabilities:
    spans = session.model.capabilities.spans  # a matter of the protocol, not of the model
    session.model.capabilities = Capabilities(images=True, audio=True, video=True, tools=True)
    hello = await _ask(session, TextPart(text="Call the tool with the answer 'ready'."))
    tools = any(call.name == REPORT.name and call.arguments for call in hello.message.tool_calls)
    images, audio, video = await asyncio.gather(*(_perceives(session, probe) for probe in PROBES))
    return Capabilities(images=images, audio=audio, video=video, spans=video and spans, tools=tools)


async def _perceives(session: Session, probe: Probe) -> bool:
    try:
        reply = await _ask(session, TextPart(text=probe.question), _part(probe.file))
    except ModelError as error:
        if error.retryable:
            raise
        return False  # the server refuses this medium, or its token count shows that the medium was dropped
    answers = [str(call.arguments.get("answer", "")) for call in reply.message.tool_calls if call.arguments]
    answers += [part.text for part in reply.message.parts if isinstance(part, TextPart)]
    return any(probe.right(answer) for answer in answers)


async def _ask(session: Session, *parts: Part) -> Reply:
    return await session.ask((Message(role="user", parts=parts),), (REPORT,), tool_choice="required")


@cache
def probe_media() -> dict[str, bytes]:
    """The files of the probes by SHA-256."""
    return {hashlib.sha256(data).hexdigest(): data for data in (_read(probe.file) for probe in PROBES)}


def _read(file: str) -> bytes:
    return (resources.files("cinejudge.llm") / "probe_media" / file).read_bytes()


def _part(file: str) -> Part:
    sha256 = hashlib.sha256(_read(file)).hexdigest()
    if file.endswith(".png"):
        return ImagePart(artifact=sha256, media_type="image/png", width=448, height=192)
    if file.endswith(".wav"):
        return AudioPart(artifact=sha256, seconds=2.8)
    return VideoPart(artifact=sha256, seconds=6.0)
