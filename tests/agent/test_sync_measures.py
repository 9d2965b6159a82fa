"""Measures of sound against picture on made-up evidence."""

from __future__ import annotations

from typing import Any

import pytest

from cinejudge.schema import Line, ShotSpec, Span
from cinejudge.tools.avsync import Result as AvSync
from cinejudge.tools.avsync import Window
from cinejudge.tools.records.lips import FaceSync, Result, Standing
from cinejudge.tools.records.speaking import Result as Spoken
from cinejudge.tools.records.speaking import SeenFace, Speaking
from cinejudge.tools.speakers import Turn
from tests.agent.test_measures import Senses, brief, shot, taken

SHOTS = (shot(0, 0.0, 4.0), shot(1, 4.0, 8.0))


def face(track: int, standing: Standing, rating: float | None, shot: int = 0, heard_s: float = 3.0) -> FaceSync:
    return FaceSync(
        track=track,
        shot=shot,
        start_s=shot * 4.0,
        end_s=shot * 4.0 + heard_s,
        box=(0.4, 0.3, 0.6, 0.6),
        side_px=120,
        heard_s=heard_s,
        standing=standing,
        offset_ms=0.0 if standing == "in_step" else None,
        confidence=4.0,
        rating=rating,
    )


def lips(*faces: FaceSync, **changes: Any) -> Result:
    given: dict[str, Any] = {
        "faces": faces,
        "speech_s": 6.0,
        "offset_ms": None,
        "confidence": None,
        "sure": False,
        **changes,
    }
    return Result(**given)


def said(start_s: float, end_s: float, track: int | None, *, moving: bool = True, decided: bool = True) -> Speaking:
    return Speaking(start_s=start_s, end_s=end_s, track=track, moving=moving, decided=decided)


def spoken(*speaking: Speaking, **changes: Any) -> Spoken:
    faces = tuple(
        SeenFace(track=n, shot=0, start_s=0, end_s=4, box=None, side_px=120, heard_s=3, speaks_s=1) for n in (0, 1)
    )
    return Spoken(**{"faces": faces, "speech_s": 6.0, "seen": (), "still": (), "speaking": speaking, **changes})


class TestLips:
    async def test_faces_count_by_their_speech(self) -> None:
        found = lips(face(0, "in_step", 10.0, 0, 3.0), face(1, "in_step", 4.0, 1, 1.0))
        got = await taken("sync.lips", Senses(lipsync=found), shots=SHOTS)
        assert got.value == pytest.approx(8.5)
        assert got.unit == "confidence"

    async def test_a_listener_beside_the_speaker_does_not_count(self) -> None:
        found = lips(face(0, "in_step", 9.0), face(1, "out_of_step", 0.0))
        got = await taken("sync.lips", Senses(lipsync=found), shots=SHOTS)
        assert got.value == 9.0

    async def test_lips_that_say_something_else_give_nothing(self) -> None:
        got = await taken("sync.lips", Senses(lipsync=lips(face(0, "out_of_step", 0.0))), shots=SHOTS)
        assert got.value == 0.0
        assert "no mouth" in got.note

    @pytest.mark.parametrize("standing", ["unclear", "unreadable"])
    async def test_what_is_unclear_is_not_judged(self, standing: Standing) -> None:
        got = await taken("sync.lips", Senses(lipsync=lips(face(0, standing, None))), shots=SHOTS)
        assert got.value is None and got.missing

    async def test_who_may_speak_shields_the_others(self) -> None:
        found = lips(face(0, "unclear", None), face(1, "out_of_step", 0.0))
        assert (await taken("sync.lips", Senses(lipsync=found), shots=SHOTS)).value is None

    async def test_only_the_shots_in_question_count(self) -> None:
        found = lips(face(0, "in_step", 10.0, 0), face(1, "out_of_step", 0.0, 1))
        got = await taken("sync.lips", Senses(lipsync=found), shots=SHOTS[1:], target="shot1")
        assert got.value == 0.0


