"""What may be spent, and what has been: per clip, and above it per run."""

from __future__ import annotations

import time
from collections.abc import Callable

from cinejudge.schema import Limits, Usage
from cinejudge.schema.chat import TokenUsage
from cinejudge.schema.errors import BudgetReached


class Budget:
    """Limits with what has been used up so far; a child's spending is its parent's too.

    Limits bound what the run costs in all: a reply that an interrupted run has paid for counts again when its
    continuation finds it in the cache, so that both stop at the same point. :meth:`usage` tells the two apart.

    Calls are counted when they are sent, so ``max_calls`` is never exceeded. Tokens and cost are known only when a
    reply arrives: they can be exceeded by the calls in flight.
    """

    def __init__(
        self,
        limits: Limits = Limits(),  # noqa: B008 - immutable
        *,
        name: str = "run",
        parent: Budget | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Starts the clock.

        Args:
            limits: Bounds; None inside means unbounded.
            name: What is bounded, for messages.
            parent: The budget above.
            clock: Seconds from any start.
        """
        self.limits = limits
        self.name = name
        self._parent = parent
        self._clock = clock
        self._start = clock()
        self._spent: set[str] = set()
        self._calls = 0
        self._found = 0
        self._paid = TokenUsage()
        self._paid_cost: float | None = 0.0
        self._all_calls = 0
        self._all_tokens = 0
        self._all_cost = 0.0

    def child(self, limits: Limits, name: str) -> Budget:
        """A budget below this one, for one clip."""
        return Budget(limits, name=name, parent=self, clock=self._clock)

    def check(self) -> None:
        """Makes sure that one more call is allowed.

        Raises:
            BudgetReached: a limit of this budget or of one above is reached; says which.
        """
        if self._parent:
            self._parent.check()
        used = (
            ("calls", self._all_calls, self.limits.max_calls),
            ("tokens", self._all_tokens, self.limits.max_tokens),
            ("cost", self._all_cost, self.limits.max_cost),
            ("seconds", self._clock() - self._start, self.limits.max_seconds),
        )
        for unit, spent, limit in used:
            if limit is not None and spent >= limit:
                raise BudgetReached(f"budget of the {self.name} reached: {spent:.6g} of {limit:.6g} {unit}")

    def seconds_left(self) -> float:
        """Seconds until a time limit is reached; infinite without one."""
        above = self._parent.seconds_left() if self._parent else float("inf")
        if self.limits.max_seconds is None:
            return above
        return min(above, max(0.0, self._start + self.limits.max_seconds - self._clock()))

    def sent(self) -> None:
        """Counts a call that goes out now, whatever becomes of it."""
        self._calls += 1
        self._all_calls += 1
        if self._parent:
            self._parent.sent()

    def paid(self, key: str, usage: TokenUsage, cost: float | None) -> None:
        """Counts the tokens of a reply that has just arrived for the request ``key``."""
        self._paid = TokenUsage(
            input_tokens=self._paid.input_tokens + usage.input_tokens,
            output_tokens=self._paid.output_tokens + usage.output_tokens,
            cached_tokens=self._paid.cached_tokens + usage.cached_tokens,
            reasoning_tokens=self._paid.reasoning_tokens + usage.reasoning_tokens,
        )
        self._paid_cost = None if cost is None or self._paid_cost is None else self._paid_cost + cost
        self._spend(key, usage, cost)
        if self._parent:
            self._parent.paid(key, usage, cost)

    def found(self, key: str, usage: TokenUsage, cost: float | None) -> None:
        """Counts a reply that was found in the cache; the first time, towards the limits too."""
        self._found += 1
        if key not in self._spent:
            self._all_calls += 1
            self._spend(key, usage, cost)
        if self._parent:
            self._parent.found(key, usage, cost)

    def _spend(self, key: str, usage: TokenUsage, cost: float | None) -> None:
        self._spent.add(key)
        self._all_tokens += usage.input_tokens + usage.output_tokens
        self._all_cost += cost or 0.0

    def usage(self) -> Usage:
        """What was called and paid, and what was found in the cache instead."""
        return Usage(
            calls=self._calls,
            cached_calls=self._found,
            input_tokens=self._paid.input_tokens,
            output_tokens=self._paid.output_tokens,
            cached_tokens=self._paid.cached_tokens,
            cost=self._paid_cost,
        )
