"""Judges clips offline and prints how many of the questions that apply measured evidence decided.

Run: python benchmarks/decided.py CLIPS [--write]   (CLIPS holds the shared clips and labels.json)

Each shared clip is judged with the prompt of its label as brief, where there is one, and so are both clips of the
example. --write puts the table into docs/suites.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from page import write_section

import cinejudge
from cinejudge import Verdict

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))
from make_example import make, photograph

SUITES = ("msavbench", "mtavg2", "evalverse")
HEADER = """\
| suite | questions asked | apply | decided by evidence | the measure is open | the means are missing | need a model |
|---|---|---|---|---|---|---|"""
NEEDS_EYES = "needs a model that sees (`--model`)"
OPEN = "lies between the rule's bands"


def row(name: str, verdicts: Iterable[Verdict]) -> str:
    """One suite over these clips. What is not decided has a rule that stays open, one that lacks something, or none."""
    ends: Counter[str] = Counter()
    for verdict in verdicts:
        answers = [a for d in verdict.suites[name].dimensions for m in d.metrics for a in m.answers]
        for answer in answers:
            ends["asked"] += 1
            if answer.status == "not_applicable" and answer.by != "rule":
                continue
            ends["apply"] += 1
            reason = answer.reason or ""
            decided = answer.by == "rule"
            ends[
                "decided" if decided else "eyes" if NEEDS_EYES in reason else "open" if OPEN in reason else "means"
            ] += 1
    shares = (f"{ends[end]} ({ends[end] / ends['apply']:.0%})" for end in ("decided", "open", "means", "eyes"))
    return f"| `{name}` | {ends['asked']} | {ends['apply']} | {' | '.join(shares)} |"


def main() -> None:
    """Judges, counts, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", type=Path)
    parser.add_argument("--write", action="store_true", help="put the table into docs/suites.md")
    given = parser.parse_args()
    labels = json.loads((given.clips / "labels.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        example = make(Path(folder), photograph)
        videos = [*(given.clips / name for name in labels), *example]
        briefs = [*(label.get("prompt") for label in labels.values()), *(p.with_suffix(".yaml") for p in example)]
        judged = cinejudge.evaluate_many(
            videos, briefs=briefs, suites=SUITES, out=Path(folder) / "traces", model="offline", jobs=2
        )
    verdicts = [verdict for verdict in judged if isinstance(verdict, Verdict)]
    if len(verdicts) != len(videos):
        raise RuntimeError("some clips could not be judged")
    text = "\n".join([HEADER, *(row(name, verdicts) for name in SUITES)])
    print(text)
    if given.write:
        write_section("decided", text, "suites.md")


if __name__ == "__main__":
    main()
