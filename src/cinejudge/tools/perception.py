"""Runs tools on one clip and keeps what they found, so that nothing is looked at twice."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cinejudge.media import ArtifactStore, Footage
from cinejudge.schema import Evidence, Shot, content_hash
from cinejudge.schema.errors import ToolError, WeightsMissing
from cinejudge.tools.contract import Abstain, AnyTool, Look, ToolArgs
from cinejudge.tools.registry import choose, get_tool

_MODELS = threading.Lock()
"""Models are shared by all clips of a process and are not safe to call at the same time."""

Listener = Callable[[Evidence, bool], None]
"""Told of each piece of evidence, and whether it came from the cache."""


class Perception:
    """The senses for one clip: call a tool by name, get evidence, from the cache where it is known."""

    def __init__(
        self,
        footage: Footage,
        store: ArtifactStore,
        cache: Path,
        *,
        device: str = "cpu",
        listener: Listener | None = None,
    ) -> None:
        """Binds the senses to a clip.

        Args:
            footage: The clip.
            store: Where pictures go.
            cache: Folder of the evidence cache; shared between runs and processes.
            device: ``cpu`` or ``cuda``.
            listener: Called for each new piece of evidence.
        """
        self.footage = footage
        self.store = store
        self.device = device
        self.shots: tuple[Shot, ...] = ()
        self.found: dict[str, Evidence] = {}
        self._cache = cache
        self._listener = listener
        self._running: dict[str, asyncio.Task[Evidence]] = {}

    async def look(self, name: str, **args: Any) -> Evidence:
        """Evidence of the tool ``name``.

        A failing tool is evidence too (``status`` tells); only a wrong request raises.

        Raises:
            ToolError: the arguments do not fit the tool; the message may be shown to a model.
            ConfigError: no such tool.
        """
        tool = get_tool(name)
        try:
            checked = tool.args.model_validate(args)
        except ValidationError as error:
            raise ToolError(f"{name}: {_first(error)}") from None
        provider, _ = choose(tool, self.device)
        shots = [[s.start_frame, s.end_frame] for s in self.shots] if tool.uses_shots else None
        plain = checked.model_dump(mode="json")
        made_by = [provider.name, provider.version] if provider else None
        key = content_hash([self.footage.clip.sha256, name, made_by, plain, shots])
        if key not in self._running:
            self._running[key] = asyncio.create_task(self._look(tool, checked, key))
        return await self._running[key]

    def result(self, evidence: Evidence) -> Any:
        """The typed result behind a found piece of evidence."""
        return get_tool(evidence.tool).result.model_validate(evidence.data)

    async def _look(self, tool: AnyTool, args: ToolArgs, key: str) -> Evidence:
        path = self._cache / key[:2] / f"{key}.json"
        cached = _read(path)
        if cached is not None and all(self.store.has(a.sha256) for a in cached.artifacts):
            return self._note(cached, True)
        evidence = await asyncio.to_thread(self._run, tool, args, key)
        if evidence.status in ("found", "abstained"):
            _write(path, evidence)
        return self._note(evidence, False)

    def _note(self, evidence: Evidence, cached: bool) -> Evidence:
        self.found[evidence.id] = evidence
        if self._listener:
            self._listener(evidence, cached)
        return evidence

    def _run(self, tool: AnyTool, args: ToolArgs, key: str) -> Evidence:
        provider, states = choose(tool, self.device)
        made: dict[str, Any] = {"id": f"ev_{key[:12]}", "tool": tool.name, "args": args.model_dump(mode="json")}
        if provider is None:
            reason = "; ".join(f"{s.provider.name}: {s.why} (`{s.mend}`)" for s in states)
            return Evidence(**made, provider=None, version=None, fidelity=None, status="unavailable", reason=reason)
        made |= {"provider": provider.name, "version": provider.version, "fidelity": provider.fidelity}
        look = Look(self.footage, self.shots, self.store, self.device)
        with _MODELS:
            start = time.perf_counter()
            try:
                result = provider.run(look, args)
            except Abstain as why:
                seconds = time.perf_counter() - start
                return Evidence(**made, status="abstained", reason=str(why), summary=str(why), seconds=seconds)
            except WeightsMissing as error:
                return Evidence(**made, status="unavailable", reason=str(error))
            except ToolError as error:
                return Evidence(**made, status="failed", reason=str(error), seconds=time.perf_counter() - start)
        return Evidence(
            **made,
            status="found",
            summary=result.summary,
            data=result.model_dump(mode="json"),
            artifacts=tuple(look.artifacts),
            seconds=round(time.perf_counter() - start, 3),
        )


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(p) for p in first["loc"]) or "arguments"
    return f"{where}: {first['msg']}"


def _read(path: Path) -> Evidence | None:
    try:
        return Evidence.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        # A record of an older version, or one cut short by a full disk, is found again by looking again.
        return None


def _write(path: Path, evidence: Evidence) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_bytes(evidence.model_dump_json().encode())
    temporary.replace(path)
