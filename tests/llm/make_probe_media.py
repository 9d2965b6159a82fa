"""Makes the three tiny files by which a model shows what it perceives: `make_probe_media.py FOLDER`."""

from __future__ import annotations

import math
import sys
import wave
from pathlib import Path

import av
import cv2
import numpy as np

DIGITS = "7419"
BEEPS = 4
COLORS = {"blue": (20, 40, 220), "yellow": (240, 220, 20), "red": (220, 20, 20)}


def make_image(path: Path) -> None:
    picture = np.full((192, 448, 3), 255, np.uint8)
    cv2.putText(picture, " ".join(DIGITS), (30, 130), cv2.FONT_HERSHEY_SIMPLEX, 3.2, (0, 0, 0), 10, cv2.LINE_AA)
    cv2.imwrite(str(path), picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])


def make_sound(path: Path, rate: int = 8000) -> None:
    samples = [0.0] * int(0.4 * rate)
    for _ in range(BEEPS):
        samples += [0.6 * math.sin(2 * math.pi * 880 * n / rate) for n in range(int(0.2 * rate))]
        samples += [0.0] * int(0.4 * rate)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.round(np.array(samples) * 32767).astype("<i2").tobytes())


def make_video(path: Path) -> None:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=8, options={"crf": "30", "preset": "veryslow"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for color in COLORS.values():
            for _ in range(16):
                picture = np.full((240, 320, 3), color, np.uint8)
                out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode(None))


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    make_image(folder / "digits.png")
    make_sound(folder / "beeps.wav")
    make_video(folder / "colors.mp4")
