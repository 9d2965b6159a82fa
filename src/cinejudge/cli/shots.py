"""``cinejudge shots``: the corrected shots of one video."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from cinejudge.schema import Brief, Clip, Options, Segmentation, Usage


def shots(
    video: Annotated[Path, typer.Argument(metavar="VIDEO", help="A video.")],
    brief: Annotated[Path | None, typer.Option(help="What the video was meant to be: JSON, YAML or text.")] = None,
    model: Annotated[
        str | None,
        typer.Option(help="offline, openai/NAME or google/NAME looks at doubtful places. [default: offline]"),
    ] = None,
    base_url: Annotated[str | None, typer.Option(help="Address of an OpenAI-compatible server.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with the history of each boundary.")] = False,
) -> None:
    """Finds the shots of a video, corrects them, and matches them with a brief if there is one.

    `end_frame` is exclusive; a shot starts at its first clean frame.
    """
    from cinejudge.briefs import read_brief
    from cinejudge.cli.interrupt import run_until_done
    from cinejudge.settings import resolve

    options = resolve({"model": model, "base_url": base_url})
    meant = read_brief(brief) if brief else None
    clip, found, usage = run_until_done(_segment(video, meant, options))
    if as_json:
        typer.echo(json.dumps(_plain(clip, found, usage), ensure_ascii=False))
    else:
        _tell(clip, found, usage)


async def _segment(video: Path, brief: Brief | None, options: Options) -> tuple[Clip, Segmentation, Usage | None]:
    """The clip, its shots, and what the model took where one looked on."""
    import secrets

    from cinejudge import llm, prompts
    from cinejudge.agent.segment import ModelInspector, SignalInspector, segment
    from cinejudge.media import ArtifactStore, Footage, FramePlan
    from cinejudge.tools.perception import Perception
    from cinejudge.weights import cache_dir

    cache = cache_dir()
    store = ArtifactStore(cache / "artifacts")
    model = llm.create_model(options.model, base_url=options.base_url, load=store.read)
    sees = model.capabilities.images and model.capabilities.tools
    session = llm.Session(model, llm.ReplyCache(cache / "replies"), budget=llm.Budget(options.limits))
    try:
        with Footage(video, cache=cache, plan=FramePlan(signals=False, pictures=sees, sound=False)) as footage:
            perception = Perception(footage, store, cache / "evidence")
            fence = prompts.make_fence(secrets.token_hex(16), footage.clip.id)
            inspector = ModelInspector(perception, session, fence) if sees else SignalInspector()
            found = await segment(perception, brief, inspector)
            return footage.clip, found, session.usage() if sees else None
    finally:
        await session.aclose()


def _plain(clip: Clip, found: Segmentation, usage: Usage | None) -> dict[str, Any]:
    return {
        "video": clip.name,
        "fps": clip.fps,
        "frames": clip.frames,
        "shots": [
            shot.model_dump(
                mode="json",
                include={"index", "start_frame", "end_frame", "start_s", "end_s", "transition_in", "history"}
                | ({"spec", "match", "valid"} if found.expected else set()),
            )
            for shot in found.shots
        ],
        **({"expected": found.expected, "notes": list(found.notes)} if found.expected else {}),
        **({"usage": usage.model_dump(mode="json", exclude={"seconds"})} if usage else {}),
    }


def _tell(clip: Clip, found: Segmentation, usage: Usage | None) -> None:
    from cinejudge.traces.terminal import printable

    typer.echo(f"{printable(clip.name)}: {clip.frames} frames at {clip.fps:.3g} per second")
    for shot in found.shots:
        t = shot.transition_in
        into = "" if t is None else f"  {t.type.replace('_', ' ')}"
        over = f" over {t.end_frame - t.start_frame} frames" if t and t.end_frame - t.start_frame > 1 else ""
        meant = "" if shot.spec is None else f"  (shot {shot.spec + 1} of the brief)"
        frames = f"frames {shot.start_frame} to {shot.end_frame - 1}"
        typer.echo(f"{shot.index + 1:>3}  {shot.start_s:8.3f} to {shot.end_s:8.3f} s  {frames}{into}{over}{meant}")
    for note in found.notes:
        typer.echo(f"     {note}")
    if usage:
        cost = "cost unknown" if usage.cost is None else f"cost {usage.cost:.4f}"
        tokens = usage.input_tokens + usage.output_tokens
        typer.echo(f"     the model was called {usage.calls} times: {tokens} tokens, {cost}", err=True)
