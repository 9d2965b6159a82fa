"""Judging from Python: one clip or many. The commands are thin covers of these functions.

A clip is the unit of work: :func:`judge_clip` takes a clip and its brief, writes its own folder and shares nothing
but caches.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cinejudge import __version__
from cinejudge.schema import Brief, Failure, Options, Suite, Verdict, Versions
from cinejudge.schema.errors import CinejudgeError, ConfigError, MediaError, TraceError
from cinejudge.settings import resolve

if TYPE_CHECKING:
    from cinejudge.llm import Session
    from cinejudge.media import ArtifactStore, Footage
    from cinejudge.traces import ClipTrace, EarlierRuns, RunFolder

BriefLike = Brief | str | Mapping[str, Any] | Path
"""A brief: the record, a free-text prompt, the plain data of a brief file, or the path of one."""


@dataclass(frozen=True)
class Progress:
    """What happens in a run, for a display."""

    name: str
    """What people are shown: the file's name, with folders where it takes them to tell two apart."""
    stage: str
    """``open``, a stage of the graph, or ``done``."""
    result: Verdict | Failure | None = None
    place: int = 0
    """Number of the clip, from 1."""
    total: int = 0


Watcher = Callable[[Progress], None]


@dataclass(frozen=True)
class RunResult:
    """What a run leaves."""

    folder: Path
    report: Path
    results: tuple[Verdict | Failure, ...]
    """In the order of the videos."""


def evaluate(video: str | Path, *, brief: BriefLike | None = None, **options: Any) -> Verdict:
    """Judges one video.

    Args:
        video: The file.
        brief: What it was meant to be; without one, a brief that lies beside the video is used.
        options: Fields of :class:`~cinejudge.schema.Options` and :class:`~cinejudge.schema.Limits`, for example
            ``suites=("msavbench",)`` and ``model="openai/NAME"``.

    Raises:
        ConfigError: wrong options, suite or brief.
        MediaError: the file cannot be judged.
        CinejudgeError: it could not be judged for another reason.
    """
    return asyncio.run(aevaluate(video, brief=brief, **options))


async def aevaluate(video: str | Path, *, brief: BriefLike | None = None, **options: Any) -> Verdict:
    """Judges one video; see :func:`evaluate`."""
    briefs = None if brief is None else [brief]
    outcome = await run([Path(video)], resolve(_tuples(options)), briefs=briefs)
    result = outcome.results[0]
    if isinstance(result, Failure):
        raise (MediaError if result.error == "MediaError" else CinejudgeError)(f"{result.name}: {result.message}")
    return result


def evaluate_many(
    videos: Iterable[str | Path], *, briefs: Sequence[BriefLike | None] | None = None, **options: Any
) -> list[Verdict | Failure]:
    """Judges several videos side by side; a broken one yields a :class:`~cinejudge.schema.Failure`.

    Args:
        videos: Files; folders are looked through.
        briefs: One for each file, None where there is none; then ``videos`` must hold no folders.
        options: As for :func:`evaluate`; ``jobs`` says how many at the same time.

    Returns:
        One result for each video, in order.
    """
    outcome = asyncio.run(run([Path(v) for v in videos], resolve(_tuples(options)), briefs=briefs))
    return list(outcome.results)


async def run(
    paths: Sequence[Path],
    options: Options,
    *,
    briefs: Sequence[BriefLike | None] | None = None,
    briefs_file: Path | None = None,
    watch: Watcher | None = None,
) -> RunResult:
    """Judges files and folders into a run folder, or continues it there.

    Args:
        paths: Files and folders.
        options: The settings.
        briefs: One for each file.
        briefs_file: A file with the briefs of many videos, by name.
        watch: Told of what happens.

    Raises:
        ConfigError: wrong options, suites or briefs; nothing has been judged then.
        TraceError: the run folder cannot be used.
    """
    from cinejudge import llm, prompts
    from cinejudge.agent.plan import check_suites
    from cinejudge.media import ArtifactStore, distinct_names, find_videos
    from cinejudge.rubrics import load_suite
    from cinejudge.tools.registry import chosen_versions
    from cinejudge.traces import EarlierRuns, RunFolder, build_report, otel
    from cinejudge.weights import cache_dir

    videos = find_videos(paths)[: options.limit]
    if not videos:
        raise ConfigError(f"no video in {', '.join(map(str, paths))}")
    wanted = _briefs(videos, briefs, briefs_file)
    suites = tuple(load_suite(name) for name in options.suites)
    check_suites(suites)
    collector = None if options.offline else otel.collector()
    store = ArtifactStore(cache_dir() / "artifacts")
    model = llm.create_model(options.model, base_url=options.base_url, load=store.read)
    device = _device(options.device)
    versions = Versions(
        cinejudge=__version__,
        model=model.name,
        suites={s.name: s.hash for s in suites},
        prompts=prompts.version(),
        tools=chosen_versions(device),
    )
    with RunFolder.start(options, paths, versions, store.path) as folder:
        session = llm.Session(
            model,
            llm.ReplyCache(cache_dir() / "replies"),
            budget=llm.Budget(options.limits),
            prices=llm.load_prices(),
        )
        desk = Desk(
            options,
            suites,
            store,
            session,
            folder,
            EarlierRuns(folder),
            fence_key(cache_dir()),
            device,
            watch or (lambda _: None),
            len(videos),
        )
        try:
            await llm.probe(session, cache_dir() / "models", base_url=options.base_url)
            results = await _all(desk, videos, distinct_names(videos), wanted)
        finally:
            await session.aclose()
        folder.finish()
        report = build_report(folder.path)
        if collector:
            await asyncio.to_thread(otel.export_run, folder, collector, content=otel.content_wanted())
            await asyncio.to_thread(collector.shutdown)
    return RunResult(folder.path, report, results)


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


