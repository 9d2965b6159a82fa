"""Senses that know only what a trace recorded: measures can be taken again without the video."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cinejudge.agent import measures
from cinejudge.schema import Clip, Evidence, Measured, Shot, Verdict
from cinejudge.schema.suite import Measure
from cinejudge.tools.registry import get_tool


class NotRecorded(Exception):
    """What a measure wants to look at was not looked at in the run, or not in a form that can be read now."""


@dataclass(frozen=True)
class _Footage:
    clip: Clip


class RecordedSenses:
    """The evidence of a verdict, by what was asked of the tools."""

    def __init__(self, verdict: Verdict) -> None:
        """Reads from ``verdict``."""
        self.footage = _Footage(verdict.clip)
        self._evidence = verdict.evidence
        self._results: dict[str, Any] = {}

    async def look(self, name: str, **args: Any) -> Evidence:
        """The evidence that the run found.

        Raises:
            NotRecorded: it did not ask for that.
        """
        wanted = get_tool(name).args.model_validate(args).model_dump(mode="json")
        for evidence in self._evidence:
            if evidence.tool == name and evidence.args == wanted:
                return evidence
        raise NotRecorded(f"the run did not look with {name} in this way: run the command again")

    def keep_picture(self, path: Path) -> str:
        """Nothing: the user's own files are no part of a trace.

        Raises:
            NotRecorded: always.
        """
        raise NotRecorded(f"{path.name} is no part of the trace: run the command again")

    def keep_sound(self, path: Path) -> str:
        """Raises NotRecorded: a recording of the user's own is no part of a trace."""
        raise NotRecorded(f"it compares with {path.name}, which is no part of the trace: run the command again")

    def result(self, evidence: Evidence) -> Any:
        """The typed result behind it.

        Raises:
            NotRecorded: another version of the tool wrote it, in another form.
        """
        try:
            if evidence.id not in self._results:
                self._results[evidence.id] = get_tool(evidence.tool).result.model_validate(evidence.data)
            return self._results[evidence.id]
        except ValidationError:
            version = f"{evidence.provider} {evidence.version}"
            raise NotRecorded(f"{evidence.tool} was recorded by {version}: run the command again") from None


def _asked(name: str, target: str, settings: Mapping[str, Any], slots: Mapping[str, str]) -> str:
    """What was asked of a measure, as a key."""
    return json.dumps([name, target, settings, slots], sort_keys=True)


class RecordedMeasures:
    """The measures of a verdict; those that were not taken are taken from its evidence."""

    def __init__(self, verdict: Verdict) -> None:
        """Reads from ``verdict``."""
        self._verdict = verdict
        self._senses = RecordedSenses(verdict)
        inside = (m.measured for s in verdict.suites.values() for d in s.dimensions for m in d.metrics)
        self._taken: dict[str, Measured] = {}
        for taken in (*verdict.measured, *(taken for taken in inside if taken)):
            self._taken.setdefault(_asked(taken.name, taken.target, taken.settings, taken.slots), taken)
        self._new: list[Measured] = []

    async def take(
        self, measure: Measure, target: str = "clip", shots: tuple[int, ...] = (), slots: dict[str, str] | None = None
    ) -> Measured:
        """A measure, as it was taken or taken now.

        Args:
            measure: Its name and settings.
            target: What it is about.
            shots: Indices of the shots in question; all valid ones when empty.
            slots: What the brief asks for.

        Raises:
            ConfigError: no measure has that name.
        """
        slots = slots or {}
        wanted = _asked(measure.name, target, measure.settings, slots)
        if wanted in self._taken:
            return self._taken[wanted]
        query = measures.Query(
            name=measure.name,
            target=target,
            shots=self._shots(shots),
            all_shots=self._verdict.shots,
            brief=self._verdict.brief,
            slots=slots,
            settings=measure.settings,
            perception=self._senses,
        )
        try:
            made = await measures.take(query)
        except NotRecorded as why:
            made = Measured(
                name=measure.name,
                target=target,
                settings=measure.settings,
                slots=slots,
                value=None,
                reason=str(why),
                missing=True,
            )
        self._taken[wanted] = made
        self._new.append(made)
        return made

    def of_questions(self) -> tuple[Measured, ...]:
        """The measures that a verdict keeps beside its metrics, with those that were taken now."""
        return (*self._verdict.measured, *self._new)

    def _shots(self, indices: tuple[int, ...]) -> tuple[Shot, ...]:
        named = tuple(shot for shot in self._verdict.shots if shot.index in indices)
        return named or tuple(shot for shot in self._verdict.shots if shot.valid)
