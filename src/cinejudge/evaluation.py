"""Judging from Python: one clip or many. The commands are thin covers of these functions."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cinejudge import __version__
from cinejudge.judging import Desk, Watcher, choose_device, fence_key, judge_clip
from cinejudge.schema import Brief, Failure, Options, Suite, Verdict, Versions
from cinejudge.schema.errors import BriefError, CinejudgeError, ConfigError, MediaError
from cinejudge.settings import resolve

if TYPE_CHECKING:
    from cinejudge.llm import Session
    from cinejudge.media import ArtifactStore
    from cinejudge.traces import RunFolder

BriefLike = Brief | str | Mapping[str, Any] | Path
"""A brief: the record, a free-text prompt, the plain data of a brief file, or the path of one."""


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
        BriefError: the brief that lies beside it cannot be read.
        CinejudgeError: it could not be judged for another reason.
    """
    return asyncio.run(aevaluate(video, brief=brief, **options))


async def aevaluate(video: str | Path, *, brief: BriefLike | None = None, **options: Any) -> Verdict:
    """Judges one video; see :func:`evaluate`."""
    briefs = None if brief is None else [brief]
    outcome = await run([Path(video)], resolve(tuples(options)), briefs=briefs)
    result = outcome.results[0]
    if isinstance(result, Failure):
        known: dict[str, type[CinejudgeError]] = {"MediaError": MediaError, "BriefError": BriefError}
        raise known.get(result.error, CinejudgeError)(f"{result.name}: {result.message}")
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
    outcome = asyncio.run(run([Path(v) for v in videos], resolve(tuples(options)), briefs=briefs))
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
        ConfigError: wrong options, suites or briefs file; nothing has been judged then.
        TraceError: the run folder cannot be used.
    """
    from cinejudge import llm
    from cinejudge.traces import RunFolder, build_report, otel
    from cinejudge.weights import cache_dir

    work = prepare(paths, options, briefs=briefs, briefs_file=briefs_file)
    collector = None if options.offline else otel.collector()
    model = llm.create_model(options.model, base_url=options.base_url, load=work.store.read)
    with RunFolder.start(options, paths, work.versions(model.name), work.store.path) as folder:
        replies = llm.ReplyCache(cache_dir() / "replies")
        session = llm.Session(model, replies, budget=llm.Budget(options.limits), prices=llm.load_prices())
        try:
            await llm.probe(session, cache_dir() / "models", base_url=options.base_url)
            results = await judge_all(work, options, session, folder, watch)
        finally:
            await session.aclose()
        folder.finish()
        report = build_report(folder.path)
        if collector:
            await asyncio.to_thread(otel.export_run, folder, collector, content=otel.content_wanted())
            await asyncio.to_thread(collector.shutdown)
    return RunResult(folder.path, report, results)


@dataclass(frozen=True)
class Work:
    """What is to be judged and by what, checked before anything is done."""

    videos: tuple[Path, ...]
    briefs: tuple[Brief | BriefError | None, ...]
    """One for each video."""
    suites: tuple[Suite, ...]
    device: str
    store: ArtifactStore

    def versions(self, model: str) -> Versions:
        """What the verdicts will depend on."""
        from cinejudge import prompts
        from cinejudge.tools.registry import chosen_versions

        return Versions(
            cinejudge=__version__,
            model=model,
            suites={s.name: s.hash for s in self.suites},
            prompts=prompts.version(),
            tools=chosen_versions(self.device),
        )


def prepare(
    paths: Sequence[Path],
    options: Options,
    *,
    briefs: Sequence[BriefLike | None] | None = None,
    briefs_file: Path | None = None,
) -> Work:
    """Finds the videos, their briefs and the suites.

    Raises:
        ConfigError: something is wrong with them, or with the options.
    """
    from cinejudge.agent.plan import check_suites
    from cinejudge.media import ArtifactStore, find_videos
    from cinejudge.rubrics import load_suite
    from cinejudge.weights import cache_dir

    if options.offline and options.model != "offline":
        raise ConfigError(f"--offline forbids calling {options.model}: leave out one of --offline and --model")
    videos = tuple(find_videos(paths)[: options.limit])
    if not videos:
        raise ConfigError(f"no video in {', '.join(map(str, paths))}")
    wanted = _briefs(videos, briefs, briefs_file)
    suites = tuple(load_suite(name) for name in options.suites)
    check_suites(suites)
    store = ArtifactStore(cache_dir() / "artifacts")
    return Work(videos, wanted, suites, choose_device(options.device), store)


async def judge_all(
    work: Work, options: Options, session: Session, folder: RunFolder, watch: Watcher | None
) -> tuple[Verdict | Failure, ...]:
    """Judges every clip, so many at the same time as the options say; results are in the order of the videos."""
    import cv2  # noqa: F401 - whole before clips run side by side: while one thread loads it, others find half of it

    from cinejudge.media import distinct_names
    from cinejudge.traces import EarlierRuns
    from cinejudge.weights import cache_dir

    desk = Desk(
        options,
        work.suites,
        work.store,
        session,
        folder,
        EarlierRuns(folder),
        fence_key(cache_dir()),
        work.device,
        watch or (lambda _: None),
        len(work.videos),
    )
    gate = asyncio.Semaphore(options.jobs)

    async def one(place: int, video: Path, name: str, brief: Brief | BriefError | None) -> Verdict | Failure:
        async with gate:
            return await judge_clip(desk, video, brief, name=name, place=place)

    async with asyncio.TaskGroup() as group:
        each = enumerate(zip(work.videos, distinct_names(work.videos), work.briefs, strict=True), start=1)
        tasks = [group.create_task(one(place, *clip)) for place, clip in each]
    return tuple(task.result() for task in tasks)


def _briefs(
    videos: Sequence[Path], given: Sequence[BriefLike | None] | None, briefs_file: Path | None
) -> tuple[Brief | BriefError | None, ...]:
    from cinejudge.briefs import find_brief

    if given is None:
        if briefs_file is not None:
            return tuple(find_brief(video, briefs_file) for video in videos)
        return tuple(_beside(video) for video in videos)
    if len(given) != len(videos):
        raise ConfigError(f"{len(given)} briefs for {len(videos)} videos: give one for each, None where there is none")
    return tuple(None if brief is None else _brief(brief) for brief in given)


def _beside(video: Path) -> Brief | BriefError | None:
    """The brief that lies beside a video; one that cannot be read concerns this clip alone."""
    from cinejudge.briefs import find_brief

    try:
        return find_brief(video, None)
    except ConfigError as error:
        return BriefError(str(error))


def _brief(given: BriefLike) -> Brief:
    from cinejudge.briefs import parse_brief, read_brief

    if isinstance(given, Brief):
        return given
    return read_brief(given) if isinstance(given, Path) else parse_brief(given)


def tuples(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as callers write them, with lists and a single suite's name as tuples."""
    return {k: tuple(v) if isinstance(v, list) else (v,) if k == "suites" and isinstance(v, str) else v
            for k, v in options.items()}  # fmt: skip
