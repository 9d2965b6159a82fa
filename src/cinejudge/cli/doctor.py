"""``cinejudge doctor``: what works on this machine, what is missing, and the command that mends it."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """What works here, what is missing, and the command that mends it."""
    findings = _examine()
    if as_json:
        typer.echo(json.dumps(findings, indent=2))
        return
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False)
    console.print("[bold]This machine[/bold]")
    for name, value in findings["machine"].items():
        console.print(f"  {name:14} {escape(str(value))}")
    console.print("\n[bold]Perception[/bold]  which provider would run, and why not a better one")
    for tool in findings["tools"]:
        lacking = "[dim]not here: an optional sense[/dim]" if tool["optional"] else "[red]nothing can run it[/red]"
        console.print(f"  {tool['tool']:14} {tool['runs'] or lacking}")
        for other in tool["not_ready"]:
            console.print(f"  {'':14} [dim]{escape(other['provider'])}: {escape(other['why'])}[/dim]", soft_wrap=True)
            console.print(f"  {'':14} [dim]  mend: {escape(other['mend'])}[/dim]", soft_wrap=True)
    console.print("\n[bold]Models[/bold]")
    for line in findings["models"]:
        console.print(f"  {line['provider']:14} {escape(line['state'])}")
    raise typer.Exit(0 if all(t["runs"] or t["optional"] for t in findings["tools"]) else 1)


def _examine() -> dict[str, Any]:
    from cinejudge import weights
    from cinejudge.tools.registry import all_tools, choose

    default = set(weights.default_names())
    machine = _machine()
    device = "cuda" if machine["GPU"] != "none" else "cpu"
    tools = []
    for tool in all_tools().values():
        chosen, states = choose(tool, device)
        better = states[: [s.provider for s in states].index(chosen)] if chosen else states
        tools.append(
            {
                "tool": tool.name,
                "optional": not any(default.issuperset(p.weights) and p.extra is None for p in tool.providers),
                "runs": chosen and f"{chosen.name} {chosen.version} ({chosen.fidelity})",
                "not_ready": [{"provider": s.provider.name, "why": s.why, "mend": s.mend} for s in better],
            }
        )
    return {"machine": machine, "tools": tools, "models": _models()}


def _machine() -> dict[str, str]:
    import os
    import platform
    import shutil

    import torch

    from cinejudge import __version__, weights

    root = weights.cache_dir()
    existing = next(p for p in (root, *root.parents) if p.exists())
    default = weights.default_names()
    here = [name for name in default if weights.present(name)]
    lacking = f", missing: {', '.join(sorted(set(default) - set(here)))}; get them with `cinejudge weights pull`"
    return {
        "cinejudge": __version__,
        "Python": platform.python_version(),
        "cores": str(os.cpu_count()),
        "GPU": torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none",
        "cache": f"{root}, {shutil.disk_usage(existing).free / 1e9:.0f} GB free",
        "weights": f"{len(here)} of {len(default)} default weights here"
        + ("" if len(here) == len(default) else lacking),
    }


def _models() -> list[dict[str, str]]:
    import os

    def key(*names: str) -> str:
        found = next((n for n in names if os.environ.get(n)), None)
        return f"{found} is set" if found else f"no key: set {' or '.join(names)}, or name a local server by --base-url"

    return [
        {"provider": "offline", "state": "ready: judges by measured evidence alone"},
        {"provider": "openai", "state": key("OPENAI_API_KEY")},
        {
            "provider": "google",
            "state": key("GOOGLE_API_KEY", "GEMINI_API_KEY").replace(", or name a local server by --base-url", ""),
        },
    ]
