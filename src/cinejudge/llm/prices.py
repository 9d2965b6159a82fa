"""What a call costs, from a price file that the user keeps."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from cinejudge.schema import Record
from cinejudge.schema.chat import TokenUsage
from cinejudge.schema.errors import ConfigError

Amount = Annotated[float, Field(ge=0)]


class Price(Record):
    """Prices of one model per million tokens, in the currency of the file."""

    input: Amount
    output: Amount
    cached_input: Amount | None = None
    """None: cached input costs as much as other input."""

    def cost(self, usage: TokenUsage) -> float:
        """Cost of a call with this usage."""
        cached = self.input if self.cached_input is None else self.cached_input
        fresh = usage.input_tokens - usage.cached_tokens
        return (fresh * self.input + usage.cached_tokens * cached + usage.output_tokens * self.output) / 1e6


def load_prices(path: Path | None = None) -> dict[str, Price]:
    """Prices by model (``provider/NAME``).

    The file is YAML: ``openai/gpt-x: {input: 1.25, cached_input: 0.125, output: 10}``.

    Args:
        path: The file; None takes it from ``CINEJUDGE_PRICES``, and without that no price is known.

    Raises:
        ConfigError: the file cannot be read or does not hold prices.
    """
    import yaml

    if path is None:
        if not os.environ.get("CINEJUDGE_PRICES"):
            return {}
        path = Path(os.environ["CINEJUDGE_PRICES"])
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"cannot read the price file {path}: {' '.join(str(error).split())}") from None
    try:
        return TypeAdapter(dict[str, Price]).validate_python(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "file"
        raise ConfigError(
            f"price file {path}: {where}: {first['msg']}; expected MODEL: {{input: N, cached_input: N, output: N}}"
        ) from None
