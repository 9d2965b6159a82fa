"""Models and clips compared in a real browser, from one file and from the server."""

from __future__ import annotations

from pathlib import Path

import pytest

from .browser import Page, served
from .fixture_models import make_run_of_models

pytestmark = pytest.mark.real

TITLE = "document.getElementById('clip-title').textContent"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run_of_models(tmp_path_factory.mktemp("run"))


@pytest.fixture
def page(chromium: Page, run: Path) -> Page:
    chromium.open(run / "report.html")
    chromium.until("document.querySelector('.standings')")
    return chromium


def test_models_are_ranked_with_their_intervals(page: Page) -> None:
    rows = page.run("[...document.querySelectorAll('.standings tbody tr')].map(r => r.innerText.replace(/\\s+/g, ' '))")
    assert [row.split()[0] for row in rows] == ["alpha", "beta"]
    assert "–" in rows[0]
    heads = page.run("[...document.querySelectorAll('.standings thead th')].map(h => h.innerText)")
    lost = page.run(
        f"[...document.querySelectorAll('.standings tbody tr')].map(r => r.cells[{heads.index('Failed')}].innerText)"
    )
    assert lost == ["0", "1"]
    assert page.run("document.querySelectorAll('.heat tbody tr').length") >= 1
    assert page.complaints == []


def test_failure_rates_instead_of_scores(page: Page) -> None:
    before = page.run("document.querySelector('.heat').innerText")
    page.run(
        "(s => { s.value = 'failures'; s.dispatchEvent(new Event('change')); })"
        "(document.querySelector('[aria-label=\"What the dimensions show\"]'))"
    )
    assert page.run("document.querySelector('.heat').innerText") != before
    assert "failed segments per video" in page.run("document.querySelector('.heat td[title]').title")


def test_two_clips_of_one_brief_side_by_side(page: Page) -> None:
    options = page.run("[...document.querySelectorAll('.rivals option')].map(o => o.textContent)")
    assert "beta-0.mp4 (beta)" in options
    page.run(
        "(s => { s.value = [...s.options].find(o => o.textContent.startsWith('beta-0')).value;"
        " s.dispatchEvent(new Event('change')); })(document.querySelector('.rivals select'))"
    )
    page.until("document.querySelectorAll('#compare .screen img').length === 2")
    assert "with=" in page.run("location.hash")
    rows = page.run("[...document.querySelectorAll('[data-compared]')].map(r => r.cells[3].innerText)")
    answers = page.run("[...document.querySelectorAll('[data-compared] td ul')].map(u => u.innerText.split('\\n'))")
    assert any(answers)
    assert all(len(lines) == len(set(lines)) for lines in answers)
    apart = [abs(float(value)) for value in rows if value != "–"]
    assert apart == sorted(apart, reverse=True)
    assert apart[0] > 0
    shown = "document.querySelector('#compare .screen img').alt"
    first = page.run(shown)
    slider = "document.querySelector('#compare [type=range]')"
    page.run(f"(s => {{ s.value = '0.9'; s.dispatchEvent(new Event('input')); }})({slider})")
    assert page.run(shown) != first
    page.click("#compare figcaption a")
    page.until(f"{TITLE} === 'beta-0.mp4'")
    page.run("history.back()")
    page.until(f"{TITLE} === 'alpha-0.mp4'")
    page.click("#compare .bar a")
    page.until("!document.querySelector('#compare')")
    assert page.complaints == []


@pytest.mark.parametrize("width", [360, 768])
def test_no_width_scrolls_sideways(page: Page, run: Path, width: int) -> None:
    page.size(width, 800, phone=True)
    page.open(run / "report.html")
    page.run(
        "(s => { s.value = s.options[1].value; s.dispatchEvent(new Event('change')); })"
        "(document.querySelector('.rivals select'))"
    )
    page.until("document.querySelector('#compare')")
    assert page.run("document.documentElement.scrollWidth") <= width


def test_a_served_run_fetches_each_clip(chromium: Page, run: Path) -> None:
    with served(chromium, run):
        chromium.until(f"document.getElementById('clip-title') && {TITLE} === 'alpha-0.mp4'")
        chromium.press("n")
        chromium.until(f"{TITLE} === 'alpha-1.mp4'")
        chromium.until("document.querySelector('.screen img')?.naturalWidth > 0")
    assert chromium.complaints == []


def test_a_large_file_says_where_the_clips_are(chromium: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cinejudge.traces.report.data.MAX_EMBEDDED", 1)
    run = make_run_of_models(tmp_path)
    chromium.open(run / "report.html")
    chromium.until("document.querySelector('#clip kbd')")
    assert chromium.run("document.querySelector('#clip kbd').textContent") == f"cinejudge view {run}"
    chromium.press("j")
    assert chromium.complaints == []
