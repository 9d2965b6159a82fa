"""Loudness against the standard's own values; each fault, injected, raises its own measure and leaves the others."""

import numpy as np
import pytest

from cinejudge.tools.signals import loudness, spectrum, waveform

RATE = 48_000


def sine(hz, seconds=5.0, level=1.0, rate=RATE):
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def column(*channels):
    return np.stack(channels, axis=1)


def programme(seconds=6.0):
    """Something like speech and room: bursts of coloured noise over a soft floor, in two unlike channels."""
    rng = np.random.default_rng(7)
    n = round(seconds * RATE)
    bursts = (np.sin(2 * np.pi * 1.5 * np.arange(n) / RATE) > 0) * 0.12 + 0.004
    left, right = (np.convolve(rng.normal(size=n), np.ones(8) / 8, "same") * bursts for _ in range(2))
    return column(left, 0.7 * left + 0.3 * right).astype(np.float32)


class TestLoudness:
    def test_filter_coefficients_are_those_of_the_standard_at_48_khz(self):
        shelf, high_pass = loudness.k_filter(RATE)
        expected = [1.53512485958697, -2.69169618940638, 1.19839281085285, 1, -1.69065929318241, 0.73248077421585]
        assert shelf == pytest.approx(expected, abs=1e-10)
        assert high_pass == pytest.approx([1, -2, 1, 1, -1.99004745483398, 0.99007225036621], abs=1e-10)

    @pytest.mark.parametrize("rate", [16_000, 22_050, 44_100, 48_000])
    def test_a_full_scale_sine_in_one_channel_reads_minus_3_01(self, rate):
        tone = sine(997, rate=rate)
        one = column(tone, np.zeros_like(tone))
        assert loudness.integrated(loudness.block_powers(one, rate)) == pytest.approx(-3.01, abs=0.1)

    def test_both_channels_add_3_db_and_level_counts_db_for_db(self):
        tone = sine(997)
        assert loudness.integrated(loudness.block_powers(column(tone, tone), RATE)) == pytest.approx(0.0, abs=0.02)
        quiet = sine(997, level=0.1)
        assert loudness.integrated(loudness.block_powers(column(quiet, quiet), RATE)) == pytest.approx(-20, abs=0.02)

    def test_low_notes_count_less_and_high_ones_more(self):
        low, middle, high = (
            loudness.integrated(loudness.block_powers(column(sine(hz, level=0.1)), RATE)) for hz in (40, 997, 6000)
        )
        assert low < middle - 4 and high > middle + 3

    def test_pauses_are_gated_out(self):
        tone = sine(997, level=0.1)
        with_pause = np.concatenate([tone, np.zeros(5 * RATE, np.float32)])
        whole = loudness.integrated(loudness.block_powers(column(tone), RATE))
        assert loudness.integrated(loudness.block_powers(column(with_pause), RATE)) == pytest.approx(whole, abs=0.3)

    def test_silence_and_too_little_sound_have_no_loudness(self):
        assert loudness.integrated(loudness.block_powers(np.zeros((RATE, 2), np.float32), RATE)) is None
        assert loudness.integrated(loudness.block_powers(np.ones((100, 2), np.float32), RATE)) is None

    def test_chunks_do_not_show(self):
        tone = sine(1000, seconds=25, level=0.5)
        powers = loudness.block_powers(column(tone), RATE)
        assert np.ptp(loudness.loudness(powers[5:])) < 1e-3

    def test_the_true_peak_lies_between_the_samples(self):
        tone = np.sin(2 * np.pi * 12_000 * np.arange(RATE) / RATE + np.pi / 4)[:, None]
        assert np.abs(tone).max() == pytest.approx(0.7071, abs=1e-3)
        assert loudness.true_peak(tone, RATE) == pytest.approx(1.0, abs=0.08)
        assert loudness.decibels(0.0) is None


class TestWaveform:
    def test_clipping_rises_with_the_gain_and_is_absent_before(self):
        sound = programme()
        shares = [waveform.clipping(np.clip(sound * gain, -1, 1), RATE).share for gain in (1, 15, 30, 60)]
        assert shares[0] == 0 and shares == sorted(shares) and shares[1] > 0

    def test_the_longest_flat_top_is_named(self):
        sound = programme()
        sound[RATE : RATE + 50] = 1.0
        found = waveform.clipping(sound, RATE)
        assert found.worst == pytest.approx((1.0, 1.0 + 50 / RATE))

    def test_silences_are_found_to_the_window(self):
        sound = programme()
        sound[2 * RATE : 3 * RATE] = 0
        assert waveform.silences(waveform.levels(sound, RATE)) == [pytest.approx((2.0, 3.0))]
        assert waveform.silences(waveform.levels(programme(), RATE)) == []

    @pytest.mark.parametrize("shift", [0.0, 0.01, -0.05])
    def test_the_offset_is_the_mean(self, shift):
        assert waveform.offset(programme() + np.float32(shift)) == pytest.approx(abs(shift), abs=1e-3)

    def test_the_noise_floor_follows_added_noise(self):
        rng = np.random.default_rng(0)
        noise = rng.normal(size=(6 * RATE, 2)).astype(np.float32)
        floors = [waveform.noise_floor(waveform.levels(programme() + noise * a, RATE)) for a in (0, 0.005, 0.02, 0.08)]
        assert floors == sorted(floors) and floors[-1] == pytest.approx(20 * np.log10(0.08), abs=1)
        assert waveform.noise_floor(waveform.levels(np.zeros((RATE, 1)), RATE)) is None

    def test_a_turned_channel_shows_in_correlation_and_mono_loss(self):
        sound = programme()
        right = waveform.stereo(sound)
        turned = waveform.stereo(sound * np.array([1, -1], np.float32))
        assert right.correlation > 0.8 and right.mono_loss_db < 1
        assert turned.correlation < -0.8 and turned.mono_loss_db > 6

    def test_mono_and_an_empty_channel_have_no_stereo(self):
        assert waveform.stereo(programme()[:, :1]) is None
        assert waveform.stereo(programme() * np.array([1, 0], np.float32)) is None

    def test_balance_is_left_over_right(self):
        tone = sine(500)
        assert waveform.stereo(column(tone, tone / 10)).balance_db == pytest.approx(20, abs=0.01)


