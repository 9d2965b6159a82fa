"""A small model that turns what is known of a place into the probability of a boundary.

One additive logistic model for hard cuts and one for gradual transitions, and a triage for both that knows only what
the detectors say: it spares most frames the network and most places the measuring. Each measure passes through a
piecewise linear curve, the curves are added, and the sum is a log-odds. So each decision splits into the measures
that made it. The curves are in ``score.json``, which ``benchmarks/shots/train.py`` writes; ``docs/shots.md`` says what
they are learned on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np


@dataclass(frozen=True)
class Curve:
    """Log-odds that a measure adds: straight lines between knots, level outside."""

    knots: tuple[float, ...]
    values: tuple[float, ...]

    def __call__(self, x: float) -> float:
        """The log-odds at ``x``."""
        return float(np.interp(x, self.knots, self.values))


@dataclass(frozen=True)
class Scorer:
    """The additive model."""

    bias: float
    curves: Mapping[str, Curve]

    def parts(self, measures: Mapping[str, float]) -> dict[str, float]:
        """What each measure adds to the log-odds. A measure that is missing adds nothing."""
        return {name: curve(measures[name]) for name, curve in self.curves.items() if name in measures}

    def probability(self, measures: Mapping[str, float]) -> float:
        """Probability in [0, 1] of a boundary."""
        return float(1 / (1 + np.exp(-self.bias - sum(self.parts(measures).values()))))


@cache
def load_scorers() -> dict[str, Scorer]:
    """The shipped models by name; see :func:`scorer_for`."""
    text = resources.files(__package__).joinpath("score.json").read_text(encoding="utf-8")
    return {
        name: Scorer(
            model["bias"],
            {m: Curve(tuple(c["knots"]), tuple(c["values"])) for m, c in model["curves"].items()},
        )
        for name, model in json.loads(text).items()
    }


def scorer_for(gradual: bool, features: Mapping[str, float], *, measured: bool) -> Scorer:
    """The model that fits a place.

    Args:
        gradual: Whether the transition takes more than one frame.
        features: What is known; tells whether the network was there.
        measured: False for the triage, which knows only what the detectors say.
    """
    name = ("gradual" if gradual else "hard") + ("" if measured else "_triage")
    return load_scorers()[name if "network" in features else f"{name}_without_network"]
