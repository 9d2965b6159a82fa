"""Closing a clip while it is being decoded stops the decoder at once: an interrupted run must not wait for it."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from cinejudge.media import Footage
from cinejudge.schema.errors import MediaError
from tests.media.test_process import alive, wait_for


def test_closing_stops_the_decoder(two_seconds: Path, tmp_path: Path, sabotage) -> None:
    note = tmp_path / "pid"
    sabotage(
        "import os, time, cv2\n"
        f"def wait(*a): open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(600)\n"
        "cv2.meanStdDev = wait"
    )
    footage = Footage(two_seconds, cache=tmp_path / "cache")
    caught: list[BaseException] = []

    def read() -> None:
        try:
            _ = footage.clip
        except MediaError as error:
            caught.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    child = int(wait_for(lambda: note.exists() and note.read_text(encoding="utf-8")))
    start = time.monotonic()
    footage.close()
    assert time.monotonic() - start < 5
    reader.join(5)
    assert caught
    assert not alive(child)
    assert os.listdir(tmp_path / "cache" / "work") == []
    with pytest.raises(MediaError):
        _ = footage.clip
