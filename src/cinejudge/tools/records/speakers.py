"""What the tool ``speakers`` is asked and what it answers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cinejudge.schema import Record
from cinejudge.tools.contract import ToolArgs, ToolResult

UNLIKE, ALIKE = 0.65, 0.75
"""Two voices less alike than the first are surely two; a voice steadier than the second is surely one."""


class Args(ToolArgs):
    """The whole clip is listened to, and compared with recordings where some are named."""

    references: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")], ...] = ()
    """Stored recordings of a voice."""


class Turn(Record):
    """A stretch in which one voice speaks."""

    speaker: int
    start_s: float
    end_s: float
    sure: bool
    """False for stretches under 1.2 s, which were given to the likest voice."""


class Voice(Record):
    """One speaker."""

    speaker: int
    speech_s: float
    steadiness: float | None
    """Cosine that nine tenths of the pairs of its windows of 1.6 s reach; None where no two lie side by side."""


class ShotVoice(Record):
    """One speaker in one shot."""

    shot: int
    speaker: int
    speech_s: float


class Match(Record):
    """Likeness of two voices: cosine of their embeddings, 0 to 1; strangers reach 0.65."""

    first: int
    """Place in ``shot_voices``."""
    second: int
    similarity: float


class ReferenceMatch(Record):
    """Likeness of a speaker's voice to a recording."""

    speaker: int
    reference: str
    similarity: float


class Result(ToolResult):
    """Voices, their turns, and how alike they are from shot to shot."""

    duration_s: float
    turns: tuple[Turn, ...]
    voices: tuple[Voice, ...]
    least_alike: float | None
    """Lowest cosine between two of the voices; None for one voice."""
    count_sure: bool
    """Whether every voice is surely one, and surely none of the others."""
    shot_voices: tuple[ShotVoice, ...]
    """Every speaker with at least 1.2 s of speech in a shot."""
    matches: tuple[Match, ...]
    """Every pair of shot voices of different shots; in long videos of those near each other."""
    references: tuple[ReferenceMatch, ...]

    @property
    def several(self) -> bool | None:
        """Whether more than one voice speaks; None where the voices do not tell."""
        if self.least_alike is not None and self.least_alike < UNLIKE:
            return True
        return False if len(self.voices) == 1 and self.count_sure else None

    @property
    def summary(self) -> str:
        """How many voices, and when they speak."""
        doubt = "" if self.count_sure else " (unsure)"
        told = "; ".join(f"voice {v.speaker + 1} for {v.speech_s:.1f} s" for v in self.voices)
        return f"{len(self.voices)} voice{'s' if len(self.voices) > 1 else ''}{doubt}: {told}"
