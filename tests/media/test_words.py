"""Words that a file carries beside picture and sound."""

from __future__ import annotations

from pathlib import Path

import pytest

from cinejudge.media.words import MAX_CHARS
from tests.media.conftest import Open
from tests.videos import make_video, texture

PICTURES = [texture(90, 160)] * 12


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_tags_chapters_and_subtitles_are_kept(tmp_path: Path, footage: Open, suffix: str) -> None:
    tags = {"title": "A day at the sea", "comment": "filmed at noon"}
    path = make_video(tmp_path / f"a{suffix}", PICTURES, tags=tags, chapter="The pier", subtitle="Hello, <i>you</i>")
    words = footage(path).words
    assert {"title: A day at the sea", "chapter: The pier", "subtitle: Hello, <i>you</i>"} <= set(words)
    assert any(word.lower() == "comment: filmed at noon" for word in words)


def test_they_are_known_without_decoding_again(tmp_path: Path, footage: Open) -> None:
    path = make_video(tmp_path / "a.mp4", PICTURES, tags={"title": "A day at the sea"})
    first, again = footage(path), footage(path)
    assert first.words
    assert again.words == first.words
    assert not again.decoded


def test_they_are_bounded(tmp_path: Path, footage: Open) -> None:
    path = make_video(tmp_path / "a.mp4", PICTURES, tags={"comment": "x" * 3 * MAX_CHARS}, chapter="The pier")
    words = footage(path).words
    assert sum(map(len, words)) <= MAX_CHARS
    assert "chapter: The pier" not in words


def test_they_are_no_facts_of_the_clip(tmp_path: Path, footage: Open) -> None:
    path = make_video(tmp_path / "a.mp4", PICTURES, tags={"title": "A day at the sea"})
    assert "A day at the sea" not in footage(path).clip.model_dump_json()
