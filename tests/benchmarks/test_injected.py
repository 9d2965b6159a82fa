"""What the benchmark of injected faults counts as a reaction."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def injected() -> object:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return importlib.import_module("injected")
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.mark.parametrize(
    ("before", "after", "reacts", "changes"),
    [
        (("scored", 1.0, ()), ("scored", 0.9, ()), True, False),
        (("scored", 1.0, ()), ("scored", 0.97, ()), False, False),
        (("scored", 0.4, ()), ("scored", 0.8, ()), False, True),
        (("not_judged", None, ()), ("scored", 0.3, ("Mode major",)), True, False),
        (("scored", 0.3, ("Mode major",)), ("scored", 0.3, ("Mode major",)), False, False),
        (("scored", 1.0, ()), ("not_judged", None, ()), False, True),
    ],
)
def test_a_reaction_is_a_fall_or_a_new_finding(
    injected: object,
    before: tuple[str, float | None, tuple[str, ...]],
    after: tuple[str, float | None, tuple[str, ...]],
    reacts: bool,
    changes: bool,
) -> None:
    clean, faulty = (
        {"s/m": injected.Reading(status, score, frozenset(modes))}  # type: ignore[attr-defined]
        for status, score, modes in (before, after)
    )
    worse, other = injected.reactions(clean, faulty)  # type: ignore[attr-defined]
    assert (bool(worse), bool(other)) == (reacts, changes)
