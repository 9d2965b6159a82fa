import json

import numpy as np
import pytest

from cinejudge.media import Footage, Sound
from cinejudge.tools import speech
from cinejudge.tools.contract import Abstain
from cinejudge.tools.models import whisper
from cinejudge.tools.models.whisper import Heard, HeardWord
from cinejudge.tools.text.distance import word_error_rate

from .fakes import FakeFootage, look, scene

RATE = 16_000


def heard(text="one two three", *, logprob=-0.3, probability=0.9, compression=1.0):
    words = tuple(HeardWord(w, 0.3 + i * 0.3, 0.5 + i * 0.3, probability) for i, w in enumerate(text.split()))
    return Heard(words, "en", None, logprob, 0.01, compression)


def run(tmp_path, monkeypatch, spans, transcribe, seconds=6.0):
    monkeypatch.setattr(whisper, "speech_spans", lambda samples: spans)
    sound = Sound(np.zeros((round(seconds * RATE), 1), np.float32), RATE)
    return speech._run(look(FakeFootage(scene(2), sound=sound), tmp_path), transcribe)


def test_words_are_placed_on_the_clock_of_the_clip(tmp_path, monkeypatch):
    result = run(tmp_path, monkeypatch, [(2.0, 3.5)], lambda samples: heard())
    assert result.text == "one two three" and result.fully_transcribed
    assert result.words[0].start_s == pytest.approx(2.0 - speech.MARGIN_S + 0.3)
    assert result.text_between(2.4, 2.7) == "two"
    assert result.speech_s == 1.5 and '"one two three"' in result.summary


def test_each_utterance_is_heard_by_itself_with_a_margin(tmp_path, monkeypatch):
    lengths = []

    def transcribe(samples):
        lengths.append(len(samples) / RATE)
        return heard()

    result = run(tmp_path, monkeypatch, [(0.5, 1.5), (1.7, 2.0), (4.0, 5.0)], transcribe)
    assert [(u.start_s, u.end_s) for u in result.utterances] == [(0.5, 2.0), (4.0, 5.0)]
    assert lengths == pytest.approx([1.8, 1.3], abs=1e-3)


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (heard(logprob=-1.2), "not English or not intelligible"),
        (heard(probability=0.4), "not English or not intelligible"),
        (heard(compression=3.0), "repeats itself"),
        (heard("Thank you so. Thank you so. Thank you so."), "repeats itself"),
        (heard(" ".join(f"word{i}" for i in range(24))), "faster than anybody speaks"),
        (Heard((), "en", None, 0.0, 1.0, 0.0), "no words"),
    ],
)
def test_words_that_are_not_to_be_believed_are_not_told(tmp_path, monkeypatch, what, why):
    result = run(tmp_path, monkeypatch, [(1.0, 3.0)], lambda samples: what)
    (utterance,) = result.utterances
    assert not utterance.transcribed and why in utterance.reason
    assert result.text == "" and utterance.words == () and not result.fully_transcribed
    assert "not transcribed" in result.summary
    assert not any(word in result.model_dump_json() for word in ("hank", "one two", "word1"))


def in_language(language, sure, words=8, *, logprob=-0.3):
    spoken = tuple(HeardWord("字", i * 0.1, i * 0.1 + 0.1, 0.9) for i in range(words - 1))
    return Heard((*spoken, HeardWord("末", 1.9, 2.0, 0.9)), language, sure, logprob, 0.01, 1.0)


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (in_language("zh", 0.98, 20), None),
        (in_language("zh", 0.98, 26), "faster than anybody"),
        (in_language("es", 0.98, 20), "faster than anybody"),
        (in_language("ko", 0.3), "language not known: the likeliest, ko"),
        (in_language("fr", 0.9, logprob=-1.5), "not intelligible"),
    ],
)
def test_with_a_model_of_many_languages_each_is_allowed_and_must_be_clear(tmp_path, monkeypatch, what, why):
    result = run(tmp_path, monkeypatch, [(1.0, 3.0)], lambda samples: what)
    (utterance,) = result.utterances
    assert utterance.transcribed is (why is None)
    assert utterance.language == (what.language if why is None else None)
    assert why is None or (why in utterance.reason and "English" not in utterance.reason)


def test_a_folder_of_a_model_of_many_languages_lets_it_tell_the_language(monkeypatch):
    """faster-whisper's own interface, stood in for, as the large model is not part of the default weights."""
    import faster_whisper

    made, asked = {}, {}

    class Model:
        def __init__(self, folder, **options):
            made.update(folder=folder, **options)

        def transcribe(self, samples, **options):
            from types import SimpleNamespace as Some

            asked.update(options)
            word = Some(word=" bonjour", start=0.1, end=0.5, probability=0.9)
            part = Some(words=[word], avg_logprob=-0.2, no_speech_prob=0.0, compression_ratio=0.8)
            return iter([part]), Some(language="fr", language_probability=0.97)

    monkeypatch.setattr(faster_whisper, "WhisperModel", Model)
    whisper.faster_whisper.cache_clear()
    found = whisper.faster_whisper("large", None, "cuda")(np.zeros(RATE, np.float32))
    whisper.faster_whisper.cache_clear()
    assert made["compute_type"] == "float16" and made["local_files_only"] and asked["language"] is None
    assert (found.language, found.language_probability, [w.text for w in found.words]) == ("fr", 0.97, ["bonjour"])