class TestOffset:
    EVENTS = AvSync(offset_s=-0.3, confidence=1.0, fit=0.8, motions=(), sounds=())

    async def test_from_motions_without_sign(self) -> None:
        got = await taken("sync.audio_visual", Senses(avsync=self.EVENTS), shots=SHOTS)
        assert got.value == 0.3 and "early" in got.note

    async def test_windows_count_without_sign_each(self) -> None:
        windows = tuple(
            Window(start_s=at, end_s=at + 4.8, offset_s=late, confidence=0.6) for at, late in ((0.0, 0.4), (3.2, -0.2))
        )
        found = AvSync(offset_s=0.1, confidence=0.6, apart_s=0.3, windows=windows)
        got = await taken("sync.audio_visual", Senses(avsync=found), shots=SHOTS)
        assert got.value == 0.3 and "+400 ms from 0.0 s, -200 ms from 3.2 s" in got.note and len(got.spans) == 2

    async def test_from_lips_where_motions_tell_nothing(self) -> None:
        found = lips(face(0, "in_step", 5.0), offset_ms=160.0, confidence=4.0, sure=True)
        got = await taken("sync.audio_visual", Senses(lipsync=found), shots=SHOTS)
        assert got.value == pytest.approx(0.16) and "late" in got.note

    async def test_a_guess_is_no_value(self) -> None:
        found = lips(face(0, "unclear", None), offset_ms=160.0, confidence=2.5, sure=False)
        got = await taken("sync.audio_visual", Senses(lipsync=found), shots=SHOTS)
        assert got.value is None and got.missing

    async def test_neither_tells(self) -> None:
        got = await taken("sync.audio_visual", Senses(), shots=SHOTS)
        assert got.value is None and got.missing


class Voices:
    """Turns of the tool ``speakers``."""

    def __init__(self, *turns: tuple[int, float, float]) -> None:
        self.turns = tuple(Turn(speaker=s, start_s=a, end_s=b, sure=True) for s, a, b in turns)


class TestAttribution:
    async def test_each_face_its_voice(self) -> None:
        found = spoken(said(0, 2, 0), said(2, 4, 1))
        got = await taken(
            "speakers.attribution", Senses(active_speaker=found, speakers=Voices((0, 0, 2), (1, 2, 4))), shots=SHOTS
        )
        assert got.value == pytest.approx(1.0)

    async def test_one_face_with_two_voices(self) -> None:
        found = spoken(said(0, 2, 0), said(2, 3, 0))
        got = await taken(
            "speakers.attribution", Senses(active_speaker=found, speakers=Voices((0, 0, 2), (1, 2, 3))), shots=SHOTS
        )
        assert got.value == pytest.approx(2 / 3)

    async def test_mouths_that_move_with_nobodys_voice(self) -> None:
        found = spoken(said(0, 1, 0), said(1, 4, None))
        got = await taken("speakers.attribution", Senses(active_speaker=found), shots=SHOTS)
        assert got.value == pytest.approx(0.25)
        assert got.spans == (Span(start_s=1, end_s=4),)

    async def test_a_voice_over_and_what_is_unclear_do_not_count(self) -> None:
        found = spoken(said(0, 2, None, moving=False), said(2, 4, None, decided=False))
        got = await taken("speakers.attribution", Senses(active_speaker=found), shots=SHOTS)
        assert got.value is None and got.missing


class TestUnseenMouth:
    FOUND = spoken(
        seen=(Span(start_s=0, end_s=4), Span(start_s=4, end_s=8)),
        still=(Span(start_s=3, end_s=4), Span(start_s=4, end_s=8)),
    )

    async def test_share_of_the_shot(self) -> None:
        got = [
            await taken("speech.unseen_mouth", Senses(active_speaker=self.FOUND), shots=(s,), target=f"shot{s.index}")
            for s in SHOTS
        ]
        assert [g.value for g in got] == [pytest.approx(0.25), pytest.approx(1.0)]
        assert got[0].spans == (Span(start_s=3, end_s=4),)

    async def test_a_narrator_is_not_to_be_seen(self) -> None:
        script = brief(
            shots=[
                ShotSpec(index=0, lines=(Line(text="Hello.", speaker="Anna"),)),
                ShotSpec(index=1, lines=(Line(text="Years passed.", speaker="Narrator"),)),
            ]
        )
        got = await taken("speech.unseen_mouth", Senses(active_speaker=self.FOUND), shots=SHOTS, brief=script)
        assert got.value == pytest.approx(0.25)
        got = await taken("speech.unseen_mouth", Senses(active_speaker=self.FOUND), shots=SHOTS[1:], brief=script)
        assert got.value is None and not got.missing

    async def test_no_face_no_value(self) -> None:
        got = await taken("speech.unseen_mouth", Senses(active_speaker=spoken()), shots=SHOTS)
        assert got.value is None
