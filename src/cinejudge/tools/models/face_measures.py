"""What landmarks and blendshapes tell about one face: mouth, head, gaze, expression."""

from __future__ import annotations

from cinejudge.tools.models.face_landmarker import blendshapes, head_pose
from cinejudge.tools.models.face_search import Picture, Sighting
from cinejudge.tools.records.faces import Sample

EXPRESSION_PX = 48
"""Faces smaller than this have no expression."""
GAZE_PX = 64
"""Faces smaller than this have no gaze."""
GAZE_TURN_DEG = 30.0
"""Nor have those that are turned further."""
EYES_CLOSED = 0.5

_EXPRESSION = {
    "smile": ("mouthSmileLeft", "mouthSmileRight"),
    "frown": ("mouthFrownLeft", "mouthFrownRight"),
    "brows_raised": ("browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    "brows_lowered": ("browDownLeft", "browDownRight"),
    "eyes_closed": ("eyeBlinkLeft", "eyeBlinkRight"),
    "eyes_wide": ("eyeWideLeft", "eyeWideRight"),
    "jaw_open": ("jawOpen",),
}
"""Each the mean of these blendshapes."""


def measure(sighting: Sighting, picture: Picture, frame: int, time_s: float) -> Sample:
    """The record of a sighting in a picture of that frame and time."""
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = (float(v) for v in sighting.box)
    sample = Sample(
        frame=frame,
        time_s=round(time_s, 3),
        box=(round(x0 / width, 4), round(y0 / height, 4), round(x1 / width, 4), round(y1 / height, 4)),
        score=round(sighting.score, 3),
        side_px=round(sighting.side, 1),
    )
    if sighting.face is None:
        return sample
    yaw, pitch, roll = head_pose(sighting.face)
    told: dict[str, object] = {
        "mouth": round(sighting.face.mouth_aspect_ratio, 4),
        "yaw": round(yaw, 1),
        "pitch": round(pitch, 1),
        "roll": round(roll, 1),
    }
    if sighting.side >= EXPRESSION_PX:
        shapes = blendshapes(sighting.face)
        expression = {k: sum(shapes[n] for n in names) / len(names) for k, names in _EXPRESSION.items()}
        told["expression"] = {name: round(value, 3) for name, value in expression.items()}
        if sighting.side >= GAZE_PX and abs(yaw) <= GAZE_TURN_DEG and expression["eyes_closed"] < EYES_CLOSED:
            told["gaze"] = _gaze(shapes)
    return sample.model_copy(update=told)


def _gaze(shapes: dict[str, float]) -> tuple[float, float]:
    """To the picture's right and up; the person's left eye lies on the picture's right."""
    right = shapes["eyeLookOutLeft"] + shapes["eyeLookInRight"] - shapes["eyeLookInLeft"] - shapes["eyeLookOutRight"]
    up = shapes["eyeLookUpLeft"] + shapes["eyeLookUpRight"] - shapes["eyeLookDownLeft"] - shapes["eyeLookDownRight"]
    return round(right / 2, 3), round(up / 2, 3)
