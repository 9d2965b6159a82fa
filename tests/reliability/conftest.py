"""Two small clips, and what an undisturbed run makes of them."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.conftest import BRIEF, two_shots
from tests.reliability.harness import Site, telling_server
from tests.servers import ModelServer, careful


@pytest.fixture(scope="package", autouse=True)
def heeds_interrupts() -> None:
    """A shell's background jobs ignore ^C, and so would all that these tests start and interrupt."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="package")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    (folder / "clip.txt").write_text(BRIEF, encoding="utf-8")
    two_shots(folder / "clip.mp4")
    two_shots(folder / "other.mp4", seeds=(3, 4))
    return folder


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with telling_server(careful(looks=1)) as running:
        yield running


@pytest.fixture(scope="package")
def undisturbed(videos: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, object], int]:
    """The verdicts of a run that nobody disturbs, and its steps."""
    with telling_server(careful(looks=1)) as server:
        site = Site(tmp_path_factory.mktemp("undisturbed"), videos, server)
        site.finish()
        return site.verdicts(), site.steps()
