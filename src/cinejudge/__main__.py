"""``python -m cinejudge``."""

from cinejudge.cli.main import run

run()
