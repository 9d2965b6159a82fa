"""Tool ``active_speaker``: which of the seen faces speaks, and when somebody speaks whose mouth is not seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cinejudge import weights
from cinejudge.media import Footage
from cinejudge.tools.contract import Abstain, Look, Provider, Tool
from cinejudge.tools.lipsync import compare_face, correlate
from cinejudge.tools.records.lips import FaceSync
from cinejudge.tools.records.mouths import Args
from cinejudge.tools.records.speaking import Result, SeenFace, Speaking
from cinejudge.tools.sampling import spoken_mouths as seen_mouths
from cinejudge.tools.sampling.spoken_mouths import Floats, Scene, Spans, within
from cinejudge.tools.signals import lip_correlation as lips

if TYPE_CHECKING:
    from cinejudge.tools.models.lr_asd import LrAsd
    from cinejudge.tools.models.mouth import MouthTrack

PART_S = 3.0
"""The stand-in divides speech into parts of at most so much."""
SHORTEST_S = 0.4
"""Shorter parts tell nothing; LR-ASD's scores are taken together over so much."""
HERE = 1.64
"""Agreement in a part, at a known lag, that one of 20 unrelated mouths reaches."""
HALF = 0.5
"""Share of a part in which a mouth has to be seen, to move or to be found speaking."""
HARDLY = 0.25
"""Share of a part up to which LR-ASD's scores say that a face does not speak."""

Tell = Callable[[Scene, Sequence[int]], Iterable[Speaking]]
"""Takes the scene and the numbers of the readable tracks."""


def _lr_asd(look: Look, args: Args) -> Result:
    from cinejudge.tools.models import lr_asd

    network = lr_asd.load(weights.path("lr-asd"), look.device)

    def tell(scene: Scene, readable: Sequence[int]) -> list[Speaking]:
        return by_scores(scene, {n: _scores(network, scene, scene.tracks[n]) for n in readable})

    return _run(look, args, tell)


def _mouth_motion(look: Look, args: Args) -> Result:
    return _run(look, args, by_agreement)


def _run(look: Look, args: Args, tell: Tell) -> Result:
    scene = seen_mouths.scene(look, args.shots)
    why = [seen_mouths.unreadable(track, scene.spoken) for track in scene.tracks]
    readable = [number for number, reason in enumerate(why) if reason is None]
    if not readable:
        raise Abstain("; ".join(dict.fromkeys(reason or "" for reason in why)))
    speaking = tuple(tell(scene, readable))
    times = scene.times
    heard = within(times, scene.spoken, 0.0)
    shown = {n: seen_mouths.shown(scene.tracks[n], times) for n in readable}
    moves = np.any([shown[n] & seen_mouths.moving(scene.tracks[n], times) for n in readable], axis=0)
    seen = heard & np.any(list(shown.values()), axis=0)
    return Result(
        faces=tuple(_face(n, why[n], scene, speaking) for n in range(len(scene.tracks))),
        speech_s=round(scene.speech_s, 3),
        seen=seen_mouths.spans(seen),
        still=seen_mouths.spans(seen & ~moves),
        speaking=speaking,
        looked_at=scene.looked_at,
    )


def _face(number: int, reason: str | None, scene: Scene, speaking: Sequence[Speaking]) -> SeenFace:
    speaks_s = sum(p.end_s - p.start_s for p in speaking if p.track == number)
    return SeenFace(**dict(seen_mouths.record(number, scene)), speaks_s=round(speaks_s, 3), reason=reason)


def by_agreement(scene: Scene, readable: Sequence[int]) -> Iterator[Speaking]:
    """The stand-in's way: for each part of the speech the face whose mouth moves as the voice does.

    A mouth that is in step over its whole shot speaks wherever it is the only one that moves; where several move, it
    has to agree in this part.

    Args:
        scene: From :func:`cinejudge.tools.sampling.spoken_mouths.scene`.
        readable: Numbers of its tracks.
    """
    loudness = lips.envelope(scene.sound)
    whole = {n: compare_face(n, scene, correlate) for n in readable}
    for start, end in _parts(scene.spoken):
        times = np.arange(start, end, seen_mouths.GRID_S)
        there = [n for n in readable if seen_mouths.shown(scene.tracks[n], times).mean() >= HALF]
        if not there:
            continue
        agreed = {n: _agrees_here(scene.tracks[n], whole[n], start, end, loudness) for n in there}
        moves = [n for n in there if seen_mouths.moving(scene.tracks[n], times).mean() >= HALF]
        alone = len(moves) == 1
        able = [n for n in moves if agreed[n] >= HERE or (alone and whole[n].standing == "in_step")]
        speaker = max(able, key=lambda n: agreed[n], default=None)
        may_speak = any(whole[n].standing in ("unclear", "in_step") for n in moves)
        yield Speaking(
            start_s=round(start, 3),
            end_s=round(end, 3),
            track=speaker,
            moving=bool(moves),
            decided=speaker is not None or not may_speak,
        )


