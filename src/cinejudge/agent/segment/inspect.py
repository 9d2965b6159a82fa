"""Who looks at suspects: by signals alone, or with a model's eyes (:mod:`cinejudge.agent.segment.look`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from cinejudge.agent.segment.propose import Suspect
from cinejudge.tools.cutting.score import scorer_for

BY_SIGNALS = "signals"


@dataclass(frozen=True)
class Judgement:
    """An inspector's word on one suspect."""

    suspect: Suspect
    """With its score set."""
    reason: str
    by: str
    evidence: tuple[str, ...] = ()


class Inspector(Protocol):
    """Judges suspects. It can only raise or lower what was proposed; it never names a frame."""

    async def inspect(self, suspects: Sequence[Suspect]) -> list[Judgement]:
        """One judgement per suspect, in the same order."""
        ...


class SignalInspector:
    """Judges by measures alone."""

    async def inspect(self, suspects: Sequence[Suspect]) -> list[Judgement]:
        """Scores each suspect and names the measures that weighed most."""
        return [by_signals(s) for s in suspects]


def by_signals(suspect: Suspect) -> Judgement:
    """The judgement of the measures."""
    scorer = scorer_for(suspect.gradual, suspect.features, measured=True)
    probability = scorer.probability(suspect.features)
    parts = sorted(scorer.parts(suspect.features).items(), key=lambda p: -abs(p[1]))[:4]
    weighed = ", ".join(f"{name.replace('_', ' ')} {value:+.1f}" for name, value in parts)
    reason = f"probability {probability:.2f}; weighed most (log-odds): {weighed}"
    return Judgement(replace(suspect, score=probability), reason, BY_SIGNALS)
