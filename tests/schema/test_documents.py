"""Documents that people write are read as they expect, and hostile ones end in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from cinejudge.schema.documents import MAX_DEPTH, read_json, read_text, read_yaml
from cinejudge.schema.errors import ConfigError


def write(tmp_path: Path, text: str, name: str = "file.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_words_stay_words(tmp_path: Path) -> None:
    document = read_yaml(write(tmp_path, "a: yes\nb: [no, on, 2020-01-01]\nc: true\nd: 1.5\ne: null\n"))
    assert document.data == {"a": "yes", "b": ["no", "on", "2020-01-01"], "c": True, "d": 1.5, "e": None}


def test_a_place_leads_to_its_line(tmp_path: Path) -> None:
    document = read_yaml(write(tmp_path, "a: 1\nb:\n  - x: 1\n  - x: 2\n    y: 3\n"))
    assert document.line(["b", 1, "y"]) == 5
    assert document.line(["b", 1, "absent"]) == 4
    assert document.line([]) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\na: 2\n", "line 2, column 1: not valid YAML: 'a' is given twice"),
        ("a: [\n", "line 2"),
        ("? [1, 2]\n: 3\n", "a key must be a plain word"),
        ("!!python/object/apply:os.system ['true']\n", "could not determine a constructor"),
        ("a: 1\n---\nb: 2\n", "another document"),
        ("[" * 100_000, "nested more than"),
        ("- " * (MAX_DEPTH + 1) + "x\n", "nested more than"),
        ("a: &a [*a]\n", "unfolds into too many"),
        (
            "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
            + "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 9)),
            "unfolds into too many",
        ),
    ],
    ids=["twice", "open", "key", "tag", "two", "deep flow", "deep block", "itself", "bomb"],
)
def test_bad_yaml_is_told_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        read_yaml(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert told in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"a": 1,\n "a": 2}', "'a' is given twice"),
        ('{"a": NaN}', "NaN"),
        ('{"a":\n }', "line 2, column 2"),
        ("[" * 100_000, "nested too deeply"),
        ("1" * 10_000, "not valid JSON"),
    ],
    ids=["twice", "nan", "syntax", "deep", "long number"],
)
def test_bad_json_is_told_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=r"file\.json") as caught:
        read_json(write(tmp_path, text, "file.json"))
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = write(tmp_path, "x" * 1001)
    assert len(read_text(path, max_bytes=1001)) == 1001
    with pytest.raises(ConfigError, match="larger than"):
        read_text(path, max_bytes=1000)


def test_what_is_no_text_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes(b"one\ntwo \xff\n")
    with pytest.raises(ConfigError, match="line 2 is not UTF-8"):
        read_text(path)


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.yaml", tmp_path):
        with pytest.raises(ConfigError, match="cannot be read"):
            read_yaml(path)
