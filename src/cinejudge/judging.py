"""One clip, the unit of work: from the file and its brief to a verdict in its own folder.

:func:`judge_clip` shares nothing with other clips but caches and the model's session, so that anything may dispatch it.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cinejudge.schema import Brief, Evidence, Failure, Options, Suite, Verdict
from cinejudge.schema.errors import BriefError, CinejudgeError, ConfigError, TraceError

if TYPE_CHECKING:
    from cinejudge.llm import Session
    from cinejudge.media import ArtifactStore, Footage
    from cinejudge.traces import ClipTrace, EarlierRuns, RunFolder


@dataclass(frozen=True)
class Progress:
    """What happens in a run, for a display."""

    name: str
    """What people are shown: the file's name, with folders where it takes them to tell two apart."""
    stage: str
    """``open``, a stage of the graph, ``evidence`` for each result of a tool, or ``done``."""
    result: Verdict | Failure | None = None
    place: int = 0
    """Number of the clip, from 1."""
    total: int = 0
    tool: str = ""
    """Whose result it is."""


Watcher = Callable[[Progress], None]


@dataclass(frozen=True)
class Desk:
    """What all clips of a run share."""

    options: Options
    suites: tuple[Suite, ...]
    store: ArtifactStore
    session: Session
    folder: RunFolder
    earlier: EarlierRuns
    fence_key: str
    device: str
    watch: Watcher
    total: int


async def judge_clip(
    desk: Desk, video: Path, brief: Brief | BriefError | None, *, name: str | None = None, place: int = 1
) -> Verdict | Failure:
    """Judges one clip into its own folder. Whatever is wrong with it ends as a :class:`Failure`, never beyond.

    Args:
        desk: What all clips of the run share.
        video: The file.
        brief: What it was meant to be; or why that cannot be read, which fails this clip alone.
        name: What people are shown.
        place: Number of the clip in the run, from 1.

    Raises:
        TraceError: the run folder cannot be written: no clip could go on.
    """
    from cinejudge.media import Footage
    from cinejudge.traces.run import path_text
    from cinejudge.weights import cache_dir

    def tell(stage: str, result: Verdict | Failure | None = None, tool: str = "") -> None:
        desk.watch(Progress(footage.name, stage, result, place, desk.total, tool))

    start = time.perf_counter()
    trace = None
    with Footage(video, cache=cache_dir(), name=name) as footage:
        tell("open")
        try:
            if isinstance(brief, BriefError):
                raise brief
            clip = await asyncio.to_thread(lambda: footage.clip)
            trace = desk.folder.clip(clip.id, brief)
            verdict = trace.verdict()
            if verdict is None or verdict.status == "partial":
                verdict = await _judge(desk, footage, brief, trace, tell)
                trace.write_verdict(verdict)
        except (TraceError, ConfigError):
            raise
        except Exception as error:  # noqa: BLE001 - a fault in one clip must not take the others down; it is recorded
            trace = trace or desk.folder.file(video)
            known = isinstance(error, CinejudgeError)
            message = str(error) if known else f"internal error, please report it: {type(error).__name__}: {error}"
            result = Failure(
                name=footage.name,
                error=type(error).__name__,
                message=" ".join(message.split()),
                source=path_text(video.absolute()),
                seconds=round(time.perf_counter() - start, 3),
            )
            trace.write_failure(result)
            if not known:
                trace.event("error", error=type(error).__name__, message=_traceback(error), where="clip")
            tell("done", result)
            return result
    tell("done", verdict)
    return verdict


async def _judge(
    desk: Desk, footage: Footage, brief: Brief | None, trace: ClipTrace, tell: Callable[..., None]
) -> Verdict:
    from cinejudge.agent import graph
    from cinejudge.agent.case import Case
    from cinejudge.tools.perception import Perception
    from cinejudge.traces import record_evidence
    from cinejudge.weights import cache_dir

    clip = footage.clip
    trace.event("clip_opened", name=clip.name, source=footage.path.absolute(), sha256=clip.sha256)
    record = record_evidence(trace)

    def found(evidence: Evidence, cached: bool) -> None:
        record(evidence, cached)
        tell("evidence", tool=evidence.tool)

    perception = Perception(
        footage,
        desk.store,
        cache_dir() / "evidence",
        device=desk.device,
        listener=found,
    )
    case = Case(
        footage=footage,
        perception=perception,
        brief=brief,
        suites=desk.suites,
        session=desk.session.within(desk.options.clip_limits, name=f"clip {clip.id[:8]}"),
        trace=trace,
        options=desk.options,
        fence_key=desk.fence_key,
        on_stage=tell,
        earlier=desk.earlier.of(trace.id),
    )
    return await graph.run(case)


def choose_device(wanted: str) -> str:
    """``auto`` as ``cuda`` where torch finds one, else ``cpu``."""
    if wanted != "auto":
        return wanted
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def fence_key(cache: Path) -> str:
    """The secret of this machine from which the marks around quoted data follow.

    It is made once and kept beside the reply cache: requests stay the same from run to run, so that a reply is found
    again, and no video can know the marks.
    """
    path = cache / "fence.key"
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"fence.{secrets.token_hex(4)}.tmp")
        temporary.write_text(secrets.token_hex(16), encoding="ascii")
        try:
            path.hardlink_to(temporary)  # the first of several processes wins
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
        return path.read_text(encoding="ascii")


def _traceback(error: Exception) -> str:
    import traceback

    return "".join(traceback.format_exception(error))[-8000:]
