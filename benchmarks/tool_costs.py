"""What each tool costs on one clip, and what it would cost if every tool decoded on its own.

Run: python benchmarks/tool_costs.py CLIP [--write]   (--write puts the table into docs/perception.md)

All tools that run without arguments look at the clip one after another in one process, as they do for a verdict.
Packages and models are loaded by the first tool that needs them, which bears their cost. The clip lies in one shot for
every 5 s. Sums go by processor time, since the clock tells more of a machine that does other work.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from cut import shots
from page import write_section

from cinejudge.media import ArtifactStore, Footage
from cinejudge.media.process import end_server
from cinejudge.schema import Shot
from cinejudge.tools.contract import Abstain, Look
from cinejudge.tools.registry import all_tools, choose

SHOT_S = 5.0


class Cost(NamedTuple):
    """Of one tool."""

    name: str
    provider: str
    seconds: float
    processor_s: float
    """Over all threads."""
    peak_mb: float
    """Of the process up to the end of this tool."""
    note: str


def peak_mb(who: int = resource.RUSAGE_SELF) -> float:
    """Largest resident memory so far, in MB (ru_maxrss counts in KiB on Linux)."""
    return resource.getrusage(who).ru_maxrss / 1024


def shots_of(footage: Footage) -> tuple[Shot, ...]:
    """Even shots of some 5 s."""
    count = max(1, round(footage.clip.duration_s / SHOT_S))
    edges = [round(i * footage.clip.frames / count) for i in range(count + 1)]
    return shots(footage, edges[:-1], edges[1:])


def measure(look: Look) -> list[Cost]:
    """Runs every tool once."""
    costs = []
    for name, tool in all_tools().items():
        provider, _ = choose(tool)
        if provider is None or any(field.is_required() for field in tool.args.model_fields.values()):
            continue
        begun, used = time.perf_counter(), time.process_time()
        try:
            provider.run(look, tool.args())
            note = ""
        except Abstain as why:
            note = f"abstains: {why}"
        costs.append(
            Cost(name, provider.name, time.perf_counter() - begun, time.process_time() - used, peak_mb(), note)
        )
    return costs


def table(clip: Path, duration_s: float, decode_s: float, before_mb: float, costs: list[Cost]) -> str:
    """Markdown."""
    lines = [
        "| tool | provider | processor s | the same per s of video | s by the clock | peak MB so far | |",
        "|---|---|---|---|---|---|---|",
        f"| decoding, once | | {decode_s:.2f} | {decode_s / duration_s:.3f} | | {before_mb:.0f} | |",
    ]
    lines += [
        f"| {c.name} | {c.provider} | {c.processor_s:.2f} | {c.processor_s / duration_s:.3f} | {c.seconds:.2f} | "
        f"{c.peak_mb:.0f} | {c.note} |"
        for c in costs
    ]
    tools = sum(c.processor_s for c in costs)
    together, apart = tools + decode_s, tools + len(costs) * decode_s
    lines.append(
        f"\n{clip.name}, {duration_s:.1f} s: {len(costs)} tools {tools:.1f} s of processor time, with one decoding "
        f"{together:.1f} s ({together / duration_s:.2f} per second of video, {decode_s / together:.0%} of it "
        f"decoding). With a decoding each: {apart:.1f} s, {apart / together:.2f} times as long (reckoned: tools + "
        f"{len(costs)} x {decode_s:.2f} s). Peak memory {costs[-1].peak_mb:.0f} MB, of the decoding process "
        f"{peak_mb(resource.RUSAGE_CHILDREN):.0f} MB."
    )
    return "\n".join(lines)


def main() -> None:
    """Decodes, runs, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--write", action="store_true", help="put the table into docs/perception.md")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, Footage(given.clip, cache=Path(name)) as footage:
        _ = footage.times, footage.sound
        end_server()  # only then is it known what the decoder took
        spent = resource.getrusage(resource.RUSAGE_CHILDREN)
        decode_s = spent.ru_utime + spent.ru_stime
        look = Look(footage, shots_of(footage), ArtifactStore(Path(name) / "artifacts"))
        before_mb = peak_mb()
        costs = measure(look)
        text = table(given.clip, footage.clip.duration_s, decode_s, before_mb, costs)
    print(text)
    if given.write:
        write_section("tool_costs", text)


if __name__ == "__main__":
    main()
