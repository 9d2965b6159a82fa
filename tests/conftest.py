"""Shared fixtures: the real and the hostile clips that lie beside the project, when they do."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The same examples in every run, and no verdict that depends on how busy the machine is.
settings.register_profile(
    "steady",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("steady")

SHARED = Path(__file__).resolve().parents[2] / "shared"


def _folder(name: str) -> Path:
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"no {name} beside the project ({folder.parent.name}/{name})")
    return folder


@pytest.fixture(scope="session")
def clips_dir() -> Path:
    """Real clips with labels made by eye."""
    return _folder("clips")


@pytest.fixture(scope="session")
def hostile_dir() -> Path:
    """Broken and odd media."""
    return _folder("hostile")
