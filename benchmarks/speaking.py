"""Measures how often the tool active_speaker gives a voice to the face that it belongs to.

Run: python benchmarks/speaking.py FOLDER [--write]   (a folder with clips of talking heads and their labels.json)

Heads of different clips, followed one by one, are put before the tool side by side, with the sound of one of them: two
people who both move their mouths (the other one speaks too, unheard), a speaker beside one who rests, and one who moves
the mouth while somebody else is heard. Then the whole tool runs on every clip with sound.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
from lipsync import CLIPS
from page import write_section
from people import labelled_shots

from cinejudge.media import ArtifactStore, Footage
from cinejudge.tools import active_speaker
from cinejudge.tools.contract import Abstain, Look
from cinejudge.tools.models.mouth import MouthTrack
from cinejudge.tools.models.whisper import speech_spans
from cinejudge.tools.records.mouths import Args
from cinejudge.tools.sampling import spoken_mouths
from cinejudge.tools.sampling.spoken_mouths import Samples, Scene, Spans


def resting(track: MouthTrack) -> MouthTrack:
    """The same face with a mouth that stays shut: as much tremor as closed mouths in the studio recordings have."""
    rng = np.random.default_rng(0)
    shapes = np.median(track.shapes, axis=0) + rng.normal(0, 0.004, np.shape(track.shapes))
    patches = [track.patches[0] + rng.normal(0, 1, track.patches[0].shape).astype(np.float32) for _ in track.patches]
    return replace(track, shapes=[tuple(row) for row in shapes], patches=patches)


def told(tracks: Sequence[MouthTrack], sound: Samples, spoken: Spans) -> Counter[str]:
    """Seconds of speech given to each place, to nobody, or left open."""
    scene = Scene(None, tuple(tracks), sound, tuple(spoken), 1.0)  # type: ignore[arg-type]
    readable = [n for n, track in enumerate(tracks) if spoken_mouths.unreadable(track, spoken) is None]
    seconds: Counter[str] = Counter()
    for part in active_speaker.by_agreement(scene, readable):
        whose = str(part.track) if part.track is not None else "nobody" if part.decided else "unclear"
        seconds[whose] += part.end_s - part.start_s
    return seconds


def staged(heads: dict[str, tuple[MouthTrack, Samples]]) -> Iterator[str]:
    """A row for each kind of scene; the face that speaks stands first, where it is seen."""
    cases: dict[str, list[Counter[str]]] = {
        "two talk, one is heard": [],
        "one talks, one rests": [],
        "heard from off": [],
    }
    for (track, sound), (other, _) in permutations(heads.values(), 2):
        spoken = speech_spans(sound)
        cases["two talk, one is heard"].append(told([track, other], sound, spoken))
        cases["one talks, one rests"].append(told([track, resting(other)], sound, spoken))
        cases["heard from off"].append(told([other], sound, spoken))
    yield "| scene | cases | s of speech | right face | wrong face | nobody | unclear |"
    yield "|---|---|---|---|---|---|---|"
    for name, found in cases.items():
        total = sum(found, Counter())
        everything = sum(total.values())
        right, wrong = ("-", total["0"]) if name == "heard from off" else (total["0"], total["1"])
        shares = [s if s == "-" else f"{s / everything:.0%}" for s in (right, wrong, total["nobody"], total["unclear"])]
        yield f"| {name} | {len(found)} | {everything:.0f} | {' | '.join(shares)} |"


def clips(folder: Path, cache: Path) -> Iterator[str]:
    """A row for each clip: what the whole tool says."""
    labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    yield "| clip | people | what it says |"
    yield "|---|---|---|"
    for name, label in labels.items():
        with Footage(folder / name, cache=cache) as footage:
            if footage.sound is None:
                continue
            look = Look(footage, labelled_shots(footage, label), ArtifactStore(cache / "artifacts"))
            try:
                said = active_speaker.TOOL.providers[-1].run(look, Args()).summary
            except Abstain as why:
                said = f"abstains: {why}"
        yield f"| {name} | {(label['faces'] or {}).get('human', '?')} | {said} |"


def main() -> None:
    """Follows, stages, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/perception.md")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        cache = Path(temporary)
        heads: dict[str, tuple[MouthTrack, Samples]] = {}
        for name in CLIPS:
            with Footage(given.folder / name, cache=cache) as footage:
                scene = spoken_mouths.scene(Look(footage, (), ArtifactStore(cache / "artifacts")), ())
            heads[name] = max(scene.tracks, key=lambda t: len(t.times)), scene.sound
        text = "\n".join([*staged(heads), "", *clips(given.folder, cache)])
    print(text)
    if given.write:
        write_section("speaking", text)


if __name__ == "__main__":
    main()
