"""A person in front of a browser that shows our pages inside Airflow's."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit


class Person:
    """A person in front of a browser.

    :param page: the browser's page, logged in. :param url: where Airflow is.
    """

    def __init__(self, page: Any, url: str) -> None:
        self.page, self.url = page, url
        self.complaints: list[str] = []
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("console", self._heard)
        page.on("request", self._asked)

    @property
    def frame(self) -> Any:
        """Our page inside Airflow's."""
        return self.page.frame_locator("iframe").first

    @property
    def title(self) -> str:
        """The heading of our page."""
        return str(self.frame.locator("h1").inner_text())

    def open(self, path: str) -> None:
        """Open one of our pages by its address inside Airflow."""
        self.page.goto(f"{self.url}/plugin/vai{urlsplit(self.url).path}/vai/ui/{path}")
        self.frame.locator("main h1").wait_for()

    def settle(self) -> None:
        """Wait until our page is loaded and its place is in the browser's address.

        Airflow copies the place after the page is loaded, and a click at that very moment is lost.
        """
        end = time.monotonic() + 60
        while _place(self.page.url).partition("/plugin/vai")[2] != _place(self.inner().url):
            assert time.monotonic() < end, (self.page.url, self.inner().url)
            self.page.wait_for_timeout(100)
        self.inner().wait_for_load_state("load")
        self.page.wait_for_timeout(200)

    def click(self, name: str, role: str = "button", exact: bool = True) -> None:
        """Click a button or link of our page by its words."""
        self.settle()
        self.frame.get_by_role(role, name=name, exact=exact).first.click()

    def wait_for(self, path: str) -> None:
        """Wait until our page has an address that ends like this."""
        end = time.monotonic() + 60
        while not any(frame.url.split("#")[0].split("?")[0].endswith(path) for frame in self.page.frames):
            assert time.monotonic() < end, self.frame.locator("main").inner_text()
            self.page.wait_for_timeout(100)
        self.frame.locator("main h1").wait_for()

    def inner(self) -> Any:
        """Our page as a frame that scripts of the test can run in."""
        return next(frame for frame in self.page.frames[1:] if "/vai/ui/" in frame.url)

    def _heard(self, message: Any) -> None:
        """Note errors of our pages. What Airflow's own page complains about is not ours."""
        if message.type == "error" and "/vai/" in (message.location or {}).get("url", ""):
            self.complaints.append(f"console: {message.text} ({message.location['url']})")

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.url, "blob:", "data:")):
            self.complaints.append(f"asked elsewhere: {request.url}")


def _place(address: str) -> str:
    """Return the path of an address, with its query."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
