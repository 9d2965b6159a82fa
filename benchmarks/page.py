"""Puts what a script measured into a page of docs/."""

from __future__ import annotations

from pathlib import Path


def write_section(script: str, text: str, name: str = "perception.md") -> None:
    """Replaces what stands between the marks of ``benchmarks/SCRIPT.py``; what stands around them stays."""
    page = Path(__file__).parents[1] / "docs" / name
    mark = f"made by benchmarks/{script}.py -->"
    start, end = f"<!-- {script}: {mark}", f"<!-- end of {script}: {mark}"
    before, rest = page.read_text(encoding="utf-8").split(start)
    page.write_text(f"{before}{start}\n{text}\n{end}{rest.split(end)[1]}", encoding="utf-8")
