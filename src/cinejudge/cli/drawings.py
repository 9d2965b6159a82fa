"""Writes drawn results where a person can look at them: pictures in a folder, or a short film."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

from cinejudge.schema.errors import ConfigError

FILM_FPS = 2
"""Each drawn picture is shown for half a second."""


def write_drawings(drawings: Iterable[tuple[str, Any]], out: Path) -> int:
    """Writes ``(caption, RGB picture)`` pairs.

    Args:
        drawings: Pictures uint8 [H, W, 3] with captions.
        out: A file ending in ``.mp4`` for a film, else a folder for numbered PNG pictures; it is made.

    Returns:
        How many pictures there were. Without any, nothing is written.

    Raises:
        ConfigError: the place cannot be written to.
    """
    film = out.suffix.lower() == ".mp4"
    try:
        (out.parent if film else out).mkdir(parents=True, exist_ok=True)
        return _film(drawings, out) if film else _pictures(drawings, out)
    except OSError as error:
        raise ConfigError(f"--draw {out}: {error.strerror or error}") from None


def _pictures(drawings: Iterable[tuple[str, Any]], folder: Path) -> int:
    import cv2

    count = 0
    for count, (_, rgb) in enumerate(drawings, start=1):
        _, data = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
        (folder / f"{count:04d}.png").write_bytes(data.tobytes())
    return count


def _film(drawings: Iterable[tuple[str, Any]], path: Path) -> int:
    import av
    import cv2
    import numpy as np

    pictures = (rgb for _, rgb in drawings)
    first = next(pictures, None)
    if first is None:
        return 0
    width, height = first.shape[1] // 2 * 2, first.shape[0] // 2 * 2
    count = 0
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FILM_FPS)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for rgb in chain([first], pictures):
            picture = np.ascontiguousarray(cv2.resize(rgb, (width, height)))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            count += 1
        container.mux(stream.encode())
    return count