async def _all(
    desk: Desk, videos: Sequence[Path], names: Sequence[str], briefs: Sequence[Brief | None]
) -> tuple[Verdict | Failure, ...]:
    gate = asyncio.Semaphore(desk.options.jobs)

    async def one(place: int, video: Path, name: str, brief: Brief | None) -> Verdict | Failure:
        async with gate:
            return await judge_clip(desk, video, brief, name=name, place=place)

    async with asyncio.TaskGroup() as group:
        each = enumerate(zip(videos, names, briefs, strict=True), start=1)
        tasks = [group.create_task(one(place, *clip)) for place, clip in each]
    return tuple(task.result() for task in tasks)


async def judge_clip(
    desk: Desk, video: Path, brief: Brief | None, *, name: str | None = None, place: int = 1
) -> Verdict | Failure:
    """Judges one clip into its own folder. Whatever is wrong with it ends as a :class:`Failure`, never beyond.

    Raises:
        TraceError: the run folder cannot be written: no clip could go on.
    """
    from cinejudge.media import Footage
    from cinejudge.weights import cache_dir

    def tell(stage: str, result: Verdict | Failure | None = None) -> None:
        desk.watch(Progress(footage.name, stage, result, place, desk.total))

    start = time.perf_counter()
    trace = None
    with Footage(video, cache=cache_dir(), name=name) as footage:
        tell("open")
        try:
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
    desk: Desk, footage: Footage, brief: Brief | None, trace: ClipTrace, tell: Callable[[str], None]
) -> Verdict:
    from cinejudge.agent import graph
    from cinejudge.agent.case import Case
    from cinejudge.tools.perception import Perception
    from cinejudge.traces import record_evidence, record_exchange
    from cinejudge.weights import cache_dir

    clip = footage.clip
    trace.event("clip_opened", name=clip.name, source=footage.path.absolute(), sha256=clip.sha256)
    perception = Perception(
        footage,
        desk.store,
        cache_dir() / "evidence",
        device=desk.device,
        listener=record_evidence(trace),
    )
    case = Case(
        footage=footage,
        perception=perception,
        brief=brief,
        suites=desk.suites,
        session=desk.session.within(
            desk.options.limits, name=f"clip {clip.id[:8]}", listener=record_exchange(trace, desk.session.model.name)
        ),
        trace=trace,
        options=desk.options,
        fence_key=desk.fence_key,
        on_stage=tell,
        earlier=desk.earlier.of(trace.id),
    )
    return await graph.run(case)


def _briefs(
    videos: Sequence[Path], given: Sequence[BriefLike | None] | None, briefs_file: Path | None
) -> tuple[Brief | None, ...]:
    from cinejudge.briefs import find_brief

    if given is None:
        return tuple(find_brief(video, briefs_file) for video in videos)
    if len(given) != len(videos):
        raise ConfigError(f"{len(given)} briefs for {len(videos)} videos: give one for each, None where there is none")
    return tuple(None if brief is None else _brief(brief) for brief in given)


def _brief(given: BriefLike) -> Brief:
    from cinejudge.briefs import parse_brief, read_brief

    if isinstance(given, Brief):
        return given
    return read_brief(given) if isinstance(given, Path) else parse_brief(given)


def _device(wanted: str) -> str:
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


def _tuples(options: Mapping[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else (v,) if k == "suites" and isinstance(v, str) else v
            for k, v in options.items()}  # fmt: skip


def _traceback(error: Exception) -> str:
    import traceback

    return "".join(traceback.format_exception(error))[-8000:]
