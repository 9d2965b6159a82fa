"""Kills runs at random moments, counts what was lost.

python benchmarks/reliability/kill.py [--chains 4] [--kills 6] [--write]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[2] / "src")]

from benchmarks.page import Told
from tests.agent.conftest import BRIEF, two_shots
from tests.reliability.harness import Site, identity, telling_server
from tests.reliability.test_kill import killed_often
from tests.servers import careful


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chains", type=int, default=4)
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    tell = Told()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        videos = root / "videos"
        videos.mkdir()
        (videos / "clip.txt").write_text(BRIEF, encoding="utf-8")
        two_shots(videos / "clip.mp4")
        two_shots(videos / "other.mp4", seeds=(3, 4))
        with telling_server(careful(looks=1)) as server:
            site = Site(root / "undisturbed", videos, server)
            site.finish()
            verdicts, steps, calls = site.verdicts(), site.steps(), server.calls
        tell(f"An undisturbed run: {len(verdicts)} clips, {calls} model calls, {steps} steps.\n")
        tell("| run | killed | calls sent | answered and stored | cut off by a kill | made again | verdicts |")
        tell("|---|---|---|---|---|---|---|")
        for seed in range(1, given.chains + 1):
            with telling_server(careful(looks=1)) as server:
                site = Site(root / str(seed), videos, server)
                kills, again = killed_often(site, server, given.kills, steps, seed)
                sent = [identity(request) for request in server.requests]
                same = "the same" if site.verdicts() == verdicts else "DIFFERENT"
                cut = len(sent) - len(set(sent))
                tell(f"| {seed} | {kills} | {len(sent)} | {len(site.stored())} | {cut} | {again} | {same} |")
    tell.write("reliability/kill", "reliability.md")


if __name__ == "__main__":
    main()
