"""Film terms are found in prose and in values, and everyday words are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cinejudge.schema.terms import TERMS, find_phrases, named_terms


@pytest.mark.parametrize(
    ("attribute", "value", "terms"),
    [
        ("scale", "mid", ("medium",)),
        ("scale", "mid-close", ("medium_close_up",)),
        ("scale", "mid-long", ("medium_long",)),
        ("scale", "long", ("long",)),
        ("scale", "Close-Up", ("close_up",)),
        ("scale", "extreme close up", ("extreme_close_up",)),
        ("scale", "中近景", ("medium_close_up",)),
        ("scale", "特写镜头", ("close_up",)),
        ("angle", "bird’s-eye view", ("top_down",)),
        ("angle", "low", ("low_angle",)),
        ("motion", "push-pull", ("push_in", "pull_out")),
        ("motion", "pan-tilt", ("pan", "tilt")),
        ("motion", "slow push-in with hand-held shake", ("push_in", "handheld")),
        ("transition", "dissolve/fade", ("dissolve", "fade")),
        ("lighting", "Low-key", ("low_key",)),
        ("style", "photo-realistic", ("photorealistic",)),
        ("scale", "as you like", ()),
    ],
)
def test_values_name_their_terms(attribute: str, value: str, terms: tuple[str, ...]) -> None:
    assert named_terms(attribute, value) == terms


def test_prose_yields_phrases_and_the_longest_of_them() -> None:
    text = "A close-up of a cat, then a Medium Close-Up, then a wide shot."
    assert find_phrases("scale", text) == ("close-up", "Medium Close-Up", "wide shot")


@pytest.mark.parametrize(
    ("attribute", "text"),
    [
        ("motion", "He wipes the frying pan and tilts his head to the music track."),
        ("transition", "She wipes the table as the colours fade."),
        ("scale", "A long way to a medium town, close to the sea."),
        ("angle", "A high tower over low hills."),
        ("lighting", "Soft pillows on the side of a dark bed."),
    ],
)
def test_everyday_words_are_no_terms(attribute: str, text: str) -> None:
    assert find_phrases(attribute, text) == ()


@given(st.sampled_from(sorted(TERMS)), st.text())
def test_any_text_is_borne(attribute: str, text: str) -> None:
    known = {term.id for term in TERMS[attribute]}
    assert set(named_terms(attribute, text)) <= known
    assert len(find_phrases(attribute, text)) <= max(1, len(text))


def test_letters_that_only_fold_to_ours_are_no_match() -> None:
    # ſ and ı fold to s and i; a lookup by the folded word would not find them.
    assert named_terms("scale", "clo\u017fe-up mıd") == ()
