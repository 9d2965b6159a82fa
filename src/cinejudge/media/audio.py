"""The one pass over the sound: samples on the clock of the pictures, streamed to disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from cinejudge.media.video import Tick

MAX_RATE = 48_000
"""Samples per second that are kept; nothing that is judged lies above 24 kHz."""

_TOLERANCE_S = 0.04
"""Time stamps are followed where they leave the count of samples by more: less is rounding and coding delay."""


def decode_audio(
    container: InputContainer, stream: AudioStream, folder: Path, origin: float, end_s: float, tick: Tick
) -> dict[str, Any]:
    """Writes ``sound.bin``: float32, mono or interleaved stereo; its first sample sounds at ``origin``.

    Args:
        container: Open at its start.
        stream: The stream to decode.
        folder: Where to.
        origin: Time stamp in the file at which the first picture is shown.
        end_s: Length of the pictures; sound that sets in after them is left out.
        tick: Called for each frame.

    Returns:
        ``rate`` and ``channels`` of what was written, and ``notes``.
    """
    channels = 1 if stream.channels == 1 else 2
    rate = min(stream.rate, MAX_RATE)
    notes: list[str] = []
    damaged: list[int] = []
    written = 0
    with (folder / "sound.bin").open("wb") as out:
        for stamp, samples in _blocks(container, stream, rate, channels, damaged):
            tick()
            if stamp is not None:
                ahead = round((stamp - origin) * rate) - written
                if ahead > _TOLERANCE_S * rate or (written == 0 and ahead > 0):
                    if written + ahead > end_s * rate:
                        notes.append("sound that sets in after the last picture is left out")
                        break
                    written += _silence(out, ahead, channels)
                elif ahead < -_TOLERANCE_S * rate or (written == 0 and ahead < 0):
                    samples = samples[-ahead:]
            out.write(samples.tobytes())
            written += len(samples)
    if damaged:
        notes.append(f"{len(damaged)} packets of its sound are damaged and were passed over")
    if not written:
        notes.append("its sound cannot be decoded")
    return {"rate": rate, "channels": channels, "notes": notes}


def _blocks(
    container: InputContainer, stream: AudioStream, rate: int, channels: int, damaged: list[int]
) -> Iterator[tuple[float | None, NDArray[np.float32]]]:
    """Time stamp and samples [n, channels] of each decoded frame, clipped to [-1, 1]."""
    resampler: av.AudioResampler | None = None
    shape: tuple[str, str, int] | None = None
    for number, packet in enumerate(container.demux(stream)):
        try:
            frames = packet.decode()
        except MemoryError:
            raise
        except av.FFmpegError:
            damaged.append(number)
            continue
        for frame in frames:
            if shape != (shape := (frame.format.name, frame.layout.name, frame.sample_rate)):
                resampler = av.AudioResampler("flt", "mono" if channels == 1 else "stereo", rate)
            assert resampler is not None
            stamp = None if frame.time is None else float(frame.time)
            frame.pts = None  # the resampler would only check that they follow on one another
            yield stamp, _samples(resampler.resample(frame), channels)
    if resampler is not None:
        yield None, _samples(resampler.resample(None), channels)


def _samples(frames: list[AudioFrame], channels: int) -> NDArray[np.float32]:
    if not frames:
        return np.zeros((0, channels), np.float32)
    samples = np.concatenate([frame.to_ndarray().reshape(-1, channels) for frame in frames])
    return np.asarray(np.nan_to_num(samples, posinf=1.0, neginf=-1.0).clip(-1.0, 1.0), dtype=np.float32)


def _silence(out: BinaryIO, count: int, channels: int) -> int:
    block = np.zeros((1 << 16, channels), np.float32)
    for start in range(0, count, len(block)):
        out.write(block[: count - start].tobytes())
    return count
