"""The model that is not there: it has no eyes and no ears, and says so."""

from __future__ import annotations

from collections.abc import Callable

from cinejudge.schema.chat import Capabilities, ChatModel, Message, Reply, Settings, ToolChoice, ToolSpec
from cinejudge.schema.errors import ConfigError, ModelError


class OfflineModel:
    """Takes part wherever a model is expected; what evidence can decide is decided by rules, without it."""

    name = "offline"

    def __init__(self) -> None:
        """Takes in nothing."""
        self.capabilities = Capabilities()

    async def generate(
        self,
        messages: tuple[Message, ...],
        tools: tuple[ToolSpec, ...] = (),
        *,
        tool_choice: ToolChoice = "auto",
        settings: Settings = Settings(),  # noqa: B008 - immutable
    ) -> Reply:
        """Never answers.

        Raises:
            ModelError: always.
        """
        raise ModelError(
            "the offline model answers nothing: rules decide what evidence can decide; "
            "name a model with --model to have the rest judged"
        )

    async def aclose(self) -> None:
        """Nothing to release."""


def create(name: str, *, base_url: str | None, load: Callable[[str], bytes], timeout_s: float) -> ChatModel:
    """The offline model; it has no names and no address."""
    if name or base_url:
        raise ConfigError("the offline model takes neither a name nor a base URL")
    return OfflineModel()
