"""Tool ``lipsync``: whether mouths move with the voice, and how late the sound is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cinejudge import weights
from cinejudge.media import Footage
from cinejudge.tools.contract import Abstain, Look, Provider, Tool
from cinejudge.tools.records.lips import FaceSync, Result, Standing
from cinejudge.tools.records.mouths import Args
from cinejudge.tools.sampling import spoken_mouths
from cinejudge.tools.sampling.spoken_mouths import Scene, within
from cinejudge.tools.signals import lip_correlation as lips

if TYPE_CHECKING:
    from cinejudge.tools.models.mouth import MouthTrack

RULED_OUT_S = 2.5
"""With less speech a poor agreement does not rule a match out."""
CLOSE_MS, FAR_MS = 80.0, 400.0
"""Offsets up to the first are as good as none, beyond the second nothing fits (see :class:`FaceSync`)."""
SURE, WORTHLESS = 3.0, 1.5
"""SyncNet's confidence from which on lips and voice are usually taken to belong together (training data for lip models
is kept from 3), and under which they are not."""


class Compared(NamedTuple):
    """What a comparison of one face with the voice gives."""

    standing: Standing
    lag_s: float
    confidence: float
    rating: float | None


Compare = Callable[[Scene, "MouthTrack"], Compared | None]


def _mouth_correlation(look: Look, args: Args) -> Result:
    return _run(look, args, correlate)


def _syncnet(look: Look, args: Args) -> Result:
    from cinejudge.tools.models import syncnet

    network = syncnet.load(weights.path("syncnet"), look.device)

    def compare(scene: Scene, track: MouthTrack) -> Compared | None:
        found = syncnet.compare(network, scene.footage, track.frames, track.boxes, scene.sound)
        if found is None:
            return None
        standing: Standing = "in_step" if found.confidence >= SURE else "unclear"
        if found.confidence < WORTHLESS:
            standing = "out_of_step"
        return Compared(standing, found.lag_s, found.confidence, float(np.clip(found.confidence, 0, 10)))

    return _run(look, args, compare)


def correlate(scene: Scene, track: MouthTrack) -> Compared | None:
    """The stand-in's way: opening and motion of the mouth against the loudness of the voice.

    Args:
        scene: From :func:`cinejudge.tools.sampling.spoken_mouths.scene`.
        track: One of its mouths.
    """
    near = within(np.array(track.times), scene.spoken, spoken_mouths.CONTEXT_S)
    found = lips.agreement(spoken_mouths.measures(track), lips.envelope(scene.sound), near)
    if found is None:
        return None
    if found.score >= lips.CLEAR:
        return Compared("in_step", found.lag_s, found.score, closeness(found.lag_s * 1000) * 10)
    if found.score < lips.POOR:
        return Compared("out_of_step", found.lag_s, found.score, 0.0)
    return Compared("unclear", found.lag_s, found.score, None)


def closeness(offset_ms: float) -> float:
    """1 for an offset that nobody notices, 0 for one at which nothing fits, a straight line between them."""
    return float(np.clip((FAR_MS - abs(offset_ms)) / (FAR_MS - CLOSE_MS), 0, 1))


def _run(look: Look, args: Args, compare: Compare) -> Result:
    scene = spoken_mouths.scene(look, args.shots)
    faces = [compare_face(number, scene, compare) for number in range(len(scene.tracks))]
    if all(face.standing == "unreadable" for face in faces):
        raise Abstain("; ".join(dict.fromkeys(face.reason or "" for face in faces)))
    surest = max((f for f in faces if f.offset_ms is not None), key=lambda f: f.confidence or 0.0, default=None)
    return Result(
        faces=tuple(faces),
        speech_s=round(scene.speech_s, 3),
        offset_ms=surest.offset_ms if surest else None,
        confidence=surest.confidence if surest else None,
        sure=surest is not None and surest.standing == "in_step",
        looked_at=scene.looked_at,
    )


def compare_face(number: int, scene: Scene, compare: Compare) -> FaceSync:
    """The record of one face.

    Args:
        number: Of its track in the scene.
        scene: From :func:`cinejudge.tools.sampling.spoken_mouths.scene`.
        compare: The provider's way.
    """
    track = scene.tracks[number]
    at = np.array(track.times)
    record = FaceSync(
        **dict(spoken_mouths.record(number, scene)),
        standing="unreadable",
        reason=spoken_mouths.unreadable(track, scene.spoken),
    )
    if record.reason is not None:
        return record
    found = compare(scene, track)
    if found is None:
        return record.model_copy(update={"reason": "mouth or voice does not change"})
    if found.standing == "out_of_step" and record.heard_s < RULED_OUT_S:
        found = found._replace(standing="unclear", rating=None)
    openings = np.array(track.shapes)[:, 0]
    unclear = "too little agreement to tell a match from chance, too much to rule one out"
    moving = spoken_mouths.moving(track, at[within(at, scene.spoken, 0.0)])
    return record.model_copy(
        update={
            "standing": found.standing,
            "reason": unclear if found.standing == "unclear" else None,
            "offset_ms": round(found.lag_s * 1000, 1) if found.standing != "out_of_step" else None,
            "confidence": round(found.confidence, 3),
            "rating": None if found.rating is None else round(found.rating, 3),
            "moving_share": round(float(moving.mean()), 3),
            "mouth": tuple(round(float(v), 3) for v in openings),
        }
    )


def _draw(footage: Footage, result: Result) -> Iterator[tuple[str, Any]]:
    from cinejudge.tools.drawing.marks import curve, draw_box

    sound = footage.sound
    for face in result.faces:
        if not face.mouth or face.box is None or sound is None:
            continue
        middle = (face.start_s + face.end_s) / 2
        rgb = footage.frame(footage.frame_at(middle), max_side=960).copy()
        offset = "" if face.offset_ms is None else f" {face.offset_ms:+.0f} ms"
        draw_box(rgb, face.box, f"track {face.track} {face.standing}{offset}")
        width = rgb.shape[1]
        voice = np.abs(sound.slice(face.start_s, face.end_s).mono(1000))
        mouth = curve(face.mouth, width, 60, low=0.0, high=max(0.05, *face.mouth), cursor=0.5)
        heard = curve(voice, width, 60, low=0.0, high=max(0.05, float(voice.max(initial=0.0))), cursor=0.5)
        yield f"mouth (above) and voice, {face.start_s:.2f} to {face.end_s:.2f} s", np.vstack([rgb, mouth, heard])


TOOL = Tool(
    name="lipsync",
    description=(
        "Compares the mouths of faces with the voice: whether they belong together, and by how many milliseconds the "
        "sound is late. Call it for lip synchronisation and dubbing; for who says a line call active_speaker."
    ),
    validity=(
        "Faces from 64 pixels, up to 45 degrees from the front, with at least 1 s of speech; offsets up to 600 ms "
        "(SyncNet: 400 ms). Under 3 s of speech a match is often unclear, and then it says so."
    ),
    args=Args,
    result=Result,
    providers=(
        Provider(
            name="syncnet",
            version="v2-3",
            fidelity="paper",
            run=_syncnet,
            packages=("torch", "cv2", "scipy", "ai_edge_litert", "faster_whisper"),
            weights=("syncnet", "human-models", "face-landmarker"),
        ),
        Provider(
            name="mouth-correlation",
            version="3",
            fidelity="substitute",
            run=_mouth_correlation,
            packages=("torch", "cv2", "scipy", "ai_edge_litert", "faster_whisper"),
            weights=("human-models", "face-landmarker"),
        ),
    ),
    uses_shots=True,
    draw=_draw,
)
