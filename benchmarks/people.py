"""Counts people in labelled clips with the tool `faces`, and prints the counts beside the labels.

Run: python benchmarks/people.py FOLDER [--write]   (a folder with clips and their labels.json; --write puts the table
into docs/perception.md)

Shots are the labelled ones, so that no missed cut enters. The labels give people as a person counts them, faces turned
away or too small included. Where a clip has no count it is left out.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from cut import shots
from page import write_section

from cinejudge.media import ArtifactStore, Footage
from cinejudge.schema import Shot
from cinejudge.tools import faces
from cinejudge.tools.contract import Look
from cinejudge.tools.registry import choose


def labelled_shots(footage: Footage, label: dict[str, Any]) -> tuple[Shot, ...]:
    """The shots of the labels, gradual transitions left out of either side."""
    starts = [0, *(cut["frame"] for cut in label["cuts"])]
    ends = [*(cut.get("start", cut["frame"]) for cut in label["cuts"]), footage.clip.frames]
    return shots(footage, starts, ends)


def main() -> None:
    """Looks, counts, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true", help="put the table into docs/perception.md")
    given = parser.parse_args()
    labels = json.loads((given.folder / "labels.json").read_text(encoding="utf-8"))
    provider, states = choose(faces.TOOL)
    if provider is None:
        raise SystemExit("; ".join(f"{s.why}: {s.mend}" for s in states))
    lines = ["| clip | labelled | counted | at once | identities | tracks | right |", "|---|---|---|---|---|---|---|"]
    right = []
    with tempfile.TemporaryDirectory() as name:
        for clip, label in labels.items():
            if label["faces"] is None:
                continue
            with Footage(given.folder / clip, cache=Path(name)) as footage:
                look = Look(footage, labelled_shots(footage, label), ArtifactStore(Path(name) / "artifacts"))
                found = provider.run(look, faces.Args())
            truth = label["faces"]["human"]
            right.append(found.people == truth)
            lines.append(
                f"| {clip} | {truth} | {found.people} | {found.at_once} | {len(found.identities)} | "
                f"{len(found.tracks)} | {'yes' if right[-1] else '**no**'} |"
            )
    lines.append(f"\nRight: {sum(right)} of {len(right)} clips ({sum(right) / len(right):.0%}), with {provider.name}.")
    text = "\n".join(lines)
    print(text)
    if given.write:
        write_section("people", text)


if __name__ == "__main__":
    main()
