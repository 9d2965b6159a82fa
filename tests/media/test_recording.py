"""Reference recordings: plain WAV is read, everything else must pass the door, nothing is guessed."""

import wave

import numpy as np
import pytest

from cinejudge.media.recording import read_recording
from cinejudge.schema.errors import MediaError


def write(path, *, width=2, channels=1, rate=16_000, count=16_000):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(b"\x00\x40" * count * channels if width == 2 else bytes(count * width * channels))
    return path


def test_a_wav_file_is_read(tmp_path):
    sound = read_recording(write(tmp_path / "voice.wav", channels=2, rate=44_100, count=44_100))
    assert sound.rate == 44_100 and sound.samples.shape == (44_100, 2)
    assert np.unique(sound.samples).tolist() == [0.5]


@pytest.mark.parametrize("change", [{"width": 1}, {"width": 3}, {"channels": 5}, {"rate": 1000}, {"count": 0}])
def test_other_kinds_of_wav_are_refused_in_one_line(tmp_path, change):
    with pytest.raises(MediaError, match=r"voice\.wav: no recording that can be read: .*16-bit PCM"):
        read_recording(write(tmp_path / "voice.wav", **change))


def test_a_cut_wav_file_gives_what_is_there_or_an_error(tmp_path):
    path = write(tmp_path / "voice.wav")
    path.write_bytes(path.read_bytes()[:1001])
    assert 0 < len(read_recording(path).samples) < 16_000
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(MediaError, match="broken WAV"):
        read_recording(path)


def test_what_is_no_sound_is_refused(tmp_path):
    (tmp_path / "voice.txt").write_text("not sound", "utf-8")
    for name in ("voice.txt", "absent.wav"):
        with pytest.raises(MediaError, match=name):
            read_recording(tmp_path / name)


@pytest.mark.real
def test_the_sound_of_a_video_will_do(clips_dir):
    sound = read_recording(clips_dir / "grid_pwij3p.mpg")
    assert 2.5 < sound.duration_s < 3.5
