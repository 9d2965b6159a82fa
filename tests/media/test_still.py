"""Still pictures go through the same door as videos."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from cinejudge.media.still import read_still
from cinejudge.schema.errors import MediaError

from ..videos import texture


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_picture_is_read_as_it_is(tmp_path: Path, suffix: str) -> None:
    picture = cv2.GaussianBlur(texture(120, 160), (0, 0), 3)
    path = tmp_path / f"reference{suffix}"
    cv2.imwrite(str(path), picture[..., ::-1])
    read = read_still(path)
    assert read.shape == picture.shape
    assert np.abs(read.astype(int) - picture).mean() < 6  # chroma is halved on the way


def test_a_large_picture_is_made_smaller(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    cv2.imwrite(str(path), texture(600, 900))
    assert read_still(path, max_side=300).shape == (200, 300, 3)


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height) + bytes(100)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"#EXTM3U\nfile:///etc/passwd",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\xff\xd8\xff\xe0" + bytes(60),
        b"\xff\xd8" + b"\xff" * 60,
        png(0, 0),
        png(640, 480),
        png(60_000, 60_000),
        png(1, 20_000_000),
    ],
    ids=["empty", "playlist", "svg", "jpeg without size", "jpeg of fills", "no pixels", "broken", "bomb", "thread"],
)
def test_what_is_no_picture_is_refused_in_one_line(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bad\n\x1b[31m.png"
    path.write_bytes(data)
    with pytest.raises(MediaError) as caught:
        read_still(path)
    assert str(caught.value).isprintable() and "no picture that can be read" in str(caught.value)


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.png"):
        with pytest.raises(MediaError, match="no picture"):
            read_still(path)
