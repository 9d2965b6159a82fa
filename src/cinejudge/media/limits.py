"""What the one decoding pass keeps, and what a file may cost before it is refused."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FramePlan:
    """What the decoding pass keeps beside the thumbnails, which it always takes."""

    signals: bool = True
    """Measure each frame on its own pixels. Shot detection alone does not need it."""

    pictures: bool = True
    """Keep JPEG pictures. Shot detection alone does not need them either."""
    max_side: int = 1280
    """Pixels of the longer side of kept pictures; smaller videos keep their own size."""
    max_pictures: int = 6000
    """At most so many are kept, evenly spread: longer videos keep every second, every fourth ... frame."""
    sound: bool = True
    """Keep the sound."""


@dataclass(frozen=True)
class MediaLimits:
    """Bounds on one file. Whatever goes past one ends as a MediaError that names it."""

    max_bytes: int = 8 * 2**30
    """Size of the file."""
    max_duration_s: float = 2 * 3600.0
    """Length by its time stamps."""
    max_frames: int = 500_000
    """Pictures decoded."""
    max_pixels: int = 8192 * 4320
    """Pixels of one picture."""
    max_streams: int = 64
    """Streams in the container."""
    decode_timeout_s: float = 3600.0
    """Wall time of the whole pass."""
    stall_timeout_s: float = 60.0
    """Wall time without any progress: a decoder that hangs."""
    memory_bytes: int = 6 * 2**30
    """Address space of the decoding process."""
    work_bytes: int = 16 * 2**30
    """Disk that the work folder may take."""
