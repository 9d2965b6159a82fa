"""The methods that are compared. Each takes a file and gives first frames of new shots, and opens the file itself."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cinejudge import weights
from cinejudge.agent.segment import SignalInspector
from cinejudge.agent.segment.correct import possible_shots
from cinejudge.agent.segment.loop import correct
from cinejudge.agent.segment.propose import suspects
from cinejudge.media import ArtifactStore, Footage, FramePlan
from cinejudge.media.process import running_processor_s
from cinejudge.tools.perception import Perception

UNION_TOLERANCE = 2
ADAPTIVE_FOR_UNION = 3.5


@dataclass(frozen=True)
class Cost:
    """What a method takes."""

    wall_s: float = 0.0
    processor_s: float = 0.0
    """User and system time, of this process and of those that it started."""

    def __add__(self, other: Cost) -> Cost:
        """Both together."""
        return Cost(self.wall_s + other.wall_s, self.processor_s + other.processor_s)

    @staticmethod
    def so_far() -> Cost:
        """Since some moment in the past."""
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return Cost(time.perf_counter(), sum(u.ru_utime + u.ru_stime for u in used) + running_processor_s())

    def since(self, start: Cost) -> Cost:
        """What has been spent since ``start``."""
        return Cost(self.wall_s - start.wall_s, self.processor_s - start.processor_s)


@dataclass
class Found:
    """What a method made of one clip."""

    cuts: list[int]
    cost: Cost
    stages: dict[str, list[int]] = field(default_factory=dict)
    """What stood after each stage, for the method that has any."""
    kinds: dict[int, str] = field(default_factory=dict)


def adaptive(path: Path, threshold: float = 3.0) -> list[int]:
    """PySceneDetect, adaptive, as its users call it."""
    from scenedetect import AdaptiveDetector, detect

    return [scene[0].frame_num for scene in detect(str(path), AdaptiveDetector(adaptive_threshold=threshold))[1:]]


def content(path: Path) -> list[int]:
    """PySceneDetect, content."""
    from scenedetect import ContentDetector, detect

    return [scene[0].frame_num for scene in detect(str(path), ContentDetector())[1:]]


def network(path: Path) -> list[int]:
    """TransNetV2 at 0.5 in the published windows: 100 frames, of which the middle 50 are kept."""
    import torch

    from cinejudge.tools.models.transnet import load

    net = load(weights.path("transnetv2"))
    frames = _read(path)
    after = 25 + 50 - (len(frames) % 50 or 50)
    padded = np.concatenate([frames[:1].repeat(25, 0), frames, frames[-1:].repeat(after, 0)])
    kept = []
    with torch.inference_mode():
        for start in range(0, len(padded) - 99, 50):
            kept.append(net.judge(torch.from_numpy(padded[start : start + 100]))[0][25:75].numpy())
    sure = np.concatenate(kept)[: len(frames)] > 0.5
    return [t + 1 for t in range(len(sure) - 1) if sure[t] and not sure[t + 1]]


def union(network: Found, path: Path) -> Found:
    """TransNetV2 and PySceneDetect; an adaptive cut within two frames of one of the network's is the same."""
    start = Cost.so_far()
    others = [a for a in adaptive(path, ADAPTIVE_FOR_UNION) if all(abs(a - c) > UNION_TOLERANCE for c in network.cuts)]
    return Found(sorted(network.cuts + others), network.cost + Cost.so_far().since(start))


def ours(path: Path, cache: Path) -> Found:
    """The loop, offline, as ``cinejudge shots`` runs it."""
    start = Cost.so_far()
    with Footage(path, cache=cache, plan=FramePlan(signals=False, pictures=False, sound=False)) as footage:
        perception = Perception(footage, ArtifactStore(cache / "artifacts"), cache / "evidence")
        return asyncio.run(_loop(perception, start))


async def _loop(perception: Perception, start: Cost) -> Found:
    evidence = await perception.look("shots")
    found = perception.result(evidence)
    proposed = suspects(found.candidates, evidence.id)
    is_shot = possible_shots(found.plain, perception.footage.clip)
    rounds = await correct(perception, proposed, SignalInspector(), is_shot)
    cost = Cost.so_far().since(start)
    boundaries = [[p.boundary for p in r.boundaries] for r in rounds]
    stages = {"detectors, each at its own threshold": sorted({c for cuts in found.alone.values() for c in cuts})}
    stages |= {f"round {i + 1}": [b.frame for b in b_] for i, b_ in enumerate(boundaries)}
    last = boundaries[-1] if boundaries else []
    return Found([b.frame for b in last], cost, stages, {b.frame: b.transition.type for b in last})


def timed(method: Callable[[Path], list[int]], path: Path) -> Found:
    """Runs a method and takes its cost."""
    start = Cost.so_far()
    cuts = method(path)
    return Found(cuts, Cost.so_far().since(start))


def _read(path: Path) -> NDArray[np.uint8]:
    """All frames at the network's size, scaled as the published code has ffmpeg do it."""
    import av
    from av.video.reformatter import Interpolation

    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        frames = container.decode(video=0)
        scaled = (f.reformat(48, 27, "rgb24", interpolation=Interpolation.BICUBIC) for f in frames)
        return np.stack([f.to_ndarray() for f in scaled])
