"""Tool ``faces``: whose faces are seen, where, how large, how they turn, and what mouth and expression do."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cinejudge.media import Footage
from cinejudge.tools.contract import Abstain, Look, Provider, Tool
from cinejudge.tools.records.faces import Args, Result, Sample, Track
from cinejudge.tools.sampling.stretches import Stretch, stretches

if TYPE_CHECKING:
    from cinejudge.tools.models.face_search import Search, Sighting
    from cinejudge.tools.models.face_tracks import FaceTrack

PICTURE_SIDE = 1280
"""Longer side of the pictures looked at, in pixels."""
SMALLEST_PICTURE_PX = 96
"""Shorter side of a picture below which no face in it could be judged."""
CROPS = 12
"""Tracks that are shown as pictures at most, the largest faces first."""
BATCH = 8


def _face_landmarker(look: Look, args: Args) -> Result:
    from cinejudge.tools.models import face_search, identity

    return _run(look, args, face_search.search, identity.SAME, identity.DOUBT)


def _insightface(look: Look, args: Args) -> Result:
    from cinejudge.tools.models import arcface

    return _run(look, args, arcface.search, arcface.SAME, arcface.DOUBT)


def _run(look: Look, args: Args, search: Search, same: float, doubt: float) -> Result:
    from cinejudge.tools.models.face_tracks import follow, records

    clip = look.footage.clip
    if min(clip.width, clip.height) < SMALLEST_PICTURE_PX:
        raise Abstain(f"the picture is smaller than {SMALLEST_PICTURE_PX} pixels")
    parts = stretches(look, args)
    tracks = [track for part in parts for track in follow(part.shot, _sightings(look, part, search))]
    for track in tracks:
        _embed(look, track)
    found, identities, similarities = records(tracks, same, doubt)
    _show(look, tracks, found)
    at_once = max(Counter(s.frame for t in found for s in t.samples).values(), default=0)
    return Result(
        frames=sum(len(part.frames) for part in parts),
        step_s=parts[0].step_s,
        tracks=found,
        identities=identities,
        similarities=similarities,
        threshold=same,
        at_once=at_once,
        people=max(at_once, len(identities)),
    )


def _sightings(look: Look, part: Stretch, search: Search) -> list[list[tuple[Sample, Sighting]]]:
    from cinejudge.tools.models.face_measures import measure

    times = look.footage.times
    found = []
    for start in range(0, len(part.frames), BATCH):
        batch = list(look.footage.frames(part.frames[start : start + BATCH], max_side=PICTURE_SIDE))
        for (frame, picture), sightings in zip(batch, search([p for _, p in batch], look.device), strict=True):
            found.append([(measure(s, picture, frame, float(times[frame])), s) for s in sightings])
    return found


def _embed(look: Look, track: FaceTrack) -> None:
    """Gives a track the embeddings of its telling faces, its detector's own where it has some."""
    import numpy as np

    from cinejudge.tools.models.identity import embed

    telling = track.telling()
    if not telling:
        return
    own = [track.sightings[place].embedding for place, _ in telling]
    if all(e is not None for e in own):
        track.embeddings = np.stack([e for e in own if e is not None])
    else:
        wanted = [track.samples[place].frame for place, _ in telling]
        pictures = [rgb for _, rgb in look.footage.frames(wanted, max_side=PICTURE_SIDE)]
        track.embeddings = embed([(rgb, face) for rgb, (_, face) in zip(pictures, telling, strict=True)], look.device)


def _show(look: Look, tracks: Sequence[FaceTrack], found: Sequence[Track]) -> None:
    """Keeps a picture of the largest face of each track that can have an identity."""
    from cinejudge.tools.models.identity import aligned

    for record in sorted(found, key=lambda t: -t.side_px)[:CROPS]:
        telling = tracks[record.id].telling()
        if not telling:
            continue
        place, face = telling[0]
        sample = record.samples[place]
        crop = aligned(look.footage.frame(sample.frame, max_side=PICTURE_SIDE), face)
        caption = f"face track {record.id}, person {record.identity}, at {sample.time_s:.2f} s"
        look.artifacts.append(look.store.put_image(crop, caption, frame=sample.frame, time_s=sample.time_s))


def _draw(footage: Footage, result: Result) -> Iterator[tuple[str, Any]]:
    import numpy as np

    from cinejudge.tools.drawing.marks import curve, draw_box

    by_frame: dict[int, list[tuple[Track, Sample]]] = defaultdict(list)
    for track in result.tracks:
        for sample in track.samples:
            by_frame[sample.frame].append((track, sample))
    for frame, seen in sorted(by_frame.items()):
        rgb = footage.frame(frame).copy()
        for track, sample in seen:
            who = "?" if track.identity is None else str(track.identity)
            turn = "" if sample.yaw is None else f" yaw {sample.yaw:.0f}"
            draw_box(rgb, sample.box, f"person {who} track {track.id}{turn}")
        strips = [rgb]
        for track, sample in seen:
            mouths = [s.mouth or 0.0 for s in track.samples]
            cursor = track.samples.index(sample) / max(len(mouths) - 1, 1)
            strips.append(curve(mouths, rgb.shape[1], 40, low=0.0, high=0.8, cursor=cursor))
        yield f"{seen[0][1].time_s:.2f} s", np.concatenate(strips)


TOOL = Tool(
    name="faces",
    description=(
        "Finds faces in sampled frames and follows them over each shot: size, head turn, gaze, mouth opening and "
        "expression; tells which tracks are one person across shots with the similarity of each pair, and how many "
        "people there are at least. Call it for who is who, whether a face stays itself, and where people look."
    ),
    validity=(
        "Faces from 16 pixels; identity from 64 pixels and up to 45 degrees of turn, otherwise none is given; "
        "expression from 48 pixels. Made for human faces: drawn and animal faces may be missed."
    ),
    args=Args,
    result=Result,
    providers=(
        Provider(
            name="insightface",
            version="buffalo_l-1",
            fidelity="paper",
            run=_insightface,
            packages=("insightface", "ai_edge_litert", "scipy"),
            weights=("insightface-buffalo-l", "face-landmarker"),
            extra="insightface",
        ),
        Provider(
            name="face-landmarker",
            version="2",
            fidelity="substitute",
            run=_face_landmarker,
            packages=("torch", "cv2", "ai_edge_litert", "scipy"),
            weights=("human-models", "face-landmarker"),
        ),
    ),
    uses_shots=True,
    draw=_draw,
)
