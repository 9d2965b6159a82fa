"""Briefs written as data: the project's own shape, checked strictly, with a few shorthands."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cinejudge.briefs.msavbench import SHAPE, is_msavbench, to_brief
from cinejudge.briefs.text import MAX_SHOTS, parse_text
from cinejudge.schema import Brief, Line, Reference, ShotSpec
from cinejudge.schema.errors import ConfigError

KEYS = ("id", "video", "file", "filename", "file_name", "name", "video_id", "prompt_id")
"""Fields of an entry that say which video it belongs to."""
FIELDS = frozenset((*KEYS, *Brief.model_fields, *SHAPE))
"""Any of these makes data one brief rather than several keyed by video."""
_LISTS = ("texts", "lines", "sounds", "subjects")


def brief_from(data: Any, folder: Path, where: str) -> Brief:
    """The brief that data amounts to: a prompt, the project's own fields, or MSAVBench's shape.

    A text may stand for a list of one, a line for its text, ``[a, b]`` for a span. Where no shots are given, the
    prompt is read for them; what is given beside it stands.

    Args:
        data: Parsed JSON or YAML.
        folder: Where the brief lies; references must lie below it.
        where: Place for error messages: the file, and the entry.

    Raises:
        ConfigError: a field is unknown or wrong, there is nothing in it, or a reference leads out of the folder.
    """
    if isinstance(data, str):
        data = {"prompt": data}
    if not isinstance(data, dict):
        raise ConfigError(f"{where}: a brief is a text or a set of fields, not {type(data).__name__}")
    fields = to_brief(data, where) if is_msavbench(data) else _shorthands(data)
    fields = {name: value for name, value in fields.items() if name not in KEYS and value is not None}
    if not any(value not in ("", [], ()) for value in fields.values()):
        raise ConfigError(f"{where}: holds no brief: give at least a `prompt`")
    if isinstance(fields.get("shots"), (list, tuple)) and len(fields["shots"]) > MAX_SHOTS:
        raise ConfigError(f"{where}: more than {MAX_SHOTS} shots")
    fields.setdefault("source", "cinejudge")
    try:
        brief = Brief.model_validate(_with_prompt(fields))
    except ValidationError as error:
        raise ConfigError(f"{where}: {_explained(error)}") from None
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from None
    return brief.model_copy(update={"references": tuple(_inside(ref, folder, where) for ref in brief.references)})


def _with_prompt(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields, completed by what the prompt says when no shots are given."""
    prompt = fields.get("prompt")
    if not isinstance(prompt, str) or fields.get("shots"):
        return fields
    parsed = parse_text(prompt)
    read = {name: getattr(parsed, name) for name in ("style", "shots", "texts", "lines", "sounds")}
    return {name: value for name, value in read.items() if value} | fields


def _shorthands(data: dict[str, Any]) -> dict[str, Any]:
    fields = _lists(data)
    if isinstance(fields.get("shots"), list):
        fields["shots"] = [_shot(index, shot) for index, shot in enumerate(fields["shots"])]
    return fields


def _shot(index: int, shot: Any) -> Any:
    if isinstance(shot, str):
        return {"index": index, "description": shot}
    if not isinstance(shot, dict):
        return shot
    fields = _lists(shot) | {"index": index}
    span = fields.get("span")
    if isinstance(span, list) and len(span) == 2:
        fields["span"] = {"start_s": span[0], "end_s": span[1]}
    return fields


def _lists(data: dict[str, Any]) -> dict[str, Any]:
    fields = dict(data)
    for name in _LISTS:
        if isinstance(fields.get(name), str):
            fields[name] = [fields[name]]
    if isinstance(fields.get("lines"), list):
        fields["lines"] = [{"text": line} if isinstance(line, str) else line for line in fields["lines"]]
    return fields


def _inside(reference: Reference, folder: Path, where: str) -> Reference:
    path = (folder / reference.path).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ConfigError(f"{where}: reference {reference.path!r} lies outside the brief's folder; copy it into it")
    return reference.model_copy(update={"path": str(path)})


def _explained(error: ValidationError) -> str:
    first, *more = error.errors(include_url=False)
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in first["loc"]).lstrip(".")
    # Field names of an unknown file end in a terminal: nothing there may act.
    place = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in place[:120])
    told = f"{place}: {first['msg']}"
    if first["type"] == "extra_forbidden":
        known = {name for record in (Brief, ShotSpec, Line, Reference) for name in record.model_fields}
        near = difflib.get_close_matches(str(first["loc"][-1]), sorted(known), 1)
        told = f"`{place}` is no field of a brief" + (f"; did you mean `{near[0]}`?" if near else "")
    return told + (f" (and {len(more)} more)" if more else "")
