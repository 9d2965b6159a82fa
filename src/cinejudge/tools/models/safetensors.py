"""Tensors from a safetensors file: a JSON header with names, types and places, then plain numbers; nothing runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import torch
from pydantic import Field, TypeAdapter, ValidationError
from torch import Tensor

from cinejudge.schema import Record

_LONGEST_HEADER = 100_000_000
_TYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
_Count = Annotated[int, Field(ge=0)]


class _Place(Record):
    """Where a tensor lies in the bytes after the header."""

    dtype: str
    shape: tuple[_Count, ...]
    data_offsets: tuple[_Count, _Count]


def read(path: Path) -> dict[str, Tensor]:
    """All tensors of a file, by name.

    Raises:
        ValueError: it is no safetensors file, or its header does not fit its contents.
    """
    length, entries = _header(path)
    data = torch.from_file(str(path), shared=False, size=path.stat().st_size, dtype=torch.uint8)[8 + length :]
    return {name: _tensor(data, name, place) for name, place in entries.items() if isinstance(place, _Place)}


def metadata(path: Path) -> dict[str, str]:
    """What a file says of itself.

    Raises:
        ValueError: it is no safetensors file.
    """
    told = _header(path)[1].get("__metadata__")
    return told if isinstance(told, dict) else {}


def _header(path: Path) -> tuple[int, dict[str, _Place | dict[str, str]]]:
    """Its length in bytes, and what it holds."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = file.read(length) if length <= min(_LONGEST_HEADER, size - 8) else b""
    try:
        return length, TypeAdapter(dict[str, _Place | dict[str, str]]).validate_json(header)
    except ValidationError as error:
        raise ValueError(f"{path.name} is no safetensors file") from error


def _tensor(data: Tensor, name: str, place: _Place) -> Tensor:
    kind = _TYPES.get(place.dtype)
    first, last = place.data_offsets
    if kind is None:
        raise ValueError(f"{name} has the unknown type {place.dtype}")
    if not first <= last <= len(data) or last - first != torch.Size(place.shape).numel() * kind.itemsize:
        raise ValueError(f"{name} does not lie where the header says")
    # Copied, since the file need not be aligned to the type.
    return data[first:last].clone().view(kind).view(place.shape)
