"""The HTTP client: refusals, waits, redirects, and that no message shows a token."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from airflow_provider_vai.exceptions import PullError
from airflow_provider_vai.traces.pull import http
from airflow_provider_vai.traces.pull.http import Client, segment
from tests.unit.dripping import dripping

TOKEN = "vai_pat_sesame"


def client(url, **settings):
    return Client(url, {"Authorization": f"Bearer {TOKEN}"}, tokens="VAI_TOKEN", **settings)


def refused(url, **settings):
    with pytest.raises(PullError) as caught:
        client(url, **settings).get("runs", cursor="c")
    assert TOKEN not in str(caught.value)
    return caught.value


@pytest.fixture
def waits(monkeypatch):
    """Return the list of seconds that the client would have slept."""
    slept: list[float] = []
    monkeypatch.setattr(http.time, "sleep", slept.append)
    return slept


def test_a_request_has_the_token_and_the_query(serve):
    """Parameters that are ``None`` are left out, and the address keeps the path of its API."""
    stub = serve({"/below/runs": {"a": 1}})

    assert client(f"{stub.url}/below/").get("runs", limit=3, cursor=None) == {"a": 1}
    assert stub.requests[0].query == {"limit": "3"}
    assert stub.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (401, "Check the token in VAI_TOKEN."),
        (403, "Use a token in VAI_TOKEN that may read traces."),
        (404, "Check the id, and that --url is the address of this source."),
        (422, "Check the id, and that --url is the address of this source."),
        (500, "The server failed; try again later."),
    ],
)
def test_a_refusal_has_status_place_message_and_remedy(serve, status, remedy):
    """A token that the server repeats is masked."""
    stub = serve({"/runs": (status, {}, f'{{"detail": "no: Bearer {TOKEN}"}}'.encode())})

    error = refused(stub.url)

    assert (error.problem, error.where, error.remedy) == (f"HTTP {status}: no: ***", f"{stub.url}/runs", remedy)


def test_an_html_page_is_not_quoted(serve):
    """An error page is not a message."""
    assert refused(serve({"/runs": (500, {}, b"<html>" * 99)}).url).problem == "HTTP 500"


def test_404_can_be_none(serve):
    """If the caller asks for it; other errors are still raised."""
    stub = serve({"/broken": (500, {}, b"{}")})

    assert client(stub.url).get("gone", or_none=True) is None
    with pytest.raises(PullError, match="HTTP 500"):
        client(stub.url).get("broken", or_none=True)


def test_a_busy_server_is_retried(serve, waits):
    """After Retry-After in seconds or as a date, else after 1, 2 or 4 s."""
    at = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=30), usegmt=True)
    replies = [(429, {"Retry-After": "7"}, b""), (503, {"Retry-After": at}, b""), (429, {}, b""), {"done": True}]
    stub = serve({"/runs": lambda request: replies.pop(0)})

    assert client(stub.url).get("runs") == {"done": True}
    assert waits[0] == 7
    assert 25 < waits[1] <= 30
    assert waits[2] == 4


def test_retries_end(serve, waits):
    """After four tries."""
    stub = serve({"/runs": (429, {"Retry-After": "0"}, b'{"message": "slow down"}')})

    assert refused(stub.url).problem == "HTTP 429: slow down"
    assert len(stub.requests) == 4
    assert waits == [0, 0, 0]


def test_a_long_wait_is_refused(serve, waits):
    """The client does not sleep for an hour."""
    stub = serve({"/runs": (429, {"Retry-After": "3600"}, b"")})

    assert refused(stub.url).problem == "the server is busy and asks to wait 3600 s"
    assert waits == []


def test_a_redirect_on_the_server_is_followed(serve):
    """With the token, but with the query only if the new location has it."""
    stub = serve({"/runs": (308, {"Location": "/new/runs?limit=2"}, b""), "/new/runs": [1]})

    assert client(stub.url).get("runs", limit=2) == [1]
    assert stub.requests[1].headers["Authorization"] == f"Bearer {TOKEN}"
    assert stub.requests[1].query == {"limit": "2"}


def test_a_redirect_to_another_server_is_refused(serve):
    """The other server gets no request; the message names it."""
    other = serve({"/runs": [1]})
    stub = serve({"/runs": (302, {"Location": f"{other.url}/runs?token={TOKEN}"}, b"")})

    error = refused(stub.url)

    assert error.problem == f"redirects to another server, {other.url}, which must not see the token"
    assert other.requests == []


@pytest.mark.parametrize("location", ["//elsewhere.example/x", "https://127.0.0.1/x", "ftp://127.0.0.1/x", "http://["])
def test_odd_redirects_are_refused(serve, location):
    """Another scheme or port is another server, and an invalid address is refused without a traceback."""
    refused(serve({"/runs": (302, {"Location": location}, b"")}).url)


def test_a_redirect_without_a_location_is_refused(serve):
    """A 3xx status alone is not a response."""
    refused(serve({"/runs": (304, {}, b"")}).url)


def test_a_redirect_loop_ends(serve):
    """After five redirects."""
    assert refused(serve({"/runs": (307, {"Location": "/runs"}, b"")}).url).problem == "more than 5 redirects"


def test_a_post_is_not_turned_into_a_get(serve):
    """A login page behind a 302 does not get the request."""
    stub = serve({"/runs": (302, {"Location": "/login"}, b""), "/login": {}})

    with pytest.raises(PullError, match="redirects away from the API"):
        client(stub.url).post("runs", {"a": 1})


def test_a_body_over_the_limit_is_refused(serve):
    """The rest is not read."""
    stub = serve({"/runs": (200, {}, b" " * 3_000_000)})

    assert refused(stub.url, limit=1_000_000).problem == "the response is over the limit of 1 MB"


@pytest.mark.parametrize("body", [b"<html>", b"", b'{"a": NaN}', b'{"a": 1, "a": 2}', b"\xff", b"[" * 100_000])
def test_invalid_json_is_refused(serve, body):
    """As strictly as in a file."""
    error = refused(serve({"/runs": (200, {}, body)}).url)

    assert error.remedy == "Check that --url is the address of the API, not of a web page."


def test_a_silent_server_times_out(serve):
    """After the client's own timeout."""
    stub = serve()
    stub.responses["/runs"] = lambda request: stub.closing.wait(30) and {}

    assert refused(stub.url, seconds=0.2).problem == "no response within 0.2 s"


