"""Mouths followed picture by picture: what they do, for comparison with sound.

Faces are searched five times a second and followed, as the tool ``faces`` does; between two finds the landmarks alone
are taken again in every picture, in the place that lies between: searching costs ten times as much.
"""

from __future__ import annotations

import statistics
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cinejudge.media import Footage
from cinejudge.tools.models import face_landmarker
from cinejudge.tools.models.face_landmarker import LEFT_EYE, LIP_BOTTOM, LIP_TOP, RIGHT_EYE, Face
from cinejudge.tools.models.face_measures import measure
from cinejudge.tools.models.face_search import Picture, Sighting, search
from cinejudge.tools.models.face_tracks import FaceTrack, follow
from cinejudge.tools.records.faces import Sample

PICTURE_SIDE = 1280
"""Longer side of the pictures looked at, in pixels."""
SEARCHES_PER_S = 5.0
LONGEST_GAP_S = 0.45
"""Two finds further apart are not bridged."""
BATCH = 8
SMALLEST_PX = 64
"""Mouths of smaller faces are a few pixels wide."""

NOSE, CHIN = 1, 152
LIPS_TOP, LIPS_BOTTOM = 0, 17
"""Outer edges of the lips, in the middle."""
CORNERS = (61, 291)
"""Of the outer lips."""
PATCH = 32
"""Side of the mouth's picture in pixels."""
PATCH_WIDTH = 0.9
"""What it shows: this many distances between the outer corners of the eyes."""
INSIDE = (slice(8, 26), slice(6, 26))
"""Where in it the opening lies."""


@dataclass
class MouthTrack:
    """One mouth in one shot; places in the lists belong together."""

    shot: int | None
    times: list[float] = field(default_factory=list)
    shapes: list[tuple[float, ...]] = field(default_factory=list)
    """Inner opening, height of the lips, lower lip under the nose, chin under the nose, in distances between the outer
    corners of the eyes; and how dark the opening is, 0 bright, 1 black."""
    patches: list[NDArray[np.float32]] = field(default_factory=list)
    """The mouth, levelled and of one size: luma, [32, 32]."""
    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)
    """Of the face, as shares of the picture."""
    frames: list[int] = field(default_factory=list)
    side_px: float = 0.0
    """Shorter side of the face in pixels of the decoded picture, median of the finds."""
    yaw: float | None = None
    """Median turn of the head to either side in degrees; None when it was only seen from the side."""

    @property
    def motion(self) -> NDArray[np.float64]:
        """Mean absolute change of the mouth's picture per second, in deviations of its luma over the track; [n]."""
        patches, times = np.stack(self.patches), np.array(self.times)
        steps = np.maximum(np.diff(times), 1e-3)
        moved = np.abs(np.diff(patches, axis=0)).mean(axis=(1, 2)) / steps / max(float(patches.std()), 1.0)
        return np.concatenate([moved[:1], moved]).astype(np.float64)


def mouths(footage: Footage, shot: int | None, frames: Sequence[int], device: str) -> list[MouthTrack]:
    """The mouths of one shot's faces; empty lists for faces under 64 pixels and those seen only from the side.

    Args:
        footage: The clip.
        shot: Its number, for the record.
        frames: Rising; every frame that counts.
        device: ``cpu`` or ``cuda``.
    """
    times = footage.times
    step = max(1, round(len(frames) / max(float(times[frames[-1]] - times[frames[0]]), 1e-3) / SEARCHES_PER_S))
    places = sorted({*range(0, len(frames), step), len(frames) - 1})
    tracks = follow(shot, list(_finds(footage, [frames[place] for place in places], device)))
    found = [_begun(track) for track in tracks]
    wanted: dict[int, list[tuple[int, Face | tuple[NDArray[np.float32], NDArray[np.float32]]]]] = {}
    for number, track in enumerate(tracks):
        if found[number].side_px < SMALLEST_PX:
            continue
        for frame, where in _steps(track, frames, times):
            wanted.setdefault(frame, []).append((number, where))
    for frame, picture in footage.frames(sorted(wanted), max_side=PICTURE_SIDE):
        for number, where in wanted[frame]:
            face = where if isinstance(where, Face) else face_landmarker.landmarks(picture, *where)
            if face.presence >= face_landmarker.PRESENCE:
                _add(found[number], frame, float(times[frame]), face, picture)
    return found


