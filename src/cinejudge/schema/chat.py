"""What is said to a chat model and what comes back, whichever provider it is."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Protocol

from pydantic import Field

from cinejudge.schema.base import Record


class TextPart(Record):
    """Words."""

    type: Literal["text"] = "text"
    text: str


class ImagePart(Record):
    """A picture, by artifact."""

    type: Literal["image"] = "image"
    artifact: str
    media_type: Literal["image/jpeg", "image/png"] = "image/jpeg"
    detail: Literal["low", "high", "auto"] = "auto"
    width: int = 0
    height: int = 0


class AudioPart(Record):
    """Sound as WAV, by artifact."""

    type: Literal["audio"] = "audio"
    artifact: str
    media_type: Literal["audio/wav"] = "audio/wav"
    seconds: float = 0.0


class VideoPart(Record):
    """The moving picture with its sound, by artifact; a span asks the server to clip it."""

    type: Literal["video"] = "video"
    artifact: str
    media_type: Literal["video/mp4"] = "video/mp4"
    start_s: float | None = None
    end_s: float | None = None
    fps: float | None = None
    seconds: float = 0.0


Part = Annotated[TextPart | ImagePart | AudioPart | VideoPart, Field(discriminator="type")]


class ToolCall(Record):
    """A call that the model made. ``arguments`` is None when they were not valid JSON."""

    id: str
    name: str
    arguments: dict[str, Any] | None
    raw: str = ""


class Message(Record):
    """One message. ``native`` keeps what a provider wants echoed verbatim (Gemini's thought signatures)."""

    role: Literal["system", "user", "assistant", "tool"]
    parts: tuple[Part, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    tool_name: str | None = None
    native: dict[str, Any] | None = None


class ToolSpec(Record):
    """A tool as offered to a model; ``parameters`` is a JSON Schema."""

    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
    description: str
    parameters: dict[str, Any]


class Settings(Record):
    """Sampling settings of one call."""

    temperature: float | None = 0.0
    max_output_tokens: int = 8192
    seed: int | None = None


ToolChoice = Literal["auto", "required", "none"] | str
"""A mode, or the name of the one tool that must be called."""


class TokenUsage(Record):
    """Tokens of one call. Input includes cached, output includes reasoning."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0


class Reply(Record):
    """What a model answered."""

    message: Message
    finish: Literal["stop", "tool_calls", "length", "refused"]
    usage: TokenUsage
    model: str
    """As the server reports it."""
    seconds: float = 0.0
    cached: bool = False


class Capabilities(Record):
    """What a model takes in. The offline model takes in nothing: it has no eyes to ask."""

    images: bool = False
    audio: bool = False
    video: bool = False
    spans: bool = False
    """Whether a part of a video can be named, by its times."""
    tools: bool = False


class ChatModel(Protocol):
    """The one method behind which every model stands."""

    name: str
    """``provider/NAME``."""
    capabilities: Capabilities

    async def generate(
        self,
        messages: tuple[Message, ...],
        tools: tuple[ToolSpec, ...] = (),
        *,
        tool_choice: ToolChoice = "auto",
        settings: Settings = Settings(),  # noqa: B008 - immutable
    ) -> Reply:
        """Answers once, without retries.

        Raises:
            ModelError: the server or its reply cannot be used.
        """
        ...

    async def aclose(self) -> None:
        """Releases connections."""
        ...
