from __future__ import annotations

import io
import wave
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from cinejudge.media import Sound, sound
from tests.videos import tone


def test_mono_is_the_mean_of_the_channels() -> None:
    both = np.stack([tone(1.0), -tone(1.0) / 2], axis=1)
    assert Sound(both, 16000).mono() == pytest.approx(tone(1.0) / 4, abs=1e-6)


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
def test_resampling_keeps_pitch_level_and_length(rate: int) -> None:
    mono = Sound(tone(2.0, 440, rate)[:, None], rate).mono()
    assert mono.dtype == np.float32
    assert len(mono) == 32000
    assert np.abs(np.fft.rfft(mono)).argmax() / 2 == 440
    assert mono[1000:-1000].std() == pytest.approx(0.5 / np.sqrt(2), rel=0.01)


@pytest.mark.parametrize("rate", [44100, 11025, 16001])
def test_resampling_in_pieces_changes_nothing(rate: int, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(0).normal(0, 0.2, (40_000, 2)).astype(np.float32)
    whole = Sound(noise, rate).mono()
    monkeypatch.setattr(sound, "_PIECE", 3000)
    assert np.array_equal(Sound(noise, rate).mono(), whole)


def test_slice_is_cut_at_the_ends() -> None:
    whole = Sound(tone(2.0)[:, None], 16000)
    assert whole.duration_s == 2.0
    assert np.array_equal(whole.slice(0.5, 1.0).samples, whole.samples[8000:16000])
    assert whole.slice(1.5, 9.0).duration_s == 0.5
    assert whole.slice(-1.0, 0.25).duration_s == 0.25
    assert whole.slice(5.0, 6.0).duration_s == 0
    assert whole.slice(1.0, 0.5).duration_s == 0
    assert whole.slice(5.0, 6.0).mono(8000).size == 0


def test_wav_holds_the_samples_and_clips() -> None:
    samples = np.stack([tone(0.5), np.full(8000, 2.0, np.float32)], axis=1)
    with wave.open(io.BytesIO(Sound(samples, 16000).wav())) as read:
        assert (read.getnchannels(), read.getsampwidth(), read.getframerate()) == (2, 2, 16000)
        back = np.frombuffer(read.readframes(8000), "<i2").reshape(-1, 2)
    assert back[:, 0] / 32767 == pytest.approx(tone(0.5), abs=1e-4)
    assert (back[:, 1] == 32767).all()


def test_who_listens_side_by_side_shares_one_copy_and_nobody_writes_into_it() -> None:
    sound = Sound(tone(2.0, 440, 44100)[:, None], 44100)
    with ThreadPoolExecutor(4) as pool:
        heard = list(pool.map(lambda _: sound.mono(), range(4)))
    assert all(mono is heard[0] for mono in heard)
    assert sound.mono(8000) is not heard[0]
    with pytest.raises(ValueError, match="read-only"):
        heard[0][0] = 1.0
    held = weakref.ref(heard.pop())
    heard.clear()
    assert held() is None
    assert len(sound.mono()) == 32000
