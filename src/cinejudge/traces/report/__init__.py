"""``report.html``: the whole run as one page that works from disk and loads nothing from elsewhere."""

from cinejudge.traces.report.build import build_report
from cinejudge.traces.report.data import MAX_EMBEDDED

__all__ = ["MAX_EMBEDDED", "build_report"]
