from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from cinejudge.traces import RunFolder, build_report
from cinejudge.traces.report.build import page
from cinejudge.traces.report.data import page_data

from .fixture import make_run
from .fixture_found import HOSTILE_NAME, HOSTILE_TEXT


class Tags(HTMLParser):
    """The elements of a page, with the text of scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script" and self.scripts:
            self.scripts[-1] += data


def first(data: dict[str, Any]) -> dict[str, Any]:
    """The first clip with everything about it."""
    clip: dict[str, Any] = next(iter(data["whole"].values()))
    return clip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def tags(run: Path) -> Tags:
    parser = Tags()
    parser.feed((run / "report.html").read_text())
    return parser


def test_hostile_words_stay_inside_the_data(tags: Tags) -> None:
    assert [tag for tag, _ in tags.tags].count("script") == 2
    assert not [tag for tag, _ in tags.tags if tag in ("img", "iframe", "object", "b")]
    data = json.loads(tags.scripts[0])
    assert first(data)["clip"]["name"] == HOSTILE_NAME
    assert first(data)["brief"]["prompt"].endswith(HOSTILE_TEXT)


def test_nothing_is_loaded_from_elsewhere(run: Path, tags: Tags) -> None:
    policy = next(a["content"] for tag, a in tags.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http:" not in policy
    assert "https:" not in policy
    assert not [a for _, a in tags.tags if (a.get("src") or a.get("href") or "").startswith("http")]
    assert "http" not in re.sub(r"http://www\.w3\.org/2000/svg", "", tags.scripts[1])


def test_the_script_never_makes_markup_from_words(tags: Tags) -> None:
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc"):
        assert way not in tags.scripts[1]


def test_small_enough(run: Path) -> None:
    assert (run / "report.html").stat().st_size < 2 * 1_000_000


def test_pictures_fit_their_budget(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cinejudge.traces.report.pictures.MAX_BYTES", 40_000)
    data = page_data(RunFolder.load(run))
    pictures = first(data)["pictures"].values()
    embedded = sum(len(p["src"] or "") for p in pictures)
    assert 10_000 < embedded < 40_000 * 4 / 3 + 1_000
    assert all(p["src"] for p in pictures if p["key"])  # the timeline comes first
    assert all((run / p["file"]).is_file() for p in pictures)


def test_lost_pictures_are_no_fault(run: Path, tmp_path: Path) -> None:
    copy = make_run(tmp_path)
    for kept in (copy / "artifacts").rglob("*.jpg"):
        kept.unlink()
    data = page_data(RunFolder.load(copy))
    assert not any(p["src"] or p["file"] for p in first(data)["pictures"].values())
    build_report(copy)


def test_video_is_named_where_it_can_be_reached(tmp_path: Path) -> None:
    video = tmp_path / "a # b?%20.mp4"
    video.write_bytes(b"x")
    data = page_data(RunFolder.load(make_run(tmp_path / "out", video)))
    assert first(data)["video"] == "../../a%20%23%20b%3F%2520.mp4"
    video.unlink()
    assert first(page_data(RunFolder.load(make_run(tmp_path / "out", video))))["video"] is None


def test_long_results_are_cut(run: Path) -> None:
    data = page_data(RunFolder.load(run))
    sharpness = first(data)["evidence"]["ev_000000000005"]["data"]["sharpness"]
    assert len(sharpness) == 25
    assert sharpness[-1] == "… and 376 more"


def test_lanes(run: Path) -> None:
    lanes = {lane["id"]: lane["items"] for lane in first(page_data(RunFolder.load(run)))["lanes"]}
    assert [item["label"] for item in lanes["speech"]] == ["We are two late"]
    assert [item["label"] for item in lanes["ocr"]] == ["NIGTH MARKET", HOSTILE_TEXT]
    assert len(lanes["faces"]) == 3
    assert lanes["picture"] == [{"start": 6.1, "end": 7.4, "label": "freeze", "evidence": "ev_000000000005"}]


def test_a_lane_that_is_too_long_keeps_the_longest(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def faces() -> tuple[list[tuple[float, float]], int]:
        (lane,) = (one for one in first(page_data(RunFolder.load(run)))["lanes"] if one["id"] == "faces")
        return [(item["start"], item["end"]) for item in lane["items"]], lane["more"]

    whole, left_out = faces()
    assert (len(whole), left_out) == (3, 0)
    monkeypatch.setattr("cinejudge.traces.report.lanes.MAX_ITEMS", 2)
    kept, left_out = faces()
    shortest = min(whole, key=lambda span: span[1] - span[0])
    assert (kept, left_out) == ([span for span in whole if span != shortest], 1)


def test_a_run_without_a_clip() -> None:
    assert page({"clips": [], "words": "</script>\u2028"}).count("</script>") == 2


def test_a_large_run_keeps_the_tables_and_says_where_the_clips_are(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cinejudge.traces.report.data.MAX_EMBEDDED", 1)
    data = page_data(RunFolder.load(run))
    assert data["whole"] == {}
    assert [row["name"] for row in data["clips"]] == [HOSTILE_NAME, "night-market-b.mp4"]
    assert data["clips"][0]["suites"][0]["dimensions"][0].keys() == {"id", "score", "status", "coverage"}
    assert data["clips"][0]["brief"] == data["clips"][1]["brief"]
