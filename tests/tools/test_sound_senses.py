"""The tools audio_events, speakers, audio_quality and music, with networks replaced, and with the real ones."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from cinejudge import weights
from cinejudge.media import Footage, Sound
from cinejudge.schema.errors import ToolError
from cinejudge.tools import audio_events, audio_quality, music, speakers
from cinejudge.tools.contract import Abstain
from cinejudge.tools.models import dnsmos, speech_music_noise, voice_encoder, whisper
from cinejudge.tools.registry import get_tool

from . import fakes
from .melody import RATE
from .melody import music as melody

TOOLS = (audio_events, speakers, audio_quality, music)


def look(tmp_path, samples, *cuts_s):
    sound = None if samples is None else Sound(np.asarray(samples, np.float32).reshape(-1, 1), RATE)
    footage = fakes.FakeFootage(fakes.scene(2), sound=sound)
    seconds = 0 if samples is None else len(samples) / RATE
    edges = [0.0, *cuts_s, seconds]
    known = fakes.shots(*((round(a * 24), round(b * 24)) for a, b in pairwise(edges))) if seconds else ()
    return fakes.look(footage, tmp_path, known)


def run(module, tmp_path, samples, *cuts_s, **args):
    return module.TOOL.providers[-1].run(look(tmp_path, samples, *cuts_s), module.Args(**args))


class FakeNet:
    """Says what it is told, one class per 80 ms."""

    def __init__(self, probabilities):
        self.probabilities = np.asarray(probabilities, np.float32)

    def log_probabilities(self, samples):
        return np.log(self.probabilities[: int(len(samples) / RATE / speech_music_noise.STEP_S)])


@pytest.fixture
def classes(monkeypatch):
    def give(*stretches):
        rows = [row for seconds, row in stretches for _ in range(round(seconds / speech_music_noise.STEP_S))]
        monkeypatch.setattr(weights, "path", lambda name: Path(name))
        monkeypatch.setattr(speech_music_noise, "load", lambda path: FakeNet(rows))

    return give


SPEECH, MUSIC, NOISE = (0.98, 0.01, 0.01), (0.01, 0.98, 0.01), (0.01, 0.01, 0.98)


def noise(seconds, level=0.05, seed=0):
    return np.random.default_rng(seed).normal(size=round(seconds * RATE)) * level


@pytest.mark.parametrize("module", TOOLS)
def test_without_sound_they_abstain(module, tmp_path):
    with pytest.raises(Abstain, match="no sound"):
        run(module, tmp_path, None)


@pytest.mark.parametrize("module", TOOLS)
def test_they_are_found_by_name_and_name_their_weights(module):
    name = module.__name__.rsplit(".", 1)[1]
    tool = get_tool(name)
    assert tool is module.TOOL
    assert all(w in weights.catalog() for p in tool.providers for w in p.weights)


class TestAudioEvents:
    def test_stretches_follow_one_another_to_the_end_of_the_sound(self, tmp_path, classes):
        classes((3.2, SPEECH), (3.2, MUSIC), (3.2, NOISE))
        found = run(audio_events, tmp_path, noise(9.63))
        assert [e.kind for e in found.events] == ["speech", "music", "noise"]
        assert found.events[0].start_s == 0 and found.events[-1].end_s == pytest.approx(9.63)
        assert all(a.end_s == b.start_s for a, b in pairwise(found.events))
        assert found.has_music is True and found.seconds("music") == pytest.approx(3.2, abs=0.1)

    def test_a_flicker_of_another_class_is_passed_over(self, tmp_path, classes):
        classes((3.2, SPEECH), (0.16, MUSIC), (3.2, SPEECH))
        assert [e.kind for e in run(audio_events, tmp_path, noise(6.5)).events] == ["speech"]

    def test_what_is_not_sure_is_unclear(self, tmp_path, classes):
        classes((5.0, (0.3, 0.4, 0.3)))
        found = run(audio_events, tmp_path, noise(5))
        assert [e.kind for e in found.events] == ["unclear"] and found.has_music is None

    def test_silence_is_no_music_whatever_the_network_says(self, tmp_path, classes):
        classes((8.0, MUSIC))
        found = run(audio_events, tmp_path, np.zeros(5 * RATE))
        assert [e.kind for e in found.events] == ["silence"] and found.has_music is False

    def test_music_under_speech_throughout_cannot_be_ruled_out(self, tmp_path, classes):
        classes((5.0, SPEECH))
        assert run(audio_events, tmp_path, noise(5)).has_music is None
        classes((5.0, SPEECH), (2.0, NOISE))
        assert run(audio_events, tmp_path, noise(7)).has_music is False

    def test_too_short(self, tmp_path):
        with pytest.raises(Abstain, match=r"only 0\.50 s"):
            run(audio_events, tmp_path, noise(0.5))


def test_the_likeliest_sequence_pays_for_each_change():
    logs = np.log(np.array([[0.9, 0.1]] * 3 + [[0.1, 0.9]] * 3, np.float32))
    assert speech_music_noise.segment(logs, 1.0).tolist() == [0, 0, 0, 1, 1, 1]
    assert len(set(speech_music_noise.segment(logs, 50.0).tolist())) == 1


class FakeEncoder:
    """The sign of the samples is the voice."""

    def embed(self, pieces):
        voices = {1: (1.0, 0.0), -1: (0.5, 0.87), 0: (0.9, 0.44)}
        return np.array([voices[int(np.sign(np.round(p.mean(), 3)))] for p in pieces], np.float32)


@pytest.fixture
def speech(monkeypatch):
    def give(*spans):
        monkeypatch.setattr(weights, "path", lambda name: Path(name))
        monkeypatch.setattr(voice_encoder, "load", lambda path: FakeEncoder())
        monkeypatch.setattr(whisper, "speech_spans", lambda samples: list(spans))

    return give


def voices(*parts):
    """Constant samples: the sign says who speaks."""
    return np.concatenate([np.full(round(seconds * RATE), 0.1 * who) for seconds, who in parts])


class TestSpeakers:
    def test_two_voices_take_turns(self, tmp_path, speech):
        speech((0.0, 3.0), (3.5, 6.5), (7.0, 10.0))
        found = run(speakers, tmp_path, voices((3.2, 1), (3.5, -1), (3.3, 1)), 3.25, 6.75)
        assert [(t.speaker, t.start_s, t.end_s) for t in found.turns] == [(0, 0, 3), (1, 3.5, 6.5), (0, 7, 10)]
        assert found.several is True and found.count_sure and len(found.voices) == 2
        assert [(v.shot, v.speaker) for v in found.shot_voices] == [(0, 0), (1, 1), (2, 0)]
        alike = {(m.first, m.second): m.similarity for m in found.matches}
        assert alike[0, 2] == pytest.approx(1) and alike[0, 1] == pytest.approx(0.5, abs=0.01)

    def test_one_voice(self, tmp_path, speech):
        speech((0.0, 6.0))
        found = run(speakers, tmp_path, voices((6, 1)))
        assert found.several is False and found.summary.startswith("1 voice: ")

    def test_a_short_word_goes_to_the_likest_voice_and_is_not_sure(self, tmp_path, speech):
        speech((0.0, 3.0), (3.5, 6.0), (6.5, 7.0))
        found = run(speakers, tmp_path, voices((3.2, 1), (3.0, -1), (0.9, -1)))
        assert (found.turns[-1].speaker, found.turns[-1].sure) == (1, False)

    def test_a_short_word_alone_is_no_voice(self, tmp_path, speech):
        speech((0.0, 1.0))
        with pytest.raises(Abstain, match=r"1\.2 s"):
            run(speakers, tmp_path, voices((2, 1)))

    def test_a_reference_recording_is_compared(self, tmp_path, speech):
        speech((0.0, 3.0))
        at = look(tmp_path, voices((4, -1)))
        reference = at.store.put_wav(voices((4, 1)).astype(np.float32), RATE, "a voice").sha256
        found = speakers.TOOL.providers[-1].run(at, speakers.Args(references=(reference,)))
        assert [(m.speaker, m.reference) for m in found.references] == [(0, reference)]
        assert found.references[0].similarity == pytest.approx(0.5, abs=0.01)

    def test_an_unknown_reference_is_a_clear_error(self, tmp_path, speech):
        speech((0.0, 3.0))
        with pytest.raises(ToolError, match="no recording"):
            run(speakers, tmp_path, voices((4, 1)), references=("0" * 64,))


def test_quality_of_speech_is_put_on_a_scale_of_ten(tmp_path, monkeypatch, speech):
    speech((0.0, 3.0))
    monkeypatch.setattr(dnsmos, "load", lambda path: None)
    monkeypatch.setattr(dnsmos, "rate", lambda session, samples: dnsmos.Opinion(3.5, 4.0, 3.0))
    found = run(audio_quality, tmp_path, noise(8), 4.0)
    assert found.clip.production_quality == pytest.approx(5.5)
    assert [q.shot for q in found.shots] == [0]  # nobody speaks in the second


def test_a_shot_with_speech_is_rated_though_the_clip_as_a_whole_has_little(tmp_path, monkeypatch, speech):
    speech((0.0, 1.5))
    monkeypatch.setattr(dnsmos, "load", lambda path: None)
    monkeypatch.setattr(dnsmos, "rate", lambda session, samples: dnsmos.Opinion(3.5, 4.0, 3.0))
    found = run(audio_quality, tmp_path, noise(12), 3.0)
    assert found.clip is None and [q.shot for q in found.shots] == [0]
    assert found.summary.startswith("speech rated 3.0 of 5")


def test_quality_says_nothing_about_a_clip_with_hardly_any_speech(tmp_path, speech):
    speech((0.0, 1.5))
    with pytest.raises(Abstain, match="too little speech"):
        run(audio_quality, tmp_path, noise(8))


class TestMusic:
    @pytest.mark.parametrize("bpm", [75, 120, 160])
    def test_one_piece_goes_on_over_the_cut(self, tmp_path, classes, bpm):
        classes((12, MUSIC))
        found = run(music, tmp_path, melody(bpm, 10, "pluck"), 5.0)
        assert [(j.first, j.second) for j in found.joins] == [(0, 1)]
        assert found.joins[0].tempo > 0.9 and found.joins[0].beat > 0.9 and found.joins[0].consistency > 0.75

    def test_another_piece_after_the_cut_is_told(self, tmp_path, classes):
        classes((12, MUSIC))
        joined = np.concatenate([melody(100, 5, "pluck"), melody(128, 5, "saw", root_hz=311, drums=False)])
        join = run(music, tmp_path, joined, 5.0).joins[0]
        assert join.tempo == 0 and join.beat == 0 and join.consistency < 0.35

    def test_a_beat_that_starts_over_is_told_from_one_that_goes_on(self, tmp_path, classes):
        classes((12, MUSIC))
        first = melody(120, 5, "pluck", drums=False)
        off = np.concatenate([first, melody(120, 5, "pluck", drums=False, late_s=0.125)])  # a quarter of a beat
        join = run(music, tmp_path, off, 5.0).joins[0]
        assert join.tempo > 0.9 and join.beat < 0.4

    def test_a_step_of_level_is_told(self, tmp_path, classes):
        classes((12, MUSIC))
        samples = melody(120, 10, "organ", drums=False)
        before = run(music, tmp_path, samples, 5.0).joins[0]
        samples[5 * RATE :] *= 0.25
        after = run(music, tmp_path, samples, 5.0).joins[0]
        assert after.level_step_db == pytest.approx(before.level_step_db - 12.04, abs=0.1)
        assert after.embedding == pytest.approx(before.embedding, abs=0.06)

    def test_no_music_no_claim(self, tmp_path, classes):
        classes((6, NOISE))
        with pytest.raises(Abstain, match="no music"):
            run(music, tmp_path, noise(6))


# --- real networks ---


@pytest.mark.real
class TestReal:
    @pytest.mark.parametrize("instrument", ["pluck", "organ", "saw", "bell"])
    def test_music_is_known_as_music(self, tmp_path, instrument):
        found = run(audio_events, tmp_path, melody(110, 6, instrument))
        assert found.has_music and found.seconds("music") > 5

    @pytest.mark.parametrize(
        "samples",
        [
            noise(6),
            noise(6, 3e-4),
            np.zeros(6 * RATE),
            0.2 * np.sin(2 * np.pi * 440 * np.arange(6 * RATE) / RATE),
            sum(0.1 * np.sin(2 * np.pi * 50 * k * np.arange(6 * RATE) / RATE) / k for k in range(1, 6)),
        ],
        ids=["noise", "faint noise", "silence", "tone", "hum"],
    )
    def test_silence_noise_and_hum_are_neither_music_nor_speech(self, tmp_path, samples):
        found = run(audio_events, tmp_path, samples)
        assert found.has_music is False and found.seconds("speech") == 0
        for module in (speakers, audio_quality, music):
            with pytest.raises(Abstain):
                run(module, tmp_path, samples)

    @pytest.mark.parametrize("name", ["universe1_speech_18.mp4", "humo_text_audio_1.mp4", "universe1_speech_08.mp4"])
    def test_one_person_is_one_voice(self, clips_dir, tmp_path, name):
        with Footage(clips_dir / name, cache=tmp_path) as footage:
            at = fakes.look(footage, tmp_path / "store")
            found = speakers.TOOL.providers[-1].run(at, speakers.Args())
            events = audio_events.TOOL.providers[-1].run(at, audio_events.Args())
            rated = audio_quality.TOOL.providers[-1].run(at, audio_quality.Args())
        assert found.several is False
        assert events.seconds("speech") > 0.7 * events.duration_s
        assert 2 < rated.clip.overall < 4

    def test_two_people_are_two_voices(self, clips_dir, tmp_path):
        with Footage(clips_dir / "ovi_multiperson_cafe.mp4", cache=tmp_path) as footage:
            found = speakers.TOOL.providers[-1].run(fakes.look(footage, tmp_path / "store"), speakers.Args())
        assert found.several is True and len(found.voices) == 2

    def test_noise_over_speech_lowers_its_rating(self, clips_dir, tmp_path):
        with Footage(clips_dir / "grid_pwij3p.mpg", cache=tmp_path) as footage:
            clean = footage.sound.mono(RATE)
        ratings = [
            run(audio_quality, tmp_path, np.clip(clean + noise(len(clean) / RATE, level)[: len(clean)], -1, 1)).clip
            for level in (0.0, 0.01, 0.03)
        ]
        assert ratings[0].overall > ratings[1].overall > ratings[2].overall
        assert ratings[0].background > ratings[1].background > ratings[2].background
