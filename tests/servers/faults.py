"""Servers that misbehave on purpose, for a while or for good."""

from __future__ import annotations

import itertools
import threading

from tests.servers.behaviours import Behaviour
from tests.servers.messages import Answer, Fault, Request


def in_turn(*steps: Answer | Fault | Behaviour) -> Behaviour:
    """The first step for the first request, and so on; the last one stays."""
    counter = itertools.count()
    lock = threading.Lock()

    def behave(request: Request) -> Answer | Fault:
        with lock:
            step = steps[min(next(counter), len(steps) - 1)]
        return step(request) if callable(step) else step

    return behave


def once(fault: Answer | Fault, then: Behaviour) -> Behaviour:
    """One fault, then as ``then``."""
    return in_turn(fault, then)


def slow_down(retry_after: str | None = None) -> Fault:
    """429, with or without saying for how long."""
    return Fault(429, headers={} if retry_after is None else {"Retry-After": retry_after}, message="too many requests")
