"""Names of what a camera does. Imports nothing heavy: tools name them without loading what measures them."""

from __future__ import annotations

from typing import Literal

Move = Literal[
    "pan_left",
    "pan_right",
    "tilt_up",
    "tilt_down",
    "track_left",
    "track_right",
    "push_in",
    "pull_out",
    "roll_clockwise",
    "roll_counterclockwise",
]
Still = Literal["static", "handheld"]
"""What names a shot without being a move."""
