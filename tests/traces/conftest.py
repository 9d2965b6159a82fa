"""A small verdict and the versions it rests on, and a browser to look at a report with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cinejudge.schema import Clip, Evidence, Options, Segmentation, Usage, Verdict, Versions
from cinejudge.traces import RunFolder

from .browser import CHROMIUM, Page, browser

CLIP_ID = "0123456789abcdef"


@pytest.fixture
def versions() -> Versions:
    return Versions(cinejudge="0.1.0", model="offline", suites={"msavbench": "a" * 64}, prompts="b" * 64)


@pytest.fixture
def options(tmp_path: Path) -> Options:
    return Options(out=tmp_path / "traces")


@pytest.fixture
def start(options: Options, versions: Versions, tmp_path: Path) -> Callable[..., RunFolder]:
    """Starts a run in a temporary folder; fields of the options or versions may be changed."""

    def begin(*inputs: Path, find: Callable[[str], Path] = lambda sha: Path("/nowhere") / sha, **changes) -> RunFolder:  # type: ignore[no-untyped-def]
        changed = versions.model_copy(update={k: changes.pop(k) for k in list(changes) if k in Versions.model_fields})
        return RunFolder.start(options.model_copy(update=changes), inputs or (tmp_path / "clips",), changed, find)

    return begin


@pytest.fixture
def small_verdict(versions: Versions) -> Callable[..., Verdict]:
    """A verdict without suites, with the given evidence."""

    def make(*evidence: Evidence) -> Verdict:
        clip = Clip(
            id=CLIP_ID,
            sha256=CLIP_ID * 4,
            name="a.mp4",
            size_bytes=1,
            container="mp4",
            video_codec="h264",
            width=64,
            height=36,
            rotation=0,
            fps=24.0,
            frames=24,
            duration_s=1.0,
            variable_frame_rate=False,
            audio_codec=None,
            sample_rate=None,
            channels=None,
        )
        return Verdict(
            clip=clip,
            brief=None,
            status="complete",
            shots=(),
            suites={},
            findings=(),
            evidence=evidence,
            segmentation=Segmentation(shots=(), corrections=(), rounds=0, expected=None),
            questions=(),
            usage=Usage(),
            versions=versions,
        )

    return make


@pytest.fixture(scope="session")
def tab() -> Iterator[Page]:
    """One tab for all tests."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with browser() as page:
        yield page


@pytest.fixture
def chromium(tab: Page) -> Page:
    """The tab at a desktop's size, without what earlier tests left in it."""
    tab.go("about:blank")
    tab.size(1280, 900)
    tab.complaints.clear()
    tab.requests.clear()
    return tab
