"""What the senses of sound are worth: events, voices, quality, tempo, music over cuts, and what they cost.

    python benchmarks/voices_and_music.py CLIPS [--voices FOLDER] [--write docs/perception.md]

CLIPS holds videos; FOLDER one folder per person with WAV files of 16-bit PCM of that person alone. With ``--write``
the section between the marks in the file is replaced.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import torch

from cinejudge import weights
from cinejudge.media import ArtifactStore, Footage, Sound
from cinejudge.media.recording import read_recording
from cinejudge.tools import audio_events, audio_quality, music, speakers
from cinejudge.tools.contract import Abstain, Look
from cinejudge.tools.models import voice_encoder, whisper
from cinejudge.tools.sampling.voice_windows import HOP_S, WINDOW_S
from cinejudge.tools.signals import rhythm, spectrum
from cinejudge.tools.signals.clusters import mean_vector

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "tools"))
from melody import INSTRUMENTS, RATE
from melody import music as melody

BEGIN = "<!-- sound: made by benchmarks/voices_and_music.py -->"
END = "<!-- end of sound: made by benchmarks/voices_and_music.py -->"
TOOLS = (audio_events, speakers, audio_quality, music)
VIDEOS = {".mp4", ".mpg", ".mov", ".mkv", ".webm"}


def look(samples: Any, folder: Path, *cuts_s: float) -> Look:
    edges = [0.0, *cuts_s, len(samples) / RATE]
    shots = tuple(SimpleNamespace(index=i, start_s=a, end_s=b) for i, (a, b) in enumerate(pairwise(edges)))
    sound = Sound(np.asarray(samples, np.float32).reshape(-1, 1), RATE)
    return Look(SimpleNamespace(sound=sound), shots, ArtifactStore(folder))  # type: ignore[arg-type]


def told(tool: ModuleType, at: Look) -> Any:
    """The result, or why there is none."""
    try:
        return tool.TOOL.providers[-1].run(at, tool.Args())
    except Abstain as why:
        return why


def on_clips(clips: Path, folder: Path) -> Iterator[str]:
    yield "| clip | events | music | voices | several | DNSMOS | as 1-10 |"
    yield "|---|---|---|---|---|---|---|"
    for path in sorted(p for p in clips.iterdir() if p.suffix in VIDEOS):
        with Footage(path, cache=folder) as footage:
            if footage.sound is None:
                continue
            at = look(footage.sound.mono(RATE), folder)
        events, heard, rated = (told(tool, at) for tool in (audio_events, speakers, audio_quality))
        voices = ("-", "-") if isinstance(heard, Abstain) else (str(len(heard.voices)), _word(heard.several))
        quality = ("-", "-")
        if not isinstance(rated, Abstain):
            quality = (f"{rated.clip.overall:.2f}", f"{rated.clip.production_quality:.1f}")
        cells = [path.name, events.summary, _word(events.has_music), *voices, *quality]
        yield f"| {' | '.join(cells)} |"


def _word(known: bool | None) -> str:
    return "cannot tell" if known is None else "yes" if known else "no"


def false_claims(folder: Path) -> str:
    rng, t, claims, tries = np.random.default_rng(0), np.arange(6 * RATE) / RATE, 0, 0
    for level in (1e-4, 1e-3, 0.01, 0.1):
        white = rng.normal(size=len(t)) * level
        sounds = [white, np.convolve(white, np.ones(20) / 4, "same"), level * np.sin(2 * np.pi * 440 * t), 0 * t]
        sounds += [white * (1 + np.sin(2 * np.pi * 3 * t)), level * np.sin(2 * np.pi * (200 + 100 * t) * t)]
        sounds.append(level * sum(np.sin(2 * np.pi * 50 * k * t) / k for k in range(1, 6)))
        for samples in sounds:
            events, *others = (told(tool, look(samples, folder)) for tool in TOOLS)
            tries += 1
            claims += bool(events.has_music) or events.seconds("speech") > 0
            claims += sum(not isinstance(other, Abstain) for other in others)
    return f"**False claims** of speech, music, a voice or a rating: {claims} on {tries} of noise, tones, hum, silence."


def tempo() -> str:
    exact, octave, count = 0, 0, 0
    for instrument in INSTRUMENTS:
        for drums in (True, False):
            for bpm in range(60, 181, 8):
                for seconds in (4, 10):
                    samples = melody(bpm, seconds, instrument, drums=drums, late_s=0.13)
                    found = rhythm.tempo(spectrum.flux(samples, rhythm.FAINTEST), spectrum.ONSET_HOP / RATE)
                    ratio = found.bpm / bpm if found else 0.0
                    exact += abs(ratio - 1) < 0.04
                    octave += min(abs(ratio * k - 1) for k in (0.5, 1, 2)) < 0.04
                    count += 1
    return (
        f"**Tempo** of {count} pieces made here (four instruments, with and without drums, 60 to 180 beats per minute, "
        f"4 and 10 s), within 4 %: {exact / count:.1%} exactly, {octave / count:.1%} up to double or half."
    )


def over_cuts(folder: Path) -> Iterator[str]:
    other = dict(zip(INSTRUMENTS, INSTRUMENTS[2:] + INSTRUMENTS[:2], strict=True))
    rows: dict[str, list[float]] = {}
    for instrument in INSTRUMENTS:
        for drums in (True, False):
            for bpm in (75, 100, 128, 160):
                whole = melody(bpm, 10, instrument, drums=drums)
                first, last = whole[: 5 * RATE], slice(5 * RATE, None)
                odd, far = other[instrument], 220 * 2**0.5
                after = {
                    "one piece": whole[last],
                    "other instrument, same beat": melody(bpm, 10, odd, drums=drums)[last],
                    "other key, same beat": melody(bpm, 10, instrument, root_hz=far, drums=drums)[last],
                    "starts over, off the beat": melody(bpm, 5, instrument, drums=drums, late_s=0.4 * 60 / bpm),
                    "a quarter faster": melody(1.25 * bpm, 5, instrument, drums=drums),
                    "another piece": melody(1.3 * bpm, 5, odd, root_hz=far, drums=not drums),
                }
                for name, second in after.items():
                    found = told(music, look(np.concatenate([first, second]), folder, 5.0))
                    joins = () if isinstance(found, Abstain) else found.joins
                    rows.setdefault(name, []).extend(j.consistency for j in joins)
    yield "| after the cut | cuts | consistency: 10 %, median, 90 % | under .55 |"
    yield "|---|---|---|---|"
    for name, values in rows.items():
        low, middle, high = np.quantile(values, [0.1, 0.5, 0.9])
        yield f"| {name} | {len(values)} | {low:.2f} {middle:.2f} {high:.2f} | {np.mean(np.array(values) < 0.55):.0%} |"


def likeness(folder: Path) -> Iterator[str]:
    """Cosines of stretches of speech of one person and of two, from recordings."""
    encoder = voice_encoder.load(weights.path("voice-encoder"))
    windows: list[tuple[str, str, float, float, Any]] = []
    spans: dict[tuple[str, str, float], list[Any]] = {}
    for path in sorted(folder.glob("*/*.wav")):
        samples = read_recording(path).mono(voice_encoder.RATE)
        for a, b in whisper.speech_spans(samples):
            if b - a < speakers.LEAST_S:
                continue
            part = voice_encoder.louder(samples[round(a * RATE) : round(b * RATE)])
            starts = np.arange(1 + max(0, int((b - a - WINDOW_S) / HOP_S + 1e-6))) * HOP_S
            pieces = [part[round(s * RATE) : round((s + WINDOW_S) * RATE)] for s in starts]
            for start, voice in zip(starts, encoder.embed(pieces), strict=True):
                windows.append((path.parent.name, path.name, a + start, a + start + WINDOW_S, voice))
                spans.setdefault((path.parent.name, path.name, a), []).append(voice)
    pairs = [
        (float(x[4] @ y[4]), x[0] == y[0])
        for x, y in combinations(windows, 2)
        if x[:2] != y[:2] or y[2] >= x[3] or x[2] >= y[3]
    ]
    means = [(key[0], mean_vector(np.stack(voices))) for key, voices in spans.items()]
    whole = [(float(x[1] @ y[1]), x[0] == y[0]) for x, y in combinations(means, 2)]
    people = len({w[0] for w in windows})
    yield f"| {people} people | pairs | one person: 5 %, median | two people: median, 95 % |"
    yield "|---|---|---|---|"
    for name, values in (("windows of 1.6 s", pairs), ("stretches of speech", whole)):
        same, apart = (np.array([v for v, alike in values if alike is wanted]) for wanted in (True, False))
        s, d = np.quantile(same, [0.05, 0.5]), np.quantile(apart, [0.5, 0.95])
        yield f"| {name} | {len(same)} / {len(apart)} | {s[0]:.2f} {s[1]:.2f} | {d[0]:.2f} {d[1]:.2f} |"


def cost(clips: Path, folder: Path) -> str:
    """Processor and wall seconds of each tool for 10 s of sound, networks loaded."""
    samples = []
    for path in sorted(p for p in clips.iterdir() if p.suffix in VIDEOS and "speech" in p.name):
        with Footage(path, cache=folder) as footage:
            if footage.sound is not None:
                samples.append(footage.sound.mono(RATE))
    spoken = np.concatenate(samples)[: 10 * RATE]
    parts = []
    for tool in TOOLS:
        at = look(melody(110, 10) if tool is music else spoken, folder, 5.0)
        told(tool, at)
        wall, processor = time.perf_counter(), time.process_time()
        told(tool, at)
        parts.append(
            f"{tool.TOOL.name} {time.process_time() - processor:.2f} ({time.perf_counter() - wall:.2f} by the clock)"
        )
    return (
        f"**Seconds** for 10 s of sound, of processor time, on {torch.get_num_threads()} threads: {', '.join(parts)}."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", type=Path)
    parser.add_argument("--voices", type=Path)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(2)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = ["\n".join(on_clips(options.clips, folder)), false_claims(folder), tempo()]
        parts.append("\n".join(over_cuts(folder)))
        if options.voices:
            parts.append("\n".join(likeness(options.voices)))
        parts.append(cost(options.clips, folder))
    text = "\n\n".join(parts)
    print(text)
    if options.write:
        whole = options.write.read_text("utf-8")
        before, rest = whole.split(BEGIN)
        options.write.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}", "utf-8")


if __name__ == "__main__":
    main()
