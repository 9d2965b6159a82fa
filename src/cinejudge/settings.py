"""Where options come from: the call or the command line, then the environment, then ``cinejudge.toml``."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cinejudge.schema import Limits, Options
from cinejudge.schema.errors import ConfigError

FILE = "cinejudge.toml"
PREFIX = "CINEJUDGE_"
CLIP = "clip_"
"""Before the name of a limit: it then holds for each clip, not for the run."""
_LISTS = {"suites"}


def resolve(
    given: Mapping[str, Any], *, environ: Mapping[str, str] | None = None, folder: Path | None = None
) -> Options:
    """Options from what was given, the environment and ``cinejudge.toml`` in that order.

    Args:
        given: Fields of :class:`Options` and of :class:`Limits`, flat, limits of each clip as ``clip_max_tokens``;
            None stands for "not given".
        environ: The environment; by default the process's.
        folder: Where ``cinejudge.toml`` is looked for; by default the working directory.

    Raises:
        ConfigError: an unknown or unfitting option, named with where it came from.
    """
    bounds = set(Limits.model_fields)
    fields = set(Options.model_fields) - {"limits", "clip_limits"} | bounds | {CLIP + name for name in bounds}
    layers = [
        (FILE, _from_file((folder or Path.cwd()) / FILE)),
        ("environment", _from_environment(os.environ if environ is None else environ, fields)),
        ("call", {k: v for k, v in given.items() if v is not None}),
    ]
    merged: dict[str, Any] = {}
    origin: dict[str, str] = {}
    for name, layer in layers:
        unknown = sorted(set(layer) - fields)
        if unknown:
            raise ConfigError(f"{name}: no option named {unknown[0]!r}; there are: {', '.join(sorted(fields))}")
        merged |= layer
        origin |= dict.fromkeys(layer, name)
    limits = {name: merged.pop(name) for name in bounds & set(merged)}
    clip_limits = {name: merged.pop(CLIP + name) for name in bounds if CLIP + name in merged}
    try:
        return Options.model_validate({**merged, "limits": limits, "clip_limits": clip_limits})
    except ValidationError as error:
        first = error.errors()[0]
        field, *inner = map(str, first["loc"])
        if field in ("limits", "clip_limits"):
            field = field.removesuffix("limits") + inner[0]
        raise ConfigError(f"{field} (from {origin.get(field, 'call')}): {first['msg']}") from None


def _from_environment(environ: Mapping[str, str], fields: set[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in fields:
        value = environ.get(PREFIX + field.upper(), "")
        if value:
            found[field] = tuple(v.strip() for v in value.split(",")) if field in _LISTS else value
    return found


def _from_file(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{FILE}: {error}") from None
