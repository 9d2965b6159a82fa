"""Small videos and a private cache for the tests of the media room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cinejudge.media import Footage, FramePlan, MediaLimits, process
from tests.videos import make_video, pan, tone

Open = Callable[..., Footage]

PLANT = """
import sys

if "cinejudge.media.decode" in sys.orig_argv:
    exec({code!r}, {{}})
elif "cinejudge.media.forkserver" in sys.orig_argv:
    from cinejudge.media import decode

    def main(main=decode.main):
        exec({code!r}, {{}})
        main()

    decode.main = main
"""


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache of its own for each test."""
    return tmp_path / "cache"


@pytest.fixture
def footage(cache: Path) -> Iterator[Open]:
    """Opens footage in the test's cache and closes it at the end."""
    made: list[Footage] = []

    def open_(path: Path, plan: FramePlan | None = None, limits: MediaLimits | None = None) -> Footage:
        made.append(Footage(path, cache=cache, plan=plan or FramePlan(), limits=limits or MediaLimits()))
        return made[-1]

    yield open_
    for one in made:
        one.close()


@pytest.fixture(scope="session")
def two_seconds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """48 frames of a pan at 24 per second, 320 x 180, with a tone."""
    return make_video(tmp_path_factory.mktemp("videos") / "pan.mp4", pan(48), audio=tone(2.0))


@pytest.fixture
def sabotage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Runs code at the start of each decoding process, as a broken decoder library would."""

    def plant(code: str) -> None:
        folder = tmp_path / "sabotage"
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(PLANT.format(code=code), encoding="utf-8")
        monkeypatch.syspath_prepend(str(folder))
        process.end_server()  # the next one finds the code

    yield plant
    process.end_server()
