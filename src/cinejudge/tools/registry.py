"""Finds the tools: every module of this package that defines ``TOOL``, and the entry points ``cinejudge.tools``."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points

from cinejudge import tools as package
from cinejudge import weights
from cinejudge.schema.errors import ConfigError
from cinejudge.tools.contract import AnyProvider, AnyTool, Tool


@cache
def all_tools() -> dict[str, AnyTool]:
    """Every known tool by name. Imports no heavy package: providers import theirs when they run."""
    found: dict[str, AnyTool] = {}
    for module in pkgutil.iter_modules(package.__path__):
        if module.ispkg:
            continue
        tool = getattr(importlib.import_module(f"{package.__name__}.{module.name}"), "TOOL", None)
        if isinstance(tool, Tool):
            found[tool.name] = tool
    for entry in entry_points(group="cinejudge.tools"):
        tool = entry.load()
        if not isinstance(tool, Tool):
            raise ConfigError(f"entry point {entry.name!r} of cinejudge.tools is not a Tool: {entry.value}")
        if tool.name in found:
            raise ConfigError(f"entry point {entry.name!r}: a tool named {tool.name!r} exists already")
        found[tool.name] = tool
    return dict(sorted(found.items()))


def get_tool(name: str) -> AnyTool:
    """The tool of that name.

    Raises:
        ConfigError: there is none.
    """
    tools = all_tools()
    if name not in tools:
        raise ConfigError(f"no tool named {name!r}; there are: {', '.join(tools)}")
    return tools[name]


@dataclass(frozen=True)
class Readiness:
    """Whether a provider could run here, and if not, why and what to type."""

    provider: AnyProvider
    ready: bool
    why: str = ""
    mend: str = ""


def readiness(provider: AnyProvider, device: str = "cpu") -> Readiness:
    """Looks at packages, weights and device without importing or loading anything."""
    unknown = [w for w in provider.weights if w not in weights.catalog()]
    if unknown:
        return Readiness(
            provider, False, f"weights that no catalogue lists: {', '.join(unknown)}", "cinejudge weights list"
        )
    why, mend = [], []
    absent = [p for p in provider.packages if not _installed(p)]
    if absent:
        why.append(f"package not installed: {', '.join(absent)}")
        mend.append(
            f"pip install 'cinejudge[{provider.extra}]'" if provider.extra else f"pip install {' '.join(absent)}"
        )
    missing = [weights.get_weight(w) for w in provider.weights if not weights.present(w)]
    if missing:
        why.append("weights missing: " + ", ".join(f"{w.name} ({_told(w)})" for w in missing))
        mend.append(f"cinejudge weights pull {' '.join(w.name for w in missing)}")
    if provider.needs_gpu and device == "cpu":
        why.append("needs a GPU")
        mend.append("run on a machine with CUDA")
    return Readiness(provider, not why, "; ".join(why), " && ".join(mend))


def _installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:  # the package of this name's part is absent
        return False
    except ValueError:  # loaded, without a spec: so other threads find OpenCV while one is importing it
        return True


def _told(weight: weights.Weight) -> str:
    size = "size not known" if weight.size is None else f"{weight.size / 1e6:,.0f} MB"
    return f"{size}, {weight.licence.weights}"


def choose(tool: AnyTool, device: str = "cpu") -> tuple[AnyProvider | None, tuple[Readiness, ...]]:
    """The first provider that is ready, and how each one stands."""
    states = tuple(readiness(p, device) for p in tool.providers)
    return next((s.provider for s in states if s.ready), None), states


def chosen_versions(device: str = "cpu") -> dict[str, str]:
    """For each tool that can run here, its provider and version: part of what a verdict depends on."""
    chosen = {name: choose(tool, device)[0] for name, tool in all_tools().items()}
    return {name: f"{p.name} {p.version}" for name, p in chosen.items() if p is not None}
