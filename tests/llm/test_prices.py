from __future__ import annotations

from pathlib import Path

import pytest

from cinejudge.llm import Price, load_prices
from cinejudge.schema.chat import TokenUsage
from cinejudge.schema.errors import ConfigError

USAGE = TokenUsage(input_tokens=1_000_000, cached_tokens=250_000, output_tokens=100_000, reasoning_tokens=50_000)


def test_cached_input_has_its_own_price() -> None:
    assert Price(input=2, cached_input=0.2, output=10).cost(USAGE) == pytest.approx(1.5 + 0.05 + 1.0)


def test_without_one_it_costs_as_much_as_other_input() -> None:
    assert Price(input=2, output=10).cost(USAGE) == pytest.approx(2 + 1)


def test_a_file_named_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "prices.yaml"
    file.write_text("openai/gpt-x: {input: 1.25, cached_input: 0.125, output: 10}\ngoogle/g: {input: 1, output: 2}\n")
    monkeypatch.setenv("CINEJUDGE_PRICES", str(file))
    assert load_prices() == {
        "openai/gpt-x": Price(input=1.25, cached_input=0.125, output=10),
        "google/g": Price(input=1, output=2),
    }


def test_without_a_file_no_price_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CINEJUDGE_PRICES", raising=False)
    assert load_prices() == {}


@pytest.mark.parametrize(
    "text",
    [
        "openai/x: 3",
        "openai/x: {input: -1, output: 1}",
        "openai/x: {input: 1}",
        "openai/x: {input: 1, output: 1, outptu: 2}",
        "- a",
        "a: [",
        "\x00",
    ],
)
def test_what_is_no_price_file(tmp_path: Path, text: str) -> None:
    file = tmp_path / "prices.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_prices(file)
    assert "\n" not in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read the price file"):
        load_prices(tmp_path / "none.yaml")
