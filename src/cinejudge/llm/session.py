"""The one path to a model: reply cache, budget, concurrency limit, retries and usage totals."""

from __future__ import annotations

from dataclasses import dataclass

from cinejudge.schema.chat import Message, Reply, Settings, ToolChoice, ToolSpec


@dataclass(frozen=True)
class Session:
    """The one path to a model."""

    async def ask(
        self,
        messages: tuple[Message, ...],
        tools: tuple[ToolSpec, ...] = (),
        *,
        tool_choice: ToolChoice = "auto",
        settings: Settings = Settings(),  # noqa: B008 - immutable
        sample: int = 0,
    ) -> Reply:
        """One reply: from the cache, from an identical request in flight, or from the model."""
        raise NotImplementedError
