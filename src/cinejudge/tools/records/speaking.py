"""What the tool ``active_speaker`` answers."""

from __future__ import annotations

from cinejudge.schema import Record, Span, Unit
from cinejudge.tools.contract import ToolResult
from cinejudge.tools.records.mouths import SeenMouth


class SeenFace(SeenMouth):
    """A face and how long it speaks."""

    speaks_s: float
    """Seconds of speech that are its own."""
    reason: str | None = None
    """Why nothing can be told from it."""

    @property
    def overlap(self) -> float:
        """Share of the voice during its view that is its own, 0 to 1."""
        return min(1.0, self.speaks_s / self.heard_s) if self.heard_s else 0.0


class Speaking(Record):
    """A stretch of speech during which a readable face is seen."""

    start_s: float
    end_s: float
    track: int | None
    """The face that speaks; None when none of the readable ones does."""
    moving: bool
    """Whether the mouth of a readable face moves at all."""
    decided: bool
    """False when faces are seen of which it is unclear whether one of them speaks."""


class Result(ToolResult):
    """Who speaks when, of those who are seen."""

    faces: tuple[SeenFace, ...]
    speech_s: float
    seen: tuple[Span, ...]
    """Speech while a readable face is seen."""
    still: tuple[Span, ...]
    """Speech while readable faces are seen and the mouth of none moves."""
    speaking: tuple[Speaking, ...]
    looked_at: Unit = 1.0
    """Share of the pictures near speech that were looked at: less than 1 for more than five minutes of them."""

    @property
    def summary(self) -> str:
        """Seconds of speech for each face."""
        told = [f for f in self.faces if f.reason is None]
        parts = [f"face {f.track} for {f.speaks_s:.1f} s" for f in told if f.speaks_s > 0]
        unclear = sum(p.end_s - p.start_s for p in self.speaking if not p.decided)
        still = sum(span.length_s for span in self.still)
        if unclear > 0:
            parts.append(f"unclear who for {unclear:.1f} s")
        if still > 0:
            parts.append(f"no seen mouth moves for {still:.1f} s")
        count = f"{len(told)} readable face{'s' if len(told) != 1 else ''}"
        if self.looked_at < 1:
            count += f" in {self.looked_at:.0%} of the pictures near speech"
        return f"of {self.speech_s:.1f} s of speech: {', '.join(parts) or 'no seen face speaks'}; {count}"
