"""Slots: what the texts of a suite may quote from the brief, and where each value comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from cinejudge.schema import SLOT, Brief, Line, Question, Shot, ShotSpec
from cinejudge.schema.suite import Scope

MAX_CHARS = 6_000
"""Longer values are cut: a slot quotes the brief, it does not carry it."""

SHOT_SLOTS: dict[str, Callable[[ShotSpec], str]] = {
    "description": lambda spec: spec.description,
    "scene": lambda spec: spec.scene or "",
    "lighting": lambda spec: spec.lighting or "",
    "scale": lambda spec: spec.scale or "",
    "angle": lambda spec: spec.angle or "",
    "camera_motion": lambda spec: spec.camera_motion or "",
    "transition": lambda spec: spec.transition or "",
    "subjects": lambda spec: _joined(spec.subjects),
    "layout": lambda spec: spec.layout or "",
    "texts": lambda spec: _joined(spec.texts),
    "lines": lambda spec: _lines(spec.lines),
    "sounds": lambda spec: _joined(spec.sounds),
    "music": lambda spec: spec.music or "",
    "emotion": lambda spec: spec.emotion or "",
    "spec_number": lambda spec: str(spec.index + 1),
}
"""``shot.NAME`` of a shot of the brief; ``next.NAME`` of the one after it in questions about neighbours."""

BRIEF_SLOTS: dict[str, Callable[[Brief], str]] = {
    "prompt": lambda brief: brief.prompt,
    "genre": lambda brief: brief.genre or "",
    "style": lambda brief: brief.style or "",
    "tone": lambda brief: brief.tone or "",
    "language": lambda brief: brief.language or "",
    "persons": lambda brief: "" if brief.persons is None else str(brief.persons),
    "texts": lambda brief: _joined(brief.all_texts),
    "lines": lambda brief: _lines(brief.all_lines),
    "sounds": lambda brief: _joined(brief.sounds + tuple(s for shot in brief.shots for s in shot.sounds)),
    "music": lambda brief: brief.music or _joined(dict.fromkeys(s.music for s in brief.shots if s.music)),
    "subjects": lambda brief: _joined(dict.fromkeys(s for shot in brief.shots for s in shot.subjects)),
}
"""``brief.NAME``."""

LINE_SLOTS: dict[str, Callable[[Line], str]] = {
    "text": lambda line: line.text,
    "speaker": lambda line: line.speaker or "",
    "language": lambda line: line.language or "",
}
"""``line.NAME``, in questions about a line of the script."""

_ROOTS: dict[Scope, tuple[str, ...]] = {
    "clip": ("brief",),
    "shot": ("brief", "shot"),
    "adjacent": ("brief", "shot", "next"),
    "spec": ("brief", "shot"),
    "speaker": ("brief", "speaker"),
    "line": ("brief", "line"),
}


def known_slots(scope: Scope) -> tuple[str, ...]:
    """Names of the slots that a question of that scope may use."""
    tables: dict[str, Iterable[str]] = {
        "brief": BRIEF_SLOTS,
        "shot": SHOT_SLOTS if scope == "spec" else ("number", *SHOT_SLOTS),
        "next": ("number", *SHOT_SLOTS),
        "speaker": ("number",),
        "line": LINE_SLOTS,
    }
    return tuple(f"{root}.{name}" for root in _ROOTS[scope] for name in tables[root])


def used_slots(question: Question) -> tuple[str, ...]:
    """Slots that must be filled for the question to exist: its own, and those its text quotes."""
    named = (question.slot,) if question.slot else ()
    return tuple(dict.fromkeys(named + tuple(SLOT.findall(question.text))))


def needs_match(slots: Iterable[str]) -> bool:
    """Whether any of the slots speaks of what the brief wants of a shot."""
    return any(slot.startswith(("shot.", "next.")) and not slot.endswith(".number") for slot in slots)


def brief_slots(brief: Brief | None) -> dict[str, str]:
    """The filled ``brief.`` slots."""
    return _filled("brief", BRIEF_SLOTS, brief) if brief else {}


def shot_slots(root: str, shot: Shot | None, spec: ShotSpec | None) -> dict[str, str]:
    """The filled slots of a shot, under ``shot`` or ``next``. Numbers count from 1, for people and models."""
    number = {f"{root}.number": str(shot.index + 1)} if shot else {}
    return number | (_filled(root, SHOT_SLOTS, spec) if spec else {})


def line_slots(line: Line) -> dict[str, str]:
    """The filled ``line.`` slots."""
    return _filled("line", LINE_SLOTS, line)


def _filled(root: str, table: Mapping[str, Callable[..., str]], source: object) -> dict[str, str]:
    values = {f"{root}.{name}": _short(take(source)) for name, take in table.items()}
    return {name: value for name, value in values.items() if value}


def _short(value: str) -> str:
    value = " ".join(value.split())
    return value if len(value) <= MAX_CHARS else value[: MAX_CHARS - 1] + "…"


def _joined(values: Iterable[str]) -> str:
    return "; ".join(value for value in values if value.strip())


def _lines(lines: Iterable[Line]) -> str:
    return _joined(f"{line.speaker}: {line.text}" if line.speaker else line.text for line in lines)
