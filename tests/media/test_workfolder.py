from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

from cinejudge.media.workfolder import WorkFolder


def age(path: Path, seconds: float = 3600) -> None:
    then = path.stat().st_mtime - seconds
    os.utime(path, (then, then))


def test_removed_by_close_and_by_garbage(tmp_path: Path) -> None:
    one = WorkFolder(tmp_path)
    (one.path / "file").touch()
    one.close()
    one.close()
    two = WorkFolder(tmp_path)
    del two
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def run(code: str) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=False)


def test_removed_at_exit(tmp_path: Path) -> None:
    run(f"from pathlib import Path; from cinejudge.media.workfolder import *; w = WorkFolder(Path({str(tmp_path)!r}))")
    assert list(tmp_path.iterdir()) == []


def test_those_of_dead_processes_are_swept(tmp_path: Path) -> None:
    make = f"from cinejudge.media.workfolder import *; w = WorkFolder(Path({str(tmp_path)!r})); os._exit(0)"
    run(f"import os; from pathlib import Path; {make}")
    (left,) = tmp_path.iterdir()
    mine = WorkFolder(tmp_path)
    assert left.exists(), "young: its owner may not have locked it yet"
    age(left)
    age(mine.path)
    other = WorkFolder(tmp_path)
    assert set(tmp_path.iterdir()) == {mine.path, other.path}


def test_what_is_not_ours_to_sweep_stays(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").touch()
    work = tmp_path / "work"
    work.mkdir()
    (work / "link").symlink_to(outside)
    (work / "file").touch()
    for path in (outside, work / "file"):
        age(path)
    os.utime(work / "link", (0, 0), follow_symlinks=False)
    folder = WorkFolder(work)
    assert [p.name for p in outside.iterdir()] == ["precious"]
    folder.close()
