"""URLs of pages on Airflow's API server, for links that a browser follows."""

from __future__ import annotations

from urllib.parse import urlsplit

from airflow_provider_vai.operators.runtime.compat import configuration


def server() -> str:
    """Return scheme and host of the API server from ``[api] base_url``; empty if the option has no host."""
    address = urlsplit(configuration().get("api", "base_url", fallback="") or "")
    return f"{address.scheme}://{address.netloc}" if address.netloc else ""


def path_prefix() -> str:
    """Return the path of ``[api] base_url``, without a trailing slash.

    Only the path: workers and browsers may reach the API server by different host names.
    """
    return urlsplit(configuration().get("api", "base_url", fallback="/")).path.rstrip("/")
