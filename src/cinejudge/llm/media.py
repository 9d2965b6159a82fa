"""Media in a request: whether the model takes them, and whether they reached it."""

from __future__ import annotations

from cinejudge.schema.chat import AudioPart, Capabilities, ImagePart, Message, Reply, TextPart, VideoPart
from cinejudge.schema.errors import MediaNotSeen, ModelError

# Far below what any server is known to count, so that only media that were dropped fall short:
_PER_IMAGE = 32  # the thriftiest vision models spend 64 tokens on a picture
_PER_SECOND = 2  # of sound 7 and more, of video 66 and more per frame at one frame per second
_CHARS_PER_TOKEN = 8  # ordinary text has 4 (Latin) or 1 to 2 (Chinese, Japanese, Korean)


def require(capabilities: Capabilities, messages: tuple[Message, ...], model: str) -> None:
    """Makes sure that nothing is sent which the model cannot take.

    Raises:
        ModelError: a message holds a medium that it does not take.
    """
    takes = {
        "image": capabilities.images,
        "audio": capabilities.audio,
        "video": capabilities.video,
        "text": True,
    }
    for part in (part for message in messages for part in message.parts):
        if not takes[part.type]:
            raise ModelError(f"{model} does not take {part.type}")


def least_tokens(messages: tuple[Message, ...]) -> tuple[int, int]:
    """The fewest prompt tokens that text and media of these messages could count as: ``(text, media)``."""
    text = media = 0
    for message in messages:
        for part in message.parts:
            match part:
                case TextPart():
                    text += len(part.text) // _CHARS_PER_TOKEN
                case ImagePart():
                    media += _PER_IMAGE
                case AudioPart() | VideoPart():
                    media += max(1, int(_PER_SECOND * _seconds(part)))
    return text, media


def check_seen(messages: tuple[Message, ...], reply: Reply) -> None:
    """Makes sure that media were not dropped on the way.

    A server that reports no usage at all cannot be checked this way; the capability probe has then to suffice.

    Raises:
        MediaNotSeen: fewer prompt tokens than text and media need at the very least.
    """
    text, media = least_tokens(messages)
    counted = reply.usage.input_tokens
    if media and 0 < counted < text + media:
        raise MediaNotSeen(
            f"{reply.model}: the server counted {counted} prompt tokens where text and media need at least "
            f"{text + media}: it did not pass the media on; check the proxy, or use a model that takes them"
        )


def _seconds(part: AudioPart | VideoPart) -> float:
    if isinstance(part, VideoPart) and part.end_s is not None:
        return part.end_s - (part.start_s or 0.0)
    return part.seconds
