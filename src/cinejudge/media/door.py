"""The one door through which a file reaches a decoder. Runs in the decoding process only.

The file comes as an open descriptor, so a name cannot mislead anybody. What it is follows from its content, by a
list of allowed containers and codecs; FFmpeg's ``fd`` protocol is the only one allowed, so nothing in the content
(a playlist, a concat script, an external track) can make it open a second file or a connection.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from cinejudge.media.limits import MediaLimits
from cinejudge.schema.errors import MediaError

CONTAINERS = ("mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "avi", "mpegts", "mpeg", "flv", "gif")
"""Demuxers by FFmpeg's names. All of them keep sound and pictures inside the one file."""


@dataclass(frozen=True)
class Opened:
    """An open container and the one video stream that is judged."""

    container: InputContainer
    video: VideoStream


def open_container(descriptor: int, limits: MediaLimits) -> InputContainer:
    """Opens the file behind ``descriptor`` from its start.

    Raises:
        MediaError: no allowed container, or too many streams.
    """
    os.lseek(descriptor, 0, os.SEEK_SET)
    options = {
        "fd": str(descriptor),
        "format_whitelist": ",".join(CONTAINERS),
        "protocol_whitelist": "fd",
        "max_streams": str(limits.max_streams),
    }
    try:
        container = av.open("fd:", options=options)
    except MemoryError:
        raise
    except (av.FFmpegError, ValueError) as error:
        raise MediaError("not a video that can be read (MP4, MOV, MKV, WebM, AVI, MPEG, FLV or GIF)") from error
    return container


def open_video(descriptor: int, limits: MediaLimits) -> Opened:
    """Opens the file and picks its video stream.

    Raises:
        MediaError: it holds no video.
    """
    container = open_container(descriptor, limits)
    moving = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not moving:
        raise MediaError("no video stream in it" + (", only sound" if container.streams.audio else ""))
    video = max(moving, key=lambda s: (s.width or 0) * (s.height or 0))
    video.thread_type = "AUTO"
    video.codec_context.thread_count = min(4, os.cpu_count() or 1)
    return Opened(container, video)