class TestHum:
    def mains(self, hz, level, seconds=6.0):
        return sum(sine(hz * k, seconds, level / k) for k in range(1, 8))

    @pytest.mark.parametrize("hz", [50, 60])
    def test_hum_is_told_by_its_frequency_and_rises_with_it(self, hz):
        clean = programme().mean(axis=1)
        found = [spectrum.hum(clean + self.mains(hz, level), RATE) for level in (0.0005, 0.003, 0.02)]
        assert [f.hz for f in found[1:]] == [hz, hz]
        prominences = [f.prominence_db for f in found]
        assert prominences == sorted(prominences) and prominences[-1] > 20

    def test_clean_sound_a_single_low_note_and_noise_are_no_hum(self):
        rng = np.random.default_rng(3)
        for sound in (
            programme().mean(axis=1),
            programme().mean(axis=1) + sine(50, 6.0, 0.1),
            rng.normal(size=6 * RATE).astype(np.float32) * 0.1,
        ):
            assert spectrum.hum(sound, RATE).prominence_db < 9

    def test_silence_and_short_sound_have_none(self):
        assert spectrum.hum(np.zeros(5 * RATE, np.float32), RATE) is None
        assert spectrum.hum(programme(1.0).mean(axis=1), RATE) is None


class TestOnsets:
    def clicks(self, times, level=0.5):
        rate = spectrum.ONSET_RATE
        rng = np.random.default_rng(1)
        sound = rng.normal(size=5 * rate) * 0.001
        for time in times:
            start = round(time * rate)
            burst = rng.normal(size=800) * np.exp(-np.arange(800) / 200) * level
            sound[start : start + 800] += burst
        return sound

    def test_each_beginning_is_found_once_within_20_ms(self):
        times = [0.5, 1.0, 1.3, 2.71, 4.2]
        found = spectrum.onsets(self.clicks(times))
        assert [o.time_s for o in found] == pytest.approx(times, abs=0.02)

    def test_softer_beginnings_count_too(self):
        sound = self.clicks([1.0], 0.5) + self.clicks([3.0], 0.05)
        assert [o.time_s for o in spectrum.onsets(sound)] == pytest.approx([1.0, 3.0], abs=0.02)

    def test_steady_sound_has_no_onset_inside(self):
        rate = spectrum.ONSET_RATE
        rng = np.random.default_rng(2)
        for sound in (np.zeros(3 * rate), sine(440, 3, 0.3, rate), rng.normal(size=3 * rate) * 0.1):
            assert [o for o in spectrum.onsets(sound) if 0.1 < o.time_s < 2.9] == []

    def test_too_little_sound_has_none(self):
        assert spectrum.onsets(np.ones(10)) == []


@pytest.mark.parametrize(
    ("fault", "own"),
    [
        (lambda s: np.clip(s * 20, -1, 1), "clipping"),
        (lambda s: s + 0.03, "offset"),
        (lambda s: np.concatenate([s[: 2 * RATE], np.zeros((RATE, 2)), s[3 * RATE :]]), "silence"),
        (lambda s: s * np.array([1, -1]), "phase"),
    ],
)
def test_a_fault_leaves_the_measures_of_other_faults_alone(fault, own):
    def faults(sound):
        stereo = waveform.stereo(sound)
        return {
            "clipping": waveform.clipping(sound, RATE).share > 0.001,
            "offset": waveform.offset(sound) > 0.01,
            "silence": bool(waveform.silences(waveform.levels(sound, RATE))),
            "phase": stereo.correlation < -0.3,
            "hum": spectrum.hum(sound.mean(axis=1), RATE) is not None
            and spectrum.hum(sound.mean(axis=1), RATE).prominence_db > 12,
        }

    clean, broken = programme(), fault(programme())
    assert not any(faults(clean).values())
    assert [name for name, bad in faults(broken).items() if bad] == [own]
