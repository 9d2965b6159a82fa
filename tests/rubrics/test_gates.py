"""Gates hold, fail with a reason, or say what is missing to tell."""

from __future__ import annotations

import pytest

from cinejudge.rubrics import FACTS, check_gate
from cinejudge.schema.errors import ConfigError


def test_an_empty_gate_holds() -> None:
    assert check_gate((), {}).state == "holds"


@pytest.mark.parametrize("name", FACTS)
def test_every_fact_opens_closes_and_leaves_open(name: str) -> None:
    fact = FACTS[name]
    assert check_gate((name,), {name: True}).state == "holds"
    assert check_gate((f"not.{name}",), {name: False}).state == "holds"
    failed, negated = check_gate((name,), {name: False}), check_gate((f"not.{name}",), {name: True})
    assert (failed.state, failed.reason) == ("fails", fact.fails)
    assert (negated.state, negated.reason) == ("fails", fact.holds)
    for facts in ({}, {name: None}):
        unknown = check_gate((name,), facts)
        assert unknown.state == "unknown"
        assert fact.known_from in unknown.reason


def test_one_that_fails_decides_whatever_is_unknown() -> None:
    gate = check_gate(("has_speech", "has_audio"), {"has_audio": False})
    assert (gate.state, gate.reason) == ("fails", "the clip has no sound")


def test_an_unknown_fact_is_a_mistake_of_the_suite() -> None:
    with pytest.raises(ConfigError, match="no fact named 'has_sppech'"):
        check_gate(("not.has_sppech",), {})
