"""Finds and reads suites: the shipped ones, those of other packages, and any file."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from cinejudge.rubrics.check import Problem, find_problems
from cinejudge.schema import Suite
from cinejudge.schema import suite as records
from cinejudge.schema.documents import Document, read_yaml
from cinejudge.schema.errors import ConfigError

SHIPPED = Path(__file__).parent / "suites"


@cache
def suite_files() -> dict[str, Path]:
    """Where each suite that is known by name lies: shipped ones, and the entry points ``cinejudge.suites``.

    An entry point names a string or path: the suite's YAML file.

    Raises:
        ConfigError: an entry point is not a path, or takes a name that exists.
    """
    files = {path.stem: path for path in sorted(SHIPPED.glob("*.yaml"))}
    for entry in entry_points(group="cinejudge.suites"):
        found = entry.load()
        if not isinstance(found, (str, Path)):
            raise ConfigError(f"entry point {entry.name!r} of cinejudge.suites is not a path: {entry.value}")
        if entry.name in files:
            raise ConfigError(f"entry point {entry.name!r} of cinejudge.suites: a suite of that name exists already")
        files[entry.name] = Path(found)
    return files


def suite_names() -> tuple[str, ...]:
    """Names of all suites that can be loaded by name."""
    return tuple(suite_files())


def load_suite(name_or_path: str) -> Suite:
    """The suite of that name, or in that file.

    Raises:
        ConfigError: there is none, or it is not right; names the file, the line, the place and what to do.
    """
    path = _path(name_or_path)
    suite, problems = _read(path)
    if suite is None or problems:
        more = f" (and {len(problems) - 1} more: `cinejudge suites check {path.name}`)" if len(problems) > 1 else ""
        raise ConfigError(f"{path}: {problems[0]}{more}")
    return suite


def suite_problems(
    name_or_path: str, *, measures: Collection[str] | None = None, tools: Collection[str] | None = None
) -> tuple[str, ...]:
    """Everything wrong with a suite, one line each; nothing when it is right.

    Args:
        name_or_path: A suite's name or file.
        measures: Names of the measures that exist; None leaves them unchecked.
        tools: Names of the perception tools that exist; None leaves them unchecked.

    Raises:
        ConfigError: there is no such file, or it is not YAML.
    """
    return _read(_path(name_or_path), measures, tools)[1]


def _path(name_or_path: str) -> Path:
    files = suite_files()
    if name_or_path in files:
        return files[name_or_path]
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml"):
        raise ConfigError(
            f"no suite named {name_or_path!r}; there are: {', '.join(files)}; or give the path of a .yaml file"
        )
    return path


def _read(
    path: Path, measures: Collection[str] | None = None, tools: Collection[str] | None = None
) -> tuple[Suite | None, tuple[str, ...]]:
    document = read_yaml(path)
    if not isinstance(document.data, dict):
        return None, ("not a suite: it should begin with `name:`, `title:`, `dimensions:` …",)
    try:
        suite = Suite.model_validate(document.data)
    except ValidationError as error:
        return None, tuple(dict.fromkeys(_told(document, problem) for problem in _problems(error)))
    return suite, tuple(_told(document, problem) for problem in find_problems(suite, measures, tools))


def _told(document: Document, problem: Problem) -> str:
    line = document.line(problem.path)
    where = _where(document.data, problem.path)
    return ": ".join(part for part in (f"line {line}" if line else "", where, problem.text) if part)


def _problems(error: ValidationError) -> Iterator[Problem]:
    for detail in error.errors(include_url=False):
        path, kind = detail["loc"], detail["type"]
        name = str(path[-1]) if path else ""
        given = detail.get("input")
        if kind == "missing":
            yield Problem(path[:-1], f"`{name}` is missing; add it")
        elif kind == "extra_forbidden":
            near = difflib.get_close_matches(name, _field_names(), 1)
            hint = f"; did you mean `{near[0]}`?" if near else "; remove it, or check where it belongs"
            yield Problem(path, f"`{name}` is not known here{hint}")
        elif kind == "value_error":
            yield Problem(path, detail["msg"].removeprefix("Value error, "))
        elif kind == "string_type" and isinstance(given, (bool, int, float)):
            yield Problem(path, f"should be text; put it in quotes: '{given}'")
        elif kind == "string_pattern_mismatch":
            yield Problem(path, f"{given!r}: an id has small letters, digits and . _ - only, and begins with a letter")
        else:
            yield Problem(path, f"{detail['msg']}, not {_brief(given)}")


@cache
def _field_names() -> tuple[str, ...]:
    found = [item for item in vars(records).values() if isinstance(item, type) and issubclass(item, BaseModel)]
    return tuple(sorted({field for record in found for field in record.model_fields}))


def _where(data: Any, path: tuple[str | int, ...]) -> str:
    """The path with ids in place of list positions: ``dimensions[camera].metrics[cam]``."""
    told = ""
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            data = None
        if isinstance(step, int):
            name = data.get("id", step) if isinstance(data, dict) else step
            told += f"[{name}]"
        else:
            told += f".{step}" if told else step
    return told


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
