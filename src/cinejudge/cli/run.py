"""``cinejudge run``: judges files and folders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from cinejudge.cli.progress import Display
    from cinejudge.estimating import Estimate
    from cinejudge.evaluation import RunResult
    from cinejudge.schema import Options


def run(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Videos, or folders of videos.")],
    suite: Annotated[
        list[str] | None, typer.Option(help="A suite by name or file; may be repeated. [default: msavbench]")
    ] = None,
    model: Annotated[str | None, typer.Option(help="offline, openai/NAME or google/NAME. [default: offline]")] = None,
    base_url: Annotated[str | None, typer.Option(help="Address of an OpenAI-compatible server.")] = None,
    briefs: Annotated[
        Path | None, typer.Option(help="Briefs of many videos by name (JSON, JSONL, YAML). Else CLIP.json|yaml|txt.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where run folders lie. [default: traces]")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, max=64, help="Clips at the same time. [default: 1]")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many clips.")] = None,
    samples: Annotated[int | None, typer.Option(min=1, max=16, help="Ask each question so often. [default: 1]")] = None,
    seed: Annotated[int | None, typer.Option(help="Shuffles the options. [default: 0]")] = None,
    max_cost: Annotated[float | None, typer.Option(min=0, help="Stop asking models at this cost.")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=0, help="Stop asking models after so many tokens.")] = None,
    max_calls: Annotated[int | None, typer.Option(min=0, help="Stop asking models after so many calls.")] = None,
    max_seconds: Annotated[float | None, typer.Option(min=0, help="Stop asking models after so long.")] = None,
    clip_max_cost: Annotated[float | None, typer.Option(min=0, help="The same for each clip.")] = None,
    clip_max_tokens: Annotated[int | None, typer.Option(min=0, help="The same for each clip.")] = None,
    clip_max_calls: Annotated[int | None, typer.Option(min=0, help="The same for each clip.")] = None,
    clip_max_seconds: Annotated[float | None, typer.Option(min=0, help="The same for each clip.")] = None,
    fail_under: Annotated[
        float | None, typer.Option(min=0, max=1, help="Exit with 3 when a suite's mean score is lower.")
    ] = None,
    offline: Annotated[bool | None, typer.Option("--offline", help="No network at all.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only reckon calls, tokens and cost; no model is called.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per clip, then the summary.")] = False,
) -> None:
    """Judges videos, and writes verdicts, traces and a report into OUT/RUN_ID.

    The same command on the same videos goes on where it stopped. Every option has an environment twin
    (CINEJUDGE_MODEL, CINEJUDGE_OUT, ...) and may stand in cinejudge.toml.
    """
    from cinejudge.cli.interrupt import run_until_done
    from cinejudge.cli.progress import Display
    from cinejudge.settings import resolve

    options = resolve(
        {
            "suites": tuple(suite) if suite else None,
            "model": model,
            "base_url": base_url,
            "out": out,
            "jobs": jobs,
            "limit": limit,
            "samples": samples,
            "seed": seed,
            "max_cost": max_cost,
            "max_tokens": max_tokens,
            "max_calls": max_calls,
            "max_seconds": max_seconds,
            "clip_max_cost": clip_max_cost,
            "clip_max_tokens": clip_max_tokens,
            "clip_max_calls": clip_max_calls,
            "clip_max_seconds": clip_max_seconds,
            "fail_under": fail_under,
            "offline": offline,
        }
    )
    display = Display()
    if dry_run:
        _conclude_estimate(run_until_done(_estimate(display, paths, options, briefs)), as_json=as_json)
    result = run_until_done(_judge(display, paths, options, briefs))
    if as_json:
        _print_json(result)
    else:
        display.conclude(result)
    raise typer.Exit(_exit_code(result, options.fail_under))


async def _judge(display: Display, paths: list[Path], options: Options, briefs: Path | None) -> RunResult:
    from cinejudge import evaluation

    with display:  # in here, so that an interrupt leaves the terminal as it was
        return await evaluation.run(paths, options, briefs_file=briefs, watch=display.watch)


async def _estimate(display: Display, paths: list[Path], options: Options, briefs: Path | None) -> Estimate:
    from cinejudge.estimating import reckon

    with display:
        return await reckon(paths, options, briefs_file=briefs, watch=display.watch_stages)


def _conclude_estimate(made: Estimate, *, as_json: bool) -> NoReturn:
    from cinejudge.cli.estimates import print_estimate

    print_estimate(made)
    if as_json:
        for clip in made.clips:
            typer.echo(json.dumps({"estimate": clip.model_dump(mode="json")}, ensure_ascii=False))
        typer.echo(json.dumps({"model": made.model, "total": made.total.model_dump(mode="json")}, ensure_ascii=False))
    raise typer.Exit(1 if any(clip.failure for clip in made.clips) else 0)


def _print_json(result: RunResult) -> None:
    from cinejudge.schema import Failure

    for item in result.results:
        kind = "failure" if isinstance(item, Failure) else "verdict"
        typer.echo(json.dumps({kind: item.model_dump(mode="json")}, ensure_ascii=False))
    typer.echo(json.dumps({"folder": str(result.folder), "report": str(result.report)}, ensure_ascii=False))


def _exit_code(result: RunResult, fail_under: float | None) -> int:
    from cinejudge.schema import Failure

    verdicts = [r for r in result.results if not isinstance(r, Failure)]
    if fail_under is not None and any(mean < fail_under for mean in _means(verdicts).values()):
        return 3
    return 1 if len(verdicts) < len(result.results) else 0


def _means(verdicts: list[Any]) -> dict[str, float]:
    """Mean score of each suite over the clips that have one."""
    scores: dict[str, list[float]] = {}
    for verdict in verdicts:
        for name, suite in verdict.suites.items():
            if suite.score is not None:
                scores.setdefault(name, []).append(suite.score)
    return {name: sum(values) / len(values) for name, values in scores.items()}
