"""Finds and reads suites: the shipped ones, those of other packages, and any file."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from pydantic import ValidationError

from cinejudge.rubrics.borrow import borrow
from cinejudge.rubrics.check import find_problems
from cinejudge.rubrics.problems import explain, told
from cinejudge.schema import Suite
from cinejudge.schema.documents import read_yaml
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


def suite_problems(name_or_path: str, *, measures: Collection[str] | None = None) -> tuple[str, ...]:
    """Everything wrong with a suite, one line each; nothing when it is right.

    Args:
        name_or_path: A suite's name or file.
        measures: Names of the measures that exist; None leaves them unchecked.

    Raises:
        ConfigError: there is no such file, or it is not YAML.
    """
    return _read(_path(name_or_path), measures)[1]


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
    path: Path,
    measures: Collection[str] | None = None,
    readers: tuple[Path, ...] = (),
) -> tuple[Suite | None, tuple[str, ...]]:
    document = read_yaml(path)
    if not isinstance(document.data, dict):
        return None, ("not a suite: it should begin with `name:`, `title:`, `dimensions:` …",)
    data, problems = borrow(document.data, cache(lambda name: _lend(name, (*readers, path))))
    if problems:
        return None, tuple(told(document, problem) for problem in problems)
    try:
        suite = Suite.model_validate(data)
    except ValidationError as error:
        return None, tuple(dict.fromkeys(told(document, problem) for problem in explain(error)))
    return suite, tuple(told(document, problem) for problem in find_problems(suite, measures))


def _lend(name: str, readers: tuple[Path, ...]) -> Suite:
    """The suite of that name for one that takes questions over from it."""
    path = _path(name)
    if path in readers:
        raise ConfigError(f"suite {name} takes questions over from the suite that takes this one over")
    suite, problems = _read(path, readers=readers)
    if suite is None:
        raise ConfigError(f"suite {name} lends no question while it is wrong itself: {problems[0]}")
    return suite
