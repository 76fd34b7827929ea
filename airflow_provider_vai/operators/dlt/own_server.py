"""A connection's credentials for dlt, which sends requests by itself: they go to the connection's own server alone."""

from __future__ import annotations

from typing import Any

from dlt.sources.helpers.rest_client.auth import AuthConfigBase
from requests.auth import HTTPBasicAuth

from airflow_provider_vai.operators.web.guard import check_path, checked_url


class OwnServerAuth(AuthConfigBase):
    """Adds a connection's credentials to a request, or refuses it: each one passes here, next pages too.

    A redirect does not: ``requests`` drops the credentials where it leads to another host.

    :param base_url: the connection's scheme, host, port and path.
    :param login: the user of HTTP basic; without one the password is a bearer token.
    """

    def __init__(self, base_url: str, login: str | None, password: str | None) -> None:
        self.base_url, self.login, self.password = base_url, login, password
        self.__is_resolved__ = True  # dlt is not to look for further values in its own configuration

    def __call__(self, request: Any) -> Any:
        """Return the request with the credentials.

        :raises RequestRefused: it would go to another server, or out of the connection's path.
        """
        check_path(self.base_url, checked_url(self.base_url, str(request.url)))
        if self.login:
            return HTTPBasicAuth(self.login, self.password or "")(request)
        if self.password:
            request.headers["Authorization"] = f"Bearer {self.password}"
        return request
