"""Judges a clip and prints what its generator should change, the worst first: the inner half of a generation loop.

Run: python examples/evaluate_and_improve.py [VIDEO]     (default: both example clips; a brief beside VIDEO is read)
     CINEJUDGE_MODEL=openai/NAME lets a model with eyes judge what evidence alone cannot.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cinejudge
from cinejudge.schema import Finding, Verdict
from cinejudge.schema.errors import CinejudgeError

SUITES = ("msavbench", "mtavg2", "evalverse")


def changes(verdict: Verdict) -> list[str]:
    """One instruction per finding that names one, the gravest first, each only once."""
    told: dict[str, str] = {}
    for finding in verdict.findings:
        if finding.suggestion:
            told.setdefault(
                finding.suggestion, f"[{finding.severity}] {finding.mode}{where(finding)}: {finding.suggestion}"
            )
    return list(told.values())


def where(finding: Finding) -> str:
    """The moment that a finding speaks of, as ` at 2.1-3.4 s`; empty for the whole clip."""
    return f" at {finding.spans[0].start_s:.1f}-{finding.spans[0].end_s:.1f} s" if finding.spans else ""


def report(name: str, verdict: Verdict) -> str:
    """Scores with coverage, then what to change."""
    lines = [f"{name}: {len(verdict.shots)} shots"]
    for suite in verdict.suites.values():
        score = "not judged" if suite.score is None else f"{suite.score:.2f}"
        lines.append(f"  {suite.title}: {score}, from {suite.coverage:.0%} of what applies")
    lines += [f"  - {change}" for change in changes(verdict)] or ["  nothing to change was found"]
    return "\n".join(lines)


def main() -> int:
    """Judges the clips named on the command line, or the two of the example."""
    out = Path(__file__).parent / "out"
    videos = [Path(name) for name in sys.argv[1:]] or sorted(out.glob("*/teaser.mp4"))
    if not videos:
        print(f"no clip in {out}: run examples/make_example.py first", file=sys.stderr)
        return 2
    try:
        for video in videos:
            print(report(f"{video.parent.name}/{video.name}", cinejudge.evaluate(video, suites=SUITES)))
    except CinejudgeError as error:
        print(f"evaluate_and_improve: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
