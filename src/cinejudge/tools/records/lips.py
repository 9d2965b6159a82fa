"""What the tool ``lipsync`` answers."""

from __future__ import annotations

from typing import Literal

from cinejudge.tools.contract import ToolResult
from cinejudge.tools.records.mouths import SeenMouth

Standing = Literal["in_step", "out_of_step", "unclear", "unreadable"]


class FaceSync(SeenMouth):
    """A face against the voice."""

    standing: Standing
    """Whether mouth and voice belong together, at whatever offset. ``unclear``: they may; ``unreadable``: no telling
    from this face."""
    reason: str | None = None
    """Why it is unreadable or unclear."""
    offset_ms: float | None = None
    """Where mouth and voice agree best; positive: the sound is late. A guess while ``unclear``; None out of step."""
    confidence: float | None = None
    """The provider's own: SyncNet's confidence, or standard deviations over unrelated signals."""
    rating: float | None = None
    """0 to 10. SyncNet's confidence; for the stand-in, closeness of the offset where mouth and voice belong together
    (10 up to 80 ms, 0 from 400 ms) and 0 where they do not. None where that is unclear."""
    moving_share: float | None = None
    """Share of ``heard_s`` in which its mouth moves."""
    mouth: tuple[float, ...] = ()
    """Opening, in distances between the eyes' outer corners, spread evenly from start to end."""


class Result(ToolResult):
    """Faces against the voice."""

    faces: tuple[FaceSync, ...]
    speech_s: float
    offset_ms: float | None
    """Of the surest face; positive: the sound is late. None where no mouth moves with the voice."""
    confidence: float | None
    """Of that face."""
    sure: bool
    """Whether that face is in step; otherwise the offset is a guess."""
    looked_at: float = 1.0
    """Share of the pictures near speech that were looked at: less than 1 in long videos."""

    @property
    def summary(self) -> str:
        """The offset, or what stands against one."""
        told = [f for f in self.faces if f.standing != "unreadable"]
        count = f"{len(told)} readable face track{'s' if len(told) != 1 else ''}"
        if self.looked_at < 1:
            count += f" in {self.looked_at:.0%} of the pictures near speech"
        if self.offset_ms is not None and self.sure:
            side = "in time" if abs(self.offset_ms) < 60 else "late" if self.offset_ms > 0 else "early"
            return f"lips and voice belong together, sound {side} ({self.offset_ms:+.0f} ms); {count}"
        if told and all(f.standing == "out_of_step" for f in told):
            return f"no mouth moves with the voice; {count}"
        guess = "" if self.offset_ms is None else f" (best at {self.offset_ms:+.0f} ms)"
        return f"unclear whether mouth and voice belong together{guess}; {count}"
