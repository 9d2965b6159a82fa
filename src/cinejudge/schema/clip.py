"""One video file, by content."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cinejudge.schema.base import Record


class Clip(Record):
    """The facts of one file, as the probe found them. Nothing here comes from its name."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    """First 16 hex digits of ``sha256``; what traces and caches call this clip."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    name: str
    """File name for display, control characters escaped. Untrusted."""
    size_bytes: int
    container: str
    video_codec: str
    width: int
    """Displayed width in pixels, rotation and pixel aspect applied."""
    height: int
    rotation: int
    """Degrees clockwise that a player turns the stored picture: 0, 90, 180 or 270."""
    fps: float
    """Average frames per second."""
    frames: int
    """Frames that decoded."""
    duration_s: float
    variable_frame_rate: bool
    audio_codec: str | None
    sample_rate: int | None
    channels: int | None
    notes: tuple[str, ...] = ()
    """What was odd but bearable: a damaged packet, missing time stamps, a truncated tail."""

    @property
    def has_audio(self) -> bool:
        """Whether there is an audio stream."""
        return self.audio_codec is not None
