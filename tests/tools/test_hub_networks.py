"""The networks of a model hub with their own weights, on photographs, where somebody has got them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from cinejudge import weights
from cinejudge.tools.models import csd, dinov2, grounding_dino, image_text, musiq
from cinejudge.tools.models.aesthetic import load as load_predictor

pytestmark = pytest.mark.real

Photo = Callable[[str], Any]


def needs(*names: str, package: str | None = "transformers") -> None:
    if package:
        pytest.importorskip(package, reason="the extra `hub` is not installed")
    lacking = [name for name in (*names, "example-photos") if not weights.present(name)]
    if lacking:
        pytest.skip(f"weights missing: cinejudge weights pull {' '.join(lacking)}")


@pytest.fixture
def photo() -> Photo:
    return lambda name: cv2.imread(str(weights.path("example-photos", name)), cv2.IMREAD_COLOR_RGB)


@pytest.mark.parametrize(("name", "entry"), [("clip", "clip-vit-l14"), ("siglip", "siglip-so400m")])
def test_a_picture_fits_its_own_words_best(name: str, entry: str, photo: Photo) -> None:
    needs(entry)
    network = image_text.load(name)
    words = network.texts(["a photo of a cat", "a photo of a cup of coffee", "a photo of a rocket"])
    pictures = network.pictures([photo("chelsea.png"), photo("coffee.png"), photo("rocket.jpg")])
    assert (pictures @ words.T).argmax(axis=1).tolist() == [0, 1, 2]


def test_dinov2_knows_a_picture_again(photo: Photo) -> None:
    needs("dinov2-base")
    cat = photo("chelsea.png")
    same, dark, other = dinov2.describe([cat, (cat * 0.6).astype(np.uint8), photo("rocket.jpg")])
    assert same @ dark > 0.7 > 0.4 > same @ other


def test_csd_tells_a_drawing_from_a_photograph(photo: Photo) -> None:
    needs("csd-vit-l", package=None)
    cat, cup = photo("chelsea.png"), photo("coffee.png")
    drawn = [cv2.stylization(picture, sigma_s=60, sigma_r=0.6) for picture in (cat, cup)]
    seen = csd.load().pictures([cat, cup, *drawn])
    assert seen[2] @ seen[3] > seen[0] @ seen[3]


def test_grounding_dino_finds_the_cat_and_no_rocket(photo: Photo) -> None:
    needs("grounding-dino-tiny")
    (found,) = grounding_dino.detect([photo("chelsea.png")], ["a cat", "a rocket"])
    assert len(found.boxes) and found.classes[0] == 0
    x0, y0, x1, y1 = found.boxes[0]
    assert (x1 - x0) * (y1 - y0) > 0.4


def test_musiq_sees_blur(photo: Photo) -> None:
    needs("musiq-koniq", package=None)
    cup, network = photo("coffee.png"), musiq.load()
    ratings = [network.score(picture) for picture in (cup, *(cv2.GaussianBlur(cup, (0, 0), s) for s in (2, 5)))]
    assert 100 > ratings[0] > ratings[1] > ratings[2] > 0


def test_the_predictor_votes_on_its_scale(photo: Photo) -> None:
    needs("clip-vit-l14", "aesthetic-l14")
    votes = [load_predictor().score(photo(name)) for name in ("coffee.png", "rocket.jpg", "chelsea.png")]
    assert all(2 < vote < 9 for vote in votes)
