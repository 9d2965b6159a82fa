"""Named measures, one file per kind of evidence. A module here registers its measures when it is imported."""

import importlib
import pkgutil

from cinejudge.agent.measures.registry import MeasureSpec, NoValue, Query, measure, registered, take

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")


def measure_names() -> tuple[str, ...]:
    """Names of all measures, sorted."""
    return tuple(registered())


__all__ = ["MeasureSpec", "NoValue", "Query", "measure", "measure_names", "registered", "take"]
