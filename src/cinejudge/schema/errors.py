"""Every error that cinejudge raises on purpose.

CinejudgeError
├── ConfigError            wrong usage, option, suite or brief: exit code 2
├── MediaError             this file cannot be judged; the other clips go on
├── BriefError             the brief beside this file cannot be read; the other clips go on
├── WeightsMissing         a weight is not there; says the command that gets it
├── ToolError              a perception tool failed; told to the model, recorded in the trace
├── ModelError             a chat model failed after its retries
│   ├── ModelRefused       it declined to answer
│   └── MediaNotSeen       it answered without having received the media
├── BudgetReached          a limit on tokens, cost, calls or time: the clip ends as partial
└── TraceError             a run folder cannot be read or written

Each message is one line: what is wrong, where, what to do.
"""

from __future__ import annotations


class CinejudgeError(Exception):
    """Base of all errors that are raised on purpose."""


class ConfigError(CinejudgeError):
    """The request itself is wrong: an option, a suite, a brief, a path."""


class MediaError(CinejudgeError):
    """A file that cannot be judged: not a video, broken, or over a limit."""


class BriefError(CinejudgeError):
    """The brief that lies beside a video cannot be read."""


class WeightsMissing(CinejudgeError):
    """A model weight is not on this machine."""


class ToolError(CinejudgeError):
    """A perception tool could not do its work on this input."""


class ModelError(CinejudgeError):
    """A chat model gave no usable reply, retries included."""

    def __init__(self, message: str, *, retryable: bool = False, retry_after: float | None = None) -> None:
        """Says what went wrong and whether asking again could help.

        Args:
            message: One line.
            retryable: Whether the same request could succeed later (overload, a time-out, a cut connection).
            retry_after: Seconds that the server asks to wait, when it says so.
        """
        super().__init__(message)
        self.retryable = retryable
        self.retry_after = retry_after


class ModelRefused(ModelError):
    """The model declined, or a content filter stopped it."""


class MediaNotSeen(ModelError):
    """The server answered but, by its token count, never passed the media on."""


class BudgetReached(CinejudgeError):
    """A limit on tokens, cost, calls or time was reached before the next call."""


class TraceError(CinejudgeError):
    """A run folder that cannot be read, written or continued."""
