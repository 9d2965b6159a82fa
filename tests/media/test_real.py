"""Clips that nobody here made, and files that were broken elsewhere."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

from cinejudge.media import Footage, find_videos
from cinejudge.schema.errors import MediaError

pytestmark = pytest.mark.real

REFUSED = {
    "derived_png_named_mp4.mp4": "not a readable video",
    "derived_text_named_mp4.mp4": "not a readable video",
    "derived_truncated_60pct.mp4": "cut off",
    "dover_error_test_zero_byte.mp4": "is empty",
    "mp4parse_sine-3s-xhe-aac-44khz-mono.mp4": "only sound",
    "mp4parse_zero_empty_stsc.mp4": "no picture",
}


def test_labelled_clips_have_the_frames_that_were_labelled(clips_dir: Path, cache: Path) -> None:
    labels = json.loads((clips_dir / "labels.json").read_text(encoding="utf-8"))
    paths = find_videos([clips_dir])
    assert {p.name for p in paths} == set(labels)
    for path in paths:
        with Footage(path, cache=cache) as footage:
            clip = footage.clip
            said = labels[path.name]
            assert (clip.frames, clip.fps) == (said["n_frames"], pytest.approx(said["fps"])), path.name
            assert (clip.width, clip.height) == (said["width"], said["height"]), path.name
            assert clip.notes == (), path.name
            assert not clip.variable_frame_rate
            assert len(footage.times) == clip.frames == len(footage.stored)
            assert (footage.sound is not None) == clip.has_audio
            if footage.sound is not None:
                assert footage.sound.duration_s == pytest.approx(clip.duration_s, abs=0.1)
            assert all(np.isfinite(s).all() for s in footage.signals.values())


def test_hard_cuts_stand_out_in_the_difference_signal(clips_dir: Path, cache: Path) -> None:
    labels = json.loads((clips_dir / "labels.json").read_text(encoding="utf-8"))
    for name, said in labels.items():
        cuts = [c["frame"] for c in said.get("cuts", []) if c["type"] == "hard"]
        if cuts:
            with Footage(clips_dir / name, cache=cache) as footage:
                difference = footage.signals["difference"]
                assert all(difference[c] > 4 * np.median(difference) for c in cuts), name


def test_broken_files_end_in_a_clip_or_in_one_line(hostile_dir: Path, cache: Path) -> None:
    refused = {}
    for path in find_videos([hostile_dir]):
        start = time.monotonic()
        with Footage(path, cache=cache) as footage:
            try:
                clip = footage.clip
            except MediaError as error:
                assert str(error).isprintable()
                assert str(error).startswith(path.name)
                refused[path.name] = str(error)
            else:
                assert clip.frames == len(footage.thumbs) == len(footage.luma) == len(footage.times)
                assert footage.frame(0).shape[:2] == (clip.height, clip.width)
        assert time.monotonic() - start < 30, path.name
    for name, why in REFUSED.items():
        assert why in refused.pop(name, ""), name
    assert refused == {}, "the others are judged"


def test_turned_and_damaged_files_are_read_right(hostile_dir: Path, cache: Path) -> None:
    def clip(name: str):
        with Footage(hostile_dir / name, cache=cache) as footage:
            return footage.clip

    turned = clip("decord_video_90.mov")
    assert (turned.width, turned.height, turned.rotation) == (320, 568, 90)
    damaged = clip("decord_corrupted.mp4")
    assert damaged.frames == 49
    assert any("damaged" in note for note in damaged.notes)
    assert clip("decord_unordered.mov").frames == 4
