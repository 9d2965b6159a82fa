"""The report in a real browser: what a person would click, and what a hostile file would try."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from cinejudge.traces.folder import RunFolder
from cinejudge.traces.report import build
from cinejudge.traces.report.data import page_data
from tests.videos import make_video

from .browser import Page, served
from .fixture import make_run
from .fixture_found import HOSTILE_NAME, HOSTILE_TEXT

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("run"))


@pytest.fixture
def page(chromium: Page, run: Path) -> Page:
    chromium.open(run / "report.html")
    chromium.until("document.querySelectorAll('.finding').length === 4")
    return chromium


def test_opens_without_complaint_and_loads_nothing_from_elsewhere(page: Page) -> None:
    page.until("[...document.images].some(i => i.naturalWidth > 0)")
    assert page.complaints == []
    assert {request.split(":")[0] for request in page.requests} <= {"file", "data"}
    assert page.run("document.title") == "2 clips judged, 1 could not be · cinejudge"


def test_hostile_words_are_inert_and_readable(page: Page) -> None:
    page.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    page.until("document.querySelectorAll('.answer').length > 3")
    page.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert page.run("typeof window.hacked") == "undefined"
    shown = HOSTILE_NAME.replace("\u202e", "⟨U+202E⟩")
    assert page.run("document.getElementById('clip-title').textContent") == shown
    assert page.run(f"document.body.innerText.includes({json.dumps(HOSTILE_TEXT)})")
    assert page.run("document.documentElement.scrollWidth") <= 1280
    assert page.complaints == []


def test_the_policy_stops_a_script_that_gets_in(page: Page) -> None:
    page.run(
        "(() => { const s = document.createElement('script');"
        " s.textContent = 'window.hacked = 3'; document.body.append(s); })()"
    )
    assert page.run("typeof window.hacked") == "undefined"
    assert page.complaints  # the browser says that it refused


def test_a_finding_leads_to_its_moment(page: Page) -> None:
    page.click("[data-finding=f2] h4 a")
    page.until("location.hash.includes('at=3.40')")
    page.until("document.querySelector('.viewer output').value.includes('0:03.40')")
    assert "shot 3" in page.run("document.querySelector('.viewer output').value")
    assert page.run("document.querySelector('.finding.current').dataset.finding") == "f2"
    assert page.run("document.querySelector('.viewer .note').textContent") == "Nearest picture kept: 3.35 s"
    page.until("document.querySelector('.screen img').naturalWidth === 480")
    left = page.run("parseFloat(getComputedStyle(document.querySelector('.playhead')).getPropertyValue('--at'))")
    assert left == pytest.approx(3.4 / 7.5)


def test_a_finding_leads_to_its_metric_down_to_the_evidence(page: Page) -> None:
    page.click("[data-finding=f3] .where a[href*=metric]")
    page.until("document.querySelector('[data-metric=\"msavbench/text.accuracy\"]').open")
    page.click("[data-metric='msavbench/text.accuracy'] .evidence summary")
    page.until("document.querySelector('[data-metric=\"msavbench/text.accuracy\"] .pictures img')?.naturalWidth > 0")
    page.click("[data-metric='msavbench/text.accuracy'] .pictures button")
    page.until("document.querySelector('dialog[open] img').naturalWidth === 420")


def test_answers_show_what_was_chosen_and_what_reflection_replaced(page: Page) -> None:
    page.click("[data-metric='msavbench/subject.identity'] summary")
    page.until("document.querySelector('[data-metric=\"msavbench/subject.identity\"] .answer')")
    text = page.run("document.querySelector('[data-metric=\"msavbench/subject.identity\"]').textContent")
    assert "✓ Alike, but details differ 0.50" in text
    assert "Before reflection: Clearly the same person" in text
    assert "no face is large enough in shot 0" in text
    assert "How it was answered: 3 steps" in text


def test_filters(page: Page) -> None:
    page.run("document.querySelector('.filters select').value = 'evalverse'")
    page.run("document.querySelector('.filters select').dispatchEvent(new Event('change'))")
    assert page.run("[...document.querySelectorAll('.finding')].map(f => f.dataset.finding)") == ["f4"]
    assert page.run("document.querySelectorAll('.suite-block').length") == 1


def test_status_filter_and_search(page: Page) -> None:
    page.run("[...document.querySelectorAll('.toggle')].find(t => t.innerText === 'scored').click()")
    names = page.run("[...document.querySelectorAll('.metric')].map(m => m.dataset.metric)")
    assert "msavbench/text.accuracy" not in names
    assert "msavbench/sync.lips" in names
    page.run(
        "(() => { const s = document.querySelector('[type=search]');"
        " s.value = 'weights missing'; s.dispatchEvent(new Event('input')); })()"
    )
    assert page.run("[...document.querySelectorAll('.metric')].map(m => m.dataset.metric)") == ["msavbench/sync.lips"]
    assert page.run("document.querySelectorAll('.finding').length") == 0


def test_what_does_not_apply_is_folded_away_until_it_is_asked_for(page: Page) -> None:
    names = "[...document.querySelectorAll('.metric .name, .metric')].map(m => m.dataset.metric).filter(Boolean)"
    assert "msavbench/music.consistency" not in page.run(names)
    assert "1 metric not applicable, not shown" in page.run("document.getElementById('scores').innerText")
    page.run("[...document.querySelectorAll('.toggle')].find(t => t.innerText === 'not applicable').click()")
    assert "msavbench/music.consistency" in page.run(names)
    assert "not shown" not in page.run("document.getElementById('scores').innerText")


def test_an_address_leads_to_a_metric_that_a_filter_hides(page: Page) -> None:
    page.run("location.hash = location.hash + '&metric=msavbench%2Fmusic.consistency'")
    page.until("document.querySelector('[data-metric=\"msavbench/music.consistency\"]')?.open")


def test_table_sorts_and_leads_to_the_clip(page: Page) -> None:
    first = "document.querySelector('#clips tbody th').innerText.split('\\n')[0]"
    header = "[...document.querySelectorAll('#clips thead button')].find(b => b.innerText === 'On-screen text')"
    page.run(f"{header}.click()")
    assert page.run(first) == "night-market-b.mp4"
    assert page.run(f"{header}.closest('th').getAttribute('aria-sort')") == "descending"
    page.run(f"{header}.click()")
    assert page.run(first).startswith("neon")
    page.click("#clips tbody tr:nth-child(2) th a")
    page.until("document.getElementById('clip-title').textContent === 'night-market-b.mp4'")
    assert "the limit of 60,000 tokens" in page.run("document.querySelector('.warn').textContent")


def test_keys(page: Page) -> None:
    page.press("j")
    page.press("j")
    page.until("document.querySelector('.finding.current')?.dataset.finding === 'f2'")
    page.press("ArrowRight")
    assert "frame 83" in page.run("document.querySelector('.viewer output').value")
    page.press("n")
    page.until("document.getElementById('clip-title').textContent === 'night-market-b.mp4'")


def test_everything_can_be_reached_with_the_tab_key(page: Page) -> None:
    reached = set()
    for _ in range(120):
        page.press("Tab")
        reached.add(
            page.run(
                "(e => e.closest('[data-metric]')?.dataset.metric ?? e.getAttribute('role') ?? e.className)"
                "(document.activeElement)"
            )
        )
    assert {"slider", "shot", "msavbench/text.accuracy"} <= reached


@pytest.mark.parametrize(("tabs", "place"), [(1, "findings"), (2, "scores")])
def test_what_stands_between_can_be_skipped(page: Page, tabs: int, place: str) -> None:
    for _ in range(tabs):
        page.press("Tab")
    page.press("Enter")
    page.until(f"location.hash === '#{place}'")
    page.press("Tab")
    assert page.run(f"document.activeElement.closest('#{place}') !== null")


def test_boundaries_open_their_history(page: Page) -> None:
    page.click(".boundaries button.corrected")
    page.until("document.querySelector('#decisions li.current')")
    told = page.run("document.querySelector('#decisions li.current').innerText")
    assert told.count("dissolve, not a cut") == 1
    assert "retyped by signals, frame 72, rounds 1 and 2" in told
    assert "moved by signals, frame 78, round 2" in told


@pytest.mark.parametrize("width", [360, 390, 768])
def test_no_width_scrolls_sideways(page: Page, run: Path, width: int) -> None:
    page.size(width, 800, phone=True)
    page.open(run / "report.html")
    page.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert page.run("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("dark", [False, True])
def test_contrast(page: Page, run: Path, dark: bool) -> None:
    """Body, dim and red words against each ground they stand on: at least 4.5 to 1."""
    page.size(1280, 900, dark=dark)
    page.open(run / "report.html")
    ratios = page.run(
        """(() => {
          const style = getComputedStyle(document.documentElement);
          const light = (name) => {
            const probe = document.createElement('i');
            probe.style.color = style.getPropertyValue(name);
            document.body.append(probe);
            const parts = getComputedStyle(probe).color.match(/[\\d.]+/g).slice(0, 3).map(Number).map((v) => v / 255);
            probe.remove();
            const [r, g, b] = parts.map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
          return ['--ink', '--dim', '--red', '--blue'].flatMap((words) => ['--bg', '--panel', '--raise'].map(
            (ground) => [`${words} on ${ground}`, ratio(light(words), light(ground))]));
        })()"""
    )
    assert [pair for pair in ratios if pair[1] < 4.5] == []


def test_the_theme_can_be_chosen(page: Page) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.run(ground)
    page.click(".masthead button")
    page.click(".masthead button")
    assert page.run("document.documentElement.dataset.theme") == "dark"
    assert page.run(ground) != light


def test_the_video_plays_where_it_can_be_reached(chromium: Page, tmp_path: Path) -> None:
    frames = (np.full((36, 64, 3), i, np.uint8) for i in range(180))
    video = make_video(tmp_path / "a #1.mp4", frames)
    run = make_run(tmp_path / "out", video)
    chromium.open(run / "report.html")
    chromium.until("document.querySelector('.screen video')?.readyState >= 2")
    chromium.click("[data-finding=f3] h4 a")
    chromium.until("Math.abs(document.querySelector('.screen video').currentTime - 0.25) < 0.01")
    chromium.press("ArrowRight")
    chromium.until("Math.abs(document.querySelector('.screen video').currentTime - 0.25 - 1 / 24) < 0.01")
    assert chromium.complaints == []


def test_the_video_plays_in_a_served_report(chromium: Page, tmp_path: Path) -> None:
    frames = (np.full((36, 64, 3), i, np.uint8) for i in range(180))
    video = make_video(tmp_path / "a #1.mp4", frames)
    run = make_run(tmp_path / "out", video)
    sha256 = hashlib.sha256(video.read_bytes()).hexdigest()
    with RunFolder.reopen(run) as folder:
        for trace in folder.traces():
            if verdict := trace.verdict():
                clip = verdict.clip.model_copy(update={"sha256": sha256})
                trace.write_verdict(verdict.model_copy(update={"clip": clip}))
    with served(chromium, run):
        chromium.until("document.querySelector('.screen video')?.readyState >= 2")
        chromium.click("[data-finding=f2] h4 a")
        chromium.until("Math.abs(document.querySelector('.screen video').currentTime - 3.4) < 0.01")
    assert chromium.complaints == []


def test_a_single_model_has_its_interval_and_failure_rates(page: Page, run: Path) -> None:
    assert page.run("document.getElementById('models-title').textContent") == "All clips together"
    page.run(
        "(s => { s.value = 'failures'; s.dispatchEvent(new Event('change')); })"
        "(document.querySelector('[aria-label=\"What the dimensions show\"]'))"
    )
    shown = page.run("[...document.querySelectorAll('.heat tbody tr')].map(r => [...r.cells].map(c => c.innerText))")
    suite = json.loads((run / "summary.json").read_text())["suites"]["msavbench"]
    rates = {one["name"]: suite["failures"][one["id"]] for one in suite["dimensions"]}
    assert len(shown) > 1
    assert shown == [[name, f"{rates[name]:.2f}"] for name, _ in shown]
    assert "by clips" not in page.run("document.getElementById('clips').innerText")
    assert page.complaints == []


def test_a_crowded_lane_says_how_much_it_leaves_out(chromium: Page, run: Path, tmp_path: Path) -> None:
    data = page_data(RunFolder.load(run))
    clip = next(iter(data["whole"].values()))
    span = {"start_s": 6.0, "end_s": clip["clip"]["duration_s"] + 1}
    clip["findings"] = [clip["findings"][0] | {"id": f"f{i}", "spans": [span]} for i in range(12)]
    report = tmp_path / "report.html"
    report.write_text(build.page(data))
    chromium.open(report)
    chromium.until("document.querySelectorAll('.findings-lane button').length === 5")
    label = "[...document.querySelectorAll('.timeline .label')].find(l => l.innerText.startsWith('Findings')).innerText"
    assert chromium.run(label).split() == ["Findings", "+", "7"]
    over = (
        "(() => { const end = document.querySelector('.findings-lane').getBoundingClientRect().right;"
        " const rows = [...document.querySelectorAll('.findings-lane button')].map(b => b.getBoundingClientRect());"
        " return [new Set(rows.map(r => r.top)).size, Math.max(...rows.map(r => r.right)) - end]; })()"
    )
    rows, beyond = chromium.run(over)
    assert rows == 5
    assert beyond < 1


def test_the_tracks_of_many_shots_scroll_and_follow_the_playhead(chromium: Page, run: Path, tmp_path: Path) -> None:
    data = page_data(RunFolder.load(run))
    clip = next(iter(data["whole"].values()))
    wide = clip["clip"]["duration_s"] / 200
    clip["clip"]["fps"] = 2400.0  # a transition of one frame is short beside its shot
    shot = clip["shots"][1] | {"transition_in": {"type": "dissolve", "start_frame": 90, "end_frame": 91}}
    clip["shots"] = [shot | {"index": i, "start_s": i * wide, "end_s": (i + 1) * wide} for i in range(200)]
    report = tmp_path / "report.html"
    report.write_text(build.page(data))
    chromium.open(report)
    chromium.until("document.querySelectorAll('.strip .shot').length === 200")
    assert chromium.run("document.querySelector('.strip .shot').getBoundingClientRect().width") > 20
    assert chromium.run("document.querySelector('.strip path').getBoundingClientRect().width") < 12
    assert chromium.run("document.documentElement.scrollWidth") <= 1280
    inside = (
        "(() => { const box = (of) => document.querySelector(of).getBoundingClientRect();"
        " const { left } = box('.playhead i');"
        " return left >= box('.timeline .label').right - 2 && left < box('.timeline .scroll').right; })()"
    )
    assert chromium.run(inside)
    for at in ("7.2", "0.1"):
        chromium.run(f"location.hash = 'at={at}'")
        chromium.until(f"document.querySelector('.viewer output').value.includes('0:0{at}')")
        assert chromium.run(inside)


def test_a_suite_unfolds_its_dimensions(page: Page) -> None:
    columns = "document.querySelectorAll('#clips thead tr:last-child th').length"
    assert page.run(columns) == 1 + 5 + 2
    page.click("[data-suite=msavbench]")
    page.until("document.querySelector('[data-suite=msavbench]').getAttribute('aria-expanded') === 'false'")
    assert page.run(columns) == 1 + 1 + 2
    assert page.run("document.activeElement.dataset.suite") == "msavbench"
