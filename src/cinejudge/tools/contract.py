"""What a perception tool is.

A tool is a name, a description that a model can choose by, typed arguments and results, and an ordered list of
providers. The first provider whose packages and weights are present does the work. A tool sees one clip through
its :class:`~cinejudge.media.Footage`; it never opens a file that somebody else named.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from cinejudge.media import ArtifactStore, Footage
from cinejudge.schema import Artifact, Fidelity, Record, Shot


class ToolArgs(Record):
    """Base of a tool's arguments: shot indices, seconds, ids. Never a path, an URL or code."""


class ToolResult(Record):
    """Base of a tool's result: plain numbers, words, boxes and times, small enough to keep and to read.

    Boxes are ``[x0, y0, x1, y1]`` as shares of the displayed picture (0 to 1), so that they hold at any size.
    Frames are indices in display order, times are seconds.
    """

    @property
    def summary(self) -> str:
        """One line for a reader."""
        raise TypeError(f"{type(self).__name__} defines no summary")


class Abstain(Exception):
    """Raised by a provider when the input lies outside its range of validity; the message says why."""


A = TypeVar("A", bound=ToolArgs)
R = TypeVar("R", bound=ToolResult)


@dataclass(frozen=True)
class Look:
    """What a provider is handed: the footage, the shots as known so far, and a place for pictures."""

    footage: Footage
    shots: tuple[Shot, ...]
    """Corrected shots; empty while the segmentation is still at work."""
    store: ArtifactStore
    device: str = "cpu"
    """``cpu`` or ``cuda``."""
    artifacts: list[Artifact] = field(default_factory=list)
    """Providers append what shows their result."""


@dataclass(frozen=True)
class Provider(Generic[A, R]):
    """One implementation of a tool."""

    name: str
    version: str
    """Raised whenever the same input could give another result; part of the cache key."""
    fidelity: Fidelity
    run: Callable[[Look, A], R]
    """Blocking. Imports what is heavy inside. Raises Abstain, ToolError or WeightsMissing."""
    packages: tuple[str, ...] = ()
    """Import names that must be installed."""
    weights: tuple[str, ...] = ()
    """Names in the weights catalogue that must be present."""
    extra: str | None = None
    """The optional extra that installs its packages."""
    needs_gpu: bool = False


@dataclass(frozen=True)
class Tool(Generic[A, R]):
    """A perception capability with its providers in order of preference."""

    name: str
    description: str
    """What it tells and when to call it, for a model and for a person."""
    validity: str
    """The range outside which it abstains."""
    args: type[A]
    result: type[R]
    providers: tuple[Provider[A, R], ...]
    uses_shots: bool = False
    """Whether the result depends on the shots; they then enter the cache key."""
    for_models: bool = True
    """Whether a judge may offer it to a model."""
    draw: Callable[[Footage, R], Any] | None = None
    """Draws the result into frames for a person to check: yields ``(caption, rgb array)``."""


AnyTool = Tool[Any, Any]
AnyProvider = Provider[Any, Any]
