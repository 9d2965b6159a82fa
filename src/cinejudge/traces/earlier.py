"""Runs beside a run that asked under the same conditions: what they found out need not be found out again."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from cinejudge.schema import Verdict
from cinejudge.schema.errors import TraceError
from cinejudge.traces.folder import RunFolder

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Earlier:
    """One clip as an earlier run judged it."""

    run: str
    verdict: Verdict


class EarlierRuns:
    """The runs in the same place that differ from a run in their suites at most, newest first.

    Same cinejudge, model, prompts, tools, seed and number of samples: there, the same question about the same clip
    would be asked in the same way.
    """

    def __init__(self, folder: RunFolder) -> None:
        """Looks around ``folder``, once."""
        found = [other for other in _around(folder) if _conditions(other) == _conditions(folder)]
        self._runs = sorted(found, key=lambda other: other.run.created_at, reverse=True)

    def of(self, trace_id: str) -> tuple[Earlier, ...]:
        """What they say about the same clip under the same brief."""
        found = []
        for run in self._runs:
            try:
                verdict = run.clip(trace_id).verdict()
            except TraceError as error:  # somebody else's damage; this run does without
                log.warning("%s", error)
                continue
            if verdict is not None:
                found.append(Earlier(run.run.id, verdict))
        return tuple(found)


def _around(folder: RunFolder) -> list[RunFolder]:
    found = []
    for path in sorted(folder.path.parent.glob("*/run.json")):
        if path.parent.name != folder.path.name:
            try:
                found.append(RunFolder.load(path.parent))
            except TraceError as error:
                log.warning("%s", error)
    return found


def _conditions(folder: RunFolder) -> list[object]:
    versions, options = folder.run.versions, folder.run.options
    return [versions.model_copy(update={"suites": {}}), options.seed, options.samples]
