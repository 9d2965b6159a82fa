"""Compares the points of bodies in pictures with those in the same pictures mirrored, turned, scaled and darkened.

Run: python benchmarks/pose.py FOLDER [--write]   (a folder with clips and their labels.json; --write puts the table
into docs/perception.md)

The pictures are the catalogue's photographs of people and the middle of each labelled shot. Where a point should lie in
the changed picture follows from where it lay in the first one, so nothing but the change is taken for true: this shows
how steady the tool is, not how right. An error is a share of the diagonal of the person's box.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from page import write_section
from people import labelled_shots

from cinejudge import weights
from cinejudge.media import Footage
from cinejudge.tools.models.blazepose import twin
from cinejudge.tools.models.pose_search import Figure, search
from cinejudge.tools.pose import PICTURE_SIDE

PHOTOS = ("astronaut.png", "grace_hopper.jpg", "camera.png")
Picture = NDArray[np.uint8]
Map = NDArray[np.float64]
"""2 x 3: from the picture to the changed one."""


class Change(NamedTuple):
    """What is done to a picture, and where its points go."""

    name: str
    make: Callable[[Picture], tuple[Picture, Map]]
    mirrors: bool = False


def _mirror(rgb: Picture) -> tuple[Picture, Map]:
    return np.ascontiguousarray(rgb[:, ::-1]), np.array([[-1.0, 0, rgb.shape[1]], [0, 1, 0]])


def _turn(degrees: float) -> Callable[[Picture], tuple[Picture, Map]]:
    def make(rgb: Picture) -> tuple[Picture, Map]:
        height, width = rgb.shape[:2]
        way = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
        return cv2.warpAffine(rgb, way, (width, height), borderMode=cv2.BORDER_REFLECT), way

    return make


def _scale(side: int) -> Callable[[Picture], tuple[Picture, Map]]:
    def make(rgb: Picture) -> tuple[Picture, Map]:
        factor = side / max(rgb.shape)
        way = np.array([[factor, 0, 0], [0, factor, 0]])
        return cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), way

    return make


def _dark(rgb: Picture) -> tuple[Picture, Map]:
    return (rgb * 0.4).astype(np.uint8), np.eye(2, 3)


CHANGES = (
    Change("mirrored", _mirror, True),
    Change("turned by 10 degrees", _turn(10)),
    Change("turned by -20 degrees", _turn(-20)),
    Change("longer side 480 px", _scale(480)),
    Change("longer side 320 px", _scale(320)),
    Change("longer side 160 px", _scale(160)),
    Change("two fifths of the light", _dark),
)


class Again(NamedTuple):
    """One person of a picture, looked for in the changed one."""

    wanted: int
    errors: list[float]
    """Of the points that are told again; empty where the person has no pose there."""
    turns: tuple[float, float] | None
    """Of the chest: where it should be, and where it is."""
    hands: int
    hands_again: int


def pictures(folder: Path) -> Iterator[Picture]:
    """Photographs, then the middle of each labelled shot."""
    for name in PHOTOS:
        yield cv2.imread(str(weights.path("example-photos", name)), cv2.IMREAD_COLOR_RGB)
    labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as cache:
        for clip, label in labels.items():
            with Footage(folder / clip, cache=Path(cache)) as footage:
                for shot in labelled_shots(footage, label):
                    yield footage.frame((shot.start_frame + shot.end_frame) // 2, max_side=PICTURE_SIDE)


def again(person: Figure, changed: list[Figure], way: Map, mirrors: bool) -> Again:
    """Finds a person among those of the changed picture by the middle of the box, and compares the points."""

    def moved(place: NDArray[np.float32]) -> Map:
        return way[:, :2] @ place[:2] + way[:, 2]

    wanted = {twin(n) if mirrors else n: moved(p) for n, p in person.points.items()}
    middle = moved((person.box[:2] + person.box[2:]) / 2)
    size = float(np.linalg.norm(person.box[2:] - person.box[:2])) * np.sqrt(abs(np.linalg.det(way[:, :2])))
    near = [f for f in changed if f.points and (f.box[:2] < middle).all() and (middle < f.box[2:]).all()]
    if not near:
        return Again(len(wanted), [], None, len(person.hands), 0)
    other = min(near, key=lambda f: float(np.linalg.norm((f.box[:2] + f.box[2:]) / 2 - middle)))
    errors = [float(np.linalg.norm(other.points[n][:2] - p)) / size for n, p in wanted.items() if n in other.points]
    turns = None
    if person.yaw is not None and other.yaw is not None:
        turns = (-person.yaw if mirrors else person.yaw, other.yaw)
    return Again(len(wanted), errors, turns, len(person.hands), min(len(person.hands), len(other.hands)))


def row(name: str, found: list[Again]) -> str:
    """One change."""
    told = [a for a in found if a.errors]
    errors = np.array([e for a in told for e in a.errors])
    turns = [abs((b - a + 180) % 360 - 180) for a, b in (f.turns for f in told if f.turns)]
    return (
        f"| {name} | {len(told)}/{len(found)} | {len(errors)}/{sum(a.wanted for a in told)} | "
        f"{np.median(errors):.3f} | {np.quantile(errors, 0.95):.3f} | {(errors < 0.05).mean():.1%} | "
        f"{np.median(turns):.0f} | {sum(a.hands_again for a in found)}/{sum(a.hands for a in found)} |"
    )


def main() -> None:
    """Changes, looks, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true", help="put the table into docs/perception.md")
    given = parser.parse_args()
    found: dict[str, list[Again]] = {change.name: [] for change in CHANGES}
    seen = people = posed = 0
    for picture in pictures(given.folder):
        (figures,) = search([picture], "cpu")
        told = [f for f in figures if f.points]
        seen, people, posed = seen + 1, people + len(figures), posed + len(told)
        for change in CHANGES if told else ():
            changed, way = change.make(picture)
            (others,) = search([changed], "cpu")
            found[change.name] += [again(f, others, way, change.mirrors) for f in told]
    lines = ["| change | people | points | median | 95 % | within 5 % | turn of the chest, deg | hands |"]
    lines += ["|---|---|---|---|---|---|---|---|", *(row(name, each) for name, each in found.items())]
    lines.append(f"\n{seen} pictures; {people} people found, {posed} of them with a pose.")
    text = "\n".join(lines)
    print(text)
    if given.write:
        write_section("pose", text)


if __name__ == "__main__":
    main()
