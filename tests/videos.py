"""Makes small videos for tests, so that what is in them is known to the frame and the sample."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
_MS = Fraction(1, 1000)


def make_video(
    path: Path,
    frames: Iterable[Picture],
    fps: float = 24,
    audio: NDArray[np.float32] | None = None,
    rate: int = 16000,
    *,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    options: dict[str, str] | None = None,
    times: Iterable[float] | None = None,
    video_starts: float = 0.0,
    sound_starts: float = 0.0,
    live: bool = False,
    tags: dict[str, str] | None = None,
    chapter: str | None = None,
    subtitle: str | None = None,
) -> Path:
    """Writes a video; the container follows from the suffix.

    Args:
        path: Where to.
        frames: RGB pictures, uint8 [H, W, 3], even sizes for yuv420p. A generator is read as it is written.
        fps: Frames per second.
        audio: Sound in [-1, 1], [n] or [n, channels]; AAC (MP2 in an .mpg).
        rate: Its samples per second.
        codec: Encoder of the picture.
        pixel_format: Its pixel format.
        options: Options of the encoder; default is fast at a high quality.
        times: Presentation time of each frame in seconds, for a variable frame rate.
        video_starts: Time stamp of the first frame, when there are no ``times``.
        sound_starts: Time stamp of the first sample.
        live: Write as to a live stream (Matroska): the header does not tell the length.
        tags: Metadata of the container.
        chapter: Name of a chapter that begins with the video.
        subtitle: Text of a subtitle (MP4 or Matroska) that begins with the video.
    """
    mpeg = path.suffix == ".mpg"
    base = Fraction(1, 90_000) if times is not None else 1 / Fraction(fps).limit_denominator(1001)
    clock = iter(times) if times is not None else None
    container: dict[str, str] = {"live": "1"} if live else {}
    with av.open(str(path), "w", format="mpeg" if mpeg else None, container_options=container) as out:
        video = out.add_stream(codec, rate=Fraction(fps).limit_denominator(1001))
        sound = None
        if audio is not None:
            layout = "mono" if audio.ndim == 1 else {1: "mono", 2: "stereo", 6: "5.1"}[audio.shape[1]]
            sound = out.add_stream("mp2" if mpeg else "aac", rate=rate, layout=layout)
        out.metadata.update(tags or {})
        if chapter is not None:
            titled = {"title": chapter}
            out.set_chapters([{"id": 1, "start": 0, "end": 1000, "time_base": _MS, "metadata": titled}])
        subtitles = None
        if subtitle is not None:
            subtitles = out.add_mux_stream("subrip" if path.suffix == ".mkv" else "mov_text", time_base=_MS)
        video.pix_fmt = pixel_format
        video.codec_context.time_base = base
        video.options = options or ({"preset": "ultrafast", "crf": "12"} if codec == "libx264" else {})
        for index, picture in enumerate(frames):
            if index == 0:
                video.height, video.width = picture.shape[:2]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.time_base = base
            frame.pts = round(video_starts / base) + index if clock is None else round(next(clock) / base)
            out.mux(video.encode(frame))
        out.mux(video.encode())
        if audio is not None and sound is not None:
            samples = np.atleast_2d(audio.astype(np.float32)) if audio.ndim == 1 else audio.T.astype(np.float32)
            frame_of_sound = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=layout)
            frame_of_sound.sample_rate = rate
            frame_of_sound.pts = round(sound_starts * rate)
            frame_of_sound.time_base = Fraction(1, rate)
            out.mux(sound.encode(frame_of_sound))
            out.mux(sound.encode())
        if subtitle is not None and subtitles is not None:
            words = subtitle.encode()
            packet = av.Packet(words if path.suffix == ".mkv" else len(words).to_bytes(2, "big") + words)
            packet.stream, packet.time_base = subtitles, _MS
            packet.pts, packet.dts, packet.duration = 0, 0, 900
            out.mux(packet)
    return path


def tone(seconds: float, hertz: float = 440.0, rate: int = 16000, level: float = 0.5) -> NDArray[np.float32]:
    """A sine, float32 [n]."""
    return (level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def texture(height: int = 180, width: int = 320, seed: int = 0) -> Picture:
    """A picture with edges and detail at several scales, as a photograph has; different for each seed."""
    random = np.random.default_rng(seed)
    picture = np.zeros((height, width, 3))
    for cells, weight in ((3, 0.45), (9, 0.25), (40, 0.15), (120, 0.15)):
        grid = random.random((cells, cells, 3))
        rows = np.linspace(0, cells - 1, height).round().astype(int)
        columns = np.linspace(0, cells - 1, width).round().astype(int)
        picture += weight * grid[rows][:, columns]
    return (30 + 200 * picture).clip(0, 255).astype(np.uint8)


def pan(count: int, height: int = 180, width: int = 320, seed: int = 0, step: int = 2) -> Iterable[Picture]:
    """A slow pan over a texture: ``count`` frames that all differ a little."""
    wide = texture(height, width + step * count, seed)
    for index in range(count):
        yield wide[:, index * step : index * step + width]
