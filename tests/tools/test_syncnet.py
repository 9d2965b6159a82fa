"""SyncNet's shapes, names and arithmetic with random weights; the published ones where they are present."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cinejudge import weights
from cinejudge.tools.signals import cepstrum

torch = pytest.importorskip("torch")

from cinejudge.tools.models import syncnet  # noqa: E402

PUBLISHED = {
    "netcnnaud.0.weight": (64, 1, 3, 3),
    "netcnnaud.4.weight": (192, 64, 3, 3),
    "netcnnaud.8.weight": (384, 192, 3, 3),
    "netcnnaud.11.weight": (256, 384, 3, 3),
    "netcnnaud.14.weight": (256, 256, 3, 3),
    "netcnnaud.18.weight": (512, 256, 5, 4),
    "netfcaud.0.weight": (512, 512),
    "netfcaud.3.weight": (1024, 512),
    "netfclip.3.weight": (1024, 512),
    "netcnnlip.0.weight": (96, 3, 5, 7, 7),
    "netcnnlip.4.weight": (256, 96, 1, 5, 5),
    "netcnnlip.8.weight": (256, 256, 1, 3, 3),
    "netcnnlip.18.weight": (512, 256, 1, 6, 6),
}
"""Names and shapes of the published model's tensors."""


def test_names_and_shapes_are_those_of_the_published_model() -> None:
    state = syncnet.SyncNet().state_dict()
    assert {name: tuple(state[name].shape) for name in PUBLISHED} == PUBLISHED
    floats = sum(value.numel() for value in state.values() if value.is_floating_point())
    assert floats * 4 == pytest.approx(54_573_114, rel=0.002)  # the size of the published file


def test_weights_are_loaded_and_both_sides_give_1024_numbers(tmp_path: Path) -> None:
    torch.manual_seed(0)
    path = tmp_path / "syncnet_v2.model"
    torch.save(syncnet.SyncNet().state_dict(), path)
    network = syncnet.load(path, "cpu")
    with torch.inference_mode():
        assert network.hear(torch.zeros(2, 1, 13, 20)).shape == (2, 1024)
        assert network.see(torch.zeros(1, 3, 5, 224, 224)).shape == (1, 1024)


def test_a_file_that_holds_more_than_tensors_is_refused(tmp_path: Path) -> None:
    import pickle

    path = tmp_path / "evil.model"
    torch.save({"netcnnaud.0.weight": Path}, path)
    with pytest.raises(pickle.UnpicklingError):
        syncnet.load(path, "cpu")


@pytest.mark.parametrize("late", [-8, 0, 5])
def test_the_lag_with_the_smallest_distance(late: int) -> None:
    rng = np.random.default_rng(0)
    speech = rng.normal(size=(80, 64))
    seen = speech[20:60]
    heard = speech[20 - syncnet.LATEST - late : 60 + syncnet.LATEST - late]  # what is seen is heard so much later
    found = syncnet.synchrony(seen, heard, np.ones(len(heard), bool))
    assert found is not None
    assert found.lag_s == pytest.approx(late / 25)
    assert found.distance == pytest.approx(0, abs=1e-3) and found.confidence > 5


def test_sound_that_is_missing_is_not_compared() -> None:
    rng = np.random.default_rng(0)
    seen, heard = rng.normal(size=(30, 8)), rng.normal(size=(50, 8))
    assert syncnet.synchrony(seen, heard, np.zeros(50, bool)) is None


def test_cepstra_follow_the_published_recipe() -> None:
    times = np.arange(16000) / 16000
    found = cepstrum.mfcc((0.5 * np.sin(2 * np.pi * 440 * times)).astype(np.float32))
    assert found.shape == (98, 13)
    # Energy of one window after pre-emphasis, by hand.
    sound = np.round(0.5 * np.sin(2 * np.pi * 440 * times) * 32767)
    emphasised = np.append(sound[:1], sound[1:] - 0.97 * sound[:-1])[1600:2000]
    energy = (np.abs(np.fft.rfft(emphasised, 512)) ** 2 / 512).sum()
    assert found[10, 0] == pytest.approx(np.log(energy), abs=1e-4)


@pytest.mark.real
def test_the_published_weights_load() -> None:
    if not weights.present("syncnet"):
        pytest.skip("weights of SyncNet are not present")
    assert syncnet.load(weights.path("syncnet"), "cpu")
