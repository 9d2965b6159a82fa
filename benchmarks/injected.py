"""Puts ten faults, each alone, into four films and prints which metrics of the three suites tell of them.

Run: python benchmarks/injected.py CLIPS [--film NAME]... [--fault NAME]... [--work DIR] [--write]
(CLIPS holds the shared clips; --write puts the table into docs/suites.md, and takes all films and faults)

Every film is judged offline, without and with the fault. A metric reacts when its score falls by 0.05 or more or when
it gets a finding that the clean film does not have.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from faults import encode
from film_faults import FILM_FAULTS, Fault
from films import FILMS, RATE, Film
from page import write_section

import cinejudge
from cinejudge import Verdict

SUITES = ("msavbench", "mtavg2", "evalverse")
FALLS = 0.05


@dataclass(frozen=True)
class Reading:
    """What one verdict says of one metric."""

    status: str
    score: float | None
    modes: frozenset[str]


def readings(verdict: Verdict) -> dict[str, Reading]:
    """All metrics by `suite/metric`, the suites' factors, and the findings that no suite makes by their mode."""
    modes: dict[str, set[str]] = {}
    for finding in verdict.findings:
        place = f"{finding.suite}/{finding.metric}" if finding.suite else finding.mode
        modes.setdefault(place, set()).add(f"{finding.mode} {finding.severity}")
    found = {
        f"{name}/{m.id}": Reading(m.status, m.score, frozenset(modes.pop(f"{name}/{m.id}", ())))
        for name, suite in verdict.suites.items()
        for d in suite.dimensions
        for m in d.metrics
    }
    for name, suite in verdict.suites.items():
        if suite.completion is not None:
            found[f"{name} completion"] = Reading("scored", suite.completion, frozenset())
    return found | {place: Reading("found", None, frozenset(told)) for place, told in modes.items()}


NOTHING = Reading("not_applicable", None, frozenset())


def reactions(clean: Mapping[str, Reading], faulty: Mapping[str, Reading]) -> tuple[dict[str, str], dict[str, str]]:
    """What reacted, and what otherwise changed: each metric with the change in short."""
    worse, other = {}, {}
    for place in sorted(clean.keys() | faulty.keys()):
        before, after = clean.get(place, NOTHING), faulty.get(place, NOTHING)
        change = f"{_short(before)}→{_short(after)}"
        fell = before.score is not None and after.score is not None and after.score <= before.score - FALLS
        if fell or after.modes - before.modes:
            worse[place] = change
        elif before.status != after.status or (before.score or 0) + FALLS <= (after.score or 0):
            other[place] = change
    return worse, other


def _short(reading: Reading) -> str:
    if reading.score is not None:
        return f"{reading.score:.2f}"
    return {"not_judged": "?", "not_applicable": "–", "found": "found", "failed": "failed"}[reading.status]


def judged(clean: Film, films: Mapping[str, Film], work: Path) -> dict[str, Verdict]:
    """Verdicts by name, under the clean film's brief; encodes what is not there yet."""
    brief = clean.whole_brief
    paths = []
    for name, film in films.items():
        path = work / f"{name}.mkv"
        if not path.exists():
            encode(path.with_suffix(".part.mkv"), film.pictures(), film.fps, film.sound, RATE)
            path.with_suffix(".part.mkv").rename(path)
        paths.append(path)
    with tempfile.TemporaryDirectory() as out:
        verdicts = cinejudge.evaluate_many(
            paths, briefs=[brief] * len(paths), suites=SUITES, out=Path(out), model="offline", jobs=2
        )
    for path, verdict in zip(paths, verdicts, strict=True):
        if not isinstance(verdict, Verdict):
            raise RuntimeError(f"{path}: {verdict.message}")
    return dict(zip(films, verdicts, strict=True))  # type: ignore[arg-type]


HEADER = """\
| fault | film | reacts as it should | missed | spurious | follows from the fault | otherwise changed |
|---|---|---|---|---|---|---|"""


def row(name: str, fault: Fault, film: str, worse: Mapping[str, str], other: Mapping[str, str]) -> tuple[str, int, int]:
    """One line, and how many were missed and spurious."""
    hit = {p: c for p, c in worse.items() if p in fault.matching}
    missed = {p: other.get(p, "unchanged") for p in fault.matching if p not in worse}
    follows = {p: c for p, c in worse.items() if p in fault.follows}
    spurious = {p: c for p, c in worse.items() if p not in fault.matching + fault.follows}
    rest = {p: c for p, c in other.items() if p not in missed}
    cells = [", ".join(f"{p} {c}" for p, c in part.items()) or "-" for part in (hit, missed, spurious, follows, rest)]
    return f"| {name} | {film} | {' | '.join(cells)} |", len(missed), len(spurious)


def main() -> None:
    """Injects, judges, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", type=lambda name: Path(name).resolve())
    parser.add_argument("--film", action="append", choices=FILMS, help="these films alone")
    parser.add_argument("--fault", action="append", choices=FILM_FAULTS, help="these faults alone")
    parser.add_argument("--work", type=Path, help="keep the rendered films here")
    parser.add_argument("--write", action="store_true", help="put the table into docs/suites.md")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = given.work or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        lines, missed, spurious = [HEADER], 0, 0
        for film_name in given.film or FILMS:
            film = FILMS[film_name](given.clips)
            faults = {n: FILM_FAULTS[n] for n in given.fault or FILM_FAULTS}
            faults = {n: f for n, f in faults.items() if film.on_camera or not f.on_camera}
            films = {film_name: film} | {f"{film_name} {n}": f.inject(film) for n, f in faults.items()}
            verdicts = {n: readings(v) for n, v in judged(film, films, work).items()}
            for name, fault in faults.items():
                changes = reactions(verdicts[film_name], verdicts[f"{film_name} {name}"])
                line, m, s = row(name, fault, film_name, *changes)
                lines.append(line)
                missed, spurious = missed + m, spurious + s
    expected = sum(len(FILM_FAULTS[line.split(" | ")[0][2:]].matching) for line in lines[1:])
    lines += ["", f"{expected - missed} of {expected} that should react do; {spurious} react that should not."]
    print("\n".join(lines))
    if given.write:
        write_section("injected", "\n".join(lines), "suites.md")


if __name__ == "__main__":
    main()
