"""SCRFD and ArcFace of InsightFace's pack buffalo_l (extra ``insightface``; weights for non-commercial research)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from cinejudge import weights
from cinejudge.tools.models import face_landmarker
from cinejudge.tools.models.face_search import SMALLEST_PX, Picture, Sighting, without_duplicates
from cinejudge.tools.models.identity import unit

SAME = 0.35
"""Cosine similarity from which two faces are taken for one person (InsightFace's users settle on .28 to .4)."""
DOUBT = 0.07
THRESHOLD = 0.5
INPUT = (640, 640)


@cache
def _models(device: str) -> tuple[Any, Any]:
    from insightface.model_zoo import get_model

    pack = "insightface-buffalo-l"
    runtime = ["CUDAExecutionProvider", "CPUExecutionProvider"] if device == "cuda" else ["CPUExecutionProvider"]
    detector = get_model(str(weights.path(pack, "det_10g.onnx")), providers=runtime)
    detector.prepare(0 if device == "cuda" else -1, input_size=INPUT, det_thresh=THRESHOLD)
    recogniser = get_model(str(weights.path(pack, "w600k_r50.onnx")), providers=runtime)
    recogniser.prepare(0 if device == "cuda" else -1)
    return detector, recogniser


def search(pictures: Sequence[Picture], device: str) -> list[list[Sighting]]:
    """Faces by SCRFD with ArcFace embeddings; landmarks by the face landmarker where it sees the face."""
    from insightface.utils import face_align

    detector, recogniser = _models(device)
    found = []
    for picture in pictures:
        bgr = np.ascontiguousarray(picture[..., ::-1])
        boxes, points = detector.detect(bgr)
        sightings = []
        for row, five in zip(boxes, points, strict=True):
            box = row[:4].astype(np.float32)
            if min(box[2] - box[0], box[3] - box[1]) < SMALLEST_PX:
                continue
            face = face_landmarker.landmarks(picture, box, five[:2].astype(np.float32))
            (embedding,) = unit(recogniser.get_feat(face_align.norm_crop(bgr, landmark=five)))
            seen = face if face.presence >= face_landmarker.PRESENCE else None
            sightings.append(Sighting(box, float(row[4]), seen, embedding))
        found.append(without_duplicates(sightings))
    return found
