"""What a run would cost, before a model is called."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cinejudge.evaluation import BriefLike, judge_all, prepare, tuples
from cinejudge.judging import Watcher
from cinejudge.llm.counting import ROUNDS
from cinejudge.schema import Failure, Limits, Options, Record, Verdict
from cinejudge.settings import resolve

if TYPE_CHECKING:
    from cinejudge.traces import RunFolder

SECOND_LOOKS = 0.2
"""Share by which second looks at doubtful answers add to the judges' conversations."""


class ClipEstimate(Record):
    """What judging one clip is expected to take."""

    name: str
    clip_s: float | None = None
    questions: int = 0
    """That apply to the clip."""
    asked: int = 0
    """Different ones that go to the model; evidence decides the rest, and what suites share is asked once."""
    calls: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    """Of the input tokens, those that a server can have in its prefix cache."""
    output_tokens: int = 0
    cost: float | None = None
    """In the currency of the price file; None when the price is unknown."""
    own_s: float = 0.0
    """What this machine has spent on shots and measurements; the real run finds them done. The model's own time is
    not known beforehand."""
    failure: str | None = None
    """Why it will not be judged."""


class Estimate(Record):
    """What a run is expected to take. Good to a factor of two: models count tokens and call tools as they please."""

    model: str
    clips: tuple[ClipEstimate, ...]

    @property
    def total(self) -> ClipEstimate:
        """All clips together; the cost is unknown when that of any clip is."""
        judged = [clip for clip in self.clips if clip.failure is None]
        costs = [clip.cost for clip in judged if clip.cost is not None]
        return ClipEstimate(
            name="all",
            clip_s=sum(clip.clip_s or 0.0 for clip in judged),
            questions=sum(clip.questions for clip in judged),
            asked=sum(clip.asked for clip in judged),
            calls=sum(clip.calls for clip in judged),
            input_tokens=sum(clip.input_tokens for clip in judged),
            cached_tokens=sum(clip.cached_tokens for clip in judged),
            output_tokens=sum(clip.output_tokens for clip in judged),
            cost=sum(costs) if len(costs) == len(judged) else None,
            own_s=sum(clip.own_s for clip in self.clips),
        )


def estimate(
    videos: Iterable[str | Path], *, briefs: Sequence[BriefLike | None] | None = None, **options: Any
) -> Estimate:
    """Reckons what judging these videos would cost; see :func:`reckon`.

    Args:
        videos: Files; folders are looked through.
        briefs: One for each file, None where there is none; then ``videos`` must hold no folders.
        options: As for :func:`cinejudge.evaluate`.
    """
    return asyncio.run(reckon([Path(video) for video in videos], resolve(tuples(options)), briefs=briefs))


async def reckon(
    paths: Sequence[Path],
    options: Options,
    *,
    briefs: Sequence[BriefLike | None] | None = None,
    briefs_file: Path | None = None,
    watch: Watcher | None = None,
) -> Estimate:
    """Reckons what judging these videos would cost; no model is called and no run folder is left.

    Each clip goes the way of the real run, with a stand-in that counts each request and declines it. Shots and
    measurements are really made, since the questions depend on them; they stay in the cache and the run finds them
    there. What earlier runs have already asked is counted as if it were new.

    Args:
        paths: Files and folders.
        options: The settings of the run; its limits are left aside.
        briefs: One for each file.
        briefs_file: A file with the briefs of many videos, by name.
        watch: Told of what happens.

    Raises:
        ConfigError: wrong options, suites or briefs file, or no key for the model.
    """
    from cinejudge import llm
    from cinejudge.traces import RunFolder
    from cinejudge.weights import cache_dir

    work = prepare(paths, options, briefs=briefs, briefs_file=briefs_file)
    real = llm.create_model(options.model, base_url=options.base_url, load=work.store.read)
    known = llm.probed(real.name, cache_dir() / "models", base_url=options.base_url)
    await real.aclose()
    model = llm.CountingModel(real.name, known or real.capabilities)
    with tempfile.TemporaryDirectory() as scratch:
        free = options.model_copy(update={"out": Path(scratch) / "traces", "limits": Limits(), "clip_limits": Limits()})
        session = llm.Session(model, llm.ReplyCache(Path(scratch) / "replies"), prices=llm.load_prices())
        with RunFolder.start(free, paths, work.versions(model.name), work.store.path) as folder:
            results = await judge_all(work, free, session, folder, watch)
            clips = tuple(_clip(result, folder) for result in results)
    return Estimate(model=model.name, clips=clips)


def _clip(result: Verdict | Failure, folder: RunFolder) -> ClipEstimate:
    if isinstance(result, Failure):
        return ClipEstimate(name=result.name, failure=result.message, own_s=result.seconds)
    usage = result.usage
    more = 1 + SECOND_LOOKS
    put = (e for e in folder.clip(result.clip.id, result.brief).events() if e.kind == "question" and e.to != "rule")
    return ClipEstimate(
        name=result.clip.name,
        clip_s=result.clip.duration_s,
        questions=sum(question.not_applicable is None for question in result.questions),
        asked=len({event.asked for event in put}),
        calls=round(more * (1 + ROUNDS) * usage.calls),
        input_tokens=round(more * usage.input_tokens),
        cached_tokens=round(more * usage.cached_tokens),
        output_tokens=round(more * usage.output_tokens),
        cost=None if usage.cost is None else more * usage.cost,
        own_s=round(sum(usage.seconds.values()), 3),
    )
