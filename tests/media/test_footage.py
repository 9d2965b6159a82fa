"""Footage as the rest of the project uses it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from cinejudge.media import Footage, FramePlan, MediaLimits
from cinejudge.media.measure import SIGNALS
from cinejudge.media.process import run_decoder
from cinejudge.schema.errors import ConfigError, MediaError
from tests.media.conftest import Open
from tests.videos import make_video, pan, texture, tone


def grey(value: int, size: tuple[int, int] = (120, 160)) -> np.ndarray:
    return np.full((*size, 3), value, np.uint8)


def test_facts_of_a_plain_clip(two_seconds: Path, footage: Open) -> None:
    clip = footage(two_seconds).clip
    assert (clip.frames, clip.fps, clip.width, clip.height, clip.rotation) == (48, 24.0, 320, 180, 0)
    assert clip.duration_s == pytest.approx(2.0)
    assert (clip.container, clip.video_codec, clip.audio_codec) == ("mov", "h264", "aac")
    assert (clip.sample_rate, clip.channels) == (16000, 1)
    assert not clip.variable_frame_rate
    assert clip.notes == ()
    assert clip.id == clip.sha256[:16]
    assert clip.size_bytes == two_seconds.stat().st_size


def test_arrays_have_a_row_per_frame(two_seconds: Path, footage: Open) -> None:
    clip = footage(two_seconds)
    assert clip.times == pytest.approx(np.arange(48) / 24)
    assert (clip.thumbs.shape, clip.thumbs.dtype) == ((48, 27, 48, 3), np.uint8)
    assert (clip.luma.shape, clip.luma.dtype) == ((48, 72, 128), np.uint8)
    assert clip.stored.tolist() == list(range(48))
    assert set(clip.signals) == set(SIGNALS)
    assert all(s.shape == (48,) and s.dtype == np.float32 and np.isfinite(s).all() for s in clip.signals.values())


def test_pictures_and_thumbnails_show_the_right_frame(tmp_path: Path, footage: Open) -> None:
    levels = [20, 60, 100, 140, 180, 220]
    clip = footage(make_video(tmp_path / "steps.mp4", [grey(v) for v in levels]))
    for index, level in enumerate(levels):
        assert clip.frame(index).mean() == pytest.approx(level, abs=2)
        assert clip.thumbs[index].mean() == pytest.approx(level, abs=2)
        assert clip.luma[index].mean() == pytest.approx(level, abs=2)
        assert clip.signals["brightness"][index] == pytest.approx(level / 255, abs=0.01)


def test_pictures_are_rgb_and_close_to_the_original(tmp_path: Path, footage: Open) -> None:
    original = texture(180, 320)
    original[..., 2] //= 2
    clip = footage(make_video(tmp_path / "one.mp4", [original] * 3))
    assert clip.frame(0).shape == original.shape
    assert cv2.PSNR(cv2.GaussianBlur(clip.frame(0), (5, 5), 0), cv2.GaussianBlur(original, (5, 5), 0)) > 30


def test_pictures_come_smaller_on_request(two_seconds: Path, footage: Open) -> None:
    clip = footage(two_seconds)
    assert clip.frame(0, max_side=100).shape == (56, 100, 3)
    assert clip.frame(0, max_side=4000).shape == (180, 320, 3)
    assert [i for i, _ in clip.frames([40, 3, 3, 900], max_side=32)] == [40, 3, 3, 47]


def test_the_plan_bounds_size_and_number_of_pictures(two_seconds: Path, footage: Open) -> None:
    clip = footage(two_seconds, FramePlan(max_side=160, max_pictures=10))
    assert clip.stored.tolist() == list(range(0, 48, 5))
    assert clip.frame(0).shape == (90, 160, 3)
    assert next(clip.frames([12]))[0] == 10
    assert next(clip.frames([13]))[0] == 15
    assert clip.clip.width == 320, "facts tell the original size"


def test_number_of_pictures_is_bounded_when_the_container_does_not_tell_the_length(
    tmp_path: Path, footage: Open
) -> None:
    whole = make_video(tmp_path / "whole.ts", pan(60))
    clip = footage(whole, FramePlan(max_pictures=10))
    untold = tmp_path / "untold.mkv"
    make_video(untold, pan(60), live=True)
    live = footage(untold, FramePlan(max_pictures=10))
    assert clip.clip.frames == live.clip.frames == 60
    for kept in (clip.stored, live.stored):
        assert 5 <= len(kept) <= 10
        assert len(set(np.diff(kept).tolist())) == 1
    assert live.frame(0).mean() == pytest.approx(clip.frame(0).mean(), abs=2)


def test_without_pictures_there_are_still_thumbnails(two_seconds: Path, footage: Open) -> None:
    clip = footage(two_seconds, FramePlan(pictures=False, sound=False))
    assert clip.thumbs.shape[0] == 48
    assert clip.stored.size == 0
    assert clip.sound is None
    assert clip.clip.audio_codec == "aac"
    with pytest.raises(ValueError, match="without pictures"):
        clip.frame(0)


def test_without_signals_the_thumbnails_are_the_same(two_seconds: Path, footage: Open) -> None:
    measured, bare = footage(two_seconds), footage(two_seconds, FramePlan(signals=False))
    assert bare.signals == {} and measured.signals
    assert np.array_equal(bare.thumbs, measured.thumbs)
    assert np.array_equal(bare.luma, measured.luma)


def test_sample_spreads_evenly(two_seconds: Path, footage: Open) -> None:
    clip = footage(two_seconds)
    assert clip.sample(0, 48, count=4) == [6, 18, 30, 42]
    assert clip.sample(10, 14) == [10, 11, 12, 13]
    assert clip.sample(0, 48, fps=2) == [6, 18, 30, 42]
    assert clip.sample(7, 8, fps=1) == [7]
    assert clip.sample(0, 24, count=100) == list(range(24))
    assert clip.sample(20, 20) == []
    assert clip.sample(100, 200) == []


def test_sample_gives_kept_frames_only(two_seconds: Path, footage: Open) -> None:
    clip = footage(two_seconds, FramePlan(max_pictures=10))
    assert clip.sample(0, 20) == [0, 5, 10, 15]
    assert clip.sample(9, 12, fps=24) == [10]
    assert clip.sample(11, 14) == []


def test_frame_at_is_the_frame_that_is_shown(tmp_path: Path, footage: Open) -> None:
    times = [0.0, 0.04, 0.08, 0.5, 0.54, 1.0]
    clip = footage(make_video(tmp_path / "vfr.mp4", pan(6), times=times))
    assert clip.clip.variable_frame_rate
    assert clip.times == pytest.approx(times)
    assert [clip.frame_at(t) for t in (-1, 0, 0.039, 0.04, 0.3, 0.5, 0.99, 1.0, 77)] == [0, 0, 0, 1, 2, 3, 4, 5, 5]
    assert all(clip.frame_at(round(float(t), 6)) == i for i, t in enumerate(clip.times))


def test_a_clip_is_decoded_once_and_known_by_content(two_seconds: Path, cache: Path, tmp_path: Path) -> None:
    with Footage(two_seconds, cache=cache) as first:
        assert not first.decoded
        clip = first.clip
        assert first.decoded
        assert first.decode_seconds > 0
    elsewhere = tmp_path / "moved and renamed.bin"
    shutil.copy(two_seconds, elsewhere)
    with Footage(elsewhere, cache=cache) as second:
        assert second.clip == clip.model_copy(update={"name": "moved and renamed.bin"})
        assert not second.decoded
        assert second.decode_seconds == 0
        assert second.signals["brightness"].size == 48
        assert second.decoded


def test_a_damaged_or_foreign_record_is_made_anew(two_seconds: Path, cache: Path) -> None:
    with Footage(two_seconds, cache=cache) as first:
        clip = first.clip
    record = cache / "clips" / f"{clip.sha256}.json"
    for broken in (b"", b"{", b"[]", b'{"decoder": 0}', b'{"decoder": 1, "limits": {}, "clip": {}}'):
        record.write_bytes(broken)
        with Footage(two_seconds, cache=cache) as again:
            assert again.clip == clip
            assert again.decoded


def test_stricter_limits_are_not_lifted_by_the_cache(two_seconds: Path, cache: Path) -> None:
    with Footage(two_seconds, cache=cache) as first:
        assert first.clip.frames == 48
    with (
        Footage(two_seconds, cache=cache, limits=MediaLimits(max_frames=10)) as strict,
        pytest.raises(MediaError, match="more than 10 frames"),
    ):
        _ = strict.clip


def test_threads_share_one_decoding(two_seconds: Path, footage: Open) -> None:
    clip = footage(two_seconds)
    seen: list[object] = []
    threads = [threading.Thread(target=lambda: seen.append(clip.frame(5).sum() + clip.luma[5].sum())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert len(set(seen)) == 1


def test_one_clip_does_not_wait_for_the_decoder_of_another(
    two_seconds: Path, footage: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = threading.Barrier(2, timeout=20)

    def decode(*job: Any) -> dict[str, Any]:
        both.wait()
        return run_decoder(*job)

    monkeypatch.setattr("cinejudge.media.footage.run_decoder", decode)
    clips = [footage(two_seconds), footage(two_seconds)]
    with ThreadPoolExecutor(2) as pool:
        assert [len(times) for times in pool.map(lambda clip: clip.times, clips)] == [48, 48]


def test_nothing_is_read_as_python_source(two_seconds: Path, footage: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """CPython before 3.12 fails at times when two threads parse at once, as readers of .npy headers do."""

    def parse(*_: Any, **__: Any) -> None:
        raise SystemError("AST constructor recursion depth mismatch")

    monkeypatch.setattr("ast.parse", parse)
    clip = footage(two_seconds)
    assert len(clip.times) == 48
    assert {len(values) for values in clip.signals.values()} == {48}
    assert clip.frame(3).shape[2] == 3


def test_the_work_folder_is_private_and_goes_with_close(two_seconds: Path, cache: Path) -> None:
    with Footage(two_seconds, cache=cache) as clip:
        luma = clip.luma
        (folder,) = (cache / "work").iterdir()
        assert folder.stat().st_mode & 0o077 == 0
    assert list((cache / "work").iterdir()) == []
    assert luma[3].mean() > 0, "arrays at hand stay readable"
    assert clip.clip.frames == 48
    with pytest.raises(MediaError, match="is closed"):
        clip.frame(0)
    clip.close()


def test_a_failure_is_told_again_without_decoding_again(tmp_path: Path, footage: Open) -> None:
    path = tmp_path / "no.mp4"
    path.write_bytes(b"not a video at all")
    clip = footage(path)
    with pytest.raises(MediaError, match="not a readable video") as first:
        _ = clip.clip
    with pytest.raises(MediaError) as second:
        _ = clip.thumbs
    assert first.value is second.value
    assert list((clip._cache / "work").iterdir()) == []


def test_a_cache_that_cannot_be_written_is_a_wrong_setting(two_seconds: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the cache should be", encoding="utf-8")
    with Footage(two_seconds, cache=blocked) as clip, pytest.raises(ConfigError, match="cache folder"):
        _ = clip.clip


def test_sound_lies_on_the_clock_of_the_pictures(tmp_path: Path, footage: Open) -> None:
    click = np.zeros(32000, np.float32)
    click[16000:16400] = tone(0.025, 2000)
    sound = footage(make_video(tmp_path / "click.mp4", pan(48), audio=click)).sound
    assert sound is not None
    heard = np.flatnonzero(np.abs(sound.mono()) > 0.1)
    assert heard[0] / 16000 == pytest.approx(1.0, abs=0.01)
    assert sound.duration_s == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("late", [0.5, -0.5])
def test_sound_that_starts_later_or_earlier_than_the_pictures_is_placed(
    tmp_path: Path, footage: Open, late: float
) -> None:
    click = np.zeros(32000, np.float32)
    click[16000:16400] = tone(0.025, 2000)
    path = make_video(tmp_path / "late.mkv", pan(48), audio=click, sound_starts=1 + late, video_starts=1.0)
    sound = footage(path).sound
    assert sound is not None
    heard = np.flatnonzero(np.abs(sound.mono()) > 0.1)
    assert heard[0] / 16000 == pytest.approx(1.0 + late, abs=0.015)


def test_stereo_is_kept_and_surround_folded_down(tmp_path: Path, footage: Open) -> None:
    left = np.stack([tone(1, 300), tone(1, 300) * 0], axis=1)
    stereo = footage(make_video(tmp_path / "stereo.mp4", pan(24), audio=left)).sound
    assert stereo is not None
    level = np.abs(stereo.samples).mean(axis=0)
    assert level[0] > 20 * level[1]
    six = np.stack([tone(1, 200 + 100 * c, 48000, 0.2) for c in range(6)], axis=1)
    path = make_video(tmp_path / "surround.mp4", pan(24), audio=six, rate=48000)
    surround = footage(path)
    assert surround.clip.channels == 6
    assert surround.sound is not None
    assert surround.sound.samples.shape[1] == 2


def test_no_sound(tmp_path: Path, footage: Open) -> None:
    clip = footage(make_video(tmp_path / "silent.mp4", pan(5)))
    assert clip.sound is None
    assert not clip.clip.has_audio


def with_packets(source: Path, target: Path, change: Callable[[av.Packet], av.Packet | None]) -> Path:
    """Copies a file packet by packet, each as ``change`` gives it back; None drops it."""
    with av.open(str(source)) as read, av.open(str(target), "w") as out:
        streams = {s.index: out.add_stream_from_template(s) for s in read.streams}
        for packet in read.demux():
            if packet.dts is not None and (changed := change(packet)) is not None:
                changed.stream = streams[packet.stream.index]
                out.mux(changed)
    return target


def test_sound_that_is_damaged_throughout_does_not_cost_the_pictures(tmp_path: Path, footage: Open) -> None:
    def garble(packet: av.Packet) -> av.Packet:
        if packet.stream.type == "video":
            return packet
        garbled = av.Packet(b"\x55" * packet.size)
        garbled.pts, garbled.dts, garbled.time_base = packet.pts, packet.dts, packet.time_base
        return garbled

    whole = make_video(tmp_path / "whole.mkv", pan(24), audio=tone(1.0))
    clip = footage(with_packets(whole, tmp_path / "garbled.mkv", garble))
    assert clip.clip.frames == 24
    assert clip.sound is None
    assert "its sound cannot be decoded" in clip.clip.notes


def test_a_gap_in_the_sound_is_silence(tmp_path: Path, footage: Open) -> None:
    whole = make_video(tmp_path / "whole.mkv", pan(72), audio=tone(3.0))

    def drop(packet: av.Packet) -> av.Packet | None:
        return None if packet.stream.type == "audio" and 1.0 < packet.pts * packet.time_base < 2.0 else packet

    sound = footage(with_packets(whole, tmp_path / "gap.mkv", drop)).sound
    assert sound is not None
    assert sound.duration_s == pytest.approx(3.0, abs=0.1)
    loud = [np.abs(sound.slice(s, s + 0.5).samples).mean() for s in (0.2, 1.3, 2.3)]
    assert loud[1] < 0.05 * min(loud[0], loud[2])
