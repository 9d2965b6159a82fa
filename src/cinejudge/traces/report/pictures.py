"""Small copies of the pictures for the page, within a budget; the full ones stay in ``artifacts/``."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cinejudge.schema import Artifact, Verdict
from cinejudge.traces.folder import RunFolder

MAX_BYTES = 560_000
"""Pictures of one clip, as JPEG; in the page they take a third more."""
KEY_SHARE = 0.6
"""Share of it for the pictures of the timeline, which come first."""
SIDES = (480, 400, 320, 240, 160, 120)
QUALITY = 72


def clip_pictures(folder: RunFolder, verdict: Verdict) -> dict[str, dict[str, Any]]:
    """What the page knows about each artifact of a clip, by SHA-256.

    Returns:
        For each the file beside the page, caption, frame, time in seconds, size in pixels, and ``src``, a data URI
        of a small copy: of all key pictures, then of the others in the order in which findings and answers cite
        them, as far as the budget reaches.
    """
    found: dict[str, dict[str, Any]] = {}
    budget = MAX_BYTES
    keys = list(_key_pictures(verdict))
    small = _shrunk_to_fit(folder, keys, int(MAX_BYTES * KEY_SHARE))
    for artifact in [*keys, *_others(verdict)]:
        if artifact.sha256 in found:
            continue
        path = folder.artifact(artifact.sha256)
        jpeg = small.get(artifact.sha256)
        if jpeg is None and path is not None and artifact.media_type.startswith("image/"):
            jpeg = _shrunk(path, SIDES[0])
        if jpeg is not None and len(jpeg) > budget:
            jpeg = None
        budget -= len(jpeg or b"")
        found[artifact.sha256] = {
            "src": f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}" if jpeg else None,
            "file": path.relative_to(folder.path).as_posix() if path else None,
            "type": artifact.media_type,
            "caption": artifact.caption,
            "frame": artifact.frame,
            "time": artifact.time_s,
            "width": artifact.width,
            "height": artifact.height,
            "key": artifact in keys,
        }
    return found


def _key_pictures(verdict: Verdict) -> Iterable[Artifact]:
    """Whole frames with a time: those of the tool ``keyframes``."""
    for evidence in verdict.evidence:
        if evidence.tool == "keyframes":
            yield from (a for a in evidence.artifacts if a.time_s is not None)


def _others(verdict: Verdict) -> Iterable[Artifact]:
    cited = [e for f in verdict.findings for e in f.evidence]
    for suite in verdict.suites.values():
        for metric in (m for d in suite.dimensions for m in d.metrics):
            cited += metric.measured.evidence if metric.measured else ()
            cited += [e for answer in metric.answers for e in answer.evidence]
    by_id = {evidence.id: evidence for evidence in verdict.evidence}
    for evidence_id in dict.fromkeys([*cited, *by_id]):
        if evidence_id in by_id:
            yield from by_id[evidence_id].artifacts


def _shrunk_to_fit(folder: RunFolder, pictures: list[Artifact], budget: int) -> dict[str, bytes]:
    """All pictures at the largest common size that fits the budget; beyond the smallest, as many as fit."""
    paths = {a.sha256: path for a in pictures if (path := folder.artifact(a.sha256))}
    small: dict[str, bytes] = {}
    for side in SIDES:
        small = {sha: jpeg for sha, path in paths.items() if (jpeg := _shrunk(path, side))}
        if sum(map(len, small.values())) <= budget:
            break
    return small


def _shrunk(path: Path, side: int) -> bytes | None:
    """The picture as JPEG with at most ``side`` pixels on its longer side; None when it is no readable picture."""
    import cv2
    import numpy as np

    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        return None
    height, width = picture.shape[:2]
    scale = min(1.0, side / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    done, jpeg = cv2.imencode(
        ".jpg", cv2.resize(picture, size, interpolation=cv2.INTER_AREA), [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    )
    return jpeg.tobytes() if done else None
