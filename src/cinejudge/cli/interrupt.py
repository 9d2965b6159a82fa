"""Ctrl-C and a polite kill end a command soon, in one line, with what is done kept."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import warnings
from collections.abc import Coroutine
from types import FrameType
from typing import Any, NoReturn, TypeVar

import typer

INTERRUPTED = 130

T = TypeVar("T")


def heed_terminate() -> None:
    """Treats SIGTERM, by which schedulers and containers end a process, as Ctrl-C.

    Also where Ctrl-C itself is ignored, as in what a script starts in the background.
    """
    signal.signal(signal.SIGTERM, _as_interrupt)


def run_until_done(work: Coroutine[Any, Any, T]) -> T:
    """Runs it to its end, or to an interrupt, which ends the process.

    An interrupt cancels the work: decoders are stopped, work folders removed, replies under way kept. A thread in
    the middle of a measurement cannot be cancelled and is not waited for, nor has it to be: a run survives SIGKILL
    at any moment, so nothing that is written can be left half done.
    """
    # Cancelled, LangGraph drops the judges that had not begun, and Python remarks on each: no news to the user.
    warnings.filterwarnings("ignore", "coroutine 'arun_with_retry' was never awaited", RuntimeWarning)
    runner = asyncio.Runner()
    try:
        result = runner.run(_heeding(work))
    except (KeyboardInterrupt, asyncio.CancelledError):
        leave()
    except BaseException:
        runner.close()
        raise
    runner.close()
    return result


async def _heeding(work: Coroutine[Any, Any, T]) -> T:
    """The work, cancelled by SIGTERM as by Ctrl-C."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work


def leave() -> NoReturn:
    """Says so and ends the process without waiting for any thread."""
    typer.echo("Interrupted. What is done is kept; the same command goes on from there.", err=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(INTERRUPTED)


def _as_interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
