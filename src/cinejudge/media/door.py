"""The one door through which a file reaches a decoder. Used inside the decoding process only.

The file comes as an open descriptor, so no name can mislead: what it is follows from its content, by lists of allowed
containers and codecs. FFmpeg's ``fd`` protocol is the only one allowed, so nothing in the content (a playlist, a
concat script, an external track) can make it open a second file or a connection.
"""

from __future__ import annotations

import os

import av
from av.audio.stream import AudioStream
from av.codec import Codec
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from cinejudge.media.limits import MediaLimits
from cinejudge.schema.errors import MediaError

CONTAINERS = ("mov", "matroska", "webm", "avi", "mpegts", "mpeg", "flv", "gif")
"""Demuxers by FFmpeg's names (``mov`` is also MP4, M4V and 3GP). All keep pictures and sound inside the one file."""

CODECS = frozenset(
    [
        *["h264", "hevc", "vvc", "av1", "vp8", "vp9", "mpeg1video", "mpeg2video", "mpeg4", "msmpeg4v2", "msmpeg4v3"],
        *["h263", "flv1", "theora", "gif", "mjpeg", "png", "prores", "dnxhd", "ffv1", "huffyuv", "ffvhuff"],
        *["utvideo", "qtrle", "rawvideo"],
        *["aac", "mp1", "mp2", "mp3", "ac3", "eac3", "opus", "vorbis", "flac", "alac", "amr_nb", "amr_wb"],
        *["adpcm_ima_wav", "adpcm_ima_qt", "adpcm_ms", "adpcm_swf"],
    ]
)
"""Codecs by FFmpeg's names, beside all PCM. The rest of its hundreds is attack surface that no judged video needs."""

THREADS = min(4, os.cpu_count() or 1)
"""Decoder threads: more cost memory for every reference frame and gain little on short clips."""


def allowed(codec: str) -> bool:
    """Whether the codec of that canonical name may be decoded."""
    return codec in CODECS or codec.startswith("pcm_")


def open_container(descriptor: int, limits: MediaLimits) -> InputContainer:
    """Opens the file behind ``descriptor`` from its start.

    Raises:
        MediaError: no allowed container, damaged beyond reading, or over a limit.
    """
    os.lseek(descriptor, 0, os.SEEK_SET)
    options = {
        "fd": str(descriptor),
        "protocol_whitelist": "fd",
        "format_whitelist": ",".join(CONTAINERS),
        "codec_whitelist": ",".join(_decoders()),
        # FFmpeg gives up where a file has more; one more than ours, so that it is our message that is shown.
        "max_streams": str(limits.max_streams + 1),
    }
    try:
        container = av.open("fd:", options=options, metadata_errors="replace")
    except MemoryError:
        raise
    except (av.FFmpegError, ValueError) as error:
        if os.pread(descriptor, 8, 0)[4:] == b"ftyp":
            raise MediaError("an MP4 or MOV that cannot be read: damaged, cut off or never finished") from error
        raise MediaError("not a readable video (MP4, MOV, MKV, WebM, AVI, MPEG, FLV or GIF)") from error
    if len(container.streams) > limits.max_streams:
        raise MediaError(f"it has more than {limits.max_streams} streams")
    if container.duration is not None and container.duration / av.time_base > limits.max_duration_s:
        seconds = container.duration / av.time_base
        raise MediaError(f"it lasts {seconds:.0f} s; the limit is {limits.max_duration_s:.0f} s")
    return container


def pick_video(container: InputContainer, limits: MediaLimits) -> VideoStream:
    """The video stream that is judged: the largest; a cover picture is none.

    Raises:
        MediaError: there is none, or none that may be decoded.
    """
    moving = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not moving:
        only = ", only sound" if container.streams.audio else ""
        raise MediaError(f"no video stream in it{only}")
    stream = max(moving, key=lambda s: (s.width or 0) * (s.height or 0))
    context = stream.codec_context
    if context is None or not allowed(context.codec.canonical_name):
        raise MediaError(f"its video codec ({_name(stream)}) is not one that is judged")
    if stream.width * stream.height > limits.max_pixels:
        raise MediaError(f"its pictures have {stream.width} x {stream.height} pixels, over the limit")
    context.options = {"max_pixels": str(limits.max_pixels)}
    context.thread_type = "AUTO"
    context.thread_count = THREADS
    return stream


def pick_audio(container: InputContainer) -> AudioStream | None:
    """The audio stream that is judged: the first that may be decoded."""
    return next(
        (s for s in container.streams.audio if s.codec_context and allowed(s.codec_context.codec.canonical_name)), None
    )


def _name(stream: VideoStream) -> str:
    return stream.codec_context.codec.canonical_name if stream.codec_context else "unknown"


def _decoders() -> list[str]:
    """Names of the decoders of the allowed codecs: AV1 has two, for example."""
    found = []
    for name in sorted(av.codecs_available):
        try:
            codec = Codec(name, "r")
        except av.codec.codec.UnknownCodecError:
            continue  # an encoder only
        if allowed(codec.canonical_name):
            found.append(name)
    return found
