"""The faults that `injected.py` puts into films, each alone, and what should tell of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from damage import Samples
from films import RATE, Film, Take
from scipy.signal import resample_poly

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "tools"))
from melody import RATE as MELODY_RATE
from melody import music as melody

LATE_S = 0.4


@dataclass(frozen=True)
class Fault:
    """A fault and the metrics (`suite/metric`), finding modes or factors that should tell of it."""

    inject: Callable[[Film], Film]
    matching: tuple[str, ...]
    follows: tuple[str, ...] = ()
    """What really changes along with it, so that blaming it is no mistake."""
    on_camera: bool = False
    """Whether it needs somebody who speaks in view."""


def _with(film: Film, place: int, take: Take) -> Film:
    return replace(film, takes=(*film.takes[:place], take, *film.takes[place + 1 :]))


def _titled(film: Film, change: Callable[[str], str]) -> Film:
    return _with(film, len(film.takes) - 1, replace(film.takes[-1], title=change(film.takes[-1].title)))


def _misspelt(title: str) -> str:
    """Two neighbouring letters of the first word change places."""
    return title[0] + title[2] + title[1] + title[3:]


def _without(film: Film, place: int) -> Film:
    start = sum(t.count for t in film.takes[:place]) / film.fps
    end = start + film.takes[place].count / film.fps

    def cut(samples: Samples) -> Samples:
        return np.concatenate([samples[: round(start * RATE)], samples[round(end * RATE) :]])

    takes = (*film.takes[:place], *film.takes[place + 1 :])
    return replace(film, takes=takes, speech=cut(film.speech), bed=cut(film.bed))


def _late(samples: Samples) -> Samples:
    gap = round(LATE_S * RATE)
    return np.concatenate([np.zeros(gap, samples.dtype), samples[:-gap]])


def _panned(film: Film) -> Film:
    take = film.takes[film.push]
    x, y, width = take.end
    room = min(x, 1 - x) - width / 2
    swing = max(0.10, room)
    return _with(film, film.push, replace(take, start=(x - swing, y, width), end=(x + swing, y, width)))


def _silenced(film: Film, start_s: float, end_s: float) -> Film:
    def cut(samples: Samples) -> Samples:
        out = samples.copy()
        out[round(start_s * RATE) : round(end_s * RATE)] = 0
        return out

    return replace(film, speech=cut(film.speech), bed=cut(film.bed))


def _drowned(film: Film, decibels: float) -> Film:
    """Music so far over the speech."""
    piece = resample_poly(melody(112, film.seconds, "organ"), RATE // MELODY_RATE, 1)
    spoken = film.speech[np.abs(film.speech) > 1e-3]
    gain = 10 ** (decibels / 20) * np.sqrt(np.mean(spoken**2) / np.mean(piece**2))
    return replace(film, music=(piece * gain)[: film.speech.size].astype(np.float32))


def _regraded(film: Film) -> Film:
    return _with(film, film.jump, replace(film.takes[film.jump], grade=(0.35, 0.70, 0.80)))


TEXT = ("msavbench/text_rendering",)
WORDS = ("msavbench/word_errors", "mtavg2/dialogue_content_deviation")
PLACE = ("msavbench/background_consistency", "msavbench/style_consistency", "mtavg2/scene_consistency_drift")
LOOK = ("msavbench/color_consistency", "mtavg2/visual_mood_drift", "evalverse/scene_consistency")
LIPS = ("msavbench/lip_sync", "evalverse/lip_sync")
COVERED = ("mtavg2/overpowering_background_audio", "evalverse/musical_score_alignment")
AMBIENCE = ("mtavg2/missing_ambient_sound", "evalverse/ambient_sound_fidelity")

FILM_FAULTS: dict[str, Fault] = {
    "another title": Fault(lambda f: _titled(f, lambda _: "OPEN ROAD"), TEXT),
    "misspelt title": Fault(lambda f: _titled(f, _misspelt), TEXT),
    "missing shot": Fault(lambda f: _without(f, f.spare), ("missing_shot", "msavbench completion")),
    "swapped person": Fault(
        lambda f: _with(f, *f.swap),
        ("msavbench/subject_consistency", "mtavg2/character_continuity_break", "evalverse/face_identity"),
        # The other face brings its own place, light, likeness and lips.
        (*PLACE, *LOOK, *LIPS, "msavbench/illumination_consistency", "evalverse/stylistic_consistency",
         "msavbench/av_sync", "msavbench/sound_attribution", "mtavg2/speech_mode_confusion",
         "mtavg2/rule_30_degree_violation"),
    ),
    "sound 0.4 s late": Fault(
        lambda f: replace(f, speech=_late(f.speech)), ("msavbench/av_sync", *LIPS), on_camera=True
    ),
    "pan instead of push": Fault(_panned, ("msavbench/camera",)),
    "colour jump": Fault(_regraded, LOOK, ("msavbench/illumination_consistency",)),
    "silence": Fault(
        lambda f: _silenced(f, 0, f.seconds), (*AMBIENCE, *WORDS, "mtavg2/missing_scripted_sound")
    ),
    "silence within speech": Fault(lambda f: _silenced(f, *f.line_s), AMBIENCE, WORDS),
    "music 3 dB over speech": Fault(lambda f: _drowned(f, 3), COVERED, WORDS),
    "music 8 dB over speech": Fault(lambda f: _drowned(f, 8), COVERED, WORDS),
}  # fmt: skip
"""By name."""
