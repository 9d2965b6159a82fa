"""The one path to a model: reply cache, budget, concurrency limit, retries and usage totals."""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_random_exponential

from cinejudge.llm.budget import Budget
from cinejudge.llm.media import check_seen
from cinejudge.llm.prices import Price
from cinejudge.llm.redact import redact_known
from cinejudge.llm.replies import ReplyCache, request_key
from cinejudge.schema import Limits, Usage
from cinejudge.schema.chat import Capabilities, ChatModel, Message, Reply, Settings, ToolChoice, ToolSpec
from cinejudge.schema.errors import ConfigError, ModelError

_LAST_CALLS_S = 10.0
"""How long an interrupted run waits for replies that are on their way."""


@dataclass(frozen=True)
class Retries:
    """How often and how patiently a call is repeated that could succeed later."""

    attempts: int = 5
    first_wait_s: float = 1.0
    """Upper end of the first random wait; it doubles each time. A server's Retry-After goes before it."""
    longest_wait_s: float = 60.0
    """Longest wait, whatever a server asks for."""


@dataclass(frozen=True)
class Exchange:
    """One answered request, as a trace wants to know it."""

    key: str
    """Hash of the request; the name of its file in the reply cache."""
    sample: int
    reply: Reply
    failures: tuple[str, ...]
    """Why earlier attempts failed, in order."""


Listener = Callable[[Exchange], None]


class Session:
    """The one path to a model. A run has one; :meth:`within` gives each clip its own budget below the run's.

    A request is answered from the reply cache if it was ever answered before, else by an identical request that is
    under way, else by the model. A reply is on disk before anybody acts on it.
    """

    def __init__(
        self,
        model: ChatModel,
        replies: ReplyCache,
        *,
        budget: Budget | None = None,
        prices: Mapping[str, Price] | None = None,
        retries: Retries = Retries(),
        concurrency: int = 8,
        timeout_s: float = 300.0,
        listener: Listener | None = None,
    ) -> None:
        """Opens the path; nothing is sent yet.

        Args:
            model: The model.
            replies: Where replies are kept.
            budget: What may be spent; unbounded when None.
            prices: Prices by model name (``provider/NAME``). Without one, costs are unknown.
            retries: The only retries there are: providers' own are switched off.
            concurrency: Calls under way at the same time, over all clips of the run.
            timeout_s: Longest time for one attempt.
            listener: Told of every answered request.

        Raises:
            ConfigError: a cost limit, but no price for the model.
        """
        self.model = model
        self.budget = budget or Budget()
        self.listener = listener
        self._replies = replies
        self._price = (prices or {}).get(model.name)
        self._retries = retries
        self._timeout_s = timeout_s
        self._gate = asyncio.Semaphore(concurrency)
        self._under_way: dict[str, asyncio.Task[Reply]] = {}
        self._check_priced(self.budget.limits)

    def within(self, limits: Limits, *, name: str) -> Session:
        """This session with a budget of its own below the present one; all else is shared.

        Raises:
            ConfigError: a cost limit, but no price for the model.
        """
        self._check_priced(limits)
        inner = copy.copy(self)
        inner.budget = self.budget.child(limits, name)
        return inner

    def heard_by(self, listener: Listener) -> Session:
        """This session with another listener; all else is shared."""
        inner = copy.copy(self)
        inner.listener = listener
        return inner

    async def ask(
        self,
        messages: tuple[Message, ...],
        tools: tuple[ToolSpec, ...] = (),
        *,
        tool_choice: ToolChoice = "auto",
        settings: Settings = Settings(),  # noqa: B008 - immutable
        sample: int = 0,
    ) -> Reply:
        """One reply.

        Args:
            messages: The conversation so far.
            tools: What the model may call.
            tool_choice: Whether it must.
            settings: Sampling.
            sample: Tells repeated samples of one request apart; each is paid once.

        Raises:
            BudgetReached: a limit forbids the call.
            ModelError: no usable reply, retries included.
            TraceError: the reply cannot be stored.
        """
        key = request_key(self.model.name, messages, tools, tool_choice, settings, sample)
        task = self._under_way.get(key)
        if task is None:
            generate = partial(self.model.generate, messages, tools, tool_choice=tool_choice, settings=settings)
            task = asyncio.create_task(self._answer(key, sample, messages, generate))
            self._under_way[key] = task
            task.add_done_callback(partial(self._done, key))
            return await asyncio.shield(task)
        reply = await asyncio.shield(task)
        self.budget.found(key, reply.usage, self._cost(reply))
        return reply

    def usage(self) -> Usage:
        """What was called and paid within this session's budget, and what was found in the cache instead."""
        return self.budget.usage()

    async def aclose(self) -> None:
        """Lets calls under way finish for a while, so that what is paid is kept, and closes the connections."""
        if self._under_way:
            await asyncio.wait(self._under_way.values(), timeout=_LAST_CALLS_S)
        await self.model.aclose()

    async def _answer(
        self, key: str, sample: int, messages: tuple[Message, ...], generate: Callable[[], Awaitable[Reply]]
    ) -> Reply:
        reply = await asyncio.to_thread(self._replies.get, key)
        failures: list[str] = []
        if reply:
            self.budget.found(key, reply.usage, self._cost(reply))
        else:
            reply = await self._call(key, generate, failures)
            check_seen(messages, reply)
            await asyncio.to_thread(self._replies.put, key, reply)
        if self.listener:
            self.listener(Exchange(key, sample, reply, tuple(failures)))
        return reply

    async def _call(self, key: str, generate: Callable[[], Awaitable[Reply]], failures: list[str]) -> Reply:
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._retries.attempts),
            wait=self._wait,
            retry=retry_if_exception(lambda error: isinstance(error, ModelError) and error.retryable),
            before_sleep=lambda state: failures.append(str(_failure(state))),
            reraise=True,
        )
        reply = _without_secrets(await retrying(self._attempt, generate))
        self.budget.paid(key, reply.usage, self._cost(reply))
        return reply

    async def _attempt(self, generate: Callable[[], Awaitable[Reply]]) -> Reply:
        async with self._gate:
            self.budget.check()
            self.budget.sent()
            start = time.perf_counter()
            try:
                async with asyncio.timeout(min(self._timeout_s, self.budget.seconds_left())):
                    reply = await generate()
            except TimeoutError:
                self.budget.check()
                raise ModelError(f"{self.model.name}: no reply within {self._timeout_s:g} s", retryable=True) from None
            return reply.model_copy(update={"seconds": round(time.perf_counter() - start, 3)})

    def _wait(self, state: RetryCallState) -> float:
        error = _failure(state)
        asked = error.retry_after if isinstance(error, ModelError) else None
        if asked is None:
            asked = wait_random_exponential(multiplier=self._retries.first_wait_s)(state)
        return min(asked, self._retries.longest_wait_s, self.budget.seconds_left())

    def _done(self, key: str, task: asyncio.Task[Reply]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # seen here, so that a failure nobody waits for any more is not reported as lost

    def _cost(self, reply: Reply) -> float | None:
        return self._price.cost(reply.usage) if self._price else None

    def _check_priced(self, limits: Limits) -> None:
        free = self.model.capabilities == Capabilities()  # the offline model, which is never called
        if limits.max_cost is not None and self._price is None and not free:
            raise ConfigError(
                f"a cost limit needs the price of {self.model.name}: "
                "name it in a price file and set CINEJUDGE_PRICES to the file"
            )


def _failure(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _without_secrets(reply: Reply) -> Reply:
    text = reply.model_dump_json()
    clean = redact_known(text)
    return reply if clean == text else Reply.model_validate_json(clean)
