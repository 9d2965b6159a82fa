"""Vocabulary questions: options from a list of terms, the right one being what the brief asks for."""

from __future__ import annotations

import re

from cinejudge.schema.suite import Option
from cinejudge.schema.terms import TERMS, named_terms

OTHER = Option(id="other", text="Something else.", score=0.0)
"""Stands beside the terms of every vocabulary."""
DESCRIBED = "described"
"""Id of the option that a value outside the vocabulary adds: the brief's own words."""


def vocabulary_options(name: str, terms: tuple[Option, ...], slot: str, value: str) -> tuple[Option, ...]:
    """The options of a question whose brief says ``value``: each term that it names scores 1, the others 0.

    A value that names no term becomes an option of its own, as ``{slot}``: the brief's words stay in the slots.

    Args:
        name: Name of the vocabulary; one of :data:`~cinejudge.schema.terms.TERMS` brings its synonyms along.
        terms: The vocabulary.
        slot: Name of the slot that the value comes from.
        value: What the brief asks for.
    """
    wanted = _wanted(name, terms, value)
    options = [option.model_copy(update={"score": float(option.id in wanted)}) for option in terms]
    if not wanted:
        options.append(Option(id=DESCRIBED, text=f"{{{slot}}}", score=1.0))
    return (*options, OTHER)


def _wanted(name: str, terms: tuple[Option, ...], value: str) -> frozenset[str]:
    plain = _plain(value)
    ids = [t.id for t in terms if plain in {_plain(t.id), _plain(t.text), *map(_plain, t.synonyms)}]
    if not ids:
        ids = [t.id for t in terms if any(f" {_plain(s)} " in f" {plain} " for s in t.synonyms)]
    if not ids and name in TERMS:
        named = named_terms(name, value)
        ids = [t.id for t in terms if t.id in named]
    return frozenset(ids)


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()
