"""What was asked and what is answered, whichever protocol carries it."""

from __future__ import annotations

import hashlib
import io
import struct
import wave
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Media:
    """A picture, sound or video as it arrived."""

    kind: str
    data: bytes
    start_s: str | None = None
    end_s: str | None = None
    fps: float | None = None

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def tokens(self) -> int:
        """Roughly what today's models count: 32-pixel patches, 25 tokens a second of sound, 258 a frame of
        video and 40 a second for its sound."""
        if self.kind == "image":
            width, height = picture_size(self.data)
            return min(1536, -(-width // 32) * -(-height // 32))
        if self.kind == "audio":
            with wave.open(io.BytesIO(self.data)) as sound:
                return round(25 * sound.getnframes() / sound.getframerate())
        end_s = float(self.end_s.removesuffix("s")) if self.end_s else video_seconds(self.data)
        return round((258 * (self.fps or 1) + 40) * (end_s - float((self.start_s or "0s").removesuffix("s"))))


@dataclass(frozen=True)
class Call:
    """A tool call; ``arguments`` as text stands for what the model wrote, valid or not."""

    name: str
    arguments: dict[str, Any] | str = field(default_factory=dict)


@dataclass(frozen=True)
class Turn:
    """One message."""

    role: str
    text: str = ""
    media: tuple[Media, ...] = ()
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True)
class Request:
    """One request."""

    protocol: str
    model: str
    turns: tuple[Turn, ...]
    tools: dict[str, dict[str, Any]]
    """JSON Schema of the parameters by tool name, in the order offered."""
    choice: str
    """``auto``, ``required``, ``none`` or the name of the one tool."""
    raw: dict[str, Any]
    headers: dict[str, str]
    number: int
    """1 for the first request that the server got."""

    @property
    def text(self) -> str:
        return "\n".join(turn.text for turn in self.turns)

    @property
    def media(self) -> tuple[Media, ...]:
        return tuple(media for turn in self.turns for media in turn.media)

    @property
    def answered(self) -> int:
        """How many replies of the model stand in the conversation."""
        return sum(turn.role == "assistant" for turn in self.turns)

    @property
    def final(self) -> str:
        """The tool that ends the conversation: the one that must be called, else the last one offered."""
        return self.choice if self.choice in self.tools else list(self.tools)[-1]


@dataclass(frozen=True)
class Answer:
    """A reply. ``tokens`` overrides the number of prompt tokens that is reported."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    finish: str | None = None
    """``length`` or ``refused``; otherwise it follows from the calls."""
    empty: bool = False
    """No choices at all."""
    tokens: int | None = None


@dataclass(frozen=True)
class Fault:
    """Something goes wrong below the level of answers."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    """Sent as it is; None sends the protocol's error object."""
    message: str = "out of order"
    param: str | None = None
    cut: bool = False
    """The connection ends in the middle of the body."""
    delay_s: float = 0.0
    """Nothing is sent for so long."""


def count_tokens(text: str) -> int:
    """Four characters to a token."""
    return -(-len(text) // 4)


def picture_size(data: bytes) -> tuple[int, int]:
    """Width and height of a PNG or JPEG."""
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return struct.unpack(">II", data[16:24])
    place = 2
    while data[place] == 0xFF:
        marker, length = struct.unpack(">BH", data[place + 1 : place + 4])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[place + 5 : place + 9])
            return width, height
        place += 2 + length
    raise ValueError("neither PNG nor JPEG")


def video_seconds(data: bytes) -> float:
    """Length of an MP4 by its movie header (version 0)."""
    place = data.index(b"mvhd") + 4
    scale, length = struct.unpack(">II", data[place + 12 : place + 20])
    return length / scale
