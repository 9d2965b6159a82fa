from __future__ import annotations

import os
from pathlib import Path

import pytest

from cinejudge.media import find_videos
from cinejudge.schema.errors import ConfigError


def test_folders_are_walked_in_order_by_suffix(tmp_path: Path) -> None:
    wanted = ["a.mp4", "b/c.MKV", "b/d/e.webm", "f.mpg"]
    for name in [*wanted, "notes.txt", "a.json", ".hidden.mp4", "._a.mp4", "mp4"]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert find_videos([tmp_path]) == [tmp_path / name for name in wanted]


def test_a_file_named_outright_is_taken_whatever_its_suffix(tmp_path: Path) -> None:
    odd = tmp_path / "take 3"
    odd.touch()
    assert find_videos([odd]) == [odd]


def test_each_once_in_the_order_given(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).touch()
    assert find_videos([tmp_path / "b.mp4", tmp_path, tmp_path]) == [tmp_path / "b.mp4", tmp_path / "a.mp4"]


def test_links_do_not_lead_out_of_a_folder(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    outside = tmp_path / "outside"
    inside = tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (outside / "secret.mp4").touch()
    (inside / "own.mp4").touch()
    (inside / "link").symlink_to(outside)
    (inside / "up").symlink_to("..")
    (inside / "out.mp4").symlink_to(outside / "secret.mp4")
    (inside / "again.mp4").symlink_to("own.mp4")
    (inside / "loop.mp4").symlink_to("loop.mp4")
    assert find_videos([inside]) == [inside / name for name in ("again.mp4", "loop.mp4", "own.mp4")]
    assert "out.mp4 leads out of the folder" in caplog.text


def test_a_link_named_outright_is_meant(tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "a.mp4").touch()
    (tmp_path / "folder").symlink_to("videos")
    (tmp_path / "file").symlink_to("videos/a.mp4")
    assert find_videos([tmp_path / "folder", tmp_path / "file"]) == [tmp_path / "folder" / "a.mp4", tmp_path / "file"]


def test_what_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no such file or folder: '.*gone\\n\.mp4'"):
        find_videos([tmp_path / "gone\n.mp4"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list every folder")
def test_a_folder_that_cannot_be_listed(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o000)
    with pytest.raises(ConfigError, match="cannot list"):
        find_videos([tmp_path])


def test_an_empty_folder(tmp_path: Path) -> None:
    assert find_videos([tmp_path]) == []
