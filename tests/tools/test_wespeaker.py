"""WeSpeaker's network behind the tool ``speakers``: front end, loader, and what groups the windows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cinejudge import weights
from cinejudge.tools import speakers
from cinejudge.tools.models import voice_encoder, wespeaker, whisper
from cinejudge.tools.records.speakers import Args, Result
from cinejudge.tools.signals import filter_bank

from .test_sound_senses import RATE, look, noise


def test_bands_follow_kaldi() -> None:
    """Numbers of kaldi-native-fbank 1.x for the same sound: Hamming, no dither, no energy, 80 bands."""
    rng = np.random.default_rng(0)
    samples = (rng.normal(size=2 * RATE) * 0.05 + 0.01 * np.sin(np.arange(2 * RATE) * 0.05)).astype(np.float32)
    found = filter_bank.log_bands(samples)
    assert found.shape == (198, 80)
    assert found[100, [0, 10, 40, 79]] == pytest.approx([12.627707, 16.065498, 18.925922, 23.14683], abs=1e-4)


def test_silence_and_scraps_have_bands_too() -> None:
    assert (filter_bank.log_bands(np.zeros(RATE)) == np.log(np.float32(filter_bank.FAINTEST))).all()
    assert filter_bank.log_bands(np.zeros(399)).shape == (0, 80)


# --- a small network in the published layout, written by hand ---


def field(number: int, value: int | bytes) -> bytes:
    """A field of a protocol buffer: a number, or bytes with their length."""
    if isinstance(value, int):
        return _count(number << 3) + _count(value)
    return _count(number << 3 | 2) + _count(len(value)) + value


def _count(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def onnx_network(path: Path) -> Path:
    """``embs = max(feats, time) @ weight`` for ``feats`` [B, T, 80], with 256 outputs."""

    def value(name: bytes, *sizes: bytes | int) -> bytes:
        dims = b"".join(field(1, field(2, s) if isinstance(s, bytes) else field(1, s)) for s in sizes)
        return field(1, name) + field(2, field(1, field(1, 1) + field(2, dims)))

    weight = np.random.default_rng(0).normal(size=(80, 256)).astype("<f4")
    tensor = field(1, 80) + field(1, 256) + field(2, 1) + field(8, b"weight") + field(9, weight.tobytes())
    axes = field(1, b"axes") + field(8, 1) + field(20, 7)
    keep = field(1, b"keepdims") + field(3, 0) + field(20, 2)
    most = field(1, b"feats") + field(2, b"most") + field(4, b"ReduceMax") + field(5, axes) + field(5, keep)
    product = field(1, b"most") + field(1, b"weight") + field(2, b"embs") + field(4, b"MatMul")
    graph = field(1, most) + field(1, product) + field(2, b"g") + field(5, tensor)
    graph += field(11, value(b"feats", b"B", b"T", 80)) + field(12, value(b"embs", b"B", 256))
    path.write_bytes(field(1, 8) + field(7, graph) + field(8, field(1, b"") + field(2, 13)))
    return path


@pytest.fixture
def network(tmp_path: Path) -> Iterator[wespeaker.WeSpeaker]:
    yield wespeaker.load(onnx_network(tmp_path / "voxceleb_resnet34_LM.onnx"))
    wespeaker.load.cache_clear()


def test_pieces_of_any_length_become_unit_vectors_in_their_order(network: wespeaker.WeSpeaker) -> None:
    pieces = [noise(s, seed=i).astype(np.float32) for i, s in enumerate((1.6, 0.5, 1.6, 0.9))]
    found = network.embed(pieces)
    assert found.shape == (4, 256) and np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-5)
    for piece, vector in zip(pieces, found, strict=True):
        assert network.embed([piece])[0] == pytest.approx(vector, abs=1e-5)
    assert network.embed([]).shape == (0, 256)


def test_loudness_changes_nothing(network: wespeaker.WeSpeaker) -> None:
    soft, loud = network.embed([noise(1).astype(np.float32), 4 * noise(1).astype(np.float32)])
    assert soft == pytest.approx(loud, abs=1e-4)


class Signs:
    """Stands for a network: the sign of the samples is the voice."""

    def __init__(self, plus: tuple[float, float], minus: tuple[float, float]) -> None:
        self.vectors = {1: plus, -1: minus}

    def embed(self, pieces: Any) -> Any:
        return np.array([self.vectors[int(np.sign(p.mean())) or 1] for p in pieces], np.float32)


def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cues: Signs, voices: Signs) -> Result:
    monkeypatch.setattr(weights, "path", lambda name: Path(name))
    monkeypatch.setattr(wespeaker, "load", lambda path: cues)
    monkeypatch.setattr(voice_encoder, "load", lambda path: voices)
    monkeypatch.setattr(whisper, "speech_spans", lambda samples: [(0.0, 3.0), (3.5, 6.5), (7.0, 7.5)])
    who = np.concatenate([np.full(round(s * RATE), 0.1 * sign) for s, sign in ((3.2, 1), (3.5, -1), (3.3, 1))])
    return speakers.TOOL.providers[0].run(look(tmp_path, who), Args())


def test_it_groups_windows_while_likeness_stays_on_the_measured_scale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apart, alike = Signs((1, 0), (0.1, 0.995)), Signs((1, 0), (0.8, 0.6))
    found = run(tmp_path, monkeypatch, apart, alike)
    assert [(t.speaker, t.start_s, t.end_s, t.sure) for t in found.turns] == [
        (0, 0, 3, True),
        (1, 3.5, 6.5, True),
        (0, 7, 7.5, False),
    ]
    # Resemblyzer holds the two for alike, so their number is not sure.
    assert found.least_alike == pytest.approx(0.8, abs=1e-3) and not found.count_sure


def test_one_voice_where_it_hears_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = run(tmp_path, monkeypatch, Signs((1, 0), (0.5, 0.87)), Signs((1, 0), (0, 1)))
    assert len(found.voices) == 1


@pytest.mark.real
def test_the_published_weights_load() -> None:
    if not weights.present("wespeaker-resnet34"):
        pytest.skip("weights of WeSpeaker are not present")
    network = wespeaker.load(weights.path("wespeaker-resnet34"))
    assert network.embed([noise(1.6).astype(np.float32)]).shape == (1, wespeaker.SIZE)
