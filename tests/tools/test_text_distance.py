import pytest
from hypothesis import given
from hypothesis import strategies as st

from cinejudge.tools.text.distance import (
    character_error_rate,
    closest,
    edit_distance,
    normal_words,
    similarity,
    word_error_rate,
)


@pytest.mark.parametrize(
    ("a", "b", "distance"), [("", "", 0), ("abc", "", 3), ("", "ab", 2), ("kitten", "sitting", 3), ("abc", "abc", 0)]
)
def test_edit_distance_counts_the_fewest_edits(a, b, distance):
    assert edit_distance(a, b) == distance


@given(st.text(max_size=12), st.text(max_size=12))
def test_edit_distance_is_symmetric_and_bounded(a, b):
    assert edit_distance(a, b) == edit_distance(b, a)
    assert abs(len(a) - len(b)) <= edit_distance(a, b) <= max(len(a), len(b))


def test_a_misspelt_title_costs_its_share_of_letters():
    assert character_error_rate("EIGHTY-SEVEN SECONDS", "EIGHTY-SEVY-SECCONDS", "strict") == pytest.approx(4 / 20)
    assert character_error_rate("EIGHTY-SEVEN SECONDS", "eighty seven seconds") == 0
    assert character_error_rate("EIGHTY-SEVEN SECONDS", "eighty seven seconds", "strict") > 0.5


def test_the_lenient_norm_ignores_case_punctuation_and_width_but_not_letters():
    assert character_error_rate("Keep it tea.", "KEEP IT TEA") == 0
    assert character_error_rate("ＡＢＣ", "abc") == 0
    assert character_error_rate("SAMU", "SAMV") == 0.25


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("87 seconds, move!", "eighty seven seconds move"),
        ("X4", "x four"),
        ("2024", "two thousand twenty four"),
        ("1100", "one thousand one hundred"),
        ("007", "007"),
        ("1234567", "1234567"),
        pytest.param("9" * 5000, "9" * 5000, id="thousands of digits"),
        ("don't stop", "dont stop"),
        ("well-known", "well known"),
        ("你好 world", "你好 world"),
    ],
)
def test_words_are_compared_as_they_are_spoken(written, words):
    assert normal_words(written, "lenient") == words.split()


def test_word_error_rate_counts_every_wrong_missing_and_extra_word():
    assert word_error_rate("lay blue at x four now", "Lay blue at X4 now.") == 0
    assert word_error_rate("a b c d", "a x c") == 0.5
    assert word_error_rate("a", "a b c") == 2.0
    assert word_error_rate("Don't go", "dont go") == 0
    assert word_error_rate("Don't go", "dont go", "strict") == 0.5


@pytest.mark.parametrize("rate", [character_error_rate, word_error_rate])
def test_a_reference_without_letters_is_refused(rate):
    with pytest.raises(ValueError, match="reference"):
        rate(" … ", "word")


def test_the_closest_candidate_wins_and_none_is_told():
    assert closest("SAMU", ["59", "SAMU.", "SAMU"]) == ("SAMU", 0.0, 0.0)
    assert closest("SAMU", []) is None


def test_similarity_runs_from_nothing_to_all():
    assert similarity("", "!") == 1
    assert similarity("OTSEVSE", "OTSEVSEC") == pytest.approx(7 / 8)
    assert similarity("abc", "xyz") == 0
