"""Skeletons of people and the bones of their hands, drawn into pictures."""

from __future__ import annotations

from typing import Any

from cinejudge.tools.drawing.marks import INK, LIGHT, draw_box
from cinejudge.tools.records.pose import Person, Sample

SIDES = {"left": (64, 200, 255), "right": (255, 120, 60)}
"""Colours of the person's own left and right."""
_LIMBS = (
    ("shoulder", "elbow"), ("elbow", "wrist"), ("wrist", "index"), ("wrist", "pinky"), ("wrist", "thumb"),
    ("shoulder", "hip"), ("hip", "knee"), ("knee", "ankle"), ("ankle", "heel"), ("ankle", "foot"), ("eye", "ear"),
)  # fmt: skip
_MIDDLE = (("left_shoulder", "right_shoulder"), ("left_hip", "right_hip"), ("left_eye", "nose"), ("right_eye", "nose"))
_FINGERS = tuple((0 if tip == root else tip - 1, tip) for root in (1, 5, 9, 13, 17) for tip in range(root, root + 4))
HIDDEN = (150, 150, 150)
SEEN = 0.5


def draw_person(rgb: Any, person: Person, sample: Sample) -> None:
    """Draws one person into a picture (uint8 RGB [H, W, 3]), in place; bones that are hidden are grey."""
    import cv2

    height, width = rgb.shape[:2]
    line = max(1, round(max(height, width) / 400))

    def bone(start: tuple[float, ...], end: tuple[float, ...], colour: tuple[int, int, int]) -> None:
        ends = [(round(x * width), round(y * height)) for x, y in (start[:2], end[:2])]
        cv2.line(rgb, ends[0], ends[1], colour, line, cv2.LINE_AA)

    turn = "" if sample.yaw is None else f" turned {sample.yaw:.0f}"
    draw_box(rgb, sample.box, f"person {person.id}{turn}" if sample.points else f"person {person.id}: unsure", LIGHT)
    bones = [(f"{side}_{a}", f"{side}_{b}", colour) for side, colour in SIDES.items() for a, b in _LIMBS]
    for a, b, colour in [*bones, *((a, b, INK) for a, b in _MIDDLE)]:
        if a in sample.points and b in sample.points:
            hidden = min(sample.points[a][2], sample.points[b][2]) < SEEN
            bone(sample.points[a], sample.points[b], HIDDEN if hidden else colour)
    for side, hand in sample.hands.items():
        for root, tip in _FINGERS:
            bone(hand[root], hand[tip], SIDES[side])
