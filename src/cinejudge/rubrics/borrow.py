"""Questions that one suite takes over from another: ``{id: scene.same_place, from: mtavg2}``.

The question is the other suite's, word for word, with its rule and with every gate that stands over it there. Being
the same question about the same thing, it is answered once for both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cinejudge.rubrics.problems import Problem
from cinejudge.schema import Suite
from cinejudge.schema.errors import ConfigError


def borrow(data: dict[str, Any], lend: Callable[[str], Suite]) -> tuple[dict[str, Any], list[Problem]]:
    """A suite's raw data with every borrowed question written out, and what is wrong with those that could not be.

    Args:
        data: The suite as read; parts of an unexpected shape are left to the validation.
        lend: Gives the suite of a name, or raises ConfigError.
    """
    problems: list[Problem] = []

    def question(raw: Any, path: tuple[str | int, ...]) -> Any:
        if not isinstance(raw, dict) or "from" not in raw:
            return raw
        try:
            return _written_out(raw, lend)
        except ConfigError as error:
            problems.append(Problem(path, str(error)))
            return raw

    def metric(raw: Any, path: tuple[str | int, ...]) -> Any:
        return _each(raw, "questions", path, question)

    def dimension(raw: Any, path: tuple[str | int, ...]) -> Any:
        return _each(raw, "metrics", path, metric)

    return _each(data, "dimensions", (), dimension), problems


def _each(raw: Any, key: str, path: tuple[str | int, ...], change: Callable[..., Any]) -> Any:
    if not isinstance(raw, dict) or not isinstance(raw.get(key), list):
        return raw
    return {**raw, key: [change(item, (*path, key, i)) for i, item in enumerate(raw[key])]}


def _written_out(raw: dict[str, Any], lend: Callable[[str], Suite]) -> dict[str, Any]:
    name, wanted = str(raw["from"]), raw.get("id")
    others = sorted(set(raw) - {"id", "from"})
    if others:
        raise ConfigError(f"a question taken over with `from` is taken as it is; remove: {', '.join(others)}")
    suite = lend(name)
    for metric in (metric for dimension in suite.dimensions for metric in dimension.metrics):
        for question in metric.questions:
            if question.id == wanted and question.vocabulary:
                raise ConfigError(f"{wanted!r} of suite {name} takes its options from that suite's vocabulary")
            if question.id == wanted:
                gate = tuple(dict.fromkeys(metric.gate + question.gate))
                return question.model_copy(update={"gate": gate, "scale": None}).model_dump()
    raise ConfigError(f"suite {name} has no question {wanted!r}")