def _parts(spoken: Spans) -> Iterator[tuple[float, float]]:
    for start, end in spoken:
        if end - start >= SHORTEST_S:
            edges = np.linspace(start, end, int(np.ceil((end - start) / PART_S)) + 1)
            yield from pairwise(edges.tolist())


def _agrees_here(track: MouthTrack, face: FaceSync, start: float, end: float, loudness: Floats) -> float:
    lag = (face.offset_ms or 0.0) / 1000 if face.standing == "in_step" else 0.0
    here = within(np.array(track.times) + lag, [(start, end)], 0.1)
    found = lips.agreement(seen_mouths.measures(track), loudness, here, np.array([lag]))
    return found.score if found else 0.0


class Scores(NamedTuple):
    """What LR-ASD says of one face."""

    times: Floats
    """Seconds; [n]."""
    values: Floats
    """Positive where it speaks; [n]."""


def by_scores(scene: Scene, scores: Mapping[int, Scores]) -> list[Speaking]:
    """LR-ASD's way: in each 0.4 s of speech the face with the highest score, if it is positive most of the time.

    Args:
        scene: From :func:`cinejudge.tools.sampling.spoken_mouths.scene`.
        scores: Of the readable tracks, by their number.
    """
    told: list[Speaking] = []
    for start, end in scene.spoken:
        edges = np.linspace(start, end, max(1, round((end - start) / SHORTEST_S)) + 1).tolist()
        for part in (_step(scene, scores, a, b) for a, b in pairwise(edges)):
            if part and told and told[-1].end_s == part.start_s and _kind(told[-1]) == _kind(part):
                told[-1] = told[-1].model_copy(update={"end_s": part.end_s})
            elif part:
                told.append(part)
    return told


def _step(scene: Scene, scores: Mapping[int, Scores], start: float, end: float) -> Speaking | None:
    times = np.arange(start, end, seen_mouths.GRID_S)
    here = {n: s.values[(s.times >= start) & (s.times < end)] for n, s in scores.items()}
    there = [n for n in here if len(here[n]) and seen_mouths.shown(scene.tracks[n], times).mean() >= HALF]
    if not there:
        return None
    share = {n: float((here[n] > 0).mean()) for n in there}
    speaker = max((n for n in there if share[n] >= HALF), key=lambda n: float(here[n].mean()), default=None)
    return Speaking(
        start_s=round(start, 3),
        end_s=round(end, 3),
        track=speaker,
        moving=any(seen_mouths.moving(scene.tracks[n], times).mean() >= HALF for n in there),
        decided=speaker is not None or max(share.values()) <= HARDLY,
    )


def _kind(part: Speaking) -> tuple[int | None, bool, bool]:
    return part.track, part.moving, part.decided


def _scores(network: LrAsd, scene: Scene, track: MouthTrack) -> Scores:
    from cinejudge.tools.models import face_crops, lr_asd
    from cinejudge.tools.signals import cepstrum

    times, faces = face_crops.follow(scene.footage, track.frames, track.boxes, lr_asd.FPS)
    cepstra = cepstrum.mfcc(scene.sound)[round(float(times[0]) * cepstrum.PER_S) :]
    values = lr_asd.scores(network, faces, cepstra)
    return Scores(times[: len(values)], values)


def _draw(footage: Footage, result: Result) -> Iterator[tuple[str, Any]]:
    from cinejudge.tools.drawing.marks import draw_box, write

    for part in result.speaking[:24]:
        middle = (part.start_s + part.end_s) / 2
        rgb = footage.frame(footage.frame_at(middle), max_side=960).copy()
        for face in result.faces:
            if face.box is not None and face.start_s <= middle <= face.end_s:
                draw_box(rgb, face.box, f"face {face.track}" + (" speaks" if face.track == part.track else ""))
        if part.track is None:
            write(rgb, "no seen face speaks" if part.decided else "unclear who speaks")
        yield f"{part.start_s:.2f} to {part.end_s:.2f} s", rgb


TOOL = Tool(
    name="active_speaker",
    description=(
        "Tells which of the seen faces speaks when, how much of the voice is its own, and when somebody is heard while "
        "no seen mouth moves. Call it for who says a line, turn-taking, voice-over and voices on the wrong face."
    ),
    validity=(
        "Faces from 64 pixels, up to 45 degrees from the front, with at least 1 s of speech. One speaker at a time. "
        "Without LR-ASD it goes by parts of up to 3 s, and where several mouths move it is often unclear and says so."
    ),
    args=Args,
    result=Result,
    providers=(
        Provider(
            name="lr-asd",
            version="1",
            fidelity="paper",
            run=_lr_asd,
            packages=("torch", "cv2", "scipy", "ai_edge_litert", "faster_whisper"),
            weights=("lr-asd", "human-models", "face-landmarker"),
        ),
        Provider(
            name="mouth-motion",
            version="1",
            fidelity="substitute",
            run=_mouth_motion,
            packages=("torch", "cv2", "scipy", "ai_edge_litert", "faster_whisper"),
            weights=("human-models", "face-landmarker"),
        ),
    ),
    uses_shots=True,
    draw=_draw,
)
