"""The decoding process: one file in, one work folder out. Started by :mod:`cinejudge.media.process`."""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np

from cinejudge.media.limits import FramePlan, MediaLimits
from cinejudge.schema.errors import MediaError


def decode(descriptor: int, folder: Path, plan: FramePlan, limits: MediaLimits) -> dict[str, Any]:
    """Decodes pictures, then sound, into ``folder``; returns the facts of the clip."""
    import av
    import cv2

    from cinejudge.media.door import open_container, open_video
    from cinejudge.media.measure import SIGNALS, Meter

    av.logging.set_level(None)
    opened = open_video(descriptor, limits)
    stream = opened.video
    meter = Meter()
    times: list[float] = []
    rows: list[tuple[float, ...]] = []
    stored: list[int] = []
    offsets: list[int] = [0]
    notes: list[str] = []
    damaged = 0
    expected = stream.frames or int((opened.container.duration or 0) / 1e6 * float(stream.average_rate or 25))
    step = max(1, -(-expected // plan.max_pictures))
    size = (0, 0)
    rotation = 0
    with (
        (folder / "thumbs.bin").open("wb") as thumbs,
        (folder / "luma.bin").open("wb") as lumas,
        (folder / "pictures.bin").open("wb") as pictures,
    ):
        for packet in opened.container.demux(stream):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                damaged += 1
                continue
            for frame in frames:
                rgb = frame.to_ndarray(format="rgb24")
                rotation = (-frame.rotation) % 360
                rgb = np.ascontiguousarray(np.rot90(rgb, -(rotation // 90)))
                size = (rgb.shape[1], rgb.shape[0])
                small = cv2.resize(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), (128, 72), interpolation=cv2.INTER_AREA)
                thumbs.write(cv2.resize(rgb, (48, 27), interpolation=cv2.INTER_AREA).tobytes())
                lumas.write(small.tobytes())
                rows.append(meter.measure(rgb, small))
                if plan.pictures and len(times) % step == 0:
                    scale = min(1.0, plan.max_side / max(size))
                    kept = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else rgb
                    jpeg = cv2.imencode(".jpg", kept[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
                    pictures.write(jpeg.tobytes())
                    offsets.append(offsets[-1] + len(jpeg))
                    stored.append(len(times))
                times.append(float(frame.time if frame.time is not None else len(times) / 25))
    if not times:
        raise MediaError("no picture in it can be decoded")
    clock = np.maximum.accumulate(np.asarray(times)) - times[0]
    fps = float(stream.average_rate or 25)
    np.save(folder / "times.npy", clock)
    np.save(folder / "signals.npy", np.asarray(rows, np.float32))
    np.save(folder / "stored.npy", np.asarray(stored, np.int32))
    np.save(folder / "offsets.npy", np.asarray(offsets, np.int64))
    facts: dict[str, Any] = {
        "container": opened.container.format.name.split(",")[0],
        "video_codec": stream.codec_context.name,
        "width": size[0],
        "height": size[1],
        "rotation": rotation,
        "fps": fps,
        "frames": len(times),
        "duration_s": float(clock[-1] + 1 / fps),
        "variable_frame_rate": bool(len(clock) > 2 and np.ptp(np.diff(clock)) > 0.01),
        "audio_codec": None,
        "sample_rate": None,
        "channels": None,
        "notes": [*notes, *([f"{damaged} damaged packets"] if damaged else [])],
    }
    container = open_container(descriptor, limits)
    if container.streams.audio:
        audio = container.streams.audio[0]
        facts |= {"audio_codec": audio.codec_context.name, "sample_rate": audio.rate, "channels": audio.channels}
        resampler = av.AudioResampler("flt", "mono" if audio.channels == 1 else "stereo", min(audio.rate, 48000))
        with (folder / "sound.bin").open("wb") as sound:
            for packet in container.demux(audio):
                try:
                    for heard in packet.decode():
                        for part in resampler.resample(heard):
                            sound.write(part.to_ndarray().tobytes())
                except av.FFmpegError:
                    continue
    return {"facts": facts, "signals": SIGNALS}


def main() -> None:
    """Reads the job from stdin, works, writes ``result.json``. Ends with its parent: stdin is the lifeline."""
    job = json.loads(sys.stdin.readline())

    def wait() -> None:
        sys.stdin.read()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
    limits = MediaLimits(**job["limits"])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    folder = Path(job["folder"])
    try:
        result = decode(job["descriptor"], folder, FramePlan(**job["plan"]), limits)
    except MediaError as error:
        result = {"error": str(error)}
    except MemoryError:
        result = {"error": f"decoding it takes more than {limits.memory_bytes >> 20} MiB of memory"}
    (folder / "result.json").write_text(json.dumps(result))
    os._exit(0)


if __name__ == "__main__":
    main()
