"""What a measure is, and where each one is found.

A measure turns evidence into one number, for a measured metric or for the rule of a question. Suites name measures;
the numbers' thresholds and mappings stand in the suites, where an expert can change them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from cinejudge.schema import Brief, Clip, Evidence, Measured, Shot
from cinejudge.schema.errors import ConfigError
from cinejudge.tools.registry import all_tools


class HasClip(Protocol):
    """Whatever knows the facts of the file."""

    @property
    def clip(self) -> Clip:
        """The facts."""
        ...


class Senses(Protocol):
    """What a measure looks with: the live senses of a clip, or what a trace has recorded of them."""

    @property
    def footage(self) -> HasClip:
        """What is looked at."""
        ...

    async def look(self, name: str, **args: Any) -> Evidence:
        """Evidence of the tool ``name``."""
        ...

    def keep_picture(self, path: Path) -> str:
        """The artifact of a picture of the user's own, for tools to compare with."""
        ...

    def keep_sound(self, path: Path) -> str:
        """The artifact of a recording of the user's own, for tools to compare with."""
        ...

    def result(self, evidence: Evidence) -> Any:
        """The typed result behind a found piece of evidence."""
        ...


@dataclass(frozen=True)
class Query:
    """What is to be measured: where, and with which settings."""

    name: str
    target: str
    """``clip``, ``shot2``, ``shot2-3``, ``line0`` …"""
    shots: tuple[Shot, ...]
    """The shots in question: all valid ones for ``clip``."""
    all_shots: tuple[Shot, ...]
    brief: Brief | None
    slots: dict[str, str]
    settings: dict[str, Any]
    perception: Senses

    async def look(self, tool: str, **args: Any) -> tuple[Any, Evidence]:
        """Typed result and evidence of a tool.

        Raises:
            NoValue: the tool does not exist yet, is not installed, abstained or failed.
        """
        if tool not in all_tools():
            raise NoValue(f"needs the perception tool {tool!r}, which is not part of this version", missing=True)
        evidence = await self.perception.look(tool, **args)
        if not evidence.found:
            missing = evidence.status == "unavailable"
            raise NoValue(f"{tool}: {evidence.reason}", missing=missing, evidence=(evidence.id,))
        return self.perception.result(evidence), evidence


class NoValue(Exception):
    """Raised by a measure that has nothing to say; the message says why."""

    def __init__(self, reason: str, *, missing: bool = False, evidence: tuple[str, ...] = ()) -> None:
        """Keeps why there is no value, and whether for lack of means or of anything to measure."""
        super().__init__(reason)
        self.missing = missing
        self.evidence = evidence


MeasureFunction = Callable[[Query], Awaitable[Measured]]


@dataclass(frozen=True)
class MeasureSpec:
    """A registered measure."""

    name: str
    unit: str
    describes: str
    run: MeasureFunction


_MEASURES: dict[str, MeasureSpec] = {}


def measure(name: str, *, unit: str) -> Callable[[MeasureFunction], MeasureFunction]:
    """Registers a function as the measure ``name``; its docstring's first line says what it returns."""

    def register(function: MeasureFunction) -> MeasureFunction:
        if name in _MEASURES:
            raise ConfigError(f"two measures are named {name!r}")
        _MEASURES[name] = MeasureSpec(name, unit, (function.__doc__ or "").strip().split("\n")[0], function)
        return function

    return register


def registered() -> dict[str, MeasureSpec]:
    """Every measure by name."""
    return dict(sorted(_MEASURES.items()))


async def take(query: Query) -> Measured:
    """Takes a measure. What it cannot tell comes back as a reason, never as a default value.

    Raises:
        ConfigError: no measure has that name.
    """
    spec = _MEASURES.get(query.name)
    if spec is None:
        raise ConfigError(f"no measure named {query.name!r}; `cinejudge suites check` lists those that exist")
    try:
        taken = await spec.run(query)
    except NoValue as why:
        taken = Measured(
            name=query.name,
            target=query.target,
            value=None,
            unit=spec.unit,
            reason=str(why),
            missing=why.missing,
            evidence=why.evidence,
        )
    return taken.model_copy(update={"settings": query.settings, "slots": query.slots})