@pytest.mark.parametrize("said", ["no no no no no no", "Go go. Wait, go", "Thank you. Thank you"])
def test_people_may_repeat_themselves(tmp_path, monkeypatch, said):
    assert run(tmp_path, monkeypatch, [(1.0, 3.0)], lambda samples: heard(said)).text == said


def test_scraps_of_speech_are_not_put_to_the_model(tmp_path, monkeypatch):
    def never(samples):
        raise AssertionError("asked")

    result = run(tmp_path, monkeypatch, [(1.0, 1.3)], never)
    assert "too short" in result.utterances[0].reason and result.fully_transcribed


def test_no_speech_asks_no_model(tmp_path, monkeypatch):
    result = run(tmp_path, monkeypatch, [], None)
    assert result.spans == () and result.summary == "no speech" and result.fully_transcribed


def test_long_speech_is_cut_to_what_the_model_hears(tmp_path, monkeypatch):
    spans = speech.utterance_spans([(0.0, 20.0), (20.2, 39.0), (50.0, 110.0)])
    assert spans == [(0.0, 20.0), (20.2, 39.0), (50.0, 78.0), (78.0, 106.0), (106.0, 110.0)]


def test_a_clip_without_sound_is_out_of_range(tmp_path):
    with pytest.raises(Abstain, match="no sound"):
        speech._run(look(FakeFootage(scene(2)), tmp_path), None)


def test_results_survive_the_cache_and_are_drawn(tmp_path, monkeypatch):
    result = run(tmp_path, monkeypatch, [(0.0, 1.5)], lambda samples: heard())
    assert speech.Result.model_validate(result.model_dump(mode="json")) == result
    sound = Sound(np.zeros((6 * RATE, 1), np.float32), RATE)
    assert len(list(speech.TOOL.draw(FakeFootage(scene(2), sound=sound), result))) == 1


def test_openai_whisper_is_asked_for_what_the_gates_need(monkeypatch):
    """The package is an extra; its published interface is stood in for."""
    import sys
    from types import SimpleNamespace

    asked = {}

    class Model:
        dims, device = SimpleNamespace(n_mels=80), "cpu"

        def detect_language(self, mel):
            return None, {"es": 0.9, "en": 0.1}

        def transcribe(self, samples, **options):
            asked.update(options)
            word = {"word": " hola", "start": 0.1, "end": 0.4, "probability": 0.8}
            part = {"words": [word], "avg_logprob": -0.4, "no_speech_prob": 0.1, "compression_ratio": 0.9}
            return {"segments": [part, {**part, "avg_logprob": -0.6}]}

    class Mel:
        def to(self, device):
            return self

    fake = SimpleNamespace(
        load_model=lambda file, device: Model(),
        pad_or_trim=lambda samples: samples,
        log_mel_spectrogram=lambda samples, n_mels: Mel(),
    )
    monkeypatch.setitem(sys.modules, "whisper", fake)
    whisper.openai_whisper.cache_clear()
    found = whisper.openai_whisper("small.pt", "cpu")(np.zeros(2 * RATE, np.float32))
    whisper.openai_whisper.cache_clear()
    assert asked["temperature"] == 0.0 and asked["language"] == "es" and asked["sample_len"] == 40
    assert (found.language, found.language_probability, found.avg_logprob) == ("es", 0.9, -0.6)
    assert [w.text for w in found.words] == ["hola", "hola"]


@pytest.mark.real
def test_labelled_english_is_understood(clips_dir, tmp_path):
    """The lines whose transcript is what is spoken: mean WER at most .20.

    The transcript of one clip is its prompt, of which half is spoken before the clip ends; it is left out.
    """
    labels = json.loads((clips_dir / "labels.json").read_text())
    rates = {}
    for name, label in labels.items():
        line = (label["speech"] or {}).get("transcript")
        if line and name != "universe1_speech_01.mp4":
            with Footage(clips_dir / name, cache=tmp_path) as footage:
                result = speech._tiny_english(look(footage, tmp_path / "artifacts"), speech.Args())
            rates[name] = word_error_rate(line, result.text)
    assert len(rates) == 4
    assert sum(rates.values()) / len(rates) <= 0.20, rates


@pytest.mark.real
@pytest.mark.parametrize("kind", ["noise", "chord", "silence", "sweep"])
def test_noise_and_tones_give_no_words(kind, tmp_path):
    t = np.arange(6 * RATE) / RATE
    sounds = {
        "noise": np.random.default_rng(0).normal(size=len(t)) * 0.1,
        "chord": sum(np.sin(2 * np.pi * hz * t) for hz in (220, 277, 330)) * 0.1 * (np.sin(2 * np.pi * t) > 0),
        "silence": np.zeros(len(t)),
        "sweep": np.sin(2 * np.pi * (100 + 400 * t) * t) * 0.3,
    }
    sound = Sound(sounds[kind].astype(np.float32)[:, None], RATE)
    result = speech._tiny_english(look(FakeFootage(scene(2), sound=sound), tmp_path), speech.Args())
    assert result.text == ""


@pytest.mark.real
def test_an_engine_is_not_speech(clips_dir, tmp_path):
    with Footage(clips_dir / "universe1_other_13.mp4", cache=tmp_path) as footage:
        assert speech._tiny_english(look(footage, tmp_path / "artifacts"), speech.Args()).spans == ()
