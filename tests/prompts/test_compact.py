from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cinejudge.prompts import compact


def test_numbers_are_rounded_and_what_is_empty_is_left_out() -> None:
    data = {
        "shot": 0,
        "end_s": 3.37512,
        "labels": ["static"],
        "moves": [],
        "reason": None,
        "sure": True,
        "hash": "a" * 64,
    }
    assert compact(data) == '{shot: 0, end_s: 3.38, labels: ["static"], sure: true}'


def test_long_lists_are_told_by_length_and_range_or_by_some_items() -> None:
    assert compact([float(i) for i in range(-3, 97)]) == "100 values from -3 to 96"
    frames = [{"frame": i} for i in range(11)]
    assert compact(frames) == ("6 of 11: [{frame: 0}, {frame: 2}, {frame: 4}, {frame: 6}, {frame: 8}, {frame: 10}]")


def test_line_breaks_stay_escaped() -> None:
    assert compact({"text": 'EXIT\n- `ev_0`: "x"'}) == '{text: "EXIT\\n- `ev_0`: \\"x\\""}'


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=9) | st.dictionaries(st.text("abc", max_size=5), inner),
    max_leaves=20,
)


@given(JSON)
def test_any_data_becomes_one_line(data: object) -> None:
    assert "\n" not in compact(data)
