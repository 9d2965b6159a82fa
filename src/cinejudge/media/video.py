"""The one pass over the pictures: thumbnails, signals, kept pictures and time stamps, streamed to disk."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import isfinite, nan
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from cinejudge.media.album import Album
from cinejudge.media.clock import Clock, settle
from cinejudge.media.geometry import Geometry, displayed
from cinejudge.media.limits import FramePlan, MediaLimits
from cinejudge.media.measure import Meter, Picture, at_lines, reduce
from cinejudge.schema.errors import MediaError

_LUMA_FIRST = frozenset(
    [
        *["yuv410p", "yuv411p", "yuv420p", "yuv422p", "yuv440p", "yuv444p", "yuva420p", "yuva422p", "yuva444p"],
        *["yuvj411p", "yuvj420p", "yuvj422p", "yuvj440p", "yuvj444p", "nv12", "nv21", "nv16", "nv24"],
    ]
)
"""Pixel formats whose first plane is 8-bit luma; any other is converted before it is measured."""

_FULL_RANGE = 2  # AVCOL_RANGE_JPEG
_HDR = {16: "PQ", 18: "HLG"}  # AVColorTransferCharacteristic
_TO_FULL_RANGE = np.clip(np.round((np.arange(256) - 16) * 255 / 219), 0, 255).astype(np.uint8)

Tick = Callable[[], None]
"""Called for each frame: shows that the work goes on; raises MediaError when the work folder is full."""


@dataclass
class _Seen:
    """What the pass learns about the stream on its way."""

    stamps: array[float] = field(default_factory=lambda: array("d"))
    packets: int = 0
    refused: int = 0
    corrupt: int = 0
    interlaced: int = 0
    size: tuple[int, int] | None = None
    resized: array[int] = field(default_factory=lambda: array("l"))
    """Frames at which the stored size changed."""


def decode_video(
    container: InputContainer, stream: VideoStream, folder: Path, plan: FramePlan, limits: MediaLimits, tick: Tick
) -> tuple[dict[str, Any], Clock, float]:
    """Runs the pass: ``thumbs.bin``, ``luma.bin``, ``pictures.bin`` and the arrays beside them.

    Returns:
        Facts for the Clip record; the clock; the time stamp in the file that is the clock's zero.

    Raises:
        MediaError: hardly anything decodes, or a limit is reached.
    """
    seen = _Seen()
    notes: list[str] = []
    rows = array("f")
    meter = Meter()
    to_luma, to_thumb = VideoReformatter(), VideoReformatter()
    rate = _rate(stream)
    seconds = _stated_seconds(container, stream)
    geometry: Geometry | None = None
    with (
        (folder / "thumbs.bin").open("wb") as thumbs,
        (folder / "luma.bin").open("wb") as lumas,
        Album(folder, plan, expected=round((seconds or 0.0) * rate)) as album,
    ):
        for index, frame in enumerate(_frames(container, stream, limits, seen)):
            tick()
            if geometry is None:
                geometry = displayed(stream, frame, limits.max_pixels, notes)
                notes += _oddities(stream, frame)
            size = geometry.stored(48, 27)
            # Bicubic, as FFmpeg scales by default: what TransNetV2 was trained on.
            scaled = to_thumb.reformat(frame, *size, format="rgb24", interpolation=Interpolation.BICUBIC)
            plain = frame if frame.format.name in _LUMA_FIRST else to_luma.reformat(frame, format="yuv420p")
            picture = _picture(plain, geometry.turn(np.asarray(scaled.to_ndarray(), dtype=np.uint8)), geometry)
            thumbs.write(picture.thumb.data)
            lumas.write(picture.small.data)
            if plan.signals:
                rows.extend(meter.measure(picture))
            album.add(index, frame, geometry)
        album.finish()
    _check(seen, round((_own_seconds(stream) or 0.0) * rate))
    assert geometry is not None
    clock = settle(seen.stamps, rate)
    # Bare numbers, not .npy: its header is read as Python source, and parsing that is not safe in threads before 3.12.
    np.asarray(clock.times, np.float64).tofile(folder / "times.bin")
    np.asarray(rows, np.float32).tofile(folder / "signals.bin")
    facts = {
        "video_codec": stream.codec_context.codec.canonical_name,
        "width": geometry.width,
        "height": geometry.height,
        "rotation": geometry.rotation,
        "fps": clock.fps,
        "frames": len(clock.times),
        "duration_s": clock.duration_s,
        "variable_frame_rate": clock.variable,
        "notes": [*notes, *clock.notes, *_damage(seen, clock, seconds)],
    }
    first = seen.stamps[0]
    return facts, clock, first if isfinite(first) else 0.0


def _frames(container: InputContainer, stream: VideoStream, limits: MediaLimits, seen: _Seen) -> Iterator[VideoFrame]:
    """Frames in display order. A damaged packet is counted and passed over."""
    for packet in container.demux(stream):
        if packet.is_discard:
            continue
        seen.packets += packet.size > 0
        try:
            frames = packet.decode()
        except MemoryError:
            raise
        except av.FFmpegError:
            seen.refused += 1
            continue
        for frame in frames:
            _note(frame, limits, seen)
            yield frame


def _note(frame: VideoFrame, limits: MediaLimits, seen: _Seen) -> None:
    size = (frame.width, frame.height)
    if size != seen.size:
        if size[0] * size[1] > limits.max_pixels:
            raise MediaError(f"its pictures have {size[0]} x {size[1]} pixels, over the limit")
        if seen.size is not None:
            seen.resized.append(len(seen.stamps))
        seen.size = size
    if len(seen.stamps) >= limits.max_frames:
        raise MediaError(f"it has more than {limits.max_frames} frames, the limit")
    seen.stamps.append(nan if frame.time is None else float(frame.time))
    if seen.stamps[-1] - seen.stamps[0] > limits.max_duration_s:
        raise MediaError(f"it lasts longer than {limits.max_duration_s:.0f} s, the limit")
    seen.corrupt += frame.is_corrupt
    seen.interlaced += frame.interlaced_frame


def _picture(frame: VideoFrame, thumb: NDArray[np.uint8], geometry: Geometry) -> Picture:
    plane = frame.planes[0]
    luma = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: frame.height, : frame.width]
    full = frame.format.name.startswith("yuvj") or frame.color_range == _FULL_RANGE
    reduced = reduce(luma)
    lines = at_lines(reduced)
    scaled = cv2.resize(lines, geometry.stored(128, 72), interpolation=cv2.INTER_AREA)
    small = geometry.turn(np.asarray(scaled, dtype=np.uint8))
    if full:
        return Picture(luma, 0, 255, reduced, lines, thumb, small)
    return Picture(luma, 16, 235, reduced, lines, thumb, np.asarray(cv2.LUT(small, _TO_FULL_RANGE), dtype=np.uint8))


def _rate(stream: VideoStream) -> float:
    """The frame rate that the container states, where it is plausible."""
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate and 0.1 <= rate <= 1000:
            return float(rate)
    return 25.0


def _own_seconds(stream: VideoStream) -> float | None:
    """How long the pictures last by the container, None where it does not say (as Matroska)."""
    return float(stream.duration * stream.time_base) if stream.duration and stream.time_base else None


def _stated_seconds(container: InputContainer, stream: VideoStream) -> float | None:
    """How long the pictures or, failing that, the whole file lasts by the container."""
    return _own_seconds(stream) or (container.duration / av.time_base if container.duration else None)


def _oddities(stream: VideoStream, frame: VideoFrame) -> list[str]:
    notes = []
    if frame.color_trc in _HDR:
        notes.append(f"high dynamic range ({_HDR[frame.color_trc]}), not tone-mapped: it looks flatter than meant")
    if stream.codec_context.name != "gif" and any(part.is_alpha for part in frame.format.components):
        notes.append("its transparency is ignored")
    return notes


def _check(seen: _Seen, stated: int) -> None:
    """Refuses a file of which hardly anything is left."""
    due = max(seen.packets, stated)
    intact = len(seen.stamps) - seen.corrupt
    if not seen.stamps:
        raise MediaError("no picture in it can be decoded")
    if due >= 10 and intact < 0.1 * due:
        raise MediaError(f"hardly anything of it can be decoded: {intact} of {due} frames are intact")


def _damage(seen: _Seen, clock: Clock, seconds: float | None) -> list[str]:
    notes = []
    if seen.refused:
        notes.append(f"damaged packets, passed over: {seen.refused} of {seen.packets}")
    if seen.corrupt:
        notes.append(f"damaged frames: {seen.corrupt}")
    if seconds is not None and clock.duration_s < 0.95 * seconds - 0.1:
        notes.append(f"pictures end at {clock.duration_s:.2f} s of the {seconds:.2f} s that the file states")
    if seen.resized:
        notes.append(f"changes of picture size: {len(seen.resized)}, the first at frame {seen.resized[0]}")
    if 2 * seen.interlaced > len(seen.stamps):
        notes.append("interlaced, not deinterlaced")
    return notes