@pytest.mark.parametrize("part", ["headers", "body"])
def test_a_dripping_server_times_out(part):
    """However steadily its response arrives; the client can be used again."""
    with dripping(part) as port:
        asking = client(f"http://127.0.0.1:{port}", longest=1)
        for _ in range(2):
            with pytest.raises(PullError) as caught:
                asking.get("runs")
            assert caught.value.problem == "the response takes more than 1 s"


def test_an_unreachable_server(serve):
    """The message is the operating system's; there is no traceback."""
    assert refused("http://127.0.0.1:9").problem.startswith("cannot be reached: ")


@pytest.mark.parametrize("url", ["", "host", "ftp://host", "http://", "http://host:x", "http://h:99999999", "http://["])
def test_invalid_addresses(url):
    """Refused before anything is sent."""
    with pytest.raises(PullError, match="not an http or https address"):
        client(url)


@pytest.mark.parametrize("url", ["https://me:sesame@host", "https://host?token=sesame"])
def test_a_token_in_the_address_is_refused(url):
    """It would be in the shell's history; the message does not repeat it."""
    with pytest.raises(PullError) as caught:
        client(url)
    assert "sesame" not in str(caught.value)


def test_an_id_is_one_segment_of_a_path():
    """An id is quoted, so that it cannot change the path."""
    assert [*map(segment, ("a/b", "..", ".", "a?b#c", "é"))] == ["a%2Fb", "%2E%2E", "%2E", "a%3Fb%23c", "%C3%A9"]
