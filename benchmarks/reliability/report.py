"""Large reports in Chromium, and two screenshots: python benchmarks/reliability/report.py [RUN] [--write]

RUN is the run that is photographed; without one, the fixture of the tests.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

import cv2

from benchmarks.page import Told
from cinejudge.traces.report.serve import ReportServer
from tests.traces.browser import Page, browser
from tests.traces.fixture_models import make_run_of_models

SHOWN = "document.querySelectorAll('.finding').length > 0 && document.querySelector('.screen img, .screen video')"
MOST_FINDINGS = """(() => {
  const { clips } = JSON.parse(document.getElementById("data").textContent);
  location.hash = `clip=${clips.reduce((most, one) => one.findings > most.findings ? one : most).id}`;
})()"""
IMAGES = ROOT / "docs" / "images"


def main() -> None:
    tell = Told()
    given = [Path(text) for text in sys.argv[1:] if text != "--write"]
    with tempfile.TemporaryDirectory() as name, browser() as page:
        page.size(1280, 1000)
        tell("| report | size (MB) | opened in (s) | next clip in (s) |\n|---|---|---|---|")
        file = make_run_of_models(Path(name) / "50", clips=25) / "report.html"
        opened = timed(page, lambda: page.open(file))
        tell(f"| 50 clips, one file | {file.stat().st_size / 1e6:.1f} | {opened:.2f} | {turned(page):.2f} |")
        run = make_run_of_models(Path(name) / "100", clips=50)
        with ReportServer(run) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.05,))
            thread.start()
            size = len((server.answer("/") or ("", b""))[1])
            opened = timed(page, lambda: page.go(server.url))
            tell(f"| 100 clips, served | {size / 1e6:.1f} | {opened:.2f} | {turned(page):.2f} |")
            page.go("about:blank")
            server.shutdown()
            thread.join()
        shown = given[0] if given else make_run_of_models(Path(name) / "shown", clips=3)
        for dark in (False, True):
            photograph(page, shown / "report.html", dark)
    tell.write("reliability/report", "reliability.md")


def timed(page: Page, act: object) -> float:
    start = time.perf_counter()
    act()  # type: ignore[operator]
    page.until(SHOWN)
    return time.perf_counter() - start


def turned(page: Page) -> float:
    title = page.run("document.getElementById('clip-title').textContent")
    start = time.perf_counter()
    page.press("n")
    page.until(f"document.getElementById('clip-title').textContent !== {title!r}")
    page.until(SHOWN)
    return time.perf_counter() - start


def photograph(page: Page, report: Path, dark: bool) -> None:
    """Light: the whole run. Dark: one clip of it, that with the most findings."""
    page.size(1280, 1400, dark=dark)
    page.open(report)
    page.until(SHOWN)
    if dark:
        page.run(MOST_FINDINGS)
        page.until(SHOWN)
    page.run(f"document.getElementById('{'clip' if dark else 'masthead'}').scrollIntoView({{ behavior: 'instant' }})")
    time.sleep(1)
    IMAGES.mkdir(parents=True, exist_ok=True)
    png = IMAGES / "report.png"
    page.picture(png)
    target = IMAGES / f"report-{'dark' if dark else 'light'}.jpg"
    cv2.imwrite(str(target), cv2.imread(str(png)), [cv2.IMWRITE_JPEG_QUALITY, 82])
    png.unlink()


if __name__ == "__main__":
    main()
