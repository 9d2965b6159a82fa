"""Evidence rules: how a measured number answers a question without a model."""

from __future__ import annotations

import math

from cinejudge.rubrics.answers import choose
from cinejudge.schema import Answer, Asked, Measured
from cinejudge.schema.suite import Band

AS_ASKED = "as_asked"
"""In a band: whichever option the brief asks for, in questions whose options come from a vocabulary."""


def answer_by_rule(asked: Asked, measured: Measured) -> Answer | None:
    """The answer that the question's rule draws from a measured value.

    Bands are tried in order; a band holds where ``min <= value < max``.

    Returns:
        None when the question has no rule, there is no usable value, or no band holds: it stays open.
    """
    if asked.rule is None or measured.value is None or not math.isfinite(measured.value):
        return None
    band = next((band for band in asked.rule.bands if _holds(band, measured.value)), None)
    if band is None:
        return None
    option = _wanted(asked) if band.option == AS_ASKED and asked.option(AS_ASKED) is None else band.option
    value = f"{measured.name} = {measured.value:.4g}{' ' + measured.unit if measured.unit else ''}"
    return choose(
        asked,
        option,
        by="rule",
        reasoning=f"{value}, which lies in {_range(band)}" + (f"; {measured.note}" if measured.note else ""),
        evidence=measured.evidence,
        spans=measured.spans,
    )


def _wanted(asked: Asked) -> str:
    """Id of the option that the brief asks for: the first, in the order of ids, that scores 1."""
    return min(option.id for option in asked.options if option.score == 1.0)


def _holds(band: Band, value: float) -> bool:
    return (band.min is None or value >= band.min) and (band.max is None or value < band.max)


def _range(band: Band) -> str:
    low = "-∞" if band.min is None else f"{band.min:g}"
    high = "∞" if band.max is None else f"{band.max:g}"
    return f"[{low}, {high})"
