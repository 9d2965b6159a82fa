"""JSON Schemas of tool arguments in few words: they are sent with every request."""

from __future__ import annotations

from typing import Any

_SPARED = ("title", "description", "additionalProperties", "$defs")
"""Parts that a model can do without: wrong arguments are answered with what is wrong."""


def lean_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema as pydantic makes it, without titles and notes, references written out, no null beside a type."""
    return _lean(schema, schema.get("$defs", {}))


def _lean(schema: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return _lean(known[schema["$ref"].rsplit("/", 1)[1]], known)
    if "anyOf" in schema:
        return _lean(next(part for part in schema["anyOf"] if part.get("type") != "null"), known)
    kept = {key: part for key, part in schema.items() if key not in _SPARED}
    if "properties" in kept:
        kept["properties"] = {name: _lean(part, known) for name, part in kept["properties"].items()}
    if isinstance(kept.get("items"), dict):
        kept["items"] = _lean(kept["items"], known)
    return kept
