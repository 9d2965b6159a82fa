"""Names that people are shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from cinejudge.media import distinct_names


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["a/x.mp4", "a/y.mp4"], ["x.mp4", "y.mp4"]),
        (["a/x.mp4", "b/x.mp4"], ["a/x.mp4", "b/x.mp4"]),
        (["1/a/x.mp4", "2/a/x.mp4", "2/a/y.mp4"], ["1/a/x.mp4", "2/a/x.mp4", "y.mp4"]),
        (["x.mp4", "b/x.mp4"], ["x.mp4", "b/x.mp4"]),
        (["x.mp4", "x.mp4"], ["x.mp4", "x.mp4"]),
        ([], []),
    ],
)
def test_names_tell_files_apart(paths: list[str], names: list[str]) -> None:
    assert distinct_names([Path(p) for p in paths]) == names
