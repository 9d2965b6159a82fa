"""Stretches of time that tools found, as lanes under the shots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cinejudge.schema import Evidence, Verdict

LANES = {
    "speech": ("Speech", {"utterances": "speech"}),
    "ocr": ("Text", {"lines": "text"}),
    "faces": ("Faces", {"tracks": "face"}),
    "audio_events": ("Sound", {"events": "sound"}),
    "sound": ("Silence", {"silences": "silence"}),
    "picture": ("Picture", {"moments": "moment"}),
}
"""Tool → name of its lane, and the lists of its result that lie in time, with what an item without words is called."""
_LABELS = ("text", "label", "kind", "name", "id", "track", "identity", "person")
MAX_ITEMS = 2_000
"""Of one lane: the longest. In a video that has more of them, others are hardly wider than a line."""


def clip_lanes(verdict: Verdict) -> list[dict[str, Any]]:
    """Lanes with at least one item, each item with start and end in seconds, a label and its evidence id.

    ``more`` counts the items that are left out.
    """
    lanes = []
    for tool, (name, lists) in LANES.items():
        items = [item for e in verdict.evidence if e.tool == tool and e.found for item in _items(e, lists)]
        if items:
            items.sort(key=lambda item: item["start"])
            longest = sorted(enumerate(items), key=lambda at: at[1]["start"] - at[1]["end"])[:MAX_ITEMS]
            kept = [item for _, item in sorted(longest, key=lambda at: at[0])]
            lanes.append({"id": tool, "name": name, "items": kept, "more": len(items) - len(kept)})
    return lanes


def _items(evidence: Evidence, lists: dict[str, str]) -> Iterator[dict[str, Any]]:
    for name, plain in lists.items():
        for item in evidence.data.get(name) or ():
            if not isinstance(item, dict):
                continue
            span = item.get("span") or item
            start, end = span.get("start_s"), span.get("end_s")
            if isinstance(start, int | float) and isinstance(end, int | float):
                label = next((item[key] for key in _LABELS if item.get(key) not in (None, "")), plain)
                label = label if isinstance(label, str) else f"{plain} {label}"
                yield {"start": start, "end": end, "label": label, "evidence": evidence.id}
