"""``cinejudge tools``: what each perception tool is, and running one by itself."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from cinejudge.schema import Evidence
    from cinejudge.tools.contract import AnyTool
    from cinejudge.tools.perception import Perception

app = typer.Typer(help="Perception tools: list them, run one on a video.", no_args_is_help=True)


@app.command("list")
def list_tools(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Every tool: what it tells, its range of validity, and which provider would run here."""
    from cinejudge.tools.registry import all_tools

    rows = [_row(tool) for tool in all_tools().values()]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        typer.echo(row["name"])
        typer.echo(f"  {row['description']}")
        typer.echo(f"  valid for  {row['validity']}")
        for provider in row["providers"]:
            if provider["runs"]:
                state = "runs here"
            elif provider["ready"]:
                state = "ready, a better one runs"
            else:
                state = f"{provider['why']}: `{provider['mend']}`"
            typer.echo(f"  provider   {provider['name']} ({provider['fidelity']}): {state}")
        typer.echo("")


@app.command("run")
def run_tool(
    name: Annotated[str, typer.Argument(help="A tool's name; `cinejudge tools list` shows them.")],
    video: Annotated[Path, typer.Argument(metavar="VIDEO", help="A video.")],
    arg: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="An argument of the tool, JSON or text; repeatable.")
    ] = None,
    draw: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Draw the result: OUT.mp4, or a folder for pictures.")
    ] = None,
    device: Annotated[str, typer.Option(envvar="CINEJUDGE_DEVICE", help="cpu or cuda.")] = "cpu",
    as_json: Annotated[bool, typer.Option("--json", help="Print the evidence record.")] = False,
) -> None:
    """Runs one tool on a video and shows what it found.

    Tools that work by shots get them from the offline segmentation.
    """
    from cinejudge.cli.interrupt import run_until_done
    from cinejudge.cli.tables import print_result
    from cinejudge.tools.registry import get_tool

    tool = get_tool(name)
    evidence, result = run_until_done(_run(tool, video, _arguments(arg or []), device, draw))
    if as_json:
        typer.echo(json.dumps(evidence.model_dump(mode="json"), ensure_ascii=False))
    else:
        print_result(evidence, result)
    if evidence.status in ("unavailable", "failed"):
        raise typer.Exit(1)


async def _run(
    tool: AnyTool, video: Path, args: dict[str, Any], device: str, draw: Path | None
) -> tuple[Evidence, Any]:
    """The evidence, and the typed result where something was found.

    What takes long is done in threads: an interrupt need not wait for it.
    """
    from rich.console import Console

    from cinejudge.agent.segment import SignalInspector, segment
    from cinejudge.media import ArtifactStore, Footage
    from cinejudge.tools.perception import Perception
    from cinejudge.weights import cache_dir

    cache = cache_dir()
    with Footage(video, cache=cache) as footage:
        perception = Perception(footage, ArtifactStore(cache / "artifacts"), cache / "evidence", device=device)
        with Console(stderr=True).status(f"{tool.name} looks at {footage.name}", spinner="dots"):
            await asyncio.to_thread(lambda: footage.clip)
            if tool.uses_shots:
                perception.shots = (await segment(perception, None, SignalInspector())).shots
            evidence = await perception.look(tool.name, **args)
        result = perception.result(evidence) if evidence.found else None
        if draw is not None and result is not None:
            await asyncio.to_thread(_draw, perception, tool, result, draw)
        return evidence, result


def _draw(perception: Perception, tool: AnyTool, result: Any, out: Path) -> None:
    from cinejudge.cli.drawings import write_drawings
    from cinejudge.schema.errors import ConfigError

    if tool.draw is None:
        raise ConfigError(f"{tool.name} has nothing to draw")
    count = write_drawings(tool.draw(perception.footage, result), out)
    typer.echo(f"{count} pictures drawn into {out}" if count else "nothing was found that could be drawn", err=True)


def _arguments(given: list[str]) -> dict[str, Any]:
    from cinejudge.schema.errors import ConfigError

    found: dict[str, Any] = {}
    for item in given:
        key, equals, value = item.partition("=")
        if not equals or not key:
            raise ConfigError(f"--arg {item!r}: write it as KEY=VALUE")
        try:
            found[key] = json.loads(value)
        except json.JSONDecodeError:
            found[key] = value
    return found


def _row(tool: AnyTool) -> dict[str, Any]:
    from cinejudge.tools.registry import choose

    chosen, states = choose(tool)
    return {
        "name": tool.name,
        "description": tool.description,
        "validity": tool.validity,
        "arguments": tool.args.model_json_schema().get("properties", {}),
        "for_models": tool.for_models,
        "providers": [
            {
                "name": s.provider.name,
                "version": s.provider.version,
                "fidelity": s.provider.fidelity,
                "ready": s.ready,
                "runs": s.provider is chosen,
                "why": s.why,
                "mend": s.mend,
            }
            for s in states
        ],
    }
