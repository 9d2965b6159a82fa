"""A run that is killed goes on with the same command, loses nothing, and pays nothing twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cinejudge.traces import RunFolder
from tests.reliability.harness import ROOT, Site, descendants, identity, kill, telling_server, wait_dead, wait_until
from tests.servers import Answer, Fault, ModelServer, Request, careful
from tests.videos import make_video, pan

Undisturbed = tuple[dict[str, object], int]
LINE = "Interrupted. What is done is kept; the same command goes on from there.\n"


def killed_often(site: Site, server: ModelServer, kills: int, steps: int, seed: int) -> tuple[int, int]:
    """Kills a run again and again at random moments, then lets it finish.

    Returns:
        How often it was killed, and how many requests were made although their replies were on disk by then.
    """
    chance = random.Random(seed)
    done = again = 0
    for last in [False] * kills + [True]:
        stored, before, began = site.stored(), server.calls, site.steps()
        process = site.start()
        moment = began + chance.randrange(steps // 2)
        if not last and wait_until(lambda goal=moment: site.steps() >= goal and bool(run_folders(site)), process):
            time.sleep(chance.random() * 0.05)
            wait_dead(kill(process))
            done += 1
        else:
            assert process.wait(300) == 0, site.stderr()
        again += len({identity(request) for request in server.requests[before:]} & stored)
    return done, again


def run_folders(site: Site) -> list[Path]:
    return [path.parent for path in site.out.glob("*/run.json")]


def check_killed(tmp_path: Path, videos: Path, server: ModelServer, undisturbed: Undisturbed, seed: int) -> int:
    verdicts, steps = undisturbed
    site = Site(tmp_path / str(seed), videos, server)
    done, again = killed_often(site, server, 5, steps, seed)
    assert again == 0, f"{again} finished calls were made again (seed {seed})"
    assert site.verdicts() == verdicts
    assert len(run_folders(site)) == 1
    assert len(site.stored()) == len({identity(request) for request in server.requests})
    assert not list(site.out.rglob("*.tmp"))
    return done


def test_killed_five_times(tmp_path: Path, videos: Path, server: ModelServer, undisturbed: Undisturbed) -> None:
    assert check_killed(tmp_path, videos, server, undisturbed, seed=1) >= 3


@pytest.mark.real
@pytest.mark.parametrize("seed", [2, 3, 4, 5])
def test_killed_twenty_times(
    tmp_path: Path, videos: Path, server: ModelServer, undisturbed: Undisturbed, seed: int
) -> None:
    assert check_killed(tmp_path, videos, server, undisturbed, seed=seed) >= 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_calls_are_under_way(
    number: signal.Signals, tmp_path: Path, videos: Path, undisturbed: Undisturbed
) -> None:
    behaviour = careful(looks=1)

    def slow(request: Request) -> Answer | Fault:
        time.sleep(0.3)
        return behaviour(request)

    with telling_server(slow) as server:
        site = Site(tmp_path / "site", videos, server)
        process = site.start()
        assert wait_until(lambda: server.calls >= 6, process)
        below = kill(process, number)
        assert process.returncode == 130
        assert site.stderr().endswith(LINE)
        assert "Traceback" not in site.stderr()
        assert site.stderr().count("\n") <= 2
        wait_dead(below)
        RunFolder.reopen(run_folders(site)[0]).close()
        site.finish()
        assert site.verdicts() == undisturbed[0]
        asked = [identity(request) for request in server.requests]
        assert len(asked) == len(set(asked)), "a reply that was under way was paid twice"


def test_interrupted_while_decoding(tmp_path: Path, videos: Path, server: ModelServer) -> None:
    site = Site(tmp_path / "site", videos, server)
    process = site.start()
    assert wait_until(lambda: any(site.cache.glob("work/*/decoder.log")) and bool(descendants(process.pid)), process)
    below = kill(process, signal.SIGINT)
    assert below
    assert process.returncode == 130
    assert site.stderr() == LINE
    wait_dead(below)
    assert os.listdir(site.cache / "work") == []


@pytest.mark.parametrize("after_s", [0.3, 1.5])
def test_interrupted_while_starting(after_s: float, tmp_path: Path, videos: Path, server: ModelServer) -> None:
    site = Site(tmp_path / "site", videos, server)
    process = site.start()
    time.sleep(after_s)
    kill(process, signal.SIGINT)
    assert process.returncode in (130, -signal.SIGINT)  # the latter before any of our code ran
    assert process.returncode < 0 or site.stderr().endswith(LINE)


def test_a_polite_kill_ends_what_a_script_started_in_the_background(
    tmp_path: Path, videos: Path, server: ModelServer
) -> None:
    site = Site(tmp_path / "site", videos, server)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell does for `command &`
    try:
        process = site.start()
    finally:
        signal.signal(signal.SIGINT, before)
    assert wait_until(lambda: server.calls >= 2, process)
    kill(process, signal.SIGTERM)
    assert process.returncode == 130
    assert site.stderr().endswith(LINE)


@pytest.mark.parametrize("moment", ["decoding", "looking"])
def test_one_tool_is_interrupted_at_once(tmp_path: Path, moment: str) -> None:
    video = make_video(tmp_path / "clip.mp4", pan(600, step=1))
    environ = os.environ | {"CINEJUDGE_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "cinejudge", "tools", "run", "picture", str(video)]
    begun = {"decoding": "work/*/decoder.log", "looking": "evidence/*/*.json"}[moment]
    with (tmp_path / "stderr").open("wb") as errors:
        process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=errors)
    assert wait_until(lambda: any((tmp_path / "cache").glob(begun)), process)
    below = kill(process, signal.SIGINT)
    assert process.returncode == 130
    assert (tmp_path / "stderr").read_text(encoding="utf-8").endswith(LINE)
    wait_dead(below)
    assert os.listdir(tmp_path / "cache" / "work") == []
