"""What every record shares: immutable, closed, and the same bytes for the same content."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

SCHEMA_VERSION = 1
"""Version of everything written to disk. Raised when an older reader could misread a newer file."""

Unit = Annotated[float, Field(ge=0.0, le=1.0)]
"""A share, score or confidence in [0, 1]."""


class Record(BaseModel):
    """An immutable record. Unknown fields are refused, so a typo never passes for a setting."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")


class Span(Record):
    """A stretch of time in seconds, end exclusive."""

    start_s: Annotated[float, Field(ge=0.0)]
    end_s: Annotated[float, Field(ge=0.0)]

    @model_validator(mode="after")
    def _ordered(self) -> Span:
        if self.end_s < self.start_s:
            raise ValueError(f"a span ends before it starts: {self.start_s} > {self.end_s}")
        return self

    @property
    def length_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s

    def overlap_s(self, other: Span) -> float:
        """Seconds that both spans share."""
        return max(0.0, min(self.end_s, other.end_s) - max(self.start_s, other.start_s))


def content_hash(value: Any) -> str:
    """SHA-256 (hex) of a JSON-able value, independent of key order.

    Records may stand anywhere inside ``value``. It is the key of every cache.
    """
    plain = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_plain)
    return hashlib.sha256(plain.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"cannot hash a {type(value).__name__}")
