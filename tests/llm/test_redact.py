from __future__ import annotations

import pytest

from cinejudge.llm.redact import known_secrets, redact, redact_known


@pytest.mark.parametrize(
    "text",
    [
        "key sk-proj-abcdefghijkl used",
        "Incorrect API key provided: sk-abcd****wxyz.",
        "?key=AIzaSyA1234567890abcdefghijklmn",
        "https://host/v1?key=verysecret123",
        "Authorization: Bearer abcdefgh.ijk-lmn",
        "http://user:verysecret123@host:8000/v1",
        "hf_abcdefghijklmnop",
    ],
)
def test_what_has_the_shape_of_a_key_goes(text: str) -> None:
    clean = redact(text)
    assert "(redacted)" in clean
    for secret in ("abcdefgh", "verysecret", "AIza", "wxyz"):
        assert secret not in clean


@pytest.mark.parametrize(
    "text",
    ["the risk-averse task-master asked", "model gpt-x at http://localhost:8000/v1", "a desk-lamp, 10:30@noon"],
)
def test_ordinary_words_stay(text: str) -> None:
    assert redact(text) == text


def test_what_the_environment_calls_secret_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_SERVER_API_KEY", "correct-horse")
    monkeypatch.setenv("OTHER_TOKEN", "correct-horse-battery")
    monkeypatch.setenv("TINY_SECRET", "abc")  # too short to be told from a word
    assert redact_known("x correct-horse-battery correct-horse abc") == "x (redacted) (redacted) abc"
    assert known_secrets({"A_TOKEN": "12345678", "PATH": "/usr/bin:/bin"}) == ("12345678",)


def test_an_error_is_one_line() -> None:
    assert redact("a\n  b\tc") == "a b c"
