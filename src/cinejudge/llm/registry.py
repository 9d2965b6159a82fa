"""Finds the provider of a model: a file of ``providers`` or an entry point ``cinejudge.llm``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Protocol

from cinejudge.llm import providers
from cinejudge.llm.probing import probe_media
from cinejudge.schema.chat import ChatModel
from cinejudge.schema.errors import ConfigError

Load = Callable[[str], bytes]
"""Bytes of an artifact by its SHA-256."""


class Create(Protocol):
    """What a provider's module or entry point offers."""

    def __call__(self, name: str, *, base_url: str | None, load: Load, timeout_s: float) -> ChatModel:
        """A model of this provider; connects to nothing yet. Raises ConfigError when it cannot be used."""
        ...


def provider_names() -> tuple[str, ...]:
    """All providers, without importing any."""
    own = {m.name for m in pkgutil.iter_modules(providers.__path__) if not m.name.startswith("_")}
    return tuple(sorted(own | {entry.name for entry in entry_points(group="cinejudge.llm")}))


def create_model(spec: str, *, base_url: str | None, load: Load, timeout_s: float = 300.0) -> ChatModel:
    """The model that ``spec`` names.

    Args:
        spec: ``offline``, ``openai/NAME``, ``google/NAME`` or ``PROVIDER/NAME`` of an entry point.
        base_url: Address of a compatible server; the provider's own when None.
        load: Gives the bytes of pictures and sounds that messages refer to.
        timeout_s: Longest time for one reply.

    Raises:
        ConfigError: no such provider, no name, or no key.
    """
    provider, _, name = spec.partition("/")
    if provider not in provider_names():
        raise ConfigError(f"no model provider {provider!r}; there are: {', '.join(provider_names())}")
    if not name and provider != "offline":
        raise ConfigError(f"--model {spec!r} names no model; write {provider}/NAME")

    def load_any(sha256: str) -> bytes:
        return probe_media().get(sha256) or load(sha256)

    return _creator(provider)(name, base_url=base_url, load=load_any, timeout_s=timeout_s)


def _creator(provider: str) -> Create:
    if any(module.name == provider for module in pkgutil.iter_modules(providers.__path__)):
        create: Create = importlib.import_module(f"{providers.__name__}.{provider}").create
        return create
    (entry,) = entry_points(group="cinejudge.llm", name=provider)
    create = entry.load()
    return create
