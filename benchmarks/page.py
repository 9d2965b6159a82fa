"""Puts what a script measured into a page of docs/."""

from __future__ import annotations

import sys
from pathlib import Path


def write_section(script: str, text: str, name: str = "perception.md") -> None:
    """Replaces what stands between the marks of ``benchmarks/SCRIPT.py``; what stands around them stays."""
    page = Path(__file__).parents[1] / "docs" / name
    mark = f"made by benchmarks/{script}.py -->"
    start, end = f"<!-- {script}: {mark}", f"<!-- end of {script}: {mark}"
    before, rest = page.read_text(encoding="utf-8").split(start)
    page.write_text(f"{before}{start}\n{text}\n{end}{rest.split(end)[1]}", encoding="utf-8")


class Told:
    """Lines that are printed as they come and can be put into a page at the end."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, line: str) -> None:
        print(line, flush=True)
        self.lines.append(line)

    def write(self, script: str, name: str) -> None:
        """Into the section of ``benchmarks/SCRIPT.py``, where ``--write`` asks for it."""
        if "--write" in sys.argv:
            write_section(script, "\n".join(self.lines), name)
