"""Tool ``speakers``: who speaks when, by voice."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cinejudge import weights
from cinejudge.media import ArtifactStore, Footage, Sound
from cinejudge.schema.errors import ToolError, TraceError
from cinejudge.tools.contract import Abstain, Look, Provider, Tool
from cinejudge.tools.drawing.marks import write
from cinejudge.tools.records.speakers import (
    ALIKE,
    UNLIKE,
    Args,
    Match,
    ReferenceMatch,
    Result,
    ShotVoice,
    Turn,
    Voice,
)
from cinejudge.tools.sampling.voice_windows import HOP_S, Ear, Grouping, Window
from cinejudge.tools.signals.clusters import clusters, mean_vector, pairs_nearby, renumbered

LEAST_S = 1.2
"""A shorter stretch of speech says too little about its voice to tell a new one by."""
MOST_WINDOWS = 4000
"""Of more speech than this takes, some 27 minutes, the windows lie further apart."""
SAME, SAME_WESPEAKER = 0.64, 0.3
"""Mean cosine between the windows of two groups from which on they are one voice. The first was measured (see
docs/perception.md), the second is where published uses of that network join voices."""
BRIEFEST_S = 0.8
"""A voice heard for less in all is put to its likest neighbour: mostly a window that straddles two turns."""


def _wespeaker(look: Look, args: Args) -> Result:
    from cinejudge.tools.models import wespeaker

    network = wespeaker.load(weights.path("wespeaker-resnet34"))
    return _run(look, args, Grouping(network.embed, SAME_WESPEAKER))


def _resemblyzer(look: Look, args: Args) -> Result:
    return _run(look, args, None)


def _run(look: Look, args: Args, grouping: Grouping | None) -> Result:
    from cinejudge.tools.models import voice_encoder, whisper

    sound = look.footage.sound
    if sound is None:
        raise Abstain("the clip has no sound")
    samples = sound.mono(voice_encoder.RATE)
    spans = whisper.speech_spans(samples)
    if not any(b - a >= LEAST_S for a, b in spans):
        raise Abstain(f"no stretch of speech lasts {LEAST_S:g} s: too little to know a voice by")
    ear = Ear(samples, max(HOP_S, sum(b - a for a, b in spans) / MOST_WINDOWS), grouping)
    turns = _turns(ear, spans)
    number = max(t.speaker for t in turns) + 1
    own = [_sure_spans(turns, s) for s in range(number)]
    steady = [_steadiness(ear.inside(spans)) for spans in own]
    shot_voices, embedded = _by_shot(ear, turns, [(s.index, s.start_s, s.end_s) for s in look.shots])
    known = [ear.voice(spans) for spans in own]
    unlike = [_likeness(a, b) for i, a in enumerate(known) for b in known[i + 1 :]]
    return Result(
        duration_s=round(sound.duration_s, 3),
        turns=tuple(turns),
        voices=tuple(
            Voice(
                speaker=s,
                speech_s=round(sum(t.end_s - t.start_s for t in turns if t.speaker == s), 3),
                steadiness=steady[s],
            )
            for s in range(number)
        ),
        least_alike=min(unlike, default=None),
        count_sure=all(u < UNLIKE for u in unlike) and all(s is None or s >= ALIKE for s in steady),
        shot_voices=tuple(shot_voices),
        matches=tuple(
            Match(first=i, second=j, similarity=_likeness(embedded[i], embedded[j]))
            for i, j in pairs_nearby(len(embedded))
            if shot_voices[i].shot != shot_voices[j].shot
        ),
        references=tuple(
            ReferenceMatch(speaker=s, reference=name, similarity=_likeness(voice, reference))
            for name, reference in ((name, _reference(look.store, name)) for name in args.references)
            for s, voice in enumerate(known)
        ),
    )


def _turns(ear: Ear, spans: Sequence[tuple[float, float]]) -> list[Turn]:
    long = [(a, b) for a, b in spans if b - a >= LEAST_S]
    heard = [ear.windows(a, b) for a, b in long]
    vectors = np.stack([window.cue for windows in heard for window in windows])
    counts = [len(windows) for windows in heard]
    same = ear.grouping.same if ear.grouping else SAME
    labels = _without_brief(clusters(vectors, same), vectors, counts, long)
    turns = [
        turn
        for (a, b), windows, own in zip(long, heard, np.split(labels, np.cumsum(counts)[:-1]), strict=True)
        for turn in _cut(a, b, [(w.start_s + w.end_s) / 2 for w in windows], own)
    ]
    centres = np.stack([mean_vector(vectors[labels == s]) for s in range(labels.max() + 1)])
    for a, b in spans:
        if b - a < LEAST_S:
            nearest = int((centres @ ear.windows(a, b)[0].cue).argmax())
            turns.append(Turn(speaker=nearest, start_s=round(a, 3), end_s=round(b, 3), sure=False))
    return sorted(turns, key=lambda t: t.start_s)


def _without_brief(
    labels: NDArray[np.int64], vectors: NDArray[Any], counts: Sequence[int], spans: Sequence[tuple[float, float]]
) -> NDArray[np.int64]:
    """Groups heard for less than 0.8 s in all, put to the likest of the others."""
    # Each window stands for its share of its stretch.
    length = np.concatenate([np.full(n, (b - a) / n) for n, (a, b) in zip(counts, spans, strict=True)])
    heard = np.bincount(labels, weights=length)
    kept = [g for g in range(len(heard)) if heard[g] >= BRIEFEST_S] or [int(heard.argmax())]
    centres = np.stack([mean_vector(vectors[labels == g]) for g in kept])
    out = labels.copy()
    for i in np.flatnonzero(~np.isin(labels, kept)):
        out[i] = kept[int((centres @ vectors[i]).argmax())]
    return renumbered(out)


def _cut(a: float, b: float, middles: Sequence[float], labels: NDArray[np.int64]) -> list[Turn]:
    """A stretch of speech in turns; the border lies halfway between the middles of two windows."""
    borders = [a, *((x + y) / 2 for x, y in pairwise(middles)), b]
    turns: list[Turn] = []
    for i, label in enumerate(labels):
        start = turns.pop().start_s if turns and turns[-1].speaker == label else round(borders[i], 3)
        turns.append(Turn(speaker=int(label), start_s=start, end_s=round(borders[i + 1], 3), sure=True))
    return turns


def _sure_spans(turns: Sequence[Turn], speaker: int) -> list[tuple[float, float]]:
    return [(t.start_s, t.end_s) for t in turns if t.speaker == speaker and t.sure]


def _steadiness(windows: Sequence[Window]) -> float | None:
    if not windows:
        return None
    voices = np.stack([w.voice for w in windows])
    later = np.array([w.start_s for w in windows]) >= np.array([w.end_s for w in windows])[:, None]
    return round(float(np.quantile((voices @ voices.T)[later], 0.1)), 4) if later.any() else None


def _by_shot(
    ear: Ear, turns: Sequence[Turn], shots: Sequence[tuple[int, float, float]]
) -> tuple[list[ShotVoice], list[NDArray[np.float64]]]:
    found, embedded = [], []
    for index, start_s, end_s in shots:
        for speaker in sorted({t.speaker for t in turns}):
            inside = [(max(a, start_s), min(b, end_s)) for a, b in _sure_spans(turns, speaker)]
            inside = [(a, b) for a, b in inside if b - a >= LEAST_S]
            if inside:
                seconds = round(sum(b - a for a, b in inside), 3)
                found.append(ShotVoice(shot=index, speaker=speaker, speech_s=seconds))
                embedded.append(ear.voice(inside))
    return found, embedded


def _likeness(first: NDArray[Any], second: NDArray[Any]) -> float:
    return round(float(np.clip(first @ second, 0, 1)), 4)


def _reference(store: ArtifactStore, name: str) -> NDArray[np.float64]:
    """The voice of a stored recording.

    Raises:
        ToolError: it is not there, is no sound, or holds too little speech.
    """
    from cinejudge.tools.models import voice_encoder, whisper

    try:
        with wave.open(io.BytesIO(store.read(name))) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
            sound = Sound((samples / 32768).astype(np.float32), file.getframerate())
    except (TraceError, OSError, EOFError, wave.Error) as error:
        raise ToolError(f"speakers: no recording {name[:12]} is stored") from error
    mono = sound.mono(voice_encoder.RATE)
    spans = [(a, b) for a, b in whisper.speech_spans(mono) if b - a >= LEAST_S]
    if not spans:
        raise ToolError(f"speakers: no stretch of speech in the reference recording lasts {LEAST_S:g} s")
    return Ear(mono).voice(spans)


def _draw(footage: Footage, result: Result) -> Iterator[tuple[str, Any]]:
    for turn in result.turns[:24]:
        rgb = footage.frame(footage.frame_at((turn.start_s + turn.end_s) / 2), max_side=960)
        write(rgb, f"voice {turn.speaker + 1}" + ("" if turn.sure else " (unsure)"))
        yield f"{turn.start_s:.2f} to {turn.end_s:.2f} s", rgb


TOOL = Tool(
    name="speakers",
    description=(
        "Tells how many voices speak and when each does, and how alike a voice stays from shot to shot or to a "
        "reference recording. Call it for dialogue, turn-taking and constancy of voices."
    ),
    validity=(
        "Stretches of speech of at least 1.2 s, one voice at a time: voices that speak at once are not told apart. "
        "Two like voices over one telephone line may pass for one; emotion, music and noise make one voice less like "
        "itself. The number of voices says whether it is sure."
    ),
    args=Args,
    result=Result,
    providers=(
        Provider(
            name="wespeaker-resnet34",
            version="1",
            fidelity="substitute",
            run=_wespeaker,
            packages=("faster_whisper", "onnxruntime"),
            weights=("wespeaker-resnet34", "voice-encoder"),
        ),
        Provider(
            name="resemblyzer",
            version="1",
            fidelity="substitute",
            run=_resemblyzer,
            packages=("faster_whisper",),
            weights=("voice-encoder",),
        ),
    ),
    uses_shots=True,
    draw=_draw,
)
