"""What the providers share about the shape of messages."""

from __future__ import annotations

from cinejudge.schema.chat import Message, Part, TextPart


def tool_result(message: Message) -> tuple[str, tuple[Part, ...]]:
    """A tool message as its words and the media that are shown after it, which begin with a label.

    No protocol takes pictures inside a tool's answer on all its servers, so they follow as the user's.
    """
    first = message.parts[0] if message.parts else None
    if not isinstance(first, TextPart):
        raise ValueError("a tool message begins with its text")
    media = message.parts[1:]
    label = TextPart(text=f"What {message.tool_name} shows (call {message.tool_call_id}):")
    return first.text, (label, *media) if media else ()
