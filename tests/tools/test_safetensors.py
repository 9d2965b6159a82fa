"""The reader of safetensors files: what is written comes back, and what does not fit is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from cinejudge.tools.models import safetensors

from .models_on_disk import save_safetensors


def test_tensors_come_back_as_they_were(tmp_path: Path) -> None:
    torch.manual_seed(0)
    wanted = {
        "a.weight": torch.randn(3, 4),
        "half": torch.randn(5).half(),  # after it nothing is aligned to four bytes
        "b": torch.randn(2, 2, 2),
        "brain": torch.randn(3).bfloat16(),
        "count": torch.tensor(7),
        "none": torch.zeros(0, 3),
    }
    found = safetensors.read(save_safetensors(wanted, tmp_path / "some.safetensors"))
    assert list(found) == list(wanted)
    assert all(
        torch.equal(found[name], tensor) and found[name].dtype == tensor.dtype for name, tensor in wanted.items()
    )


def test_what_a_file_says_of_itself(tmp_path: Path) -> None:
    path = save_safetensors({"a": torch.zeros(1)}, tmp_path / "some.safetensors", {"klass": "a.B"})
    assert safetensors.metadata(path) == {"format": "pt", "klass": "a.B"}


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}, "does not lie"),
        ({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}, "does not lie"),
        ({"a": {"dtype": "F32", "shape": [-2], "data_offsets": [8, 0]}}, "no safetensors"),
        ({"a": {"dtype": "OBJECT", "shape": [2], "data_offsets": [0, 8]}}, "unknown type"),
        ([1, 2], "no safetensors"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(tmp_path: Path, header: object, told: str) -> None:
    text = json.dumps(header).encode()
    path = tmp_path / "bad.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(8))
    with pytest.raises(ValueError, match=told):
        safetensors.read(path)


@pytest.mark.parametrize("data", [b"", b"PK", bytes([255] * 8), (1 << 40).to_bytes(8, "little") + b"{}"])
def test_another_kind_of_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bad.safetensors"
    path.write_bytes(data)
    with pytest.raises(ValueError, match="no safetensors"):
        safetensors.read(path)
