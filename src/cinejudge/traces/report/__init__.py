"""``report.html``: the whole run as one page that works from disk and loads nothing from elsewhere."""

from cinejudge.traces.report.build import build_report

__all__ = ["build_report"]
