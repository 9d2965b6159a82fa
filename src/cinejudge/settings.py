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
_LISTS = {"suites"}


def resolve(
    given: Mapping[str, Any], *, environ: Mapping[str, str] | None = None, folder: Path | None = None
) -> Options:
    """Options from what was given, the environment and ``cinejudge.toml`` in that order.

    Args:
        given: Fields of :class:`Options` and of :class:`Limits`, flat; None stands for "not given".
        environ: The environment; by default the process's.
        folder: Where ``cinejudge.toml`` is looked for; by default the working directory.

    Raises:
        ConfigError: an unknown or unfitting option, named with where it came from.
    """
    fields = set(Options.model_fields) - {"limits"} | set(Limits.model_fields)
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
    limits = {k: merged.pop(k) for k in list(merged) if k in Limits.model_fields}
    try:
        return Options(**merged, limits=Limits(**limits))
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0]) if first["loc"] else "?"
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
