"""Shots against the brief."""

from __future__ import annotations

import pytest

from cinejudge.agent.segment.align import align
from cinejudge.schema import Brief, Line, Shot, ShotSpec, Span, Transition


def shots(*ends: float) -> list[Shot]:
    starts = [0.0, *ends[:-1]]
    return [
        Shot(
            index=i,
            start_frame=round(24 * a),
            end_frame=round(24 * b),
            start_s=a,
            end_s=b,
            transition_in=Transition(type="hard_cut", start_frame=round(24 * a), end_frame=round(24 * a))
            if i
            else None,
        )
        for i, (a, b) in enumerate(zip(starts, ends, strict=True))
    ]


def brief(*spans: tuple[float, float] | None, **fields: str) -> Brief:
    specs = [
        ShotSpec(index=i, span=Span(start_s=s[0], end_s=s[1]) if s else None, **fields) for i, s in enumerate(spans)
    ]
    return Brief(shots=tuple(specs))


def test_without_shots_in_the_brief_nothing_changes() -> None:
    given = shots(2, 4)
    assert align(given, None).shots == tuple(given)
    assert align(given, Brief(prompt="two people talk")).shots == tuple(given)
    assert all(s.valid and s.spec is None for s in align(given, None).shots)


def test_equal_numbers_are_matched_in_order() -> None:
    found = align(shots(1, 5, 6), brief(None, None, None))
    assert [s.spec for s in found.shots] == [0, 1, 2]
    assert found.notes == ()


def test_a_missing_shot_is_told_and_none_is_invented() -> None:
    found = align(shots(2, 6), brief((0, 2), (2, 4), (4, 6)))
    assert len(found.shots) == 2
    assert all(s.valid for s in found.shots)
    assert any("asks for 3 shots, the clip has 2" in note for note in found.notes)
    assert len(found.notes) == 2


def test_times_say_which_shot_is_missing() -> None:
    found = align(shots(2, 6), brief((0, 2), (2, 2.2), (2.2, 6)))
    assert [s.spec for s in found.shots] == [0, 2]
    assert "shot 2 of the brief is missing" in found.notes


def test_times_tell_a_split_shot() -> None:
    found = align(shots(2, 4, 6), brief((0, 4), (4, 6)))
    assert [s.spec for s in found.shots] == [0, 0, 1]
    assert any("split over shots 1 and 2" in note for note in found.notes)


def test_times_tell_an_extra_shot() -> None:
    found = align(shots(2.9, 3.1, 6), brief((0, 3), (3, 6)))
    assert [s.spec for s in found.shots] in ([0, None, 1], [0, 0, 1], [0, 1, 1])
    assert len([s for s in found.shots if s.spec is not None]) >= 2


def test_words_on_screen_say_which_shot_it_is() -> None:
    specs = [ShotSpec(index=0), ShotSpec(index=1, texts=("THE END",)), ShotSpec(index=2, texts=("CREDITS",))]
    found = align(shots(2, 4), Brief(shots=tuple(specs)), texts={0: (), 1: ("CRED1TS",)})
    assert found.shots[1].spec == 2


def test_specs_keep_their_own_index() -> None:
    found = align(shots(2), Brief(shots=(ShotSpec(index=7),)))
    assert found.shots[0].spec == 7


@pytest.mark.parametrize("number", [1, 2, 5])
def test_any_number_of_shots_fits_any_brief(number: int) -> None:
    given = shots(*[float(i + 1) for i in range(number)])
    found = align(given, brief((0, 1), (1, 2), (2, 3)))
    assert len(found.shots) == number
    used = [s.spec for s in found.shots if s.spec is not None]
    assert used == sorted(used)


def test_words_on_screen_say_which_shot_is_missing() -> None:
    specs = (ShotSpec(index=0), ShotSpec(index=1), ShotSpec(index=2, texts=("FIRST LIGHT",)))
    found = align(shots(2, 4), Brief(shots=specs), {0: (), 1: ("FRIST LIGHT",)})
    assert [s.spec for s in found.shots] == [0, 2]


def test_words_that_are_heard_say_which_shot_is_missing() -> None:
    specs = (ShotSpec(index=0), ShotSpec(index=1, lines=(Line(text="We leave at dawn."),)), ShotSpec(index=2))
    assert [s.spec for s in align(shots(2, 4), Brief(shots=specs), lines={0: "we leave at dawn", 1: ""}).shots] == [
        1,
        2,
    ]
    assert [s.spec for s in align(shots(2, 4), Brief(shots=specs), lines={0: "", 1: "we leave at dawn"}).shots] == [
        0,
        1,
    ]


def test_the_words_that_a_shot_was_to_show_outweigh_its_place_in_time() -> None:
    asked = brief((0, 3), (3, 6), (6, 8))
    asked = asked.model_copy(
        update={"shots": (*asked.shots[:2], asked.shots[2].model_copy(update={"texts": ("FIRST LIGHT",)}))}
    )
    found = align(shots(3, 5), asked, {0: [], 1: ["FIRST LIGTH"]})
    assert [s.spec for s in found.shots] == [0, 2]


def test_after_a_left_out_shot_words_say_which_shot_it_is_and_not_its_time() -> None:
    asked = brief((0, 2), (2, 4), (4, 6), (6, 7.5))
    last = asked.shots[3].model_copy(update={"texts": ("FIRST LIGHT",)})
    found = align(shots(2, 4, 5.5), asked.model_copy(update={"shots": (*asked.shots[:3], last)}), {2: ["FIRST LIGHT"]})
    assert [s.spec for s in found.shots] == [0, 1, 3]
