"""Faces followed over a shot, and the tracks of one person brought together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cinejudge.tools.models.boxes import lasting, link
from cinejudge.tools.models.face_landmarker import Face
from cinejudge.tools.models.face_search import Sighting
from cinejudge.tools.models.identity import Embeddings, unit
from cinejudge.tools.records.faces import Identity, Sample, Similarity, Track
from cinejudge.tools.signals.clusters import grouped, pairs_nearby

OVERLAP = 0.25
"""Least overlap of a face with itself in the next sample."""
IDENTITY_PX = 64
"""Smaller faces have no identity."""
TURNED_DEG = 45.0
"""Nor have faces turned further: the embeddings were made for faces that look at us."""
FACES = 6
"""Faces of a track that make its embedding: the largest."""


@dataclass
class FaceTrack:
    """One face in one shot."""

    shot: int | None
    samples: list[Sample] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    embeddings: Embeddings | None = None
    """Of the faces that :meth:`telling` names."""

    def telling(self) -> list[tuple[int, Face]]:
        """Places in the track of the faces that are good enough for an identity, the largest first."""
        good = [
            (place, sighting.face)
            for place, (sample, sighting) in enumerate(zip(self.samples, self.sightings, strict=True))
            if sighting.face is not None and sighting.side >= IDENTITY_PX and abs(sample.yaw or 0) <= TURNED_DEG
        ]
        return sorted(good, key=lambda each: -self.samples[each[0]].side_px)[:FACES]

    @property
    def no_identity(self) -> str | None:
        """Why it has no identity; None when it can have one."""
        if self.telling():
            return None
        if all(sighting.face is None for sighting in self.sightings):
            return "seen only from the side"
        if max(sample.side_px for sample in self.samples) < IDENTITY_PX:
            return f"smaller than {IDENTITY_PX} pixels"
        return "turned away or too small whenever it is seen"

    @property
    def stability(self) -> float | None:
        """Lowest cosine similarity of a face to the mean of all; None with fewer than two."""
        if self.embeddings is None or len(self.embeddings) < 2:
            return None
        return round(float((self.embeddings @ unit(self.embeddings.mean(axis=0, keepdims=True))[0]).min()), 3)


def follow(shot: int | None, frames: Sequence[Sequence[tuple[Sample, Sighting]]]) -> list[FaceTrack]:
    """Tracks of the faces of one shot's samples; what shows up only once in a longer shot is left out."""
    boxes = [np.array([sample.box for sample, _ in each], np.float32).reshape(-1, 4) for each in frames]
    numbers = link(boxes, overlap=OVERLAP)
    tracks = {number: FaceTrack(shot) for number in lasting(numbers)}
    for each, assigned in zip(frames, numbers, strict=True):
        for (sample, sighting), number in zip(each, assigned, strict=True):
            if number in tracks:
                tracks[number].samples.append(sample)
                tracks[number].sightings.append(sighting)
    return list(tracks.values())


def records(
    tracks: Sequence[FaceTrack], same: float, doubt: float
) -> tuple[tuple[Track, ...], tuple[Identity, ...], tuple[Similarity, ...]]:
    """Groups tracks by their faces.

    Args:
        tracks: With their embeddings.
        same: Cosine similarity from which two tracks are one person.
        doubt: Closer than this to ``same``, it is in doubt.
    """
    known = [i for i, track in enumerate(tracks) if track.embeddings is not None]
    if known:
        centres = unit(np.stack([_embeddings(tracks[i]).mean(axis=0) for i in known]))
        alike = centres @ centres.T
    else:
        alike = np.zeros((0, 0), np.float32)
    frames = [{sample.frame for sample in tracks[i].samples} for i in known]
    apart = np.array([[bool(a & b) for b in frames] for a in frames], bool).reshape(alike.shape)
    groups = grouped(alike, apart, same).tolist()
    people = [
        Identity(
            id=number,
            tracks=tuple(known[i] for i in members),
            shots=tuple(dict.fromkeys(tracks[known[i]].shot for i in members)),
            certain=_certain(members, alike, apart, same, doubt),
        )
        for number in range(max(groups, default=-1) + 1)
        for members in [[i for i, g in enumerate(groups) if g == number]]
    ]
    owner = {track: person.id for person in people for track in person.tracks}
    pairs = tuple(
        Similarity(a=known[a], b=known[b], cosine=round(float(alike[a, b]), 3), at_once=bool(apart[a, b]))
        for a, b in pairs_nearby(len(known))
    )
    return tuple(_record(i, track, owner.get(i)) for i, track in enumerate(tracks)), tuple(people), pairs


def _embeddings(track: FaceTrack) -> Embeddings:
    assert track.embeddings is not None
    return track.embeddings


def _certain(
    members: Sequence[int], alike: NDArray[np.float32], apart: NDArray[np.bool_], same: float, doubt: float
) -> bool:
    """Whether no similarity that decided about these lies close to the threshold."""
    inside = np.isin(np.arange(len(alike)), members)
    for a in members:
        decided = ~apart[a]
        decided[a] = False
        if (np.abs(alike[a] - same) < doubt)[decided].any() or ((alike[a] >= same) != inside)[decided].any():
            return False
    return True


def _record(number: int, track: FaceTrack, identity: int | None) -> Track:
    sides = sorted(sample.side_px for sample in track.samples)
    return Track(
        id=number,
        shot=track.shot,
        start_s=track.samples[0].time_s,
        end_s=track.samples[-1].time_s,
        samples=tuple(track.samples),
        score=round(sum(sample.score for sample in track.samples) / len(track.samples), 3),
        side_px=sides[len(sides) // 2],
        frontal=round(sum(s.face is not None for s in track.sightings) / len(track.sightings), 3),
        identity=identity,
        no_identity=track.no_identity,
        stability=track.stability,
    )
