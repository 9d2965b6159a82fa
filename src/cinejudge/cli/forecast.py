"""How far a run is, and how long it will still take."""

from __future__ import annotations

import time
from collections.abc import Callable

from cinejudge.judging import Progress

BEGINS = {"open": 0.0, "segment": 0.05, "perceive": 0.25, "plan": 0.7, "judge": 0.7, "reflect": 0.95, "verdict": 0.98}
"""Share of the work on a clip that lies behind the beginning of each stage: roughly, for the offline model."""
STEP = 0.12
"""Share of what is left of a stage that one more result of a tool stands for."""
LEAST = 0.02
"""Clips' worth of work below which nothing is foretold."""


class Forecast:
    """Counts work in clips; one that was judged by an earlier attempt is no work."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Starts the clock."""
        self._clock = clock
        self._begun = clock()
        self._at_work: dict[int, float] = {}
        self._worked = 0
        self._total = 0
        self.done = 0
        """Clips."""

    def note(self, event: Progress) -> None:
        """Takes in what happened."""
        self._total = event.total
        share = self._at_work.get(event.place, 0.0)
        if event.stage == "done":
            self._worked += self._at_work.pop(event.place, 0.0) > 0
            self.done += 1
        elif event.stage == "evidence":
            end = next((begin for begin in BEGINS.values() if begin > share), 1.0)
            self._at_work[event.place] = share + STEP * (end - share)
        else:
            self._at_work[event.place] = max(share, BEGINS.get(event.stage, 0.0))

    @property
    def reached(self) -> float:
        """Clips that are done, and the shares of those at work."""
        return self.done + sum(self._at_work.values())

    @property
    def left_s(self) -> float | None:
        """Seconds, at the pace so far; None while there is none to go by."""
        work = self._worked + sum(self._at_work.values())
        if work < LEAST:
            return None
        return (self._clock() - self._begun) / work * (self._total - self.reached)

    @property
    def words(self) -> str:
        """``about 12 min left``; nothing while nobody can tell or nothing is left."""
        left = self.left_s
        if not left:
            return ""
        if left < 90:
            return f"about {max(5, 5 * round(left / 5))} s left"
        minutes = round(left / 60)
        return f"about {minutes} min left" if minutes < 90 else f"about {minutes / 60:.1f} h left"
