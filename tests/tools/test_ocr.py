import json

import cv2
import numpy as np
import pytest

from cinejudge import weights
from cinejudge.media import Footage
from cinejudge.schema.errors import ToolError, WeightsMissing
from cinejudge.tools import ocr
from cinejudge.tools.contract import Abstain
from cinejudge.tools.look import Region
from cinejudge.tools.models import rapid
from cinejudge.tools.models.rapid import Read
from cinejudge.tools.text import frames as text_frames
from cinejudge.tools.text.distance import closest

from .fakes import FakeFootage, look, scene

BOX = (0.2, 0.4, 0.6, 0.5)


class FakeReader:
    """Says what a script says for each picture, told apart by its first pixel."""

    def __init__(self, script):
        self.script, self.calls, self.sizes = script, 0, []

    def read(self, rgb):
        self.calls += 1
        self.sizes.append(rgb.shape[:2])
        return self.script(int(rgb[0, 0, 0]))


def numbered(count=48):
    """Moving pictures whose first pixel counts them."""
    pictures = scene(count, speed=3)
    pictures[:, 0, 0] = np.arange(count)[:, None]
    return pictures


def run(tmp_path, pictures, script, **args):
    footage = FakeFootage(pictures)
    reader = FakeReader(script)
    return ocr._run(look(footage, tmp_path), ocr.Args(**args), reader), reader


def test_lines_carry_words_place_and_times(tmp_path):
    result, _ = run(tmp_path, numbered(), lambda i: [Read("EIGHTY-SEVY", 0.99, BOX)] if i > 20 else [])
    (line,) = result.lines
    assert (line.text, line.first_frame, line.last_frame) == ("EIGHTY-SEVY", 30, 42)
    assert line.box == BOX and line.start_s == pytest.approx(30 / 24, abs=1e-3)
    assert result.step_s == pytest.approx(0.5) and result.sampled == result.read == 4
    assert '"EIGHTY-SEVY"' in result.summary


def test_a_changing_text_keeps_both_wordings(tmp_path):
    result, _ = run(tmp_path, numbered(), lambda i: [Read("OTSEVSE" if i < 12 else "OTSEVSEC", 0.99, BOX)])
    assert [r.text for r in result.lines[0].readings] == ["OTSEVSE", "OTSEVSEC"]
    assert set(result.wordings()) == {"OTSEVSE", "OTSEVSEC"}


def test_what_is_read_unsurely_or_once_or_as_one_letter_is_doubtful(tmp_path):
    def script(i):
        found = [Read("FANOR", 0.7, BOX), Read("l", 0.9, (0.8, 0.8, 0.9, 0.9))]
        return found + ([Read("FLASH", 0.9, (0.1, 0.1, 0.3, 0.2))] if i == 6 else [])

    result, _ = run(tmp_path, numbered(), script)
    assert result.lines == () and {d.text for d in result.doubtful} == {"FANOR", "l", "FLASH"}
    assert "no readable text" in result.summary and "3 unreadable" in result.summary


@pytest.mark.parametrize(
    ("text", "confidence", "frames", "counts"),
    [
        ("TITLE", 0.8, 4, True),
        ("TITLE", 0.79, 4, False),
        ("TITLE", 0.94, 1, False),
        ("TITLE", 0.95, 1, True),
        ("44", 0.85, 4, False),
        ("59", 0.9, 4, True),
        ("A", 0.94, 4, False),
        ("A", 0.95, 4, True),
        ("A", 1.0, 1, False),
    ],
)
def test_how_sure_a_reading_must_be(tmp_path, text, confidence, frames, counts):
    result, _ = run(tmp_path, numbered(), lambda i: [Read(text, confidence, BOX)] if i > 42 - 12 * frames else [])
    assert [line.text for line in result.lines] == ([text] if counts else [])
    assert [line.text for line in result.doubtful] == ([] if counts else [text])


def test_lines_that_stand_together_are_joined_in_reading_order(tmp_path):
    lower, upper = (0.2, 0.6, 0.6, 0.7), BOX
    result, _ = run(tmp_path, numbered(), lambda i: [Read("SECONDS", 0.99, lower), Read("EIGHTY", 0.99, upper)])
    assert "EIGHTY SECONDS" in result.wordings()


def test_text_that_slides_out_of_the_picture_is_taken_where_it_is_longest(tmp_path):
    words = {6: "han Career", 18: "n Career", 30: "areer", 42: "areer"}
    result, _ = run(tmp_path, numbered(), lambda i: [Read(words[i], 0.99, (0.0, 0.4, 0.2, 0.5))])
    assert result.lines[0].text == "han Career" and result.lines[0].cut_off


def test_one_sure_letter_among_unsure_readings_does_not_speak_for_them(tmp_path):
    edge = (0.3, 0.8, 0.5, 0.998)
    words = {6: Read("44", 0.7, edge), 18: Read("A", 0.97, edge), 30: Read("44", 0.7, edge), 42: Read("A4", 0.6, edge)}
    result, _ = run(tmp_path, numbered(), lambda i: [words[i]])
    assert result.lines == ()


def test_a_still_picture_is_read_once_and_its_text_lasts(tmp_path):
    result, reader = run(tmp_path, np.repeat(numbered(1), 72, axis=0), lambda i: [Read("TITLE", 0.99, BOX)])
    assert reader.calls == result.read == 1 and result.sampled == 6
    assert result.lines[0].end_s - result.lines[0].start_s == pytest.approx(2.5)


