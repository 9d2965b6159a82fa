"""What becomes of hostile files: python benchmarks/reliability/hostile.py [FOLDER]... [--write]

Each file is opened in a process of its own, as `cinejudge run` opens it; memory is the peak of the decoder, or of the
server that it is forked from where that is larger.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]


def main() -> None:
    from benchmarks.page import Told
    from tests.reliability.hostile_files import good, make_hostile

    tell = Told()
    given = [Path(text) for text in sys.argv[1:] if text != "--write"]
    with tempfile.TemporaryDirectory() as name, socket.create_server(("127.0.0.1", 0)) as listener:
        made = Path(name) / "made"
        made.mkdir()
        canary = good(Path(name) / "canary.mp4")
        make_hostile(made, canary, listener.getsockname()[1])
        folders = [made, *given]
        files = [p for folder in folders for p in sorted(folder.iterdir()) if p.suffix != ".md" and not p.is_dir()]
        tell("| file | outcome | seconds | memory (MB) |\n|---|---|---|---|")
        for path in files:
            told = subprocess.run(
                [sys.executable, __file__, "--one", str(path), name], stdout=subprocess.PIPE, check=True, timeout=300
            )
            row = json.loads(told.stdout)
            tell(f"| {row['name']} | {row['outcome']} | {row['seconds']:.1f} | {row['memory']:.0f} |")
    tell.write("reliability/hostile", "reliability.md")


def one(path: Path, cache: Path) -> None:
    from cinejudge.media import Footage
    from cinejudge.media.names import printable
    from cinejudge.media.process import end_server
    from cinejudge.schema.errors import MediaError

    start = time.perf_counter()
    try:
        with Footage(path, cache=cache) as footage:
            clip = footage.clip
            notes = f"; {'; '.join(clip.notes)}" if clip.notes else ""
            outcome = f"judged: {clip.frames} frames, {clip.width}×{clip.height}{notes}"
    except MediaError as error:
        outcome = str(error).partition(": ")[2]
    end_server()  # only then is it known what the decoder took
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    name = printable(path.name).replace("`", "'").replace("|", "/")
    short = name if len(name) < 50 else f"{name[:20]}… ({len(os.fsencode(path.name))} bytes)"
    row = {"name": f"`{short}`", "outcome": outcome.replace("|", "/"), "seconds": time.perf_counter() - start}
    print(json.dumps(row | {"memory": memory}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(Path(sys.argv[2]), Path(sys.argv[3]) / "cache")
    else:
        main()
