"""The bounded loop in which a model calls tools until it submits one typed answer.

The loop knows no provider, no tool and no suite. What the model may call, how a call is carried out, how words
from the video are quoted and what counts as a valid answer are handed in by the caller.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from cinejudge.llm.session import Session
from cinejudge.schema.chat import Message, Part, Reply, Settings, TextPart, ToolCall, ToolSpec
from cinejudge.schema.errors import ToolError


@dataclass(frozen=True)
class ToolOutput:
    """What a tool gives back to the model.

    Attributes:
        text: What it found. May hold words of the video; the loop quotes all of it.
        media: Pictures and sounds that show it, each after a ``TextPart`` with its caption. Captions are ours.
    """

    text: str
    media: tuple[Part, ...] = ()


RunTool = Callable[[str, dict[str, Any]], Awaitable[ToolOutput]]
"""Carries out a call of one of ``tools``; a ``ToolError`` is told to the model, which may try something else."""

Check = Callable[[dict[str, Any]], str | None]
"""Looks at the arguments of the final call: None accepts them, a text says what is wrong with them."""

OutcomeStatus = Literal["submitted", "rejected", "refused", "cut_off", "out_of_turns"]


@dataclass(frozen=True)
class Outcome:
    """How a conversation ended.

    Attributes:
        status: ``submitted``: ``arguments`` holds a valid answer. ``rejected``: the answer stayed invalid, or stayed
            plain text, after it had gone back. ``refused``: the model declined. ``cut_off``: its output limit
            ended every attempt. ``out_of_turns``: it kept calling tools until the last turn and beyond.
        arguments: Of the accepted final call, else None.
        reason: Why there is no answer, in one line; empty when there is.
        turns: Replies that were needed.
        looks: Tool calls that were carried out, in order.
        messages: The whole conversation, the last reply included.
    """

    status: OutcomeStatus
    arguments: dict[str, Any] | None
    reason: str
    turns: int
    looks: tuple[ToolCall, ...]
    messages: tuple[Message, ...]


async def converse(
    session: Session,
    messages: tuple[Message, ...],
    tools: tuple[ToolSpec, ...],
    run_tool: RunTool,
    *,
    final: ToolSpec,
    check: Check,
    quote: Callable[[str], str],
    max_turns: int = 8,
    max_calls_per_turn: int = 6,
    max_rejections: int = 1,
    settings: Settings = Settings(),  # noqa: B008 - immutable
    sample: int = 0,
) -> Outcome:
    """Lets a model look with tools until it answers through the final tool.

    The last turn allows nothing but the final call. A call that names no known tool, whose arguments are not JSON or
    do not fit, is answered with the reason and uses up a turn. Several final calls in one reply contradict each other
    and are rejected together; beside a valid final call, other calls are not carried out.

    Args:
        session: The path to the model.
        messages: System and user messages to begin with.
        tools: What the model may call before it answers.
        run_tool: Carries out one call.
        final: The typed answer.
        check: Accepts the answer or says what is wrong with it.
        quote: Turns untrusted text into quoted data (``prompts.quote`` with this request's fence).
        max_turns: Replies at most, those after a rejection not counted.
        max_calls_per_turn: Calls carried out per reply; the rest are told to wait.
        max_rejections: How often an invalid answer goes back with the reason.
        settings: Sampling settings of every call.
        sample: Number of the sample when the same is asked repeatedly; part of the cache key.

    Returns:
        The outcome; see :class:`Outcome` for every way in which it can end.

    Raises:
        ModelError: the model gave no usable reply, retries included.
        BudgetReached: a limit forbids the next call.
    """
    raise NotImplementedError
