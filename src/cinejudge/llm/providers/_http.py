"""What the providers share about HTTP."""

from __future__ import annotations

import email.utils
import ipaddress
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx2

from cinejudge.llm.redact import redact
from cinejudge.schema.errors import ModelError

_RETRYABLE = {408, 409, 425, 429}
"""Besides everything from 500 upwards."""


def http_client(base_url: str | None, timeout_s: float) -> httpx2.AsyncClient:
    """A client for one provider. Proxies of the environment are used, except for a server on this machine."""
    return httpx2.AsyncClient(timeout=timeout_s, trust_env=not _is_loopback(base_url), follow_redirects=False)


def status_error(
    model: str, status: int, text: str, headers: Mapping[str, str], *, lasting: bool = False
) -> ModelError:
    """An HTTP error as one line, with what the server says about trying again.

    Args:
        model: Name for the message.
        status: HTTP status.
        text: What the server says.
        headers: Of the reply, names in any case.
        lasting: Whether it is known that trying again cannot help, whatever the status.
    """
    retryable = (status in _RETRYABLE or status >= 500) and not lasting
    if 300 <= status < 400:
        text = f"redirected to {headers.get('location', 'nowhere')}; give the final address as base URL"
    hint = {401: "; check the API key", 403: "; check the API key's rights", 404: "; check model name and base URL"}
    return ModelError(
        f"{model}: HTTP {status}: {_short(text)}{hint.get(status, '')}",
        retryable=retryable,
        retry_after=_retry_after(headers) if retryable else None,
    )


def transport_error(model: str, error: Exception) -> ModelError:
    """A connection that failed, timed out or was cut."""
    cause = error.__cause__ or error
    return ModelError(f"{model}: {type(cause).__name__}: {_short(str(cause)) or 'connection failed'}", retryable=True)


def _short(text: str) -> str:
    return redact(text)[:300]


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from ``Retry-After``, given as a number or as a date."""
    value = headers.get("retry-after", "").strip()
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None  # neither a number nor a date: as good as none


def _is_loopback(base_url: str | None) -> bool:
    host = urlsplit(base_url or "").hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
