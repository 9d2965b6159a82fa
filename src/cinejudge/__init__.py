"""Judges finished videos with agents that call perception tools, and gives verdicts that can be traced.

import cinejudge

verdict = cinejudge.evaluate("clip.mp4", brief="A teaser. Shot 1: ...", suites=("msavbench",))
for finding in verdict.findings:
print(finding.title, finding.suggestion)
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

# Read when torch is loaded. Its worker threads otherwise spin while they wait, which on a busy machine makes every
# network several times slower (faces on a 10 s clip at a load of 15: 70 s against 8 s).
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__version__ = "0.1.0"

# Recent builds of ONNX Runtime (1.31 does) report their use to their maker unless this is set before they are loaded:
# they write an identifier into the home folder and open connections. Whoever wants that can set it to 0.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

if TYPE_CHECKING:
    from cinejudge.estimating import Estimate, estimate
    from cinejudge.evaluation import aevaluate, evaluate, evaluate_many
    from cinejudge.schema import Brief, Failure, Options, Verdict

__all__ = [
    "Brief",
    "Estimate",
    "Failure",
    "Options",
    "Verdict",
    "__version__",
    "aevaluate",
    "estimate",
    "evaluate",
    "evaluate_many",
]


def __getattr__(name: str) -> Any:
    """Loads the public names when they are first used: `cinejudge --help` must not wait for them."""
    if name in ("aevaluate", "evaluate", "evaluate_many"):
        from cinejudge import evaluation

        return getattr(evaluation, name)
    if name in ("Estimate", "estimate"):
        from cinejudge import estimating

        return getattr(estimating, name)
    if name in ("Brief", "Failure", "Options", "Verdict"):
        from cinejudge import schema

        return getattr(schema, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
