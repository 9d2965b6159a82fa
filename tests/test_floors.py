"""The floors of the house: a room imports only what lies below it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "cinejudge"

MAY_IMPORT: dict[str, set[str]] = {
    "schema": set(),
    "atomic": set(),
    "media": {"schema", "atomic"},
    "weights": {"schema"},
    "rubrics": {"schema"},
    "prompts": {"schema"},
    "llm": {"schema", "atomic"},
    "briefs": {"schema"},
    "tools": {"schema", "atomic", "media", "weights"},
    "traces": {"schema", "atomic", "media"},  # a served report hands out the video itself, through the door
    "agent": {"schema", "media", "weights", "rubrics", "prompts", "llm", "briefs", "tools", "traces"},
}
TOP = {"cli", "estimating", "evaluation", "judging", "settings", "__init__", "__main__"}
HEAVY = {"torch", "cv2", "av", "numpy", "scipy", "openai", "google", "langgraph", "onnxruntime", "scenedetect"}


def _room(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            names.add(module)
            names |= {f"{module}.{alias.name}" for alias in node.names}
    return names


def _all_files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", _all_files(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_import_runs_upward(path: Path) -> None:
    room = _room(path)
    if room in TOP:
        return
    assert room in MAY_IMPORT, f"{room}: a room that the plan does not know"
    for name in _imports(path):
        if name.startswith("cinejudge.") and name.split(".")[1] not in {"__version__"}:
            other = name.split(".")[1]
            assert other == room or other in MAY_IMPORT[room], f"{path.relative_to(PACKAGE)} imports {name}"


def test_langgraph_is_known_to_one_module() -> None:
    users = [
        str(p.relative_to(PACKAGE)) for p in _all_files() if any(n.split(".")[0] == "langgraph" for n in _imports(p))
    ]
    assert users == ["agent/graph.py"]
