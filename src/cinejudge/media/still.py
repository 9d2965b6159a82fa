"""Still pictures of the user's own, such as references in a brief, through the same door as videos.

The picture is not decoded here. Its bytes are put as the one frame of a container, and that is opened like any video:
by allow-lists, under limits, in a process of its own.
"""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av.video.stream import VideoStream

from cinejudge.media.footage import Footage
from cinejudge.media.limits import FramePlan, MediaLimits
from cinejudge.media.names import printable
from cinejudge.schema.errors import MediaError

MAX_BYTES = 32 << 20
_NAME = "still.mov"
_FRAMES = frozenset([*range(0xC0, 0xD0)]) - {0xC4, 0xC8, 0xCC}
"""Markers of JPEG that begin a frame and give its size."""


def read_still(path: Path, *, max_side: int = 1280) -> NDArray[np.uint8]:
    """The picture in a JPEG or PNG file, RGB uint8 [H, W, 3], at most ``max_side`` pixels long.

    Raises:
        MediaError: it is no such picture, is broken, or is over a limit; one line names it.
    """
    try:
        if not path.is_file():
            raise MediaError("not a file")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise MediaError(f"over {MAX_BYTES >> 20} MiB, the limit for a picture")
        codec, width, height = _header(data)
        if not 0 < width * height <= MediaLimits.max_pixels:
            raise MediaError(f"{width} x {height} pixels are none or over the limit")
        with tempfile.TemporaryDirectory(prefix="cinejudge-still-") as name:
            container = Path(name) / _NAME
            _wrap(container, data, codec, width, height)
            plan, limits = FramePlan(max_side=max_side, sound=False), MediaLimits(max_bytes=2 * MAX_BYTES)
            with Footage(container, cache=Path(name), plan=plan, limits=limits) as footage:
                return footage.frame(0)
    except (MediaError, OSError) as error:
        why = str(error).removeprefix(f"{_NAME}: ")
        raise MediaError(f"{printable(path.name)}: no picture that can be read: {why}") from error


def _wrap(path: Path, data: bytes, codec: str, width: int, height: int) -> None:
    import av

    try:
        with av.open(str(path), "w") as out:
            stream = cast("VideoStream", out.add_stream(codec, rate=25))
            stream.width, stream.height = width, height
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "rgb24"
            packet = av.Packet(data)
            packet.stream, packet.pts, packet.dts, packet.is_keyframe = stream, 0, 0, True
            out.mux(packet)
    except av.FFmpegError as error:
        raise MediaError(f"{width} x {height} pixels are no size for a picture") from error


def _header(data: bytes) -> tuple[str, int, int]:
    """Codec, width and height of a picture, from its first bytes."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return "png", width, height
    if data[:2] == b"\xff\xd8":
        return "mjpeg", *_jpeg_size(data)
    raise MediaError("neither JPEG nor PNG")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        if marker == 0xFF or 0xD0 <= marker <= 0xD7:  # a fill byte; a marker that stands alone
            at += 1 if marker == 0xFF else 2
            continue
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    raise MediaError("a JPEG without a size")
