"""What the decoding pass learned of a file, kept from run to run so that a known file is not decoded again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from cinejudge.atomic import write_atomic
from cinejudge.media.limits import MediaLimits
from cinejudge.schema import Clip
from cinejudge.schema.errors import ConfigError

DECODER_VERSION = 2
"""Raised when the same file could give other facts; older records are then made anew."""


@dataclass(frozen=True)
class Facts:
    """The facts of one file."""

    clip: Clip
    words: tuple[str, ...]
    """What it says beside picture and sound; see :mod:`cinejudge.media.words`."""


def load(record: Path, limits: MediaLimits) -> Facts | None:
    """The facts of an earlier run, unless another version found them or other limits held.

    Raises:
        ConfigError: the cache folder cannot be read.
    """
    try:
        kept = json.loads(record.read_bytes())
        if [kept["decoder"], kept["limits"]] != [DECODER_VERSION, asdict(limits)]:
            return None
        return Facts(Clip.model_validate(kept["clip"]), tuple(map(str, kept["words"])))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    except OSError as error:
        raise ConfigError(f"cannot read the cache folder {record.parents[1]}: {error.strerror}") from error


def save(record: Path, limits: MediaLimits, facts: Facts) -> None:
    """Writes the facts for later runs.

    Raises:
        ConfigError: the cache folder cannot be written.
    """
    kept = {
        "decoder": DECODER_VERSION,
        "limits": asdict(limits),
        "clip": facts.clip.model_dump(mode="json"),
        "words": facts.words,
    }
    try:
        write_atomic(record, json.dumps(kept).encode(), durable=False)
    except OSError as error:
        raise ConfigError(f"cannot write in the cache folder {record.parents[1]}: {error.strerror}") from error
