"""A model that is asked in another's place and only counts: what a run would cost before it is paid for."""

from __future__ import annotations

import json
import math

from cinejudge.schema.chat import (
    AudioPart,
    Capabilities,
    ImagePart,
    Message,
    Part,
    Reply,
    Settings,
    TextPart,
    TokenUsage,
    ToolChoice,
    ToolSpec,
    VideoPart,
)

# What today's models count, roughly; each has its own way, so that a count is good to a factor of two at best.
CHARS_PER_TOKEN = 4  # Latin script; Chinese and Japanese take up to four times as many
PATCH = 32  # pixels; a token for each patch of a picture
MOST_PER_PICTURE = 1536
PER_SECOND_OF_SOUND = 25
PER_VIDEO_FRAME = 258
PER_SECOND_OF_VIDEO = 40  # for its sound and its time stamps; a frame a second where nothing else is asked for

ROUNDS = 1
"""Rounds of tool calls in a conversation, before the answer."""
PER_RESULT = 400
"""Tokens of what the tools of one round show."""
PER_CALL = 30
"""Tokens that a model writes to call a tool or to decide about a boundary."""
PER_ANSWER = 75
"""Tokens that a model writes to answer a question."""


class CountingModel:
    """Stands in for a model. It declines every request and tells what the conversation would have come to.

    Each conversation is counted as if it were sent once for each round of tool calls and once for the answer.
    """

    def __init__(self, name: str, capabilities: Capabilities) -> None:
        """Takes the place of the model of this name.

        Args:
            name: ``provider/NAME``, by which prices are found.
            capabilities: What that model takes in.
        """
        self.name = name
        self.capabilities = capabilities

    async def generate(
        self,
        messages: tuple[Message, ...],
        tools: tuple[ToolSpec, ...] = (),
        *,
        tool_choice: ToolChoice = "auto",
        settings: Settings = Settings(),  # noqa: B008 - immutable
    ) -> Reply:
        """Declines, and reports the tokens of the whole conversation that begins here."""
        once = count_tokens(messages, tools)
        usage = TokenUsage(
            input_tokens=(1 + ROUNDS) * once + ROUNDS * PER_RESULT,
            cached_tokens=ROUNDS * once,
            output_tokens=ROUNDS * PER_CALL + sum(map(_written, tools[-1:])),
        )
        declined = Message(role="assistant", parts=(TextPart(text="not asked: this only counts"),))
        return Reply(message=declined, finish="refused", usage=usage, model=self.name)

    async def aclose(self) -> None:
        """There is nothing to release."""


def count_tokens(messages: tuple[Message, ...], tools: tuple[ToolSpec, ...]) -> int:
    """Roughly the prompt tokens of a request, tools included."""
    schemas = sum(len(json.dumps(tool.model_dump(), ensure_ascii=False)) for tool in tools)
    parts = [part for message in messages for part in message.parts]
    text = schemas + sum(len(part.text) for part in parts if isinstance(part, TextPart))
    return math.ceil(text / CHARS_PER_TOKEN) + sum(map(_media_tokens, parts))


def _media_tokens(part: Part) -> int:
    match part:
        case ImagePart():
            return min(MOST_PER_PICTURE, math.ceil(part.width / PATCH) * math.ceil(part.height / PATCH))
        case AudioPart():
            return math.ceil(PER_SECOND_OF_SOUND * part.seconds)
        case VideoPart():
            end_s = part.seconds if part.end_s is None else part.end_s
            seconds = end_s - (part.start_s or 0.0)
            return math.ceil(seconds * (PER_SECOND_OF_VIDEO + PER_VIDEO_FRAME * (part.fps or 1.0)))
        case TextPart():
            return 0


def _written(final: ToolSpec) -> int:
    """What a model writes in the final call: as many answers as its schema names questions, else one decision."""
    try:
        questions = final.parameters["properties"]["answers"]["items"]["properties"]["question"]["enum"]
    except KeyError:
        return PER_CALL
    return PER_ANSWER * len(questions)
