"""Tool ``similarity``: pairs and references, with descriptions made up; and the real network on photographs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from cinejudge import weights
from cinejudge.schema.errors import ToolError
from cinejudge.tools import similarity
from cinejudge.tools.contract import Abstain
from cinejudge.tools.models import views
from cinejudge.tools.models.views import View
from cinejudge.tools.sampling import shot_pictures
from cinejudge.tools.similarity import ANCHORS, Args

from .fakes import FakeFootage, look, shots

X, Y = np.array([1.0, 0.0], np.float32), np.array([0.0, 1.0], np.float32)
BLANK = View(None, None, None, ())


def view(vector: Any, *subjects: Any, background: bool = True) -> View:
    return View(vector, vector if background else None, vector, subjects)


@pytest.fixture
def described(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Gives these views, one for each picture that is looked at."""

    def give(*answers: View) -> None:
        left = list(answers)
        monkeypatch.setattr(views, "views", lambda pictures, device: (left.pop(0) for _ in pictures))

    return give


def three(*each: View) -> list[View]:
    """The same view for the three pictures of each shot."""
    return [v for v in each for _ in range(3)]


def seen(tmp_path: Path, count: int) -> Any:
    footage = FakeFootage(np.zeros((6 * count, 32, 32, 3), np.uint8))
    return look(footage, tmp_path, shots(*((6 * i, 6 * i + 6) for i in range(count))))


def test_every_pair_is_compared_in_every_respect(tmp_path: Path, described: Any) -> None:
    described(*three(view(X, X), view(X, Y), view(Y, X)))
    result = similarity._run(seen(tmp_path, 3), Args())
    assert [(p.first, p.second) for p in result.pairs] == [(0, 1), (0, 2), (1, 2)]
    first = result.pair(1, 0)
    assert first and first.whole and first.subject and first.cut
    assert (first.whole.value, first.subject.value, first.cut.cosine) == (1.0, 0.0, 1.0)
    last = result.pair(0, 2)
    assert last and last.cut is None and last.background and last.background.value == 0
    assert "shots 0 and 1: whole 1.00" in result.summary


def test_what_is_not_seen_is_not_compared(tmp_path: Path, described: Any) -> None:
    described(*three(view(X, background=False), BLANK))
    (pair,) = similarity._run(seen(tmp_path, 2), Args()).pairs
    assert (pair.whole, pair.background, pair.style, pair.subject, pair.cut) == (None,) * 5


def test_the_value_runs_between_foreign_and_the_same_shot(tmp_path: Path, described: Any) -> None:
    zero, one = ANCHORS["whole"]
    middle = (zero + one) / 2
    described(*three(view(X), view(np.array([middle, np.sqrt(1 - middle**2)], np.float32))))
    (pair,) = similarity._run(seen(tmp_path, 2), Args()).pairs
    assert pair.whole and pair.whole.value == pytest.approx(0.5, abs=0.01)
    assert pair.whole.cosine == pytest.approx(middle, abs=0.001)


def test_a_reference_is_looked_for_in_each_shot(tmp_path: Path, described: Any) -> None:
    at = seen(tmp_path, 2)
    name = at.store.put_image(np.full((32, 32, 3), 99, np.uint8), "reference").sha256
    described(*three(view(X, X), view(X, Y)), view(X, X))
    result = similarity._run(at, Args(references=(name,)))
    assert [(m.shot, m.subject.value if m.subject else None) for m in result.matches] == [(0, 1.0), (1, 0.0)]


def test_what_cannot_be_asked_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Abstain, match="one shot alone"):
        similarity._run(seen(tmp_path, 1), Args())
    with pytest.raises(ToolError, match="no shot 9"):
        similarity._run(seen(tmp_path, 2), Args(shots=(9,)))
    with pytest.raises(ValidationError):
        Args(references=("/etc/passwd",))
    with pytest.raises(ToolError, match="no artifact"):
        shot_pictures.reference(seen(tmp_path, 2), "0" * 64)


def test_a_blank_picture_has_no_look() -> None:
    assert views.is_blank(np.full((64, 64, 3), 7, np.uint8))
    assert not views.is_blank(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))


def test_people_are_cut_out_of_the_background() -> None:
    free = views.free_cells(np.array([[0, 0, 0.5, 1]], np.float32), 4, 8)
    assert free.sum() == 16 and free[:, 4:].all()


@pytest.mark.real
class TestNetwork:
    @pytest.fixture
    def photo(self) -> Any:
        import cv2

        if not (weights.present("efficientnet-lite0") and weights.present("example-photos")):
            pytest.skip("weights missing: cinejudge weights pull")
        return lambda name: cv2.imread(str(weights.path("example-photos", name)), cv2.IMREAD_COLOR_RGB)

    def test_it_knows_a_cat_and_a_cup(self, photo: Any) -> None:
        from cinejudge.tools.models import efficientnet

        network = efficientnet.load(weights.path("efficientnet-lite0"))
        assert network.classify(photo("chelsea.png")).argmax() in (281, 282, 285)  # tabby, tiger, Egyptian cat
        assert network.classify(photo("coffee.png")).argmax() == 967  # espresso

    def test_light_and_crop_change_less_than_another_picture(self, photo: Any) -> None:
        cup, rocket = photo("coffee.png"), photo("rocket.jpg")
        darker = (cup * 0.7).astype(np.uint8)
        a, b, c, d = views.views([cup, darker, cup[20:, 30:], rocket])
        for other in (b, c):
            assert views.cosine(a.whole, other.whole) > 0.8 > 0.5 > views.cosine(a.whole, d.whole)
            assert views.cosine(a.style, other.style) > views.cosine(a.style, d.style)
