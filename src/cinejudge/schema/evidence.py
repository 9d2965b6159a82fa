"""What a perception tool found."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from cinejudge.schema.base import Record, Span

Fidelity = Literal["paper", "substitute", "own"]
"""``paper``: the model that the paper names. ``substitute``: another stands in, so the number is not
comparable with published ones. ``own``: the paper names no model for this."""

EvidenceStatus = Literal["found", "abstained", "unavailable", "failed"]
"""``abstained``: outside the tool's range of validity. ``unavailable``: no provider is installed."""


class Artifact(Record):
    """A picture or sound that shows the evidence, stored by content."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    media_type: Literal["image/jpeg", "image/png", "audio/wav", "video/mp4"]
    caption: str
    """What it shows. Written by us, never by the video."""
    frame: int | None = None
    time_s: float | None = None
    width: int | None = None
    height: int | None = None


class Evidence(Record):
    """One result of one tool. The id follows from what was asked, so asking again finds it again."""

    id: Annotated[str, Field(pattern=r"^ev_[0-9a-f]{12}$")]
    tool: str
    provider: str | None
    version: str | None
    fidelity: Fidelity | None
    args: dict[str, Any]
    status: EvidenceStatus
    reason: str | None = None
    """Why it abstained, failed or is unavailable, with the command that mends it."""
    summary: str = ""
    """One line for a reader. May quote the video: untrusted."""
    span: Span | None = None
    data: dict[str, Any] = Field(default_factory=dict)
    """The tool's typed result as JSON; read it through ``Tool.result``."""
    artifacts: tuple[Artifact, ...] = ()
    seconds: float = 0.0

    @property
    def found(self) -> bool:
        """Whether there is a result to rely on."""
        return self.status == "found"
