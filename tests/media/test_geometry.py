"""Rotation, pixel aspect, odd sizes and changing sizes: pictures as a player shows them."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from cinejudge.media import Footage, FramePlan
from tests.media.conftest import Open
from tests.videos import make_video, pan

MATRICES = {90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0), 45: (0.7071, 0.7071, -0.7071, 0.7071)}


def turned(path: Path, degrees: int) -> Path:
    """Writes a rotation into the track header of an MP4, as phones do."""
    data = bytearray(path.read_bytes())
    a, b, c, d = (round(v * 65536) for v in MATRICES[degrees])
    at = data.index(b"tkhd") + 44
    data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


def corners(path: Path) -> Path:
    """A clip whose quarters are red, green, blue and white, clockwise from the top left."""
    picture = np.zeros((120, 200, 3), np.uint8)
    picture[:60, :100] = 200, 0, 0
    picture[:60, 100:] = 0, 200, 0
    picture[60:, 100:] = 0, 0, 200
    picture[60:, :100] = 200, 200, 200
    return make_video(path, [picture] * 4)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_pictures_are_turned_as_a_player_turns_them(tmp_path: Path, footage: Open, degrees: int) -> None:
    path = turned(corners(tmp_path / "turned.mp4"), degrees)
    clip = footage(path)
    assert clip.clip.rotation == degrees
    assert (clip.clip.width, clip.clip.height) == ((200, 120) if degrees == 180 else (120, 200))
    shown = cv2.VideoCapture(str(path)).read()[1][..., ::-1]  # OpenCV turns by itself
    assert np.abs(clip.frame(0).astype(int) - shown).mean() < 3
    small = cv2.resize(shown, (48, 27), interpolation=cv2.INTER_AREA)
    assert np.abs(clip.thumbs[0].astype(int) - small).mean() < 5
    grey = cv2.resize(cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY), (128, 72), interpolation=cv2.INTER_AREA)
    assert np.abs(clip.luma[0].astype(int) - grey).mean() < 5


def test_a_rotation_that_is_no_quarter_turn_is_ignored_and_told(tmp_path: Path, footage: Open) -> None:
    clip = footage(turned(corners(tmp_path / "slanted.mp4"), 45)).clip
    assert (clip.rotation, clip.width) == (0, 200)
    assert any("quarter turn" in note for note in clip.notes)


def with_aspect(path: Path, aspect: Fraction) -> Path:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.codec_context.sample_aspect_ratio = aspect
        stream.sample_aspect_ratio = aspect
        for picture in pan(4, 120, 160):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode())
    return path


def test_pixels_that_are_not_square(tmp_path: Path, footage: Open) -> None:
    clip = footage(with_aspect(tmp_path / "wide.mp4", Fraction(4, 3)))
    assert (clip.clip.width, clip.clip.height) == (213, 120)
    assert clip.frame(0).shape == (120, 213, 3)


def test_an_absurd_pixel_aspect_is_ignored_and_told(tmp_path: Path, footage: Open) -> None:
    clip = footage(with_aspect(tmp_path / "absurd.mp4", Fraction(20, 1))).clip
    assert clip.width == 160
    assert any("pixel aspect" in note for note in clip.notes)


@pytest.mark.parametrize("size", [(2, 2), (16, 640), (97, 131), (640, 16)])
def test_odd_sizes(tmp_path: Path, footage: Open, size: tuple[int, int]) -> None:
    pictures = [np.full((*size, 3), 100 + i, np.uint8) for i in range(4)]
    path = make_video(tmp_path / "odd.mkv", pictures, codec="ffv1", pixel_format="yuv444p")
    clip = footage(path)
    assert (clip.clip.height, clip.clip.width) == size
    assert clip.frame(2).shape == (*size, 3)
    assert clip.frame(2).mean() == pytest.approx(102, abs=2)


def test_a_long_thin_picture_keeps_a_pixel_of_width(tmp_path: Path, footage: Open) -> None:
    path = make_video(tmp_path / "thin.mkv", [np.zeros((2, 2048, 3), np.uint8)] * 2, codec="ffv1")
    assert footage(path, FramePlan(max_side=64)).frame(0).shape == (1, 64, 3)


def test_a_change_of_size_in_the_middle_is_scaled_back_and_told(tmp_path: Path, cache: Path) -> None:
    small = make_video(tmp_path / "small.ts", pan(12, 120, 160)).read_bytes()
    large = make_video(tmp_path / "large.ts", pan(12, 240, 320), video_starts=0.5).read_bytes()
    path = tmp_path / "both.ts"
    path.write_bytes(small + large)
    with Footage(path, cache=cache) as clip:
        assert clip.clip.frames == 24
        assert (clip.clip.width, clip.clip.height) == (160, 120)
        assert {f.shape for _, f in clip.frames(range(24))} == {(120, 160, 3)}
        assert any("changes of picture size: 1, the first at frame 12" in note for note in clip.clip.notes)


LEVEL = (200, 120, 60)
FORMATS = {
    "full range": {"pixel_format": "yuvj420p"},
    "rgb": {"codec": "libx264rgb", "pixel_format": "rgb24"},
    "grey": {"codec": "ffv1", "pixel_format": "gray"},
    "10 bit": {"codec": "ffv1", "pixel_format": "yuv420p10le"},
    "16 bit grey": {"codec": "ffv1", "pixel_format": "gray16le"},
    "4:4:4": {"codec": "ffv1", "pixel_format": "yuv444p"},
    "alpha": {"codec": "ffv1", "pixel_format": "bgra"},
}


@pytest.mark.parametrize("name", FORMATS)
def test_pixel_formats_mean_the_same_picture(tmp_path: Path, footage: Open, name: str) -> None:
    flat = np.full((120, 160, 3), LEVEL, np.uint8)
    clip = footage(make_video(tmp_path / "a.mkv", [flat] * 3, options={}, **FORMATS[name]))
    grey = 0.299 * LEVEL[0] + 0.587 * LEVEL[1] + 0.114 * LEVEL[2]
    wanted = (grey,) * 3 if "grey" in name else LEVEL
    assert clip.frame(1).mean(axis=(0, 1)) == pytest.approx(wanted, abs=4)
    assert clip.thumbs[1].mean(axis=(0, 1)) == pytest.approx(wanted, abs=4)
    assert clip.luma[1].mean() == pytest.approx(grey, abs=2)
    assert clip.signals["brightness"][1] * 255 == pytest.approx(grey, abs=2)
    assert ("its transparency is ignored" in clip.clip.notes) == (name == "alpha")


def test_high_dynamic_range_and_interlacing_are_told(tmp_path: Path, footage: Open) -> None:
    hdr = {"x264-params": "transfer=smpte2084:colorprim=bt2020:colormatrix=bt2020nc"}
    assert "PQ" in footage(make_video(tmp_path / "hdr.mp4", pan(4), options=hdr)).clip.notes[0]
    interlaced = {"x264-params": "interlaced=1"}
    clip = footage(make_video(tmp_path / "i.mp4", pan(8, 192, 320), options=interlaced)).clip
    assert "interlaced, not deinterlaced" in clip.notes