def _begun(track: FaceTrack) -> MouthTrack:
    yaws = [abs(s.yaw) for s in track.samples if s.yaw is not None]
    return MouthTrack(
        track.shot,
        side_px=statistics.median(s.side_px for s in track.samples),
        yaw=statistics.median(yaws) if yaws else None,
    )


def _finds(footage: Footage, frames: Sequence[int], device: str) -> Iterator[list[tuple[Sample, Sighting]]]:
    for start in range(0, len(frames), BATCH):
        batch = list(footage.frames(frames[start : start + BATCH], max_side=PICTURE_SIDE))
        for (frame, picture), sightings in zip(batch, search([p for _, p in batch], device), strict=True):
            yield [(measure(s, picture, frame, float(footage.times[frame])), s) for s in sightings]


def _steps(
    track: FaceTrack, frames: Sequence[int], times: NDArray[np.float64]
) -> Iterator[tuple[int, Face | tuple[NDArray[np.float32], NDArray[np.float32]]]]:
    """For each frame the face that was found there, or the box and the eyes between two finds."""
    finds = [(s.frame, seen.face) for s, seen in zip(track.samples, track.sightings, strict=True) if seen.face]
    for frame, face in finds:
        yield frame, face
    for (first, before), (last, after) in pairwise(finds):
        if times[last] - times[first] > LONGEST_GAP_S:
            continue
        for frame in frames[bisect_left(frames, first) + 1 : bisect_left(frames, last)]:
            share = np.float32((times[frame] - times[first]) / (times[last] - times[first]))
            points = before.points + (after.points - before.points) * share
            between = Face(1.0, points)
            yield frame, (between.box, points[[RIGHT_EYE, LEFT_EYE], :2])


def _add(track: MouthTrack, frame: int, time_s: float, face: Face, picture: Picture) -> None:
    height, width = picture.shape[:2]
    patch = _patch(face, picture)
    points = face.points
    unit = float(np.linalg.norm(points[RIGHT_EYE] - points[LEFT_EYE]))

    def distance(a: int, b: int) -> float:
        return float(np.linalg.norm(points[a] - points[b])) / max(unit, 1e-6)

    darkness = 1 - float(np.quantile(patch[INSIDE], 0.1)) / max(float(patch.mean()), 1.0)
    track.frames.append(frame)
    track.times.append(time_s)
    track.shapes.append(
        (
            distance(LIP_TOP, LIP_BOTTOM),
            distance(LIPS_TOP, LIPS_BOTTOM),
            distance(NOSE, LIP_BOTTOM),
            distance(NOSE, CHIN),
            darkness,
        )
    )
    track.patches.append(patch)
    x0, y0, x1, y1 = (float(v) for v in face.box)
    track.boxes.append((x0 / width, y0 / height, x1 / width, y1 / height))


def _patch(face: Face, picture: Picture) -> NDArray[np.float32]:
    """The mouth's luma in a levelled square; [32, 32]."""
    import cv2

    points = face.points[:, :2]
    eyes = points[LEFT_EYE] - points[RIGHT_EYE]
    scale = PATCH_WIDTH / PATCH
    turn = scale * np.array([[eyes[0], -eyes[1]], [eyes[1], eyes[0]]], np.float32)
    centre = (points[CORNERS[0]] + points[CORNERS[1]]) / 2
    back = np.concatenate([turn, (centre - turn @ np.full(2, PATCH / 2, np.float32))[:, None]], axis=1)
    cut = cv2.warpAffine(
        picture,
        back.astype(np.float32),
        (PATCH, PATCH),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(cv2.cvtColor(cut, cv2.COLOR_RGB2GRAY), np.float32)
