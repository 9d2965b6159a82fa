"""Prints how well the tool lipsync finds shifted sound and tells right from wrong sound, clip by clip.

Run: python benchmarks/lipsync.py FOLDER [CLIP...]   (a folder with clips of talking heads and their labels.json, which
says of which clips the sound is known to be in time)

Each mouth is followed once. Its own sound is then shifted by -400 to +400 ms in steps of 80 ms (silence or a cut in
front), and every other clip's sound is put in its place. AUC: probability that the right sound agrees better than a
wrong one.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from cinejudge.media import Footage
from cinejudge.tools import lipsync
from cinejudge.tools.models.mouth import MouthTrack, mouths
from cinejudge.tools.models.whisper import RATE, speech_spans
from cinejudge.tools.records.lips import FaceSync
from cinejudge.tools.sampling.spoken_mouths import FPS, Samples, Scene

SHIFTS_MS = range(-400, 401, 80)
CLIPS = (
    "grid_lbax4n.mpg",
    "grid_pwij3p.mpg",
    "universe1_speech_01.mp4",
    "universe1_speech_08.mp4",
    "universe1_speech_18.mp4",
    "humo_text_audio_1.mp4",
    "ovi_ti2av_8.mp4",
)
"""One head each, large enough to read."""


def shifted(sound: Samples, by_ms: int) -> Samples:
    """Later by so much; earlier below 0."""
    samples = by_ms * RATE // 1000
    return np.concatenate([np.zeros(samples, np.float32), sound]) if samples > 0 else sound[-samples:]


def compared(footage: Footage, track: MouthTrack, sound: Samples) -> FaceSync:
    """What the tool makes of a mouth and a sound."""
    scene = Scene(footage, (track,), sound, tuple(speech_spans(sound)), 1.0)
    return lipsync.compare_face(0, scene, lipsync.correlate)


def main() -> None:
    """Follows, shifts, swaps, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("clips", nargs="*", default=CLIPS)
    given = parser.parse_args()
    labels = json.loads((given.folder / "labels.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as temporary:
        heads: dict[str, tuple[Footage, MouthTrack, Samples]] = {}
        for name in given.clips:
            footage = Footage(given.folder / name, cache=Path(temporary))
            if footage.sound is None:
                raise SystemExit(f"{name} has no sound")
            begin = time.perf_counter()
            frames = footage.sample(0, footage.clip.frames, fps=FPS)
            found = mouths(footage, 0, frames, "cpu")
            seconds = time.perf_counter() - begin
            heads[name] = (footage, max(found, key=lambda t: len(t.times)), footage.sound.mono(RATE))
            print(f"{name}: {len(frames)} pictures in {seconds:.1f} s", flush=True)
        shifts(heads, {name for name in heads if labels.get(name, {}).get("av_sync")})
        swaps(heads)
        for footage, _, _ in heads.values():
            footage.close()


def shifts(heads: dict[str, tuple[Footage, MouthTrack, Samples]], in_sync: set[str]) -> None:
    """Prints the offset found less the shift; for clips known to be in sync that is the error."""
    print("\n| clip | " + " | ".join(f"{ms:+d}" for ms in SHIFTS_MS) + " |\n|---|" + "---|" * len(SHIFTS_MS))
    errors: list[float] = []
    for name, (footage, track, sound) in heads.items():
        cells = []
        for ms in SHIFTS_MS:
            face = compared(footage, track, shifted(sound, ms))
            if face.offset_ms is None:
                cells.append("-")
            else:
                cells.append(f"{face.offset_ms - ms:+.0f}{'' if face.standing == 'in_step' else '?'}")
            if name in in_sync:
                errors.append(abs(face.offset_ms - ms) if face.offset_ms is not None else float("inf"))
        print(f"| {name} | " + " | ".join(cells) + " |")
    if errors:
        print(f"\nKnown to be in sync: {np.mean(np.array(errors) <= 80):.0%} of {len(errors)} within 80 ms.")


def swaps(heads: dict[str, tuple[Footage, MouthTrack, Samples]]) -> None:
    """Prints the confidence of each mouth with each sound, and how well it tells them apart."""
    names = list(heads)
    print("\n| mouth of | " + " | ".join(names) + " |\n|---|" + "---|" * len(names))
    right: list[float] = []
    wrong: list[float] = []
    standings: dict[bool, list[str]] = {True: [], False: []}
    for name, (footage, track, _) in heads.items():
        cells = []
        for other in names:
            face = compared(footage, track, heads[other][2])
            standings[name == other].append(face.standing)
            if face.confidence is not None:
                (right if name == other else wrong).append(face.confidence)
            cells.append("-" if face.confidence is None else f"{face.confidence:.2f}")
        print(f"| {name} | " + " | ".join(cells) + " |")
    auc = np.mean([[a > b for b in wrong] for a in right])
    print(f"\nAUC {auc:.3f} over {len(right)} right and {len(wrong)} wrong sounds.")
    for own, title in ((True, "right"), (False, "wrong")):
        count = {s: standings[own].count(s) for s in dict.fromkeys(standings[own])}
        print(f"{title} sound: " + ", ".join(f"{s} {n}" for s, n in count.items()))


if __name__ == "__main__":
    main()
