"""A session for dlt's own HTTP requests in which each whole request, with its response, has a time limit."""

from __future__ import annotations

from typing import Any

from dlt.sources.helpers.requests import Client
from requests.adapters import HTTPAdapter
from requests.exceptions import ReadTimeout

from airflow_provider_vai.model import time_limit

TIMEOUT_SECONDS = time_limit.LONGEST_RESPONSE_SECONDS


class DeadlineAdapter(HTTPAdapter):
    """Reads the whole response within :data:`TIMEOUT_SECONDS`. The timeout of ``requests`` limits only each read."""

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the response with its body.

        :param request: the prepared request; the other arguments are those of ``requests``.
        :raises ReadTimeout: the response did not arrive completely in time. dlt sends the request again.
        """

        def work() -> Any:
            response = super(DeadlineAdapter, self).send(request, *args, **kwargs)
            response.content  # noqa: B018 - reads the body, which the response keeps
            return response

        try:
            return time_limit.within(TIMEOUT_SECONDS, work, stop=None)
        except time_limit.TookTooLong:
            raise ReadTimeout(f"no complete response within {TIMEOUT_SECONDS:g} seconds", request=request) from None


def session() -> Any:
    """Return a session with dlt's own retries and timeouts, and a time limit for each whole request."""
    result = Client(raise_for_status=False).session
    for scheme in ("http://", "https://"):
        result.mount(scheme, DeadlineAdapter())
    return result
