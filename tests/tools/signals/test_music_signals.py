"""Tempo, beats, tone colour and notes of music that was made here; spectra against their definitions."""

from itertools import pairwise

import numpy as np
import pytest

from cinejudge.tools.signals import clusters, mel, rhythm, spectrum, timbre

from ..melody import INSTRUMENTS, RATE, music, note

HOP_S = spectrum.ONSET_HOP / RATE


def flux(samples):
    return spectrum.flux(samples, rhythm.FAINTEST)


@pytest.mark.parametrize("instrument", INSTRUMENTS)
@pytest.mark.parametrize("bpm", [60, 75, 100, 128, 160, 180])
@pytest.mark.parametrize("seconds", [4, 10])
def test_tempo_is_right_up_to_its_double_and_half(instrument, bpm, seconds):
    for drums in (True, False):
        found = rhythm.tempo(flux(music(bpm, seconds, instrument, drums=drums, late_s=0.13)), HOP_S)
        ratio = found.bpm / bpm
        assert min(abs(ratio * times - 1) for times in (0.5, 1, 2)) < 0.04
        assert found.strength >= rhythm.STEADY or seconds == 4


@pytest.mark.parametrize("bpm", [60, 90, 120, 150])
def test_beats_fall_where_the_notes_begin(bpm):
    samples = music(bpm, 8, "pluck", drums=False, late_s=0.2)
    found = rhythm.beats(flux(samples), HOP_S, bpm)
    off = (found - 0.2 + 30 / bpm) % (60 / bpm) - 30 / bpm
    assert len(found) >= 8 * bpm / 60 - 2
    assert np.abs(off).max() < 0.06


@pytest.mark.parametrize("seconds", [3, 5, 10])
def test_noise_has_no_steady_beat(seconds):
    rng = np.random.default_rng(3)
    for samples in (rng.normal(size=seconds * RATE) * 0.1, np.convolve(rng.normal(size=seconds * RATE), np.ones(20))):
        found = rhythm.tempo(flux(samples), HOP_S)
        assert found is None or found.strength < rhythm.STEADY


def test_silence_and_short_sound_have_no_tempo():
    assert rhythm.tempo(flux(np.zeros(5 * RATE)), HOP_S) is None
    assert rhythm.tempo(flux(music(120, 2.5)), HOP_S) is None
    assert len(rhythm.beats(flux(np.zeros(5 * RATE)), HOP_S, 120)) == 0


def test_notes_name_the_pitch_class_whatever_the_octave():
    for step, hz in ((0, 261.63), (0, 523.25), (9, 440.0), (4, 329.63)):
        assert timbre.notes(note(hz, RATE, "organ") * 0.2).argmax() == step
    assert not timbre.notes(np.zeros(RATE)).any()


def test_tone_colour_follows_the_instrument_and_not_the_level():
    organ, saw = (note(220, RATE, i) * 0.1 for i in ("organ", "saw"))
    louder = timbre.colour_likeness(timbre.colour(organ), timbre.colour(organ * 2))
    other = timbre.colour_likeness(timbre.colour(organ), timbre.colour(saw))
    assert louder == pytest.approx(1) and other < 0.3


def test_mel_filters_have_equal_area_and_meet_at_their_corners():
    hz = np.arange(0, 8000, 1.0)
    for edges in (mel.htk_edges(24, 100, 8000), mel.slaney_edges(40, 0, 8000)):
        filters = mel.triangles(edges, hz)
        assert filters.sum(axis=1) == pytest.approx(1, abs=0.01)
        assert all(filters[i, hz > edges[i + 2]].max(initial=0) == 0 for i in range(len(filters)))
        assert all(b > a for a, b in pairwise(edges))
    assert mel.slaney_edges(40, 0, 8000)[-1] == pytest.approx(8000)
    assert mel.htk_edges(24, 100, 8000)[[0, -1]] == pytest.approx([100, 8000])


def test_no_spectrum_where_the_window_does_not_fit():
    assert mel.power_spectra(np.ones(99), np.ones(100), 10, 128).shape == (0, 65)
    assert mel.power_spectra(np.ones(120), np.ones(100), 10, 128).shape == (3, 65)


def test_clusters_join_what_is_alike_and_number_it_by_appearance():
    east, north = np.array([1.0, 0.05]), np.array([0.05, 1.0])
    vectors = np.stack([v / np.linalg.norm(v) for v in (north, east, north, east)])
    assert clusters.clusters(vectors, 0.9).tolist() == [0, 1, 0, 1]
    assert clusters.clusters(vectors, 0.0).tolist() == [0, 0, 0, 0]
    assert clusters.clusters(vectors[:1], 0.9).tolist() == [0]
    assert clusters.renumbered(np.array([7, 2, 7, 5])).tolist() == [0, 1, 0, 2]
