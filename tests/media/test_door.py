"""What must not get in, and what must not reach beyond its own file."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from cinejudge.media import MediaLimits
from cinejudge.schema.errors import MediaError
from tests.media.conftest import Open
from tests.videos import make_video, pan, tone


def refused(footage: Open, path: Path, limits: MediaLimits | None = None) -> str:
    """The message of the refusal: one printable line that names the file."""
    with pytest.raises(MediaError) as caught:
        _ = footage(path, limits=limits).clip
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 400
    return message


def test_a_concat_script_cannot_open_its_neighbour(two_seconds: Path, tmp_path: Path, footage: Open) -> None:
    neighbour = tmp_path / "neighbour.mp4"
    neighbour.write_bytes(two_seconds.read_bytes())
    script = tmp_path / "script.mp4"
    script.write_text("ffconcat version 1.0\nfile neighbour.mp4\n", encoding="ascii")
    with av.open(str(script)) as unguarded:
        assert unguarded.format.name == "concat", "FFmpeg by itself would follow the script"
    assert "not a readable video" in refused(footage, script)


@pytest.mark.parametrize(
    "content",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{target}\n#EXT-X-ENDLIST\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet>'
        "<Representation><BaseURL>{target}</BaseURL></Representation></AdaptationSet></Period></MPD>",
        "[playlist]\nFile1={target}\n",
        "1\n00:00:00,000 --> 00:00:05,000\nsubtitles\n",
        "just words",
        "\x00" * 4096,
    ],
    ids=["m3u8", "sdp", "dash", "pls", "srt", "text", "zeros"],
)
def test_playlists_and_texts_are_no_videos(two_seconds: Path, tmp_path: Path, footage: Open, content: str) -> None:
    path = tmp_path / "innocent.mp4"
    path.write_text(content.replace("{target}", str(two_seconds)), encoding="utf-8")
    assert "not a readable video" in refused(footage, path)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".webp"])
def test_pictures_are_no_videos_whatever_their_name(tmp_path: Path, footage: Open, suffix: str) -> None:
    picture = tmp_path / f"picture{suffix}"
    cv2.imwrite(str(picture), np.full((64, 64, 3), 90, np.uint8))
    for name in ("picture.mp4", "picture%03d.jpg", "picture001.jpg"):
        named = tmp_path / name
        named.write_bytes(picture.read_bytes())
        assert "not a readable video" in refused(footage, named)


def test_what_is_not_a_file(tmp_path: Path, footage: Open) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "loop.mp4").symlink_to("loop.mp4")
    (tmp_path / "empty.mp4").touch()
    for name, why in {
        "pipe.mp4": "a pipe",
        "folder.mp4": "a folder",
        "loop.mp4": "cannot be opened",
        "empty.mp4": "is empty",
        "absent.mp4": "cannot be opened",
        "null\x00byte.mp4": "cannot be opened",
    }.items():
        assert why in refused(footage, tmp_path / name)
    assert "a device" in refused(footage, Path("/dev/zero"))


@pytest.mark.parametrize(
    "name",
    [
        "-x.mp4",
        "two\nlines.mp4",
        "n" * 251 + ".mp4",
        "\x1b[31mred.mp4",
        "\u202egpm.4pm",
        "-i",
        "%03d.mp4",
        "file:x.mp4",
    ],
    ids=["dash", "newline", "255 bytes", "escape", "right-to-left", "option", "pattern", "protocol"],
)
def test_odd_names_are_only_names(two_seconds: Path, tmp_path: Path, footage: Open, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(two_seconds.read_bytes())
    clip = footage(path).clip
    assert clip.frames == 48
    assert clip.name.isprintable()
    path.write_bytes(b"broken")
    refused(footage, path)


def test_a_name_that_is_not_utf8(two_seconds: Path, tmp_path: Path, footage: Open) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.mp4"))
    path.write_bytes(two_seconds.read_bytes())
    assert footage(path).clip.name == "caf\\udce9.mp4"


def test_a_name_relative_to_the_current_folder(two_seconds: Path, footage: Open, monkeypatch) -> None:
    monkeypatch.chdir(two_seconds.parent)
    assert footage(Path(two_seconds.name)).clip.frames == 48


def test_the_mime_of_the_name_does_not_matter(two_seconds: Path, tmp_path: Path, footage: Open) -> None:
    path = tmp_path / "really a video.txt"
    path.write_bytes(two_seconds.read_bytes())
    assert footage(path).clip.frames == 48


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".avi", ".ts", ".mpg", ".flv", ".webm", ".gif"])
def test_containers_that_are_judged(tmp_path: Path, footage: Open, suffix: str) -> None:
    special: dict[str, dict[str, object]] = {
        ".mpg": {"codec": "mpeg1video"},
        ".webm": {"codec": "libvpx", "options": {"deadline": "realtime", "cpu-used": "8"}},
        ".gif": {"codec": "gif", "pixel_format": "rgb8", "fps": 25},
    }
    clip = footage(make_video(tmp_path / f"a{suffix}", pan(24, 96, 128), **special.get(suffix, {}))).clip
    assert clip.frames == 24
    assert clip.fps == pytest.approx(special.get(suffix, {}).get("fps", 24), rel=0.01)
    assert clip.notes == ()


def test_a_codec_that_is_not_on_the_list(tmp_path: Path, footage: Open) -> None:
    path = make_video(tmp_path / "a.avi", pan(5, 96, 128), codec="asv1", pixel_format="yuv420p")
    assert "codec" in refused(footage, path)


def test_sound_alone_is_no_video(tmp_path: Path, footage: Open) -> None:
    path = tmp_path / "song.mp4"
    write_song(path, cover=False)
    assert "no video stream in it, only sound" in refused(footage, path)


def test_a_cover_picture_is_no_video(tmp_path: Path, footage: Open) -> None:
    path = tmp_path / "song.mp4"
    write_song(path, cover=True)
    with av.open(str(path)) as song:
        assert song.streams.video, "the cover is there"
    assert "no video stream in it, only sound" in refused(footage, path)


def write_song(path: Path, *, cover: bool) -> None:
    with av.open(str(path), "w") as out:
        sound = out.add_stream("aac", rate=16000, layout="mono")
        if cover:
            picture = out.add_stream("mjpeg", rate=1)
            picture.width = picture.height = 64
            picture.pix_fmt = "yuvj420p"
            picture.disposition = av.stream.Disposition.attached_pic
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 90, np.uint8), format="rgb24")
            out.mux(picture.encode(frame))
            out.mux(picture.encode())
        frame = av.AudioFrame.from_ndarray(tone(1.0)[None], format="fltp", layout="mono")
        frame.sample_rate = 16000
        out.mux(sound.encode(frame))
        out.mux(sound.encode())


def boxes(data: bytes, name: bytes) -> Iterator[int]:
    """Offsets of what follows each box of that name."""
    at = data.find(name)
    while at >= 0:
        yield at + 4
        at = data.find(name, at + 4)


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        (MediaLimits(max_bytes=1000), "the limit is 0 MiB"),
        (MediaLimits(max_duration_s=1.0), "lasts"),
        (MediaLimits(max_frames=47), "more than 47 frames"),
        (MediaLimits(max_pixels=320 * 179), "320 x 180 pixels"),
        (MediaLimits(max_streams=1), "more than 1 streams"),
        (MediaLimits(work_bytes=4000), "no room"),
    ],
    ids=["bytes", "duration", "frames", "pixels", "streams", "disk"],
)
def test_limits(two_seconds: Path, footage: Open, limits: MediaLimits, why: str) -> None:
    assert why in refused(footage, two_seconds, limits)


def test_a_huge_declared_size(two_seconds: Path, tmp_path: Path, footage: Open) -> None:
    data = bytearray(two_seconds.read_bytes())
    for at in boxes(bytes(data), b"avc1"):
        data[at + 24 : at + 28] = struct.pack(">HH", 65535, 65535)
    for at in boxes(bytes(data), b"tkhd"):
        data[at + 76 : at + 84] = struct.pack(">II", 65535 << 16, 65535 << 16)
    path = tmp_path / "huge.mp4"
    path.write_bytes(data)
    # The stream itself says 320 x 180: either answer is honest, a crash or a long wait is not.
    try:
        assert footage(path).clip.width in (320, 65535)
    except MediaError as error:
        assert "pixels" in str(error)


def test_a_huge_declared_duration(two_seconds: Path, tmp_path: Path, footage: Open) -> None:
    data = bytearray(two_seconds.read_bytes())
    for name in (b"mvhd", b"mdhd"):
        for at in boxes(bytes(data), name):
            data[at + 16 : at + 20] = struct.pack(">I", 0x7FFFFFF0)
    path = tmp_path / "endless.mp4"
    path.write_bytes(data)
    clip = footage(path).clip
    assert (clip.frames, clip.duration_s) == (48, 2.0), "the samples tell the truth"


@pytest.mark.parametrize("live", [False, True], ids=["told by the header", "told by the frames alone"])
def test_an_endless_duration(tmp_path: Path, footage: Open, live: bool) -> None:
    times = [0.0, 0.04, 0.08, 3 * 3600.0, 3 * 3600.0 + 1]
    path = make_video(tmp_path / "endless.mkv", pan(5, 96, 128), times=times, live=live)
    assert "lasts" in refused(footage, path)


def test_many_streams(tmp_path: Path, footage: Open) -> None:
    path = tmp_path / "many.mkv"
    with av.open(str(path), "w") as out:
        streams = []
        for _ in range(80):
            stream = out.add_stream("ffv1", rate=24)
            stream.width = stream.height = 16
            stream.pix_fmt = "yuv420p"
            streams.append(stream)
        frame = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")
        for stream in streams:
            out.mux(stream.encode(frame))
            out.mux(stream.encode())
    assert "streams" in refused(footage, path)


def test_a_cut_off_file_is_judged_as_far_as_it_goes(tmp_path: Path, footage: Open) -> None:
    whole = make_video(tmp_path / "whole.mkv", pan(96), audio=tone(4.0)).read_bytes()
    path = tmp_path / "cut.mkv"
    path.write_bytes(whole[: len(whole) * 6 // 10])
    clip = footage(path).clip
    assert 30 < clip.frames < 80
    assert any("of the 4.0" in note for note in clip.notes)


def test_a_file_whose_index_is_cut_off_is_refused(two_seconds: Path, tmp_path: Path, footage: Open) -> None:
    data = two_seconds.read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(data[: len(data) * 6 // 10])
    assert "damaged, cut off or never finished" in refused(footage, path)


def test_damage_in_the_middle_is_passed_over_and_told(tmp_path: Path, footage: Open) -> None:
    whole = bytearray(make_video(tmp_path / "whole.mp4", pan(96), options={"g": "12", "crf": "20"}).read_bytes())
    middle = whole.index(b"mdat") + 4 + (len(whole) // 3)
    whole[middle : middle + 20000] = np.random.default_rng(1).bytes(20000)
    path = tmp_path / "damaged.mp4"
    path.write_bytes(whole)
    clip = footage(path)
    assert clip.clip.frames > 60
    assert any("damaged" in note for note in clip.clip.notes)
    assert clip.luma.shape[0] == clip.times.shape[0] == clip.clip.frames


def test_a_file_of_which_hardly_anything_is_left_is_refused(tmp_path: Path, footage: Open) -> None:
    whole = bytearray(make_video(tmp_path / "whole.mp4", pan(96), options={"g": "250", "crf": "20"}).read_bytes())
    start = whole.index(b"mdat") + 4
    end = whole.index(b"moov") - 4
    whole[start + 200 : end] = bytes(end - start - 200)
    path = tmp_path / "hollow.mp4"
    path.write_bytes(whole)
    assert "decoded" in refused(footage, path)


def test_a_file_that_changes_while_it_is_read_is_refused(two_seconds: Path, tmp_path: Path, footage: Open) -> None:
    path = tmp_path / "growing.mp4"
    path.write_bytes(two_seconds.read_bytes())
    clip = footage(path)
    assert clip._opened().size == path.stat().st_size
    with path.open("ab") as file:
        file.write(b"more")
    with pytest.raises(MediaError, match="changed while"):
        _ = clip.clip
