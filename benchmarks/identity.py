"""How surely one person is known again and two are told apart, by the embedding that the tool `faces` uses.

Run: python benchmarks/identity.py FOLDER [--write]   (a folder with clips and their labels.json; --write puts the
tables into docs/perception.md)

First, the faces of the catalogue's photographs and of the labelled clips (the largest that looks at us, one of each
person) are rendered at other sizes, turned, and in other light, and compared with all faces as they were. Then the
tracks that the tool finds in halves of the labelled shots are compared: in a clip that never shows two faces at once
all are one person; those of different clips, and those seen at once, are two.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from cut import shots
from numpy.typing import NDArray
from page import write_section
from people import labelled_shots

from cinejudge import weights
from cinejudge.media import ArtifactStore, Footage
from cinejudge.schema import Shot
from cinejudge.tools import faces
from cinejudge.tools.contract import Look
from cinejudge.tools.models import face_tracks
from cinejudge.tools.models.face_search import search
from cinejudge.tools.models.face_tracks import FaceTrack, follow
from cinejudge.tools.models.identity import SAME, embed, unit
from cinejudge.tools.sampling.stretches import stretches

PHOTOS = ("astronaut.png", "grace_hopper.jpg")
SMALLEST = 32
"""Faces of the clips are compared down to this size, below what the tool gives an identity to."""
Picture = NDArray[np.uint8]
Vector = NDArray[np.float32]


class Portrait(NamedTuple):
    """A picture cut around one face."""

    name: str
    rgb: Picture
    side: float
    """Of the face, in pixels."""


def _scaled(side: float) -> Callable[[Portrait], Picture]:
    def make(portrait: Portrait) -> Picture:
        factor = side / portrait.side
        way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        small = cv2.resize(portrait.rgb, None, fx=factor, fy=factor, interpolation=way)
        return np.asarray(small, np.uint8)

    return make


def _turned(degrees: float) -> Callable[[Portrait], Picture]:
    def make(portrait: Portrait) -> Picture:
        height, width = portrait.rgb.shape[:2]
        way = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
        return np.asarray(cv2.warpAffine(portrait.rgb, way, (width, height), borderMode=cv2.BORDER_REFLECT), np.uint8)

    return make


def _lit(*gains: float) -> Callable[[Portrait], Picture]:
    return lambda portrait: np.clip(portrait.rgb * np.array(gains), 0, 255).astype(np.uint8)


def _half_lit(portrait: Portrait) -> Picture:
    ramp = np.linspace(0.25, 1.2, portrait.rgb.shape[1])[None, :, None]
    return np.asarray(np.clip(portrait.rgb * ramp, 0, 255), np.uint8)


def _coded(portrait: Portrait) -> Picture:
    done, data = cv2.imencode(".jpg", portrait.rgb, [cv2.IMWRITE_JPEG_QUALITY, 15])
    assert done
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


RENDERINGS: dict[str, Callable[[Portrait], Picture]] = {
    **{f"{side} px": _scaled(side) for side in (128, 96, 64, 48, 32, 24)},
    "mirrored": lambda portrait: np.ascontiguousarray(portrait.rgb[:, ::-1]),
    "turned by 20 degrees": _turned(20),
    "turned by -35 degrees": _turned(-35),
    "three tenths of the light": _lit(0.3, 0.3, 0.3),
    "orange light": _lit(1.0, 0.6, 0.25),
    "light from the right": _half_lit,
    "JPEG at 15": _coded,
}


def largest(rgb: Picture) -> tuple[Vector, NDArray[np.float32]] | None:
    """Embedding and box of the largest face that looks at us."""
    found = [s for s in search([rgb], "cpu")[0] if s.face is not None]
    if not found:
        return None
    best = max(found, key=lambda s: s.side)
    assert best.face is not None
    return embed([(rgb, best.face)])[0], best.box


def portrait(name: str, rgb: Picture, box: NDArray[np.float32]) -> Portrait:
    """The face with its size again to every side, so that other faces stay out."""
    (x0, y0), (x1, y1) = box[:2], box[2:]
    side = max(x1 - x0, y1 - y0)
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    cut = rgb[max(0, int(y - 1.5 * side)) : int(y + 1.5 * side), max(0, int(x - 1.5 * side)) : int(x + 1.5 * side)]
    return Portrait(name, np.ascontiguousarray(cut), float(min(x1 - x0, y1 - y0)))


class Seen(NamedTuple):
    """One track of a clip."""

    clip: str
    part: int | None
    """Half of a shot."""
    embedding: Vector
    portrait: Portrait


def halves(footage: Footage, label: dict[str, Any]) -> tuple[Shot, ...]:
    """The labelled shots, each in two parts."""
    edges = [
        (start, end)
        for shot in labelled_shots(footage, label)
        for middle in [(shot.start_frame + shot.end_frame) // 2]
        for start, end in ((shot.start_frame, middle), (middle, shot.end_frame))
    ]
    return shots(footage, [start for start, _ in edges], [end for _, end in edges])


def clip_tracks(folder: Path) -> Iterator[Seen]:
    """Every track with a face that looks at us."""
    labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as cache:
        for clip, label in labels.items():
            with Footage(folder / clip, cache=Path(cache)) as footage:
                look = Look(footage, halves(footage, label), ArtifactStore(Path(cache) / "artifacts"))
                for track in _tracks(look):
                    place, _ = track.telling()[0]
                    rgb = footage.frame(track.samples[place].frame, max_side=faces.PICTURE_SIDE)
                    assert track.embeddings is not None
                    centre = unit(track.embeddings.mean(axis=0, keepdims=True))[0]
                    yield Seen(clip, track.shot, centre, portrait(clip, rgb, track.sightings[place].box))


def _tracks(look: Look) -> Iterator[FaceTrack]:
    for part in stretches(look, faces.Args()):
        for track in follow(part.shot, faces._sightings(look, part, search)):
            faces._embed(look, track)
            if track.embeddings is not None:
                yield track


def auc(same: list[float], other: list[float]) -> float:
    """Chance that one person is more alike than two."""
    a, b = np.array(same)[:, None], np.array(other)[None]
    return float(((a > b) + 0.5 * (a == b)).mean())


def pairs(tracks: list[Seen], alone: set[str]) -> tuple[list[float], list[float]]:
    """How alike the tracks of one person are, and those of two."""
    same, other = [], []
    for a, b in combinations(tracks, 2):
        if a.clip != b.clip or a.part == b.part:
            other.append(float(a.embedding @ b.embedding))
        elif a.clip in alone:
            same.append(float(a.embedding @ b.embedding))
    return same, other


def row(name: str, same: list[float], other: list[float], found: int, wanted: int) -> str:
    """One comparison."""
    missed, confused = sum(s < SAME for s in same), sum(s >= SAME for s in other)
    return (
        f"| {name} | {found}/{wanted} | {np.quantile(same, 0.05):.2f} {np.median(same):.2f} | "
        f"{np.median(other):.2f} {np.quantile(other, 0.95):.2f} | {auc(same, other):.3f} | "
        f"{missed}/{len(same)} | {confused}/{len(other)} |"
    )


def rendered(portraits: list[Portrait]) -> Iterator[str]:
    """A row for every rendering."""
    originals = [largest(p.rgb) for p in portraits]
    known = [(p, found[0]) for p, found in zip(portraits, originals, strict=True) if found is not None]
    for name, make in RENDERINGS.items():
        same, other = [], []
        for i, (each, _) in enumerate(known):
            found = largest(make(each))
            if found is None:
                continue
            for j, (_, embedding) in enumerate(known):
                (same if i == j else other).append(float(found[0] @ embedding))
        yield row(name, same, other, len(same), len(known))


def main() -> None:
    """Renders, compares, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/perception.md")
    given = parser.parse_args()
    limit, face_tracks.IDENTITY_PX = face_tracks.IDENTITY_PX, SMALLEST
    tracks = list(clip_tracks(given.folder))
    face_tracks.IDENTITY_PX = limit
    portraits = []
    for name in PHOTOS:
        rgb = cv2.imread(str(weights.path("example-photos", name)), cv2.IMREAD_COLOR_RGB)
        found = largest(rgb)
        assert found is not None, name
        portraits.append(portrait(name, rgb, found[1]))
    at_once = Counter((t.clip, t.part) for t in tracks)
    alone = {t.clip for t in tracks} - {clip for (clip, _), count in at_once.items() if count > 1}
    large = [t for t in tracks if t.portrait.side >= limit]
    portraits += [
        max((t.portrait for t in large if t.clip == c), key=lambda p: p.side)
        for c in sorted(alone)
        if any(t.clip == c for t in large)
    ]
    crowds = {t.clip: t.part for t in reversed(large) if t.clip not in alone}
    portraits += [t.portrait for t in large if crowds.get(t.clip, -1) == t.part]
    head = "faces | one person: 5 %, median | two people: median, 95 % | AUC | one taken for two | two taken for one |"
    lines = [f"| rendered | {head}", "|---|---|---|---|---|---|---|", *rendered(portraits)]
    lines += ["", f"| tracks of the clips | {head}", "|---|---|---|---|---|---|---|"]
    for name, chosen in ((f"{limit} px and more", large), (f"{SMALLEST} px and more", tracks)):
        same, other = pairs(chosen, alone)
        lines.append(row(name, same, other, len(chosen), len(chosen)))
    first, second = (found[0] for p in portraits[:2] for found in [largest(p.rgb)] if found is not None)
    lines.append(
        f"\n{len(portraits)} people rendered. The two of the example are alike by {float(first @ second):.2f}. From "
        f"{SAME:.2f} on two tracks are one person; the tool gives no identity to faces under {limit} px."
    )
    text = "\n".join(lines)
    print(text)
    if given.write:
        write_section("identity", text)


if __name__ == "__main__":
    main()
