"""Reads the small YAML and JSON documents that people write by hand: size-capped, without surprises.

YAML here is read as most people expect it: ``yes``, ``no``, ``on`` and dates stay words, a key given twice is an
error, and aliases may not unfold into more than :data:`MAX_NODES` values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cinejudge.schema.errors import ConfigError

MAX_BYTES = 2_000_000
MAX_NODES = 200_000
MAX_DEPTH = 40


@dataclass(frozen=True)
class Document:
    """Plain data and where each part of it stands in its file."""

    name: str
    data: Any
    root: yaml.Node | None = None
    """The composed tree of a YAML document; None for JSON."""

    def line(self, path: Sequence[str | int]) -> int | None:
        """Line (from 1) of the deepest part of ``path`` that exists; None when unknown."""
        node = self.root
        if node is None:
            return None
        line: int = node.start_mark.line + 1
        for step in path:
            node = _child(node, step)
            if node is None:
                break
            line = node.start_mark.line + 1
        return line


def read_text(path: Path, *, max_bytes: int = MAX_BYTES) -> str:
    """The text of a UTF-8 file.

    Raises:
        ConfigError: it cannot be read, is too large, or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(max_bytes + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from None
    if len(raw) > max_bytes:
        raise ConfigError(f"{path}: larger than {max_bytes // 1000} kB, which no such file should be")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}: line {line} is not UTF-8 text; save the file as UTF-8") from None


def read_yaml(path: Path, *, max_bytes: int = MAX_BYTES) -> Document:
    """A YAML document.

    Raises:
        ConfigError: with file and line, when it cannot be read.
    """
    text = read_text(path, max_bytes=max_bytes)
    try:
        _check_depth(path, text)
        root = yaml.compose(text, Loader=_Loader)
        _check_size(path, root)
        data = yaml.load(text, Loader=_Loader)  # noqa: S506 - _Loader is the safe loader, made stricter
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "somewhere"
        what = " ".join(str(error.problem or error.context).split())
        raise ConfigError(f"{path}: {where}: not valid YAML: {what}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    return Document(str(path), data, root)


def parse_json(text: str, name: str, *, first_line: int = 1) -> Document:
    """A JSON document from its text; ``name`` and ``first_line`` place it in error messages.

    Raises:
        ConfigError: with file and line, when it is not JSON.
    """
    try:
        data = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        raise ConfigError(f"{name}: line {line}, column {error.colno}: not valid JSON: {error.msg}") from None
    except ValueError as error:
        raise ConfigError(f"{name}: not valid JSON: {error}") from None
    except RecursionError:
        raise ConfigError(f"{name}: nested too deeply") from None
    return Document(name, data)


def read_json(path: Path, *, max_bytes: int = MAX_BYTES) -> Document:
    """A JSON document.

    Raises:
        ConfigError: with file and line, when it cannot be read.
    """
    return parse_json(read_text(path, max_bytes=max_bytes), str(path))


_BASE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_BASE):  # type: ignore[misc, valid-type]  # the C loader has no stubs
    """YAML's safe loader with only null, true/false and numbers read as something else than text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key must be a plain word", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} is given twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)  # type: ignore[no-any-return]


_WORDS = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag not in _WORDS]
    for first, found in _BASE.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), ["t", "f"])


def _check_depth(path: Path, text: str) -> None:
    """Refuses a deep tree before it is composed: composing recurses in C and would take the process down."""
    depth = 0
    for event in yaml.parse(text, Loader=_BASE):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise ConfigError(f"{path}: nested more than {MAX_DEPTH} deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _check_size(path: Path, root: yaml.Node | None) -> None:
    """Counts values as they unfold, aliases included, without unfolding them."""
    pending = [(root, 0)] if root is not None else []
    count = 0
    while pending:
        node, depth = pending.pop()
        count += 1
        if count > MAX_NODES or depth > MAX_DEPTH:
            raise ConfigError(f"{path}: unfolds into too many values or too deep a tree")
        if isinstance(node, yaml.MappingNode):
            pending += [(part, depth + 1) for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            pending += [(part, depth + 1) for part in node.value]


def _child(node: yaml.Node, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(step)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        found: yaml.Node = node.value[step]
        return found
    return None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        twice = next(key for i, (key, _) in enumerate(pairs) if key in {k for k, _ in pairs[:i]})
        raise ValueError(f"{twice!r} is given twice in one object")
    return made


def _refuse_constant(word: str) -> Any:
    raise ValueError(f"{word} is not a number that JSON knows")
