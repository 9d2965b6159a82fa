"""The numbers in docs/suites.md are those of the suites."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_table_is_what_the_script_prints() -> None:
    spec = importlib.util.spec_from_file_location("suite_share", ROOT / "benchmarks" / "suite_share.py")
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    doc = (ROOT / "docs" / "suites.md").read_text(encoding="utf-8")
    written = doc.split("<!-- share: made by benchmarks/suite_share.py -->\n")[1].split("\n<!-- /share -->")[0]
    assert written == script.table(), "paste what benchmarks/suite_share.py prints into docs/suites.md"
