"""Replies on disk by request, so that nothing is paid twice."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from cinejudge.atomic import write_atomic
from cinejudge.schema import content_hash
from cinejudge.schema.chat import Message, Reply, Settings, ToolChoice, ToolSpec
from cinejudge.schema.errors import TraceError

_FORMAT = 1
"""Raised when a request of the same content would mean something else."""


def request_key(
    model: str,
    messages: tuple[Message, ...],
    tools: tuple[ToolSpec, ...],
    tool_choice: ToolChoice,
    settings: Settings,
    sample: int,
) -> str:
    """Identity of a request: everything that can change its reply. Media count by their content hash.

    The address of the server is left out: the same model behind another port or proxy is the same model, and an
    address can hold credentials. Replies are kept per run, so two servers that share a model's name do not mix.
    """
    return content_hash([_FORMAT, model, messages, tools, tool_choice, settings, sample])


class ReplyCache:
    """A folder with one file per reply: ``ab/<sha256 of the request>.json``."""

    def __init__(self, root: Path) -> None:
        """The folder is made when the first reply is stored."""
        self._root = root

    def get(self, key: str) -> Reply | None:
        """The stored reply, or None.

        A file that this version cannot read counts as none: the model is asked again.
        """
        try:
            return Reply.model_validate_json(self._path(key).read_bytes()).model_copy(update={"cached": True})
        except (FileNotFoundError, ValidationError):
            return None
        except OSError as error:
            raise TraceError(f"cannot read the reply {self._path(key)}: {error.strerror}") from error

    def put(self, key: str, reply: Reply) -> None:
        """Stores a reply so that it survives a crash of the machine: written, synced, then renamed into place."""
        path = self._path(key)
        try:
            write_atomic(path, reply.model_dump_json().encode())
        except OSError as error:
            raise TraceError(f"cannot store a reply in {self._root}: {error.strerror}") from error

    def _path(self, key: str) -> Path:
        return self._root / key[:2] / f"{key}.json"
