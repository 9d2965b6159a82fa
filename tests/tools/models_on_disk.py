"""Writes weights as they are published, filled with random numbers, for tests that load them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

_NAMES = {torch.float32: "F32", torch.int64: "I64", torch.float16: "F16", torch.bfloat16: "BF16"}


def save_safetensors(tensors: Mapping[str, Any], path: Path, said: Mapping[str, str] | None = None) -> Path:
    """Writes a safetensors file as its specification lays it out, with what it says of itself."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt", **(said or {})}}
    parts, at = [], 0
    for name, tensor in tensors.items():
        data = bytes(tensor.reshape(-1).view(torch.uint8).numpy()) if tensor.numel() else b""
        header[name] = {
            "dtype": _NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [at, at + len(data)],
        }
        parts.append(data)
        at += len(data)
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(parts))
    return path
