"""What the tool ``faces`` is asked and what it answers."""

from __future__ import annotations

from pydantic import Field

from cinejudge.schema import Record
from cinejudge.tools.contract import ToolResult
from cinejudge.tools.sampling.stretches import SampledArgs


class Args(SampledArgs):
    """Where to look and how densely; 25 frames per second where mouths are compared with sound."""


class Sample(Record):
    """One face in one frame. What landmarks tell is None for a face from the side."""

    frame: int
    time_s: float
    box: tuple[float, float, float, float]
    score: float
    side_px: float
    """Shorter side of the face in pixels of the decoded picture."""
    mouth: float | None = None
    """Opening of the inner lips over their width; 0 is closed."""
    yaw: float | None = None
    """Degrees; positive turns to the picture's right."""
    pitch: float | None = None
    """Degrees; positive looks up."""
    roll: float | None = None
    """Degrees; positive leans to the picture's right."""
    gaze: tuple[float, float] | None = None
    """Where the eyes turn within the head, -1 to 1: to the picture's right, and up. None when they are too small,
    nearly closed, or the head is turned away."""
    expression: dict[str, float] = Field(default_factory=dict)
    """``smile``, ``frown``, ``brows_raised``, ``brows_lowered``, ``eyes_closed``, ``eyes_wide`` and ``jaw_open``, each
    0 to 1; empty when the face is too small."""


class Track(Record):
    """One face followed through one shot."""

    id: int
    shot: int | None
    start_s: float
    end_s: float
    """Time of the last sample that shows it."""
    samples: tuple[Sample, ...]
    score: float
    side_px: float
    """Median of the samples."""
    frontal: float
    """Share of the samples with landmarks."""
    identity: int | None = None
    no_identity: str | None = None
    """Why there is none."""
    stability: float | None = None
    """Lowest cosine similarity of one of its faces to the mean of all; low when the face changes within the shot."""


class Identity(Record):
    """One person, as far as faces tell."""

    id: int
    tracks: tuple[int, ...]
    shots: tuple[int | None, ...]
    certain: bool
    """False when a similarity that decided lies close to the threshold."""


class Similarity(Record):
    """How alike the faces of two tracks are."""

    a: int
    b: int
    cosine: float
    at_once: bool
    """Both are seen in one frame, so they are two people, however alike."""


class Result(ToolResult):
    """Faces followed over shots, who is who, and how many."""

    frames: int
    """Frames looked at."""
    step_s: float | None = None
    """Time between two of them, where the video is too long for the density that was asked for."""
    tracks: tuple[Track, ...]
    identities: tuple[Identity, ...]
    similarities: tuple[Similarity, ...]
    """Of all pairs of tracks that have an identity; in long videos of those near each other."""
    threshold: float
    """Cosine similarity from which two tracks are one person."""
    at_once: int
    """Most faces in one frame."""
    people: int
    """Least number of people that explains the faces: the larger of ``at_once`` and the number of identities."""

    @property
    def summary(self) -> str:
        """How many people, and in how many tracks."""
        seen = f"{self.frames} frames" + (f", one every {self.step_s:.2g} s" if self.step_s else "")
        if not self.tracks:
            return f"no face in {seen}"
        named = sum(t.identity is not None for t in self.tracks)
        sizes = f"{min(t.side_px for t in self.tracks):.0f} to {max(t.side_px for t in self.tracks):.0f} px"
        return (
            f"{self.people} people, at most {self.at_once} at once; {len(self.tracks)} face tracks of {sizes}, "
            f"{named} with an identity ({len(self.identities)} different), in {seen}"
        )
