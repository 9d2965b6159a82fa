"""Runs tools on one clip and keeps what they found, so that nothing is looked at twice."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cinejudge import weights
from cinejudge.atomic import write_atomic
from cinejudge.media import ArtifactStore, Footage
from cinejudge.media.recording import read_recording
from cinejudge.media.still import read_still
from cinejudge.schema import Evidence, Shot, content_hash
from cinejudge.schema.errors import ConfigError, MediaError, ToolError, WeightsMissing
from cinejudge.tools.contract import Abstain, AnyProvider, AnyTool, Look, ToolArgs
from cinejudge.tools.registry import Readiness, choose, get_tool

log = logging.getLogger(__name__)

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
        self._results: dict[str, Any] = {}

    async def look(self, name: str, **args: Any) -> Evidence:
        """Evidence of the tool ``name``.

        A failing tool is evidence too (``status`` tells); only a wrong request or an unreadable clip raises. A fault
        of a provider is logged with its traceback and recorded as failed: it costs this result, not the clip, and is
        not cached.

        Raises:
            ToolError: the arguments do not fit the tool; the message may be shown to a model.
            ConfigError: no such tool.
            MediaError: the clip cannot be decoded.
        """
        tool = get_tool(name)
        try:
            checked = tool.args.model_validate(args)
        except ValidationError as error:
            raise ToolError(f"{name}: {_first(error)}") from None
        provider, states = choose(tool, self.device)
        # A tool that does not name the shots as its input does not get them: its result is cached without them.
        shots = self.shots if tool.uses_shots else ()
        spans = [[s.start_frame, s.end_frame] for s in shots] if tool.uses_shots else None
        plain = checked.model_dump(mode="json")
        made_by = [provider.name, provider.version, *_unlisted(provider)] if provider else None
        key = content_hash([self.footage.clip.sha256, name, made_by, plain, spans])
        if key not in self._running:
            if provider:
                looking = self._look(tool, checked, key, provider, shots)
            else:
                looking = self._lack(tool, checked, key, states)
            self._running[key] = asyncio.create_task(looking)
        # Shielded: one caller that gives up must not take the result from the others.
        return await asyncio.shield(self._running[key])

    def keep_picture(self, path: Path) -> str:
        """Keeps a picture of the user's own, such as a brief's reference, and gives its artifact for tools to use.

        Raises:
            MediaError: it cannot be read as a picture.
        """
        return self.store.put_image(read_still(path), "reference picture").sha256

    def keep_sound(self, path: Path) -> str:
        """Keeps a recording of the user's own, such as a reference voice, and gives its artifact for tools to use.

        Raises:
            MediaError: it cannot be read as a recording.
        """
        return self.store.put(read_recording(path).wav(), "audio/wav")

    def result(self, evidence: Evidence) -> Any:
        """The typed result behind a found piece of evidence."""
        if evidence.id not in self._results:  # read once: that of an hour is large, and hundreds of questions ask
            self._results[evidence.id] = get_tool(evidence.tool).result.model_validate(evidence.data)
        return self._results[evidence.id]

    async def _look(
        self, tool: AnyTool, args: ToolArgs, key: str, provider: AnyProvider, shots: tuple[Shot, ...]
    ) -> Evidence:
        path = self._cache / key[:2] / f"{key}.json"
        cached = _read(path, tool)
        if cached is not None and all(self.store.has(a.sha256) for a in cached.artifacts):
            return self._note(cached, True)
        evidence = await asyncio.to_thread(self._run, tool, args, key, provider, shots)
        if evidence.status in ("found", "abstained"):
            _write(path, evidence)
        return self._note(evidence, False)

    async def _lack(self, tool: AnyTool, args: ToolArgs, key: str, states: tuple[Readiness, ...]) -> Evidence:
        reason = "; ".join(f"{s.provider.name}: {s.why} (`{s.mend}`)" for s in states)
        made = _frame(tool, args, key)
        lacking = Evidence(**made, provider=None, version=None, fidelity=None, status="unavailable", reason=reason)
        return self._note(lacking, False)

    def _note(self, evidence: Evidence, cached: bool) -> Evidence:
        self.found[evidence.id] = evidence
        if self._listener:
            self._listener(evidence, cached)
        return evidence

    def _run(self, tool: AnyTool, args: ToolArgs, key: str, provider: AnyProvider, shots: tuple[Shot, ...]) -> Evidence:
        _ = self.footage.times  # decoded before the models are taken, so that clips decode side by side
        look = Look(self.footage, shots, self.store, self.device)
        with _MODELS:
            start = time.perf_counter()
            outcome = _outcome(tool, provider, look, args)
            seconds = round(time.perf_counter() - start, 3)
        return Evidence(
            **_frame(tool, args, key),
            provider=provider.name,
            version=provider.version,
            fidelity=provider.fidelity,
            seconds=seconds,
            **outcome,
        )


def _outcome(tool: AnyTool, provider: AnyProvider, look: Look, args: ToolArgs) -> dict[str, Any]:
    """What came of it: the fields of the evidence that depend on how it went."""
    try:
        result = provider.run(look, args)
        plain = result.model_dump_json()
        tool.result.model_validate_json(plain)  # what cannot be read back, such as NaN, is a fault of the tool
        return {
            "status": "found",
            "summary": result.summary,
            "data": json.loads(plain),
            "artifacts": tuple(look.artifacts),
        }
    except Abstain as why:
        return {"status": "abstained", "reason": str(why), "summary": str(why)}
    except WeightsMissing as error:
        return {"status": "unavailable", "reason": str(error)}
    except ToolError as error:
        return {"status": "failed", "reason": str(error)}
    except (ConfigError, MediaError):
        raise
    except Exception as error:
        log.error("%s by %s failed on clip %s", tool.name, provider.name, look.footage.clip.id, exc_info=error)
        reason = f"internal error, please report it: {type(error).__name__}: {error}"
        return {"status": "failed", "reason": " ".join(reason.split())}


def _unlisted(provider: AnyProvider) -> list[str]:
    """SHA-256 of weights that the catalogue does not know: others may lie in their place another time."""
    return [came.sha256 for name in provider.weights for came in weights.receipt_of(name).values()]


def _frame(tool: AnyTool, args: ToolArgs, key: str) -> dict[str, Any]:
    return {"id": f"ev_{key[:12]}", "tool": tool.name, "args": args.model_dump(mode="json")}


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(p) for p in first["loc"]) or "arguments"
    return f"{where}: {first['msg']}"


def _read(path: Path, tool: AnyTool) -> Evidence | None:
    try:
        evidence = Evidence.model_validate_json(path.read_bytes())
        if evidence.found:
            tool.result.model_validate(evidence.data)
    except (FileNotFoundError, ValidationError):
        # A record of an older version, or one cut short by a full disk, is found again by looking again.
        return None
    return evidence


def _write(path: Path, evidence: Evidence) -> None:
    try:
        write_atomic(path, evidence.model_dump_json().encode(), durable=False)
    except OSError as error:
        raise ConfigError(f"cannot write in the cache folder {path.parents[1]}: {error.strerror}") from error