def test_new_words_on_a_still_picture_are_read(tmp_path):
    pictures = np.zeros((48, 180, 320, 3), np.uint8)
    cv2.putText(pictures[0], "ONE", (100, 100), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 1)
    pictures[1:24] = pictures[0]
    cv2.putText(pictures[24], "TWO", (100, 100), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 1)
    pictures[25:] = pictures[24]
    _, reader = run(tmp_path, pictures, lambda i: [])
    assert reader.calls == 2


def test_a_card_shorter_than_the_step_is_read_where_the_picture_jumps():
    pictures = scene(48)
    pictures[20:24] = 255 - pictures[20:24]
    frames = text_frames.choose(FakeFootage(pictures), 0, 48)
    assert any(20 <= frame < 24 for frame in frames)


def test_a_region_is_enlarged_and_its_boxes_fit_the_whole_picture(tmp_path):
    region = Region(x0=0.5, y0=0.5, x1=1.0, y1=1.0)
    result, reader = run(tmp_path, scene(), lambda i: [Read("small", 0.99, (0.0, 0.0, 0.5, 1.0))], region=region)
    assert result.lines[0].box == (0.5, 0.5, 0.75, 1.0)
    assert reader.sizes[0] == (360, 640)


def test_only_the_span_is_read(tmp_path):
    footage = FakeFootage(scene())
    ocr._run(look(footage, tmp_path), ocr.Args(start_s=1.0, end_s=1.5), FakeReader(lambda i: []))
    assert footage.read and all(24 <= frame <= 36 for frame in footage.read)


@pytest.mark.parametrize("args", [{"start_s": 5.0}, {"start_s": 1.0, "end_s": 1.0}])
def test_an_empty_span_is_refused(tmp_path, args):
    with pytest.raises(ToolError, match="start_s < end_s"):
        run(tmp_path, scene(), lambda i: [], **args)


def test_tiny_pictures_are_out_of_range(tmp_path):
    with pytest.raises(Abstain, match="40x60"):
        run(tmp_path, np.zeros((4, 60, 40, 3), np.uint8), lambda i: [])


def test_results_survive_the_cache_and_are_drawn(tmp_path):
    pictures = numbered()
    result, _ = run(tmp_path, pictures, lambda i: [Read("SAMÜ", 0.99, BOX)])
    assert ocr.Result.model_validate(result.model_dump(mode="json")) == result
    drawn = list(ocr.TOOL.draw(FakeFootage(pictures), result))
    assert len(drawn) == 4 and any((rgb != pictures[0]).any() for _, rgb in drawn)


def test_the_papers_models_come_first_and_are_asked_of_the_catalogue(monkeypatch, tmp_path):
    first = ocr.TOOL.providers[0]
    assert (first.name, first.fidelity) == ("ppocrv5-server", "paper")
    monkeypatch.setenv("CINEJUDGE_CACHE_DIR", str(tmp_path))
    rapid.server_reader.cache_clear()
    with pytest.raises(WeightsMissing, match="cinejudge weights pull ppocrv5-server"):
        first.run(look(FakeFootage(scene(4)), tmp_path), ocr.Args())


@pytest.mark.real
def test_both_loaders_read_a_drawn_misspelling(monkeypatch):
    """The server loader is given the small models' files: how it loads is what is tested."""
    import rapidocr

    models = {
        "ch_PP-OCRv5_det_server.onnx": "PP-OCRv6_det_small.onnx",
        "ch_PP-OCRv5_rec_server.onnx": "PP-OCRv6_rec_small.onnx",
    }
    folder = f"{rapidocr.__path__[0]}/models"
    monkeypatch.setattr(weights, "path", lambda name, file: f"{folder}/{models[file]}")
    picture = np.full((180, 480, 3), 30, np.uint8)
    cv2.putText(picture, "SECCONDS", (60, 110), cv2.FONT_HERSHEY_SIMPLEX, 2, (240, 240, 240), 4)
    rapid.server_reader.cache_clear()
    try:
        for reader in (rapid.small_reader("cpu"), rapid.server_reader("cpu")):
            (read,) = reader.read(picture)
            assert read.text == "SECCONDS" and read.confidence > 0.9
            assert 0.05 < read.box[0] < 0.2 and 0.7 < read.box[2] < 0.95
        assert rapid.small_reader("cpu").read(np.zeros((90, 160, 3), np.uint8)) == []
    finally:
        rapid.server_reader.cache_clear()


@pytest.mark.real
def test_labelled_texts_of_real_clips_are_read_as_drawn(clips_dir, tmp_path):
    """Texts that the labels are sure of: mean CER at most .10. Two more are marked as hardly legible."""
    labels = json.loads((clips_dir / "labels.json").read_text())
    errors = {}
    for name, label in labels.items():
        texts = [t["text"] for t in label["texts"] or () if t["confidence"] != "low"]
        if not texts:
            continue
        with Footage(clips_dir / name, cache=tmp_path) as footage:
            result = ocr._small(look(footage, tmp_path / "artifacts"), ocr.Args())
        for text in texts:
            best = closest(text, result.wordings())
            errors[name, text] = best.lenient if best else 1.0
    assert len(errors) == 5
    assert sum(errors.values()) / len(errors) <= 0.10, errors
