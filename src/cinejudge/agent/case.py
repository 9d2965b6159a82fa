"""One clip under judgement: what the nodes share. The graph's state holds only small records."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from cinejudge.llm.session import Session
from cinejudge.media import Footage
from cinejudge.schema import Brief, Measured, Options, Shot, Suite
from cinejudge.tools.perception import Perception
from cinejudge.traces import ClipTrace, Earlier, record_exchange


@dataclass
class Case:
    """Everything that a node may use for one clip."""

    footage: Footage
    perception: Perception
    brief: Brief | None
    suites: tuple[Suite, ...]
    session: Session
    trace: ClipTrace
    options: Options
    fence_key: str
    """Secret from which the marks around quoted data are made."""
    on_stage: Callable[[str], None]
    """Told of each stage that begins."""
    earlier: tuple[Earlier, ...] = ()
    """The same clip as earlier runs judged it under the same conditions."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Wall time per stage."""
    measured: dict[str, Measured] = field(default_factory=dict)
    """Measures taken so far, by what was asked; each is taken once."""

    _inside: Counter[str] = field(default_factory=Counter)
    _started: dict[str, float] = field(default_factory=dict)

    @property
    def model_sees(self) -> bool:
        """Whether there is a model with eyes to ask."""
        return self.session.model.capabilities.images

    @property
    def valid_shots(self) -> tuple[Shot, ...]:
        """Shots that count: those that match the brief, or all without one."""
        return tuple(shot for shot in self.perception.shots if shot.valid)

    def asking(self, judge: str, asked: tuple[str, ...] = ()) -> Session:
        """The session, whose calls the trace notes as those of this judge about these questions."""
        return self.session.heard_by(record_exchange(self.trace, self.session.model.name, judge, asked))

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Times a stage, and tells the trace when it starts and ends. Judges side by side share one."""
        self._inside[name] += 1
        if self._inside[name] == 1:
            self._started[name] = time.perf_counter()
            self.on_stage(name)
            self.trace.event("stage_started", stage=name)
        try:
            yield
        finally:
            self._inside[name] -= 1
            if self._inside[name] == 0:
                spent = time.perf_counter() - self._started[name]
                self.seconds[name] = round(self.seconds.get(name, 0.0) + spent, 3)
                self.trace.event("stage_ended", stage=name, seconds=round(spent, 3))
