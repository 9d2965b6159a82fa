"""What the senses and the model session tell, as events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from cinejudge.schema import Evidence
from cinejudge.schema.chat import Reply
from cinejudge.traces.clip import ClipTrace


class Exchange(Protocol):
    """An answered request, as a model session tells of it."""

    @property
    def key(self) -> str:
        """Hash of the request."""
        ...

    @property
    def reply(self) -> Reply:
        """What came back."""
        ...

    @property
    def failures(self) -> tuple[str, ...]:
        """Why earlier attempts failed."""
        ...


def record_evidence(trace: ClipTrace) -> Callable[[Evidence, bool], None]:
    """A listener for the senses: notes each piece of evidence, and whether it came from the cache."""

    def listen(evidence: Evidence, cached: bool) -> None:
        trace.event(
            "evidence",
            evidence=evidence.id,
            tool=evidence.tool,
            status=evidence.status,
            provider=evidence.provider,
            summary=evidence.summary or evidence.reason or "",
            seconds=evidence.seconds,
            cached=cached,
        )

    return listen


def record_exchange(
    trace: ClipTrace, model: str, judge: str, asked: tuple[str, ...] = ()
) -> Callable[[Exchange], None]:
    """A listener for a model session: notes each answered request and the failures before it.

    Args:
        trace: Where to.
        model: ``provider/NAME``, as asked for.
        judge: Who asks.
        asked: Questions that it is working on.
    """

    def listen(exchange: Exchange) -> None:
        for failure in exchange.failures:
            trace.event("error", error="ModelError", message=failure, where=f"request {exchange.key[:12]}")
        usage = exchange.reply.usage
        trace.event(
            "model_call",
            request=exchange.key,
            model=model,
            judge=judge,
            asked=asked,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cached_tokens=usage.cached_tokens,
            seconds=exchange.reply.seconds,
            cached=exchange.reply.cached,
        )

    return listen
