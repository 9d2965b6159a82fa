"""Google's face landmarker task through LiteRT: 478 landmarks, presence, 52 blendshapes and head pose of a face.

The task file is a zip of TensorFlow Lite models. Pre- and post-processing follow MediaPipe's face landmarker graph:
a square around the face, 1.5 times its size and turned so that the eyes are level, becomes 256 x 256 pixels; the
landmarks come back in that square and are turned back into the picture.
"""

from __future__ import annotations

import math
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cinejudge import weights
from cinejudge.tools.models.litert import Network
from cinejudge.tools.models.squares import Square

SIDE = 256
MARGIN = 1.5
PRESENCE = 0.5
"""Least presence for a face to count as one (the task's own default)."""

RIGHT_EYE, LEFT_EYE = 33, 263
"""Outer corners of the person's eyes; the right one lies on the left of the picture."""
LIP_TOP, LIP_BOTTOM, LIP_LEFT, LIP_RIGHT = 13, 14, 308, 78
"""Inner lips: middle of the upper and lower one, and the corners."""

Points = NDArray[np.float32]

# fmt: off
_SUBSET = (
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80,
    81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153,
    154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251,
    263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318,
    321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385, 386,
    387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472, 473, 474, 475, 476, 477,
)
"""Landmarks that the blendshape network takes in, in its order."""

BLENDSHAPES = (
    "_neutral", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff",
    "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight",
    "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight",
    "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight", "mouthFunnel",
    "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight", "mouthPucker",
    "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft",
    "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "noseSneerLeft", "noseSneerRight",
)
"""Names of the blendshapes in the order of the network's output."""
# fmt: on


@dataclass(frozen=True)
class Face:
    """One face of one picture."""

    presence: float
    points: Points
    """float32 [478, 3]: x and y in pixels of the picture, z in the same scale, smaller is nearer."""

    @property
    def box(self) -> NDArray[np.float32]:
        """``x0, y0, x1, y1`` around the landmarks, in pixels."""
        return np.concatenate([self.points[:, :2].min(axis=0), self.points[:, :2].max(axis=0)])

    @property
    def side(self) -> float:
        """Shorter side of the box in pixels."""
        x0, y0, x1, y1 = self.box
        return float(min(x1 - x0, y1 - y0))

    @property
    def mouth_aspect_ratio(self) -> float:
        """Opening of the inner lips over their width; 0 is closed."""
        opening = np.linalg.norm(self.points[LIP_TOP] - self.points[LIP_BOTTOM])
        width = np.linalg.norm(self.points[LIP_LEFT] - self.points[LIP_RIGHT])
        return float(opening / max(float(width), 1e-6))


def landmarks(rgb: NDArray[np.uint8], box: NDArray[np.float32], eyes: NDArray[np.float32]) -> Face:
    """The landmarks of a face that a detector found.

    Args:
        rgb: uint8 [H, W, 3].
        box: ``x0, y0, x1, y1`` of the face in pixels.
        eyes: float32 [2, 2], the eye on the left of the picture first; they level the crop.
    """
    first = _run(rgb, box, eyes)
    # Once more on what the first pass found: a detector's box is coarse, and MediaPipe tracks the same way.
    return _run(rgb, first.box, first.points[[RIGHT_EYE, LEFT_EYE], :2]) if first.presence >= PRESENCE else first


def _run(rgb: NDArray[np.uint8], box: NDArray[np.float32], eyes: NDArray[np.float32]) -> Face:
    angle = math.atan2(float(eyes[1, 1] - eyes[0, 1]), float(eyes[1, 0] - eyes[0, 0]))
    square = Square((box[:2] + box[2:]) / 2, MARGIN * float(max(box[2] - box[0], box[3] - box[1])), angle)
    points, presence = _models().mesh(square.cut(rgb, SIDE).astype(np.float32)[None] / 255)
    found = points.reshape(-1, 3)
    placed = np.concatenate([square.place(found[:, :2], SIDE), found[:, 2:] * square.side / SIDE], axis=1)
    return Face(1 / (1 + math.exp(-float(presence.reshape(-1)[0]))), placed.astype(np.float32))


def blendshapes(face: Face) -> dict[str, float]:
    """The 52 blendshape coefficients in [0, 1] by name."""
    (values,) = _models().shapes(face.points[list(_SUBSET), :2][None])
    return dict(zip(BLENDSHAPES, map(float, values.reshape(-1)), strict=True))


def head_pose(face: Face) -> tuple[float, float, float]:
    """Yaw, pitch and roll in degrees; 0, 0, 0 looks straight into the lens.

    Yaw is positive when the face turns to the picture's right, pitch when it looks up, roll when the head leans to
    the picture's right. They are the rotation that best lays MediaPipe's canonical face over the landmarks, weighted
    by its Procrustes basis (Kabsch, 1976; least squares with scale), under weak perspective.
    """
    model, share = _canonical()
    seen = face.points[: len(model)] * np.array([1, -1, -1], np.float32)  # y up and z towards the lens, as the model
    centred = seen - share @ seen
    u, _, vt = np.linalg.svd((model - share @ model).T @ (centred * share[:, None]))
    flip = np.diag([1, 1, np.sign(np.linalg.det(vt.T @ u.T))])
    turn = vt.T @ flip @ u.T
    forward, right = turn[:, 2], turn[:, 0]
    yaw = math.degrees(math.atan2(forward[0], forward[2]))
    pitch = math.degrees(math.asin(float(np.clip(forward[1], -1, 1))))
    roll = math.degrees(math.atan2(-right[1], math.hypot(right[0], right[2])))
    return yaw, pitch, roll


class _Models:
    """The networks of the task file."""

    def __init__(self) -> None:
        with zipfile.ZipFile(weights.path("face-landmarker", "face_landmarker.task")) as task:
            self.mesh = Network(task.read("face_landmarks_detector.tflite"), ("Identity", "Identity_1"))
            self.shapes = Network(task.read("face_blendshapes.tflite"), ("StatefulPartitionedCall:0",))
            self.geometry = task.read("geometry_pipeline_metadata_landmarks.binarypb")


@cache
def _models() -> _Models:
    return _Models()


@cache
def _canonical() -> tuple[Points, NDArray[np.float32]]:
    """The canonical face [468, 3] in centimetres, y up, z towards the lens; and the weight of each landmark [468]."""
    buffer: list[float] = []
    weight: dict[int, float] = {}
    for number, value in _fields(_models().geometry):
        if number == 1 and isinstance(value, bytes):  # canonical mesh: its field 3 are the vertices, x y z u v
            buffer = [float(v) for n, v in _fields(value) if n == 3 and isinstance(v, float)]
        elif number == 2 and isinstance(value, bytes):  # Procrustes basis: landmark, weight
            entry = dict(_fields(value))
            weight[int(entry.get(1, 0))] = float(entry[2])
    vertices = np.array(buffer, np.float32).reshape(-1, 5)[:, :3]
    share = np.zeros(len(vertices), np.float32)
    share[list(weight)] = list(weight.values())
    return vertices, share / share.sum()


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Fields of a protocol buffer message: number and int, float or bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
        elif kind == 5:
            yield key >> 3, struct.unpack_from("<f", data, at)[0]
            at += 4
        elif kind == 2:
            length, at = _varint(data, at)
            yield key >> 3, data[at : at + length]
            at += length
        else:
            raise ValueError(f"unexpected wire type {kind}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
