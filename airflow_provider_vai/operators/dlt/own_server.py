"""Authentication for dlt's own HTTP requests that sends a connection's credentials only to the connection's server."""

from __future__ import annotations

from typing import Any

from dlt.sources.helpers.rest_client.auth import AuthConfigBase
from requests.auth import HTTPBasicAuth

from airflow_provider_vai.operators.web.guard import check_path, checked_url


class OwnServerAuth(AuthConfigBase):
    """Adds a connection's credentials to a request, or refuses the request.

    dlt calls it for each request, including those for further pages. Redirects do not pass through it, but ``requests``
    drops the credentials if a redirect leads to another host.

    :param base_url: the connection's scheme, host, port and path.
    :param login: the user name for HTTP basic authentication; ``None``: the password is sent as a bearer token.
    :param password: the connection's password; ``None``: no credentials are sent without a login.
    """

    def __init__(self, base_url: str, login: str | None, password: str | None) -> None:
        self.base_url, self.login, self.password = base_url, login, password
        self.__is_resolved__ = True  # keep dlt from looking up missing values in its own configuration

    def __call__(self, request: Any) -> Any:
        """Return the request with the credentials added.

        :raises RequestRefused: the request goes to another server, or out of the connection's path.
        """
        check_path(self.base_url, checked_url(self.base_url, str(request.url)))
        if self.login:
            return HTTPBasicAuth(self.login, self.password or "")(request)
        if self.password:
            request.headers["Authorization"] = f"Bearer {self.password}"
        return request
