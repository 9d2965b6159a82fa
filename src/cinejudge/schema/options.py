"""What a run was asked to do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from cinejudge.schema.base import Record, Unit


class Limits(Record):
    """Bounds that are checked before each model call; None means unbounded."""

    max_cost: Annotated[float, Field(ge=0)] | None = None
    max_tokens: Annotated[int, Field(ge=0)] | None = None
    max_calls: Annotated[int, Field(ge=0)] | None = None
    max_seconds: Annotated[float, Field(ge=0)] | None = None


class Options(Record):
    """Settings of a run: from the call or the command line, then the environment, then ``cinejudge.toml``."""

    suites: tuple[str, ...] = ("msavbench",)
    """Names of suites, or paths of suite files."""
    model: str = "offline"
    """``offline``, ``openai/NAME`` or ``google/NAME``."""
    base_url: str | None = None
    out: Path = Path("traces")
    jobs: Annotated[int, Field(ge=1, le=64)] = 1
    """Clips judged at the same time."""
    limit: Annotated[int, Field(ge=1)] | None = None
    """Judge only the first so many clips."""
    limits: Limits = Limits()
    """Bounds of the whole run."""
    clip_limits: Limits = Limits()
    """Bounds of each clip."""
    fail_under: Unit | None = None
    offline: bool = False
    """No network at all: nothing is downloaded and no model is called."""
    samples: Annotated[int, Field(ge=1, le=16)] = 1
    """How often a question is put to the model."""
    seed: int = 0
    """Shuffles the options of questions."""
    device: str = "auto"
    """``auto``, ``cpu`` or ``cuda`` for perception."""
