"""What one clip costs: seconds per stage, peak memory, ratio to decoding alone; then the same with a warm cache.

    python benchmarks/one_clip.py CLIP [--brief FILE] [--suite NAME]...

Each run is a process of its own with a cache of its own, so that nothing is loaded or found beforehand; the second
one shares the first one's cache and writes another run folder. Weights are taken from the usual cache.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--suite", action="append", default=None)
    parser.add_argument("--child", choices=("decode", "run"), help=argparse.SUPPRESS)
    parser.add_argument("--out", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(_decode(given.clip) if given.child == "decode" else _run(given.clip, given.suite, given.out)))
        return
    from cinejudge import weights

    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "cache"
        cache.mkdir()
        (cache / "weights").symlink_to(weights.weights_dir())
        environ = {**os.environ, "CINEJUDGE_CACHE_DIR": str(cache)}
        decode = _child(given, environ, "decode", folder)
        shutil.rmtree(cache / "clips", ignore_errors=True)
        cold = _child(given, environ, "run", f"{folder}/cold")
        warm = _child(given, environ, "run", f"{folder}/warm")
    _table(given.clip, decode, cold, warm)


def _child(given: argparse.Namespace, environ: dict[str, str], what: str, out: str) -> dict:
    suites = [a for s in given.suite or ["msavbench"] for a in ("--suite", s)]
    command = [sys.executable, __file__, str(given.clip), "--child", what, "--out", out, *suites]
    done = subprocess.run(command, env=environ, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def _decode(clip: Path) -> dict:
    """Plain decoding of picture and sound in this process, nothing kept."""
    import av

    start = time.perf_counter()
    with av.open(str(clip)) as container:
        streams = [s for s in container.streams if s.type in ("video", "audio")]
        frames = sum(1 for frame in container.decode(*streams) if isinstance(frame, av.VideoFrame))
        seconds = float(container.duration or 0) / 1e6
    return {"wall": time.perf_counter() - start, "frames": frames, "clip_s": seconds}


def _run(clip: Path, suites: list[str], out: str) -> dict:
    import cinejudge
    from cinejudge.media.process import end_server

    start = time.perf_counter()
    verdict = cinejudge.evaluate(clip, suites=tuple(suites), out=out)
    wall = time.perf_counter() - start
    events = [json.loads(line) for p in Path(out).glob("*/videos/*/events.jsonl") for line in p.open(encoding="utf-8")]
    end_server()  # only then is it known what decoders took
    looked = [e for e in events if e["kind"] == "evidence"]
    return {
        "wall": wall,
        "stages": verdict.usage.seconds,
        "tools": {e["tool"]: e["seconds"] for e in looked if not e["cached"]},
        "looked": sum(not e["cached"] and e["status"] in ("found", "abstained") for e in looked),
        "from_cache": sum(e["cached"] for e in looked),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "child_peak_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    }


def _table(clip: Path, decode: dict, cold: dict, warm: dict) -> None:
    print(f"{clip.name}: {decode['clip_s']:.1f} s, {decode['frames']} frames; plain decoding {decode['wall']:.2f} s\n")
    print("| | cold | warm cache |\n|---|---|---|")
    for stage in dict.fromkeys([*cold["stages"], *warm["stages"]]):
        print(f"| {stage} (s) | {cold['stages'].get(stage, 0):.2f} | {warm['stages'].get(stage, 0):.2f} |")
    print(f"| wall, imports and models included (s) | {cold['wall']:.2f} | {warm['wall']:.2f} |")
    print(f"| ratio to plain decoding | {cold['wall'] / decode['wall']:.1f} | {warm['wall'] / decode['wall']:.1f} |")
    print(f"| tools run | {cold['looked']} | {warm['looked']} |")
    print(f"| found in the evidence cache | {cold['from_cache']} | {warm['from_cache']} |")
    print(f"| peak memory, judge (MB) | {cold['peak_mb']:.0f} | {warm['peak_mb']:.0f} |")
    print(f"| peak memory, decoder (MB) | {cold['child_peak_mb']:.0f} | {warm['child_peak_mb']:.0f} |")
    print(
        "\nTools, cold (s): " + ", ".join(f"{n} {s:.2f}" for n, s in sorted(cold["tools"].items(), key=lambda t: -t[1]))
    )


if __name__ == "__main__":
    main()
