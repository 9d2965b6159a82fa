"""Measures and facts of voices, music and sound quality, from evidence made up."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cinejudge.agent.facts import _sounds, count_speakers
from cinejudge.agent.measures import Query, take
from cinejudge.schema import Brief, Measured, Shot
from cinejudge.schema.errors import MediaError
from cinejudge.tools import audio_events, audio_quality, music
from cinejudge.tools.records.speakers import Match, ReferenceMatch, Result, ShotVoice, Turn, Voice

EVIDENCE = "ev_000000000001"
SHA = "cd" * 32


class Senses:
    """Gives these results; a tool without one abstains."""

    def __init__(self, **results: Any) -> None:
        self.results = results
        self.asked: dict[str, Any] = {}

    async def look(self, tool: str, **args: Any) -> Any:
        self.asked[tool] = args
        found = tool in self.results
        return SimpleNamespace(
            id=EVIDENCE, tool=tool, found=found, status="found" if found else "abstained", reason="nothing is heard"
        )

    def result(self, evidence: Any) -> Any:
        return self.results[evidence.tool]

    def keep_sound(self, path: Any) -> str:
        if path.name == "broken.wav":
            raise MediaError("broken.wav: no recording that can be read: a broken WAV file")
        return SHA


def shot(index: int) -> Shot:
    return Shot(
        index=index, start_frame=index, end_frame=index + 1, start_s=index, end_s=index + 1.0, transition_in=None,
        spec=index,
    )  # fmt: skip


SHOTS = tuple(shot(i) for i in range(3))


async def taken(
    name: str, senses: Senses, *, target: str = "clip", brief: dict[str, Any] | None = None, shots: Any = SHOTS
) -> Measured:
    query = Query(
        name=name,
        target=target,
        shots=shots,
        all_shots=SHOTS,
        brief=Brief.model_validate({"prompt": "p", **brief}) if brief else None,
        slots={},
        settings={},
        perception=senses,  # type: ignore[arg-type]
    )
    return await take(query)


def voices(
    *heard: tuple[int, int],
    alike: dict[tuple[int, int], float] | None = None,
    least_alike: float | None = None,
    sure: bool = True,
    references: tuple[ReferenceMatch, ...] = (),
) -> Result:
    """Shot and speaker of each shot voice."""
    number = max((s for _, s in heard), default=0) + 1
    return Result(
        duration_s=9.0,
        turns=tuple(Turn(speaker=s, start_s=k, end_s=k + 0.9, sure=True) for k, s in heard),
        voices=tuple(Voice(speaker=s, speech_s=2.0, steadiness=0.78 if s == 0 else None) for s in range(number)),
        least_alike=least_alike,
        count_sure=sure,
        shot_voices=tuple(ShotVoice(shot=k, speaker=s, speech_s=2.0) for k, s in heard),
        matches=tuple(Match(first=i, second=j, similarity=v) for (i, j), v in (alike or {}).items()),
        references=references,
    )


class TestVoices:
    async def test_each_voice_counts_with_its_likest_in_another_shot(self):
        # Speaker 0 in shots 0 and 2, speaker 1 in shot 1: their likest are each other, and 0.5.
        heard = voices((0, 0), (1, 1), (2, 0), alike={(0, 1): 0.5, (0, 2): 0.9, (1, 2): 0.4})
        found = await taken("voice.similarity", Senses(speakers=heard))
        assert found.value == pytest.approx((0.9 + 0.5 + 0.9) / 3)
        assert found.parts["shot1:speaker1"] == 0.5 and found.evidence == (EVIDENCE,)

    async def test_only_the_shots_in_question_count(self):
        heard = voices((0, 0), (1, 1), (2, 0), alike={(0, 1): 0.5, (0, 2): 0.9, (1, 2): 0.4})
        found = await taken("voice.similarity", Senses(speakers=heard), shots=SHOTS[:2])
        assert found.value == pytest.approx(0.5)

    async def test_one_shot_with_speech_is_nothing_to_compare(self):
        found = await taken("voice.similarity", Senses(speakers=voices((0, 0))))
        assert found.value is None and "fewer than two shots" in (found.reason or "") and not found.missing

    async def test_different_speakers_by_the_brief_are_no_change_of_voice(self):
        heard = voices((0, 0), (1, 1), alike={(0, 1): 0.4})
        lines = [[{"text": "a", "speaker": "Ann"}], [{"text": "b", "speaker": "Bob"}], []]
        brief = {"shots": [{"index": i, "description": "d", "lines": said} for i, said in enumerate(lines)]}
        assert (await taken("voice.similarity", Senses(speakers=heard), brief=brief)).value is None
        lines[1][0]["speaker"] = "ann"
        same = {"shots": [{"index": i, "description": "d", "lines": said} for i, said in enumerate(lines)]}
        assert (await taken("voice.similarity", Senses(speakers=heard), brief=same)).value == pytest.approx(0.4)

    async def test_a_speaker_is_held_against_itself(self):
        senses = Senses(speakers=voices((0, 0), (1, 1)))
        assert (await taken("voice.similarity", senses, target="speaker0")).value == pytest.approx(0.78)
        assert (await taken("voice.similarity", senses, target="speaker1")).value is None
        assert (await taken("voice.similarity", senses, target="speaker7")).value is None

    async def test_one_sure_voice_does_not_overlap_and_several_cannot_be_told(self):
        assert (await taken("speakers.overlap", Senses(speakers=voices((0, 0))))).value == 0
        for heard in (voices((0, 0), sure=False), voices((0, 0), (1, 1), least_alike=0.5)):
            found = await taken("speakers.overlap", Senses(speakers=heard))
            assert found.value is None and found.missing

    async def test_the_likest_speaker_counts_for_a_reference_voice(self):
        matches = tuple(ReferenceMatch(speaker=s, reference=SHA, similarity=v) for s, v in ((0, 0.6), (1, 0.82)))
        senses = Senses(speakers=voices((0, 0), (1, 1), references=matches))
        brief = {"references": [{"kind": "voice", "path": "voice.wav"}]}
        assert (await taken("reference.voice", senses, brief=brief)).value == pytest.approx(0.82)
        assert senses.asked["speakers"] == {"references": (SHA,)}
        broken = {"references": [{"kind": "voice", "path": "broken.wav"}]}
        found = await taken("reference.voice", senses, brief=broken)
        assert found.missing and "broken.wav" in (found.reason or "")
        assert (await taken("reference.voice", senses)).value is None


def join(first: int, embedding: float, tempo: float | None, beat: float | None) -> music.Join:
    return music.Join(
        first=first, second=first + 1, embedding=embedding, tempo=tempo, beat=beat, level_step_db=-3.0, colour_step=2.0
    )


def score(*joins: music.Join, short: tuple[int, ...] = ()) -> music.Result:
    stretches = tuple(
        music.Stretch(
            shot=i,
            start_s=i,
            end_s=i + 1.0,
            bpm=None,
            beat_strength=None if i in short else 0.5,
            beats=(),
            level_db=-20,
        )
        for i in range(3)
    )
    return music.Result(music=(), music_s=9.0, bpm=100.0, beat_strength=0.8, stretches=stretches, joins=joins)


class TestMusic:
    async def test_thirds_are_equal_and_cuts_are_averaged(self):
        found = await taken("music.consistency", Senses(music=score(join(0, 0.9, 0.6, 0.3), join(1, 0.5, None, None))))
        assert found.parts == {"shot0-1": pytest.approx(0.6), "shot1-2": pytest.approx(0.5)}
        assert found.value == pytest.approx(0.55) and "shots 2 and 3: tone 0.50, level -3.0 dB" in found.note

    async def test_shots_too_short_for_a_beat_say_nothing(self):
        cuts = join(0, 0.9, 0.6, 0.3), join(1, 0.2, None, None)
        found = await taken("music.consistency", Senses(music=score(*cuts, short=(2,))))
        assert found.parts == {"shot0-1": pytest.approx(0.6)}
        nothing = await taken("music.consistency", Senses(music=score(*cuts, short=(1,))))
        assert nothing.value is None and nothing.missing and "too short" in (nothing.reason or "")

    async def test_no_cut_within_the_music(self):
        assert (await taken("music.consistency", Senses(music=score()))).value is None
        found = await taken("music.consistency", Senses())
        assert found.value is None and "nothing is heard" in (found.reason or "")


class TestQuality:
    async def test_shots_are_averaged_and_the_clip_stands_in_where_none_can_be_rated(self):
        def rated(value: float) -> dict[str, float]:
            return {"production_quality": value, "overall": 3.0, "signal": 3.4, "background": 3.8, "speech_s": 2.0}

        whole = audio_quality.Quality(**rated(5.5))
        shots = tuple(audio_quality.ShotQuality(shot=i, **rated(v)) for i, v in ((0, 5.0), (2, 6.0)))
        senses = Senses(audio_quality=audio_quality.Result(clip=whole, shots=shots))
        assert (await taken("sound.quality", senses)).value == pytest.approx(5.5)
        assert (await taken("sound.quality", senses, target="shot0", shots=SHOTS[:1])).value == pytest.approx(5.0)
        assert (await taken("sound.quality", senses, target="shot1", shots=SHOTS[1:2])).value is None
        alone = Senses(audio_quality=audio_quality.Result(clip=whole, shots=()))
        assert (await taken("sound.quality", alone)).value == pytest.approx(5.5)
        in_shots = Senses(audio_quality=audio_quality.Result(clip=None, shots=shots[:1]))
        found = await taken("sound.quality", in_shots)
        assert found.value == pytest.approx(5.0) and "3.0 of 5" in found.note

    async def test_sound_beside_the_voice_is_not_blamed(self) -> None:
        loud = audio_quality.Quality(production_quality=1.6, overall=1.3, signal=1.5, background=1.2, speech_s=2.0)
        found = await taken("sound.quality", Senses(audio_quality=audio_quality.Result(clip=loud, shots=())))
        assert found.value is None
        assert found.missing


def case(senses: Senses, *, has_audio: bool = True) -> Any:
    return SimpleNamespace(perception=senses, footage=SimpleNamespace(clip=SimpleNamespace(has_audio=has_audio)))


def events(*kinds: str) -> audio_events.Result:
    return audio_events.Result(
        duration_s=3.0 * len(kinds),
        events=tuple(
            audio_events.Event(kind=kind, start_s=3.0 * i, end_s=3.0 * i + 3, confidence=0.9)  # type: ignore[arg-type]
            for i, kind in enumerate(kinds)
        ),
    )


SPOKEN, UNSPOKEN = SimpleNamespace(spans=("s",)), SimpleNamespace(spans=())


class TestFacts:
    @pytest.mark.parametrize(
        ("kinds", "has_music"),
        [(("music", "noise"), True), (("noise", "speech"), False), (("speech",), None), (("silence",), False)],
    )
    async def test_music(self, kinds, has_music):
        facts = await _sounds(case(Senses(audio_events=events(*kinds))), SPOKEN)
        assert facts["has_music"] is has_music

    @pytest.mark.parametrize(
        ("heard", "dialogue", "count"),
        [
            (voices((0, 0)), False, 1),
            (voices((0, 0), sure=False), None, 1),
            (voices((0, 0), (1, 1), least_alike=0.4), True, 2),
            (voices((0, 0), (1, 1), least_alike=0.7, sure=False), None, 2),
        ],
    )
    async def test_dialogue(self, heard, dialogue, count):
        senses = Senses(speakers=heard)
        assert (await _sounds(case(senses), SPOKEN))["has_dialogue"] is dialogue
        assert await count_speakers(case(senses)) == count

    async def test_without_speech_nobody_is_listened_for(self):
        senses = Senses()
        assert (await _sounds(case(senses), UNSPOKEN))["has_dialogue"] is False
        assert "speakers" not in senses.asked

    async def test_without_sound_or_means(self):
        assert await _sounds(case(Senses(), has_audio=False), None) == {}
        assert await count_speakers(case(Senses(), has_audio=False)) == 0
        assert await _sounds(case(Senses()), SPOKEN) == {"has_music": None, "has_dialogue": None}
