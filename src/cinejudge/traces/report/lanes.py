"""Stretches of time that tools found, as lanes under the shots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cinejudge.schema import Evidence, Verdict

LANES = {
    "speech": ("Speech", ("segments", "utterances", "lines")),
    "ocr": ("Text", ("lines", "texts")),
    "faces": ("Faces", ("tracks", "faces", "people")),
    "sound": ("Sound", ("silences", "spans")),
    "picture": ("Picture", ("freezes", "flashes", "flickers")),
}
"""Tool → name of its lane, and the lists of its result whose items carry ``start_s`` and ``end_s``."""
_LABELS = ("text", "label", "name", "id", "kind", "track", "identity")
MAX_ITEMS = 400


def clip_lanes(verdict: Verdict) -> list[dict[str, Any]]:
    """Lanes with at least one item, each item with start and end in seconds, a label and its evidence."""
    lanes = []
    for tool, (name, lists) in LANES.items():
        items = [item for e in verdict.evidence if e.tool == tool and e.found for item in _items(e, lists)]
        if items:
            lanes.append({"id": tool, "name": name, "items": items[:MAX_ITEMS]})
    return lanes


def _items(evidence: Evidence, lists: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for name in lists:
        for item in evidence.data.get(name) or ():
            if not isinstance(item, dict):
                continue
            start, end = item.get("start_s"), item.get("end_s")
            if isinstance(start, int | float) and isinstance(end, int | float):
                label = next((item[key] for key in _LABELS if item.get(key) not in (None, "")), name)
                yield {"start": start, "end": end, "label": str(label), "evidence": evidence.id}
