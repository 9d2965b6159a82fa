"""The readers of the fuzz target on what hypothesis makes up and on what is nearly right."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.readers import READERS, read

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "1"
QUICK = settings(max_examples=60)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("name", READERS)
@QUICK
@given(data=st.binary(max_size=400))
def test_any_bytes(tmp_path: Path, name: str, data: bytes) -> None:
    read(tmp_path, name, data)


@pytest.mark.parametrize("name", [name for name in READERS if "json" in name])
@QUICK
@given(value=VALUES)
def test_any_json(tmp_path: Path, name: str, value: object) -> None:
    read(tmp_path, name, json.dumps(value).encode())


@pytest.mark.parametrize("name", ["verdict.json", "run.json", "summary.json", "events.jsonl"])
def test_a_good_record_with_damage(tmp_path: Path, name: str) -> None:
    path = next(GOLDEN.rglob(name))
    good = path.read_bytes()
    assert read(tmp_path, name, good)
    chance = random.Random(0)
    for _ in range(60):
        data = bytearray(good)
        for _ in range(chance.randrange(1, 4)):
            place = chance.randrange(len(data))
            match chance.randrange(3):
                case 0:
                    data[place] = chance.randrange(256)
                case 1:
                    del data[place : place + chance.randrange(1, 40)]
                case _:
                    data[place:place] = data[chance.randrange(len(data)) :][:30]
        read(tmp_path, name, bytes(data))


@QUICK
@given(depth=st.integers(min_value=50, max_value=3000), opening=st.sampled_from(["[", '{"a":', "- "]))
def test_deep_nesting(tmp_path: Path, depth: int, opening: str) -> None:
    for name in READERS:
        read(tmp_path, name, opening.encode() * depth)
