"""Measures on evidence that is made up, so that the right number is known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cinejudge.agent.measures import NoValue, Query, measure, measure_names, take
from cinejudge.agent.measures.speech import best_stretch_distance
from cinejudge.schema import Brief, Line, Measured, Shot, ShotSpec, Span, Transition
from cinejudge.schema.errors import ConfigError
from cinejudge.schema.shot import TransitionKind

EVIDENCE = "ev_0123456789ab"


class Senses:
    """Stands in for the senses of a clip: gives made-up results of tools, or none."""

    def __init__(self, *, has_audio: bool = True, **results: Any) -> None:
        self.results = results
        self.footage = SimpleNamespace(clip=SimpleNamespace(has_audio=has_audio))

    async def look(self, tool: str, **args: Any) -> Any:
        found = self.results.get(tool)
        if found is None:
            return SimpleNamespace(found=False, status="unavailable", reason="weights missing", id=EVIDENCE)
        return SimpleNamespace(found=True, id=EVIDENCE, tool=tool)

    def result(self, evidence: Any) -> Any:
        return self.results[evidence.tool]


def shot(index: int, start_s: float = 0.0, end_s: float = 1.0, kind: TransitionKind | None = None) -> Shot:
    first = round(start_s * 24)
    come = Transition(type=kind, start_frame=first, end_frame=first) if kind else None
    return Shot(
        index=index,
        start_frame=first,
        end_frame=round(end_s * 24),
        start_s=start_s,
        end_s=end_s,
        transition_in=come,
        spec=index,
    )


async def taken(name: str, senses: Senses, **changes: Any) -> Measured:
    shots = changes.pop("shots", (shot(0),))
    given = {
        "target": "clip",
        "shots": shots,
        "all_shots": shots,
        "brief": None,
        "slots": {},
        "settings": {},
        **changes,
    }
    return await take(Query(name=name, perception=senses, **given))  # type: ignore[arg-type]


def brief(**changes: Any) -> Brief:
    return Brief.model_validate(changes)


class TestText:
    async def test_the_closest_reading_counts(self) -> None:
        read = SimpleNamespace(wordings=lambda: ("FRIST LIGHT", "noise"), lines=())
        got = await taken("text.error_rate", Senses(ocr=read), brief=brief(texts=["FIRST LIGHT"]))
        assert got.value == pytest.approx(2 / 10)
        assert "FRIST LIGHT" in got.note
        assert got.evidence == (EVIDENCE,)

    async def test_nothing_read_is_wholly_wrong_not_unknown(self) -> None:
        read = SimpleNamespace(wordings=tuple, lines=())
        got = await taken("text.error_rate", Senses(ocr=read), brief=brief(texts=["FIRST LIGHT"]))
        assert got.value == 1.0

    async def test_several_texts_are_averaged(self) -> None:
        read = SimpleNamespace(wordings=lambda: ("one",), lines=())
        got = await taken("text.error_rate", Senses(ocr=read), brief=brief(texts=["one", "xyz"]))
        assert got.value == pytest.approx(0.5)

    async def test_no_reader_is_lack_of_means(self) -> None:
        got = await taken("text.error_rate", Senses(), brief=brief(texts=["one"]))
        assert got.value is None
        assert got.missing

    async def test_no_wanted_text_is_nothing_to_measure(self) -> None:
        got = await taken("text.error_rate", Senses(), brief=brief(texts=["…"]))
        assert got.value is None
        assert not got.missing


def heard(text: str, *, transcribed: bool = True) -> Any:
    left = SimpleNamespace(transcribed=transcribed, reason="not English", start_s=0.0, end_s=1.0)
    return SimpleNamespace(
        text=text, fully_transcribed=transcribed, utterances=(left,), spans=(Span(start_s=0.0, end_s=1.0),)
    )


class TestSpeech:
    LINES = brief(lines=[Line(text="We leave at dawn."), Line(text="Take the map.")])

    async def test_all_lines_are_one_reference(self) -> None:
        got = await taken("speech.error_rate", Senses(speech=heard("we leave at dawn take a map")), brief=self.LINES)
        assert got.value == pytest.approx(1 / 7)

    async def test_one_line_is_found_among_the_words(self) -> None:
        senses = Senses(speech=heard("we leave at dawn take the map"))
        got = await taken("speech.error_rate", senses, brief=self.LINES, target="line1")
        assert got.value == 0.0

    async def test_words_that_were_not_understood_are_no_error(self) -> None:
        got = await taken("speech.error_rate", Senses(speech=heard("", transcribed=False)), brief=self.LINES)
        assert got.value is None
        assert got.missing
        assert "not English" in (got.reason or "")

    @pytest.mark.parametrize(
        ("reference", "words", "distance"),
        [("a b", "x a b y", 0), ("a b", "a x b", 1), ("a b", "", 2), ("a b", "b", 1), ("a b c", "q q q", 3)],
    )
    def test_the_best_stretch(self, reference: str, words: str, distance: int) -> None:
        assert best_stretch_distance(reference.split(), words.split()) == distance

    async def test_the_longest_pause(self) -> None:
        spans = tuple(Span(start_s=a, end_s=b) for a, b in ((0, 1), (1.5, 2), (4, 5)))
        got = await taken("speech.pause", Senses(speech=SimpleNamespace(spans=spans)))
        assert got.value == pytest.approx(2.0)
        assert got.spans == (Span(start_s=2, end_s=4),)


def picture(lightness: float, cast: float, *, brightness: float = 0.5) -> Any:
    levels = SimpleNamespace(brightness=brightness)
    return SimpleNamespace(
        shots=tuple(SimpleNamespace(shot=i, levels=levels) for i in (0, 1)),
        changes=(SimpleNamespace(before=0, after=1, lightness=lightness, temperature=-0.6 * cast, tint=0.8 * cast),),
    )


class TestLight:
    SHOTS = (shot(0, 0, 1), shot(1, 1, 2))
    SAME = brief(shots=[ShotSpec(index=i, scene="a kitchen at night") for i in (0, 1)])

    async def test_light_and_tint_across_a_cut(self) -> None:
        senses = Senses(picture=picture(-3, 0.05))
        for name, value in (("color.cast", 0.05), ("light.change", 3.0)):
            got = await taken(name, senses, shots=self.SHOTS, brief=self.SAME)
            assert got.value == pytest.approx(value)

    @pytest.mark.parametrize(("lightness", "cast", "value"), [(-30, 0.02, 1.5), (1, 0.3, 1.5), (2, 0.02, 0.1)])
    async def test_a_jump_is_of_light_or_of_tint(self, lightness: float, cast: float, value: float) -> None:
        got = await taken("look.jump", Senses(picture=picture(lightness, cast)), shots=self.SHOTS, brief=self.SAME)
        assert got.value == pytest.approx(value)

    async def test_another_scene_may_look_different(self) -> None:
        other = brief(shots=[ShotSpec(index=0, scene="a kitchen"), ShotSpec(index=1, scene="deep space")])
        got = await taken("color.cast", Senses(picture=picture(30, 0.4)), shots=self.SHOTS, brief=other)
        assert got.value is None
        assert not got.missing

    async def test_without_a_brief_nobody_knows_whether_it_is_one_scene(self) -> None:
        got = await taken("color.cast", Senses(picture=picture(30, 0.4)), shots=self.SHOTS)
        assert got.value is None
        assert got.missing

    async def test_black_has_no_colour(self) -> None:
        dark = Senses(picture=picture(30, 0.4, brightness=0.02))
        got = await taken("color.cast", dark, shots=self.SHOTS, brief=self.SAME)
        assert got.value is None


def faces(*tracks: tuple[int, int], pairs: dict[tuple[int, int], float], people: int = 2) -> Any:
    return SimpleNamespace(
        tracks=tuple(SimpleNamespace(id=i, shot=s, side_px=100.0) for i, s in tracks),
        similarities=tuple(SimpleNamespace(a=a, b=b, cosine=c) for (a, b), c in pairs.items()),
        threshold=0.4,
        people=people,
    )


class TestPeople:
    async def test_people_too_few_or_many(self) -> None:
        seen = faces(pairs={}, people=3)
        assert (await taken("persons.count_gap", Senses(faces=seen), brief=brief(persons=2))).value == 1.0
        assert (await taken("persons.count_gap", Senses(faces=seen), brief=brief(persons=4))).value == -1.0
        assert (await taken("persons.count_gap", Senses(faces=seen), brief=brief())).value is None

    async def test_only_shots_that_should_show_one_person_are_compared(self) -> None:
        seen = faces((0, 0), (1, 1), (2, 2), pairs={(0, 1): 0.9, (0, 2): 0.1, (1, 2): 0.1})
        shots = (shot(0, 0, 1), shot(1, 1, 2), shot(2, 2, 3))
        named = brief(shots=[ShotSpec(index=i, subjects=(s,)) for i, s in enumerate(("Ann", "Ann", "Bob"))])
        got = await taken("faces.identity", Senses(faces=seen), shots=shots, brief=named)
        assert got.value == pytest.approx(0.9)
        assert set(got.parts) == {"shot0-1"}

    async def test_a_swapped_person_is_seen(self) -> None:
        seen = faces((0, 0), (1, 1), pairs={(0, 1): -0.1})
        named = brief(shots=[ShotSpec(index=i, subjects=("Ann",)) for i in (0, 1)])
        got = await taken("faces.identity", Senses(faces=seen), shots=(shot(0, 0, 1), shot(1, 1, 2)), brief=named)
        assert got.value == 0.0

    @pytest.mark.parametrize(
        ("subjects", "cosine", "value"),
        [(("Ann", "Ann"), 0.9, 0.5), (("Ann", "Ann"), 0.1, -0.3), (("Ann", "Bob"), 0.1, None), ((), 0.1, None)],
    )
    async def test_another_face_is_a_fault_only_where_it_should_be_the_same(
        self, subjects: tuple[str, ...], cosine: float, value: float | None
    ) -> None:
        seen = faces((0, 0), (1, 1), pairs={(0, 1): cosine})
        asked = brief(shots=[ShotSpec(index=i, subjects=(s,)) for i, s in enumerate(subjects)])
        shots = (shot(0, 0, 1), shot(1, 1, 2))
        got = await taken("faces.same_person", Senses(faces=seen), shots=shots, brief=asked if subjects else None)
        assert got.value == (None if value is None else pytest.approx(value))

    async def test_no_face_is_lack_of_means(self) -> None:
        got = await taken("faces.identity", Senses(faces=faces(pairs={})), shots=(shot(0), shot(1, 1, 2)))
        assert got.value is None
        assert got.missing


class TestCutting:
    @pytest.mark.parametrize(
        ("wanted", "kind", "value"),
        [
            ("hard cut", "hard_cut", 1.0),
            ("hard cut", "dissolve", 0.0),
            ("cross dissolve", "fade", 1.0),
            ("wipe", "wipe", 1.0),
        ],
    )
    async def test_the_transition_that_was_asked_for(self, wanted: str, kind: TransitionKind, value: float) -> None:
        asked = brief(shots=[ShotSpec(index=0), ShotSpec(index=1, transition=wanted)])
        got = await taken("shots.transition_match", Senses(), shots=(shot(1, 1, 2, kind),), brief=asked, target="shot1")
        assert got.value == value

    async def test_rhythm_needs_three_shots(self) -> None:
        two = (shot(0, 0, 1), shot(1, 1, 2))
        assert (await taken("shots.duration_variation", Senses(), shots=two)).value is None
        even = (*two, shot(2, 2, 3))
        assert (await taken("shots.duration_variation", Senses(), shots=even)).value == pytest.approx(0.0)

    async def test_the_shortest_shot(self) -> None:
        got = await taken("shots.duration", Senses(), shots=(shot(0, 0, 2), shot(1, 2, 2.25)))
        assert got.value == pytest.approx(0.25)


class TestSound:
    @staticmethod
    def levels(*values: float) -> Any:
        return SimpleNamespace(momentary_lkfs=values, curve_step_s=0.4, silent_share=0.2, silences=())

    async def test_speech_stands_out_by_so_much(self) -> None:
        senses = Senses(
            sound=self.levels(*[-20.0] * 5, *[-32.0] * 5), speech=SimpleNamespace(spans=(Span(start_s=0, end_s=2),))
        )
        got = await taken("sound.speech_margin", senses)
        assert got.value == pytest.approx(12.0)

    @pytest.mark.parametrize(
        ("understood", "script", "value"),
        [(True, None, None), (False, None, -4.0), (True, "we launch at dawn", None), (True, "there is no time", -4.0)],
    )
    async def test_words_that_were_recognised_are_not_called_covered(
        self, understood: bool, script: str | None, value: float | None
    ) -> None:
        heard = SimpleNamespace(
            spans=(Span(start_s=0, end_s=2),), fully_transcribed=understood, text="We launch at dawn."
        )
        senses = Senses(sound=self.levels(*[-20.0] * 5, *[-16.0] * 5), speech=heard)
        meant = brief(lines=(Line(text=script),)) if script else None
        got = await taken("sound.speech_margin", senses, brief=meant)
        assert got.value == (None if value is None else pytest.approx(value))

    async def test_what_lies_between_the_words(self) -> None:
        senses = Senses(
            sound=self.levels(*[-20.0] * 5, *[-50.0] * 9, -120.0),
            speech=SimpleNamespace(spans=(Span(start_s=0, end_s=2),)),
        )
        got = await taken("sound.background", senses)
        assert got.value == -50.0

    async def test_speech_that_is_not_found_may_be_covered_or_missing(self) -> None:
        senses = Senses(sound=self.levels(*[-12.0] * 10), speech=SimpleNamespace(spans=()))
        got = await taken("sound.speech_margin", senses)
        assert got.value is None and got.missing

    @pytest.mark.parametrize(
        ("silences", "longest"),
        [([], 0.0), ([(3.0, 3.7), (6.0, 6.4)], 0.7), ([(0.0, 2.0), (9.0, 10.0)], 0.0), ([(0.0, 10.0)], None)],
    )
    async def test_a_hole_has_sound_on_both_sides(
        self, silences: list[tuple[float, float]], longest: float | None
    ) -> None:
        spans = tuple(Span(start_s=start, end_s=end) for start, end in silences)
        silent = sum(span.length_s for span in spans) / 10
        sound = SimpleNamespace(duration_s=10.0, silences=spans, silent_share=silent)
        got = await taken("sound.dropout", Senses(sound=sound))
        assert got.value == (None if longest is None else pytest.approx(longest))

    async def test_a_clip_without_sound_is_silent(self) -> None:
        assert (await taken("sound.silence", Senses(has_audio=False))).value == 1.0


async def test_an_unknown_measure_is_a_wrong_suite() -> None:
    with pytest.raises(ConfigError, match="no measure named"):
        await taken("no.such", Senses())


async def test_a_tool_of_a_later_version_is_lack_of_means() -> None:
    with pytest.raises(NoValue) as why:
        await Query("x", "clip", (), (), None, {}, {}, Senses()).look("no-such-tool")  # type: ignore[arg-type]
    assert why.value.missing


def test_names_are_unique() -> None:
    assert "text.error_rate" in measure_names()
    with pytest.raises(ConfigError, match="two measures"):
        measure("text.error_rate", unit="")(taken)  # type: ignore[arg-type]
