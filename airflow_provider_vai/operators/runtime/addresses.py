"""Addresses of pages on Airflow's API server, as a browser needs them."""

from __future__ import annotations

from urllib.parse import urlsplit

from airflow_provider_vai.operators.runtime.compat import configuration


def server() -> str:
    """Return scheme and host of the API server (``[api] base_url``), empty if the option has none."""
    address = urlsplit(configuration().get("api", "base_url", fallback="") or "")
    return f"{address.scheme}://{address.netloc}" if address.netloc else ""


def path_prefix() -> str:
    """Return the path below which the API server is reached (``[api] base_url``), without a slash at its end.

    Only the path: a worker may know the server by another host name than people's browsers do.
    """
    return urlsplit(configuration().get("api", "base_url", fallback="/")).path.rstrip("/")
