"""A decoder that crashes, hangs or swells costs one clip and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from cinejudge.media import MediaLimits
from cinejudge.schema.errors import MediaError
from tests.media.conftest import Open
from tests.videos import make_video


def refused(footage: Open, path: Path, limits: MediaLimits | None = None) -> str:
    clip = footage(path, limits=limits)
    with pytest.raises(MediaError) as caught:
        _ = clip.clip
    assert str(caught.value).isprintable()
    assert not list((clip._cache / "work").iterdir()), "the work folder is gone"
    return str(caught.value)


def test_a_crash(two_seconds: Path, footage: Open, sabotage) -> None:
    sabotage("import ctypes; ctypes.string_at(0)")
    assert "crashed on it (SIGSEGV)" in refused(footage, two_seconds)


def test_an_error_of_ours_is_told_in_one_line(two_seconds: Path, footage: Open, sabotage) -> None:
    sabotage("import cv2\ndef fail(*a): raise RuntimeError('first line\\nsecond\\x1b[31m line')\ncv2.meanStdDev = fail")
    assert "the decoder failed on it (second\\x1b[31m line)" in refused(footage, two_seconds)


def test_a_hang_before_the_first_word(two_seconds: Path, footage: Open, sabotage) -> None:
    sabotage("import time; time.sleep(600)")
    start = time.monotonic()
    assert "no progress" in refused(footage, two_seconds, MediaLimits(stall_timeout_s=1.0))
    assert time.monotonic() - start < 20


def test_a_hang_in_the_middle(two_seconds: Path, footage: Open, sabotage) -> None:
    sabotage("import time, cv2\ncv2.meanStdDev = lambda *a: time.sleep(600)")
    assert "no progress" in refused(footage, two_seconds, MediaLimits(stall_timeout_s=8.0))


def test_slow_but_steady_ends_at_the_time_limit(two_seconds: Path, footage: Open, sabotage) -> None:
    sabotage("import os, time\nwhile True: os.write(1, b'\\n'); time.sleep(0.05)")
    assert "takes longer than 2 s" in refused(footage, two_seconds, MediaLimits(decode_timeout_s=2.0))


def test_a_flood_of_words(two_seconds: Path, footage: Open, sabotage) -> None:
    sabotage("import os\nwhile True: os.write(1, b'x' * 65536)")
    assert "answered with more" in refused(footage, two_seconds)


def test_memory_is_bounded(tmp_path: Path, footage: Open, sabotage) -> None:
    swell = "    while True: hoard.append(bytearray(1 << 26))"
    sabotage(f"import cv2\nhoard = []\ndef swell(*a):\n{swell}\ncv2.meanStdDev = swell")
    path = make_video(tmp_path / "a.mp4", [np.zeros((64, 64, 3), np.uint8)])
    assert "1536 MiB of memory" in refused(footage, path, MediaLimits(memory_bytes=1536 << 20))


def test_the_decoder_sees_no_secrets(two_seconds: Path, tmp_path: Path, footage: Open, sabotage, monkeypatch) -> None:
    seen = tmp_path / "seen"
    sabotage(f"import os; open({str(seen)!r}, 'w').write('\\n'.join(os.environ))")
    monkeypatch.setenv("SOME_API_KEY", "secret")
    assert footage(two_seconds).clip.frames == 48
    assert "PATH" in seen.read_text(encoding="utf-8").split()
    assert "SOME_API_KEY" not in seen.read_text(encoding="utf-8").split()


def test_the_current_folder_cannot_slip_in_code(two_seconds: Path, tmp_path: Path, footage: Open, monkeypatch) -> None:
    (tmp_path / "av.py").write_text("raise SystemExit('code of the current folder ran')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert footage(two_seconds).clip.frames == 48


def test_the_decoder_ends_with_its_parent(two_seconds: Path, tmp_path: Path, sabotage) -> None:
    note = tmp_path / "pid"
    sabotage(
        "import os, time, cv2\n"
        f"def wait(*a): open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(600)\n"
        "cv2.meanStdDev = wait"
    )
    code = (
        "import sys; from pathlib import Path; from cinejudge.media import Footage\n"
        f"Footage(Path({str(two_seconds)!r}), cache=Path({str(tmp_path / 'cache')!r})).clip"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    parent = subprocess.Popen([sys.executable, "-c", code], env=environment)
    try:
        child = int(wait_for(lambda: note.exists() and note.read_text(encoding="utf-8")))
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    wait_for(lambda: not alive(child))


def wait_for(condition, seconds: float = 60.0):
    """The first true value of the condition."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError("waited in vain")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not (state.exists() and state.read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z")


def test_closing_stops_a_decoder_at_work(two_seconds: Path, tmp_path: Path, footage: Open, sabotage) -> None:
    note = tmp_path / "pid"
    sabotage(f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(600)")
    clip = footage(two_seconds)
    told: list[str] = []

    def look() -> None:
        try:
            _ = clip.clip
        except MediaError as error:
            told.append(str(error))

    thread = threading.Thread(target=look)
    thread.start()
    child = int(wait_for(lambda: note.exists() and note.read_text(encoding="utf-8")))
    clip.close()
    thread.join(10)
    assert not alive(child)
    assert len(told) == 1
    assert not list((clip._cache / "work").iterdir())
