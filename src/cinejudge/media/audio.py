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
    ear = _Ear(min(stream.rate, MAX_RATE), 1 if stream.channels == 1 else 2)
    notes: list[str] = []
    written = 0
    with (folder / "sound.bin").open("wb") as out:
        for stamp, samples in _blocks(container, stream, ear):
            tick()
            if stamp is not None:
                ahead = round((stamp - origin) * ear.rate) - written
                if ahead > _TOLERANCE_S * ear.rate or (written == 0 and ahead > 0):
                    if written + ahead > end_s * ear.rate:
                        notes.append("sound that sets in after the last picture is left out")
                        break
                    written += _silence(out, ahead, ear.channels)
                elif ahead < -_TOLERANCE_S * ear.rate or (written == 0 and ahead < 0):
                    samples = samples[-ahead:]
            out.write(samples.tobytes())
            written += len(samples)
    if ear.damaged:
        notes.append(f"damaged packets of sound, passed over: {ear.damaged}")
    if not written:
        notes.append("its sound cannot be decoded")
    return {"rate": ear.rate, "channels": ear.channels, "notes": notes}


Block = tuple[float | None, NDArray[np.float32]]
"""Time stamp of the first sample, None where there is none, and samples [n, channels] in [-1, 1]."""


def _blocks(container: InputContainer, stream: AudioStream, ear: _Ear) -> Iterator[Block]:
    for packet in container.demux(stream):
        try:
            blocks = [ear.hear(frame) for frame in packet.decode()]
        except MemoryError:
            raise
        except (av.FFmpegError, ValueError):
            ear.damaged += 1
        else:
            yield from blocks
    yield ear.rest()


class _Ear:
    """Brings whatever is decoded to one rate and one or two channels."""

    def __init__(self, rate: int, channels: int) -> None:
        self.rate = rate
        self.channels = channels
        self.damaged = 0
        self._resampler: av.AudioResampler | None = None
        self._shape: tuple[str, str, int] | None = None

    def hear(self, frame: AudioFrame) -> Block:
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is None or shape != self._shape:
            self._resampler = av.AudioResampler("flt", "mono" if self.channels == 1 else "stereo", self.rate)
            self._shape = shape
        stamp = None if frame.time is None else float(frame.time)
        frame.pts = None  # the resampler would only check that they follow on one another
        return stamp, self._samples(self._resampler.resample(frame))

    def rest(self) -> Block:
        """What the resampler still holds."""
        return None, self._samples(self._resampler.resample(None) if self._resampler else [])

    def _samples(self, frames: list[AudioFrame]) -> NDArray[np.float32]:
        if not frames:
            return np.zeros((0, self.channels), np.float32)
        samples = np.concatenate([frame.to_ndarray().reshape(-1, self.channels) for frame in frames])
        return np.asarray(np.nan_to_num(samples, posinf=1.0, neginf=-1.0).clip(-1.0, 1.0), dtype=np.float32)


def _silence(out: BinaryIO, count: int, channels: int) -> int:
    block = np.zeros((1 << 16, channels), np.float32)
    for start in range(0, count, len(block)):
        out.write(block[: count - start].tobytes())
    return count
