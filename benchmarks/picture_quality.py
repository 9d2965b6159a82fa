"""Prints how the tool `picture_quality` rates photographs that are damaged at graded strength.

Run: python benchmarks/picture_quality.py [--write]   (--write puts the table into docs/perception.md)
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from damage import blocks, grain
from page import write_section

from cinejudge import weights
from cinejudge.tools.models import brisque
from cinejudge.tools.records.ratings import PICTURE_SIDE

PHOTOS = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "hubble_deep_field.jpg", "grace_hopper.jpg")

FAULTS: dict[str, tuple[tuple[float, ...], Callable[[Any, Any], Any]]] = {
    "blur (sigma)": ((0.8, 1.5, 2.5, 4), lambda photo, sigma: cv2.GaussianBlur(photo, (0, 0), sigma)),
    "noise (sigma)": ((4, 8, 16, 32), lambda photo, sigma: grain(photo[None], sigma)[0]),
    "JPEG (quality)": ((40, 25, 15, 8), lambda photo, quality: blocks(photo[None], int(quality))[0]),
}


def fitted(name: str) -> Any:
    """A photograph at the size at which the tool rates: uint8 [H, W, 3]."""
    photo = cv2.imread(str(weights.path("example-photos", name)), cv2.IMREAD_COLOR_RGB)
    scale = min(1.0, PICTURE_SIDE / max(photo.shape[:2]))
    return cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def table() -> str:
    """Markdown: median rating over the photographs at each strength, and how many fall at every step."""
    regression = brisque.load()
    photos = [fitted(name) for name in PHOTOS]
    begun, count = time.process_time(), 0

    def rating(photo: Any) -> float:
        nonlocal count
        count += 1
        return 100 - brisque.score(photo, regression)

    clean = [rating(photo) for photo in photos]
    lines = ["| fault | clean | 1 | 2 | 3 | 4 | photographs that fall at every step |", "|---|---|---|---|---|---|---|"]
    for fault, (strengths, damage) in FAULTS.items():
        rows = [[first, *(rating(damage(p, s)) for s in strengths)] for p, first in zip(photos, clean, strict=True)]
        falling = sum(all(a > b for a, b in pairwise(row)) for row in rows)
        told = " | ".join(f"{value:.0f}" for value in np.median(rows, axis=0))
        lines.append(f"| {fault} {', '.join(f'{s:g}' for s in strengths)} | {told} | {falling} of {len(photos)} |")
    seconds = (time.process_time() - begun) / count
    return "\n".join([*lines, "", f"Seconds of processor time for a picture, damaging included: {seconds:.2f}."])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    text = table()
    if parser.parse_args().write:
        write_section("picture_quality", text)
    print(text)
