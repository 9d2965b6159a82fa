"""What an hour of sound would take: measures work through it piece by piece."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cinejudge.media import Sound
from cinejudge.tools.signals import mel, spectrum, waveform

SECONDS = 120
STEREO = np.random.default_rng(0).normal(scale=0.1, size=(SECONDS * 48_000, 2)).astype(np.float32)
MONO = np.ascontiguousarray(STEREO[: SECONDS * 16_000, 0])
FILTERS = mel.triangles(mel.htk_edges(24, 100.0, 8000.0), np.arange(257) * 16_000 / 512)


def _peak_mb(act: Callable[[], Any]) -> float:
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("act", "most_mb"),
    [
        (lambda: waveform.stereo(STEREO), 40),
        (lambda: waveform.peaks(STEREO), 40),
        (lambda: waveform.clipping(STEREO, 48_000), 40),
        (lambda: spectrum.flux(MONO), 40),
        (lambda: mel.bands(MONO, np.hanning(400), 160, 512, FILTERS, emphasis=0.97), 60),
    ],
    ids=["stereo", "peaks", "clipping", "flux", "bands"],
)
def test_measures_take_less_than_a_copy_of_the_sound(act: Callable[[], Any], most_mb: float) -> None:
    assert _peak_mb(act) < most_mb


def test_mono_grows_by_no_more_than_its_result() -> None:
    half, whole = (Sound(STEREO[: seconds * 48_000], 48_000) for seconds in (SECONDS // 2, SECONDS))
    half.mono(16_000)  # scipy is loaded now
    more_mb = _peak_mb(lambda: whole.mono(16_000)) - _peak_mb(lambda: half.mono(16_000))
    assert more_mb < 1.1 * (SECONDS // 2) * 16_000 * 4 / 1e6


def test_bands_are_those_of_the_whole() -> None:
    sound = MONO[: 16_000 * 60].astype(np.float64)
    emphasised = np.append(sound[:1] * (1 - 0.97), sound[1:] - 0.97 * sound[:-1])
    whole = mel.power_spectra(emphasised, np.hanning(400), 160, 512) @ FILTERS.T
    pieces = mel.bands(sound, np.hanning(400), 160, 512, FILTERS, emphasis=0.97)
    assert pieces.shape == whole.shape and len(whole) > mel._PIECE
    np.testing.assert_allclose(pieces, whole, rtol=1e-9)


def test_clipping_across_the_border_of_two_pieces_is_one_run() -> None:
    sound = np.zeros(((1 << 20) + 100, 1), np.float32)
    sound[(1 << 20) - 5 : (1 << 20) + 5] = 1.0
    sound[7] = 1.0
    found = waveform.clipping(sound, 48_000)
    assert (found.runs, round(found.share * sound.size)) == (1, 10)
