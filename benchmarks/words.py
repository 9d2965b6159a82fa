"""Prints how well on-screen text and speech are read on labelled clips, clip by clip.

Run: python benchmarks/words.py FOLDER [--write]   (a folder with clips and their labels.json; --write puts the tables
into docs/perception.md)

Text: character error rate (CER) of the reading that comes closest to each labelled text, at most 1; by letters and
digits alone, and by every character; then by letters when lines count that the tool calls doubtful. The second mean of
CER leaves out texts that the labels mark as hardly legible (confidence low). Speech: word error rate (WER) by words as
spoken.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from page import write_section

from cinejudge.media import ArtifactStore, Footage
from cinejudge.tools import ocr, speech
from cinejudge.tools.contract import Look
from cinejudge.tools.registry import choose
from cinejudge.tools.text import frames as text_frames
from cinejudge.tools.text.distance import closest, word_error_rate


class Rates(NamedTuple):
    """CER of the closest reading of one labelled text."""

    letters: float
    characters: float
    with_doubtful: float
    """By letters, of all lines."""
    legible: bool


def found(tool: Any, footage: Footage, folder: Path) -> tuple[Any, float]:
    """Result of the provider that would run here, and the seconds of processor time it took."""
    provider, states = choose(tool)
    if provider is None:
        raise SystemExit("; ".join(f"{s.why}: {s.mend}" for s in states))
    start = time.process_time()
    result = provider.run(Look(footage, (), ArtifactStore(folder)), tool.args())
    return result, time.process_time() - start


def text_row(name: str, label: dict[str, Any], footage: Footage, folder: Path) -> tuple[str, list[Rates]]:
    """The row of one clip and the rates of each labelled text."""
    result, seconds = found(ocr.TOOL, footage, folder)
    skipping, text_frames.STILL = text_frames.STILL, -1.0
    every, every_seconds = found(ocr.TOOL, footage, folder)
    text_frames.STILL = skipping
    same = set(result.wordings()) == set(every.wordings())
    rates, notes = [], []
    for text in label["texts"] or ():
        best = closest(text["text"], result.wordings())
        any_line = closest(text["text"], result.wordings(doubtful=True))
        rate = Rates(
            min(1.0, best.lenient) if best else 1.0,
            min(1.0, best.strict) if best else 1.0,
            min(1.0, any_line.lenient) if any_line else 1.0,
            text["confidence"] != "low",
        )
        rates.append(rate)
        notes.append(f"{text['text']} ({text['confidence']}): {best.text if best else 'nothing'}, {rate.letters:.2f}")
    extra = len(result.lines) - len(rates)
    row = (
        f"| {name} | {footage.clip.duration_s:.1f} | {result.read}/{result.sampled} | {seconds:.1f} | "
        f"{every_seconds:.1f} | {'same' if same else 'differs'} | {max(0, extra)} | {'; '.join(notes) or '-'} |"
    )
    return row, rates


def main() -> None:
    """Reads, listens, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/perception.md")
    given = parser.parse_args()
    labels = json.loads((given.folder / "labels.json").read_text(encoding="utf-8"))
    rates: list[Rates] = []
    heard: list[tuple[str, str, str, float]] = []
    lines = ["| clip | s | frames read | processor s | all read | words, all read | more lines | wanted: read, CER |"]
    lines.append("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        for name, label in labels.items():
            with Footage(given.folder / name, cache=work) as footage:
                _ = footage.times  # decoded before the clock starts
                row, found_rates = text_row(name, label, footage, work / "artifacts")
                lines.append(row)
                rates += found_rates
                if footage.sound is not None:
                    result, seconds = found(speech.TOOL, footage, work / "artifacts")
                    line = (label["speech"] or {}).get("transcript") or ""
                    heard.append((name, line, result.text, seconds))
    for title, chosen in (("all", rates), ("legible", [r for r in rates if r.legible])):
        letters, characters, doubtful = (sum(r[i] for r in chosen) / len(chosen) for i in range(3))
        lines.append(
            f"\nMean CER, {title} {len(chosen)} texts: {letters:.3f} by letters, {characters:.3f} by every character; "
            f"by letters with doubtful lines {doubtful:.3f}."
        )
    lines.append("\n| clip | processor s | heard | WER |\n|---|---|---|---|")
    for name, line, text, seconds in heard:
        rate = f"{word_error_rate(line, text):.3f}" if line else "-"
        lines.append(f"| {name} | {seconds:.1f} | {text or '(no words)'} | {rate} |")
    errors = [word_error_rate(line, text) for _, line, text, _ in heard if line]
    lines.append(f"\nMean WER of {len(errors)} lines: {sum(errors) / len(errors):.3f}.")
    text = "\n".join(lines)
    print(text)
    if given.write:
        write_section("words", text)


if __name__ == "__main__":
    main()
