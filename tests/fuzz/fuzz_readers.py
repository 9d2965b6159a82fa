"""Coverage-guided fuzzing of what reads files that others wrote: briefs and traces.

    pip install 'cinejudge[fuzz]'
    python -m tests.fuzz.fuzz_readers -max_total_time=300 CORPUS_FOLDER

Any end but success or one of our own errors is a finding.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["cinejudge", "yaml"]):
    from tests.fuzz.readers import READERS, read

FOLDER = Path(tempfile.mkdtemp())


def fuzz_one(data: bytes) -> None:
    if data:
        read(FOLDER, list(READERS)[data[0] % len(READERS)], data[1:])


if __name__ == "__main__":
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()
