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
        heading: Our own words before it, not quoted: the evidence id by which it is to be cited.
    """

    text: str
    media: tuple[Part, ...] = ()
    heading: str = ""


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
    talk = list(messages)
    looks: list[ToolCall] = []
    turn = rejections = 0

    def ended(status: OutcomeStatus, reason: str = "", arguments: dict[str, Any] | None = None) -> Outcome:
        return Outcome(status, arguments, reason, turn, tuple(looks), tuple(talk))

    while True:
        turn += 1
        last = turn >= max_turns + rejections
        choice = final.name if last else "required"
        reply = await session.ask(tuple(talk), (*tools, final), tool_choice=choice, settings=settings, sample=sample)
        talk.append(reply.message)
        calls = reply.message.tool_calls
        if reply.finish == "refused":
            return ended("refused", _said(reply) or "the model declined to answer")
        if calls and not last and all(call.name != final.name for call in calls):
            for number, call in enumerate(calls):
                problem = _misfit(call, tools) if number < max_calls_per_turn else "too many calls at once; ask again"
                if problem:
                    talk.append(_result(call, problem))
                    continue
                looks.append(call)
                talk.append(await _carry_out(call, run_tool, quote))
            continue
        fault = _fault(reply, final, check)
        if fault is None:
            return ended("submitted", arguments=next(c.arguments for c in calls if c.name == final.name))
        if rejections == max_rejections:
            return ended(*fault)
        rejections += 1
        talk += [_result(call, fault[1]) for call in calls] or [_user(fault[1])]


def _fault(reply: Reply, final: ToolSpec, check: Check) -> tuple[OutcomeStatus, str] | None:
    """What is wrong with a reply that ought to be the answer, and how the conversation ends if it stays so."""
    calls = reply.message.tool_calls
    answers = [call for call in calls if call.name == final.name]
    if len(answers) > 1:
        return "rejected", f"{len(answers)} calls of {final.name} in one reply; exactly one is wanted"
    if answers and answers[0].arguments is not None:
        wrong = check(answers[0].arguments)
        return ("rejected", wrong) if wrong else None
    if reply.finish == "length":
        return "cut_off", f"the reply was cut off at its output limit; call {final.name} with shorter texts"
    if answers:
        return "rejected", f"the arguments of {final.name} were not a JSON object"
    if calls:
        return "out_of_turns", f"no more looks are possible; call {final.name} with what is known"
    return "rejected", f"the answer counts only as a call of {final.name}; no such call was made"


def _misfit(call: ToolCall, tools: tuple[ToolSpec, ...]) -> str | None:
    if call.name not in {tool.name for tool in tools}:
        known = ", ".join(tool.name for tool in tools) or "none"
        return f"there is no tool {call.name[:64]!r}; there are: {known}"
    if call.arguments is None:
        return f"the arguments of {call.name} were not a JSON object"
    return None


async def _carry_out(call: ToolCall, run_tool: RunTool, quote: Callable[[str], str]) -> Message:
    try:
        output = await run_tool(call.name, call.arguments or {})
    except ToolError as error:
        return _result(call, f"{call.name} failed:\n{quote(str(error))}")
    return _result(call, f"{output.heading}\n{quote(output.text)}".lstrip("\n"), output.media)


def _result(call: ToolCall, text: str, media: tuple[Part, ...] = ()) -> Message:
    return Message(role="tool", parts=(TextPart(text=text), *media), tool_call_id=call.id, tool_name=call.name)


def _user(text: str) -> Message:
    return Message(role="user", parts=(TextPart(text=text),))


def _said(reply: Reply) -> str:
    words = " ".join(part.text for part in reply.message.parts if isinstance(part, TextPart))
    return " ".join(words.split())[:300]
