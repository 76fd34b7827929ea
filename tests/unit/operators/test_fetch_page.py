"""Which addresses, URLs and responses are accepted, and which text is read from a page; with real local servers."""

from __future__ import annotations

import contextlib
import gzip
import http.server
import ipaddress
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from airflow_provider_vai.operators.web import page_text, public_address, web_client
from airflow_provider_vai.operators.web.web_client import PageRefused, PageResponse, PageUnavailable, fetch
from tests.unit.dripping import Part, dripping


class Handler(http.server.BaseHTTPRequestHandler):
    """Responds by path, and records the requests."""

    seen: ClassVar[list[tuple[str, str]]] = []
    answers: ClassVar[dict[str, tuple[int, dict[str, str], bytes]]] = {
        "/": (200, {"Content-Type": "text/html; charset=utf-8", "Set-Cookie": "a=1"}, b"<p>hello</p>"),
        "/text": (200, {"Content-Type": "text/plain"}, b"plain"),
        "/gzip": (200, {"Content-Type": "text/plain", "Content-Encoding": "gzip"}, gzip.compress(b"plain")),
        "/bomb": (200, {"Content-Type": "text/plain", "Content-Encoding": "gzip"}, gzip.compress(b"0" * 50_000_000)),
        "/twice": (200, {"Content-Type": "text/plain", "Content-Encoding": "gzip, gzip"}, b"x"),
        "/large": (200, {"Content-Type": "text/plain"}, b"x" * (5 * 1024 * 1024 + 1)),
        "/image": (200, {"Content-Type": "image/png"}, b"x"),
        "/none": (200, {}, b"x"),
        "/missing": (404, {"Content-Type": "text/html"}, b"x"),
        "/busy": (429, {"Content-Type": "text/html"}, b"x"),
        "/down": (503, {"Content-Type": "text/html"}, b"x"),
        "/moved": (301, {"Location": "/text"}, b""),
        "/fragment": (302, {"Location": "/text#part"}, b""),
        "/loop": (302, {"Location": "/loop"}, b""),
        "/file": (302, {"Location": "file:///etc/passwd"}, b""),
        "/bad": (302, {"Location": "http://[::1"}, b""),
        "/metadata": (302, {"Location": "http://169.254.169.254/latest/meta-data/"}, b""),
        "/user": (302, {"Location": "http://u:p@example.com/"}, b""),
    }

    def do_GET(self) -> None:
        """Respond."""
        self.seen.append((self.path, self.headers["Host"]))
        assert not self.headers["Cookie"]
        status, headers, content = self.answers[self.path]
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@pytest.fixture
def server() -> Iterator[int]:
    """A server on the loopback interface."""
    Handler.seen.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, args=[0.01], daemon=True).start()
        yield running.server_address[1]
        running.shutdown()


# --- addresses ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101"])
def test_public_addresses(address: str) -> None:
    """Addresses on the public internet are public, also behind NAT64."""
    assert public_address.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.0.2.1"),
        *("192.168.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:1.1.1.1", "fc00::1", "fe80::1", "fe80::1%eth0"),
        *("fec0::1", "ff02::1", "2001:db8::1", "2001::1", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
    ],
)
def test_other_addresses(address: str) -> None:
    """Loopback, link-local, private, reserved, multicast, and IPv4 addresses inside IPv6 are not public."""
    assert not public_address.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "2130706433", "0x7f.0.0.1", "0", "[::1]", "[::ffff:127.0.0.1]", "[::]"),
        *("169.254.169.254", "10.0.0.1", "localhost", "LOCALHOST"),
    ],
)
def test_private_hosts_are_refused(host: str, server: int) -> None:
    """A private address is refused in every spelling, and no connection is made."""
    with pytest.raises(PageRefused, match="is not public"):
        fetch(f"http://{host}:{server}/")

    assert Handler.seen == []


@pytest.mark.parametrize("host", ["0177.0.0.1", "localhost.", "127.0.0.1.", "\uff11\uff12\uff17.0.0.1", "%31%32%37.1"])
def test_strange_spellings_reach_nothing(host: str, server: int) -> None:
    """Spellings that not every resolver accepts are refused or do not resolve; no connection is made."""
    with pytest.raises((PageRefused, PageUnavailable)):
        fetch(f"http://{host}:{server}/")

    assert Handler.seen == []


@pytest.mark.parametrize("own", [True, False])
def test_one_private_address_refuses_the_name(own: bool, monkeypatch: pytest.MonkeyPatch, server: int) -> None:
    """A name with a public and a private address is refused, in either order."""
    entries = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, server)) for ip in ("1.1.1.1", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: entries if own else entries[::-1])

    with pytest.raises(PageRefused, match=r"127\.0\.0\.1\) is not public"):
        fetch(f"http://rebind.example:{server}/")


def test_connection_goes_to_the_checked_address(monkeypatch: pytest.MonkeyPatch, server: int) -> None:
    """A name is resolved only once, and the server gets the name in the Host header."""
    answers = [[(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server))]]
    genuine = socket.getaddrinfo

    def resolve(host: Any, *args: Any, **kwargs: Any) -> Any:
        return answers.pop() if host == "page.example" else genuine(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    fetch(f"http://page.example:{server}/text", allow_private=True)

    assert Handler.seen == [("/text", f"page.example:{server}")]
    assert answers == []


def test_next_address_is_tried(monkeypatch: pytest.MonkeyPatch, server: int) -> None:
    """If the first of several addresses does not respond, the next one is tried."""
    genuine = socket.getaddrinfo
    entries = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, server)) for ip in ("127.0.0.9", "127.0.0.1")]
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *a, **k: entries if host == "two.example" else genuine(host, *a, **k)
    )

    assert fetch(f"http://two.example:{server}/text", allow_private=True).content == b"plain"


def test_certificate_is_checked_for_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificate is checked against the host name, and an unknown certificate is refused."""
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=page.example"]
    command += ["-addext", "subjectAltName=DNS:page.example", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    named: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.sni_callback = lambda _, name, __: named.append(name)
    genuine = socket.getaddrinfo
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.socket = context.wrap_socket(running.socket, server_side=True)
        port = running.server_address[1]
        entry = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))
        monkeypatch.setattr(
            socket,
            "getaddrinfo",
            lambda host, *a, **k: [entry] if str(host).endswith(".example") else genuine(host, *a, **k),
        )
        threading.Thread(target=running.serve_forever, args=[0.01], daemon=True).start()
        with pytest.raises(PageUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
            fetch(f"https://page.example:{port}/text", allow_private=True)
        trusted = ssl.create_default_context(cafile=str(certificate))
        monkeypatch.setattr("httpx._config.create_ssl_context", lambda *_, **__: trusted)
        monkeypatch.setattr("httpx._transports.default.create_ssl_context", lambda *_, **__: trusted)
        assert fetch(f"https://page.example:{port}/text", allow_private=True).content == b"plain"
        with pytest.raises(PageUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
            fetch(f"https://other.example:{port}/text", allow_private=True)
        running.shutdown()

    assert named == ["page.example", "page.example", "other.example"]


@pytest.mark.parametrize("part", ["headers", "body"])
def test_a_dripping_server(part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time limit is for the whole page, however steadily it arrives."""
    monkeypatch.setattr(web_client, "TIMEOUT_SECONDS", 1.0)
    with dripping(part, b"x", "text/plain") as port, pytest.raises(PageUnavailable, match="within 1 seconds"):
        fetch(f"http://127.0.0.1:{port}/", allow_private=True)


# --- URLs and answers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "gopher://example.com/", "ftp://example.com/", "javascript:alert(1)", "data:,x"),
        *("", "/path", "//example.com/", "example.com", "http://", "http:///x", "http://u:p@example.com/"),
        *(
            "http://example.com:99999/",
            "http://example.com:0/",
            "http://exam ple.com/",
            "http://example.com\\@10.0.0.1/",
        ),
        *("http://example.com/\r\nX: y", "http://[::1", "http://\ud800/", f"http://{'a' * 70}.example/"),
    ],
)
def test_other_urls_are_refused(url: str) -> None:
    """Only http and https URLs with a host and without credentials are fetched."""
    with pytest.raises(PageRefused):
        fetch(url)


@pytest.mark.parametrize("path", ["/text", "/moved", "/fragment", "/gzip"])
def test_pages_are_fetched(path: str, server: int) -> None:
    """Text is returned as it is, also after a redirect."""
    answer = fetch(f"http://localhost:{server}{path}", allow_private=True)

    assert (answer.status, answer.content_type, answer.content) == (200, "text/plain", b"plain")
    assert Handler.seen[-1][1] == f"localhost:{server}"


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        ("/loop", PageRefused, "more than 5 redirects"),
        ("/file", PageRefused, "only http"),
        ("/user", PageRefused, "a user name or password"),
        ("/bad", PageUnavailable, "Invalid URL in location header"),
        ("/large", PageRefused, "larger than 5242880 bytes"),
        ("/bomb", PageRefused, "larger than 5242880 bytes"),
        ("/twice", PageRefused, "only gzip was requested"),
        ("/image", PageRefused, "content type is 'image/png'"),
        ("/none", PageRefused, "content type is ''"),
        ("/missing", PageRefused, "returned the status 404"),
        ("/busy", PageUnavailable, "returned the status 429"),
        ("/down", PageUnavailable, "returned the status 503"),
    ],
)
def test_other_answers(path: str, error: type[Exception], message: str, server: int) -> None:
    """A response that is not a page, is too large or leads elsewhere is refused; temporary failures differ."""
    with pytest.raises(error, match=message):
        fetch(f"http://127.0.0.1:{server}{path}", allow_private=True)

    assert len(Handler.seen) <= 6


def test_redirect_to_a_private_address_is_refused(monkeypatch: pytest.MonkeyPatch, server: int) -> None:
    """Each hop is checked, so a public page cannot redirect into the private network."""
    monkeypatch.setattr(public_address, "is_public", lambda address: str(address) == "127.0.0.1")

    with pytest.raises(PageRefused, match=r"169\.254\.169\.254\) is not public"):
        fetch(f"http://127.0.0.1:{server}/metadata")


def test_server_that_stalls_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that never responds is abandoned at the time limit."""
    monkeypatch.setattr(web_client, "TIMEOUT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(PageUnavailable):
        fetch(f"http://127.0.0.1:{silent.getsockname()[1]}/", allow_private=True)


def test_server_that_trickles_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that sends its headers byte by byte is abandoned at the time limit of the whole page."""
    monkeypatch.setattr(web_client, "TIMEOUT_SECONDS", 0.6)
    done = threading.Event()

    def trickle(listening: socket.socket) -> None:
        client, _ = listening.accept()
        with client, contextlib.suppress(OSError):
            client.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            while not done.wait(0.05):
                client.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as slow:
        threading.Thread(target=trickle, args=[slow], daemon=True).start()
        with pytest.raises(PageUnavailable, match=r"no complete response within 0\.6 seconds"):
            fetch(f"http://127.0.0.1:{slow.getsockname()[1]}/", allow_private=True)
        done.set()


def test_no_server() -> None:
    """A closed port is a temporary failure."""
    with socket.create_server(("127.0.0.1", 0)) as once:
        port = once.getsockname()[1]
    with pytest.raises(PageUnavailable, match="Connect"):
        fetch(f"http://127.0.0.1:{port}/", allow_private=True)


# --- text ---------------------------------------------------------------------------------------------------

ARTICLE = (
    "<html><head><title>Orders</title></head><body><nav>Home Menu</nav><article><h1>Orders in May</h1>"
    + "".join(f"<p>Paragraph {n} tells with enough words what the orders of the month were.</p>" for n in range(5))
    + "</article><script>alert(1)</script></body></html>"
)


def test_main_content_is_read() -> None:
    """Navigation and scripts are left out; headings and paragraphs stay."""
    pytest.importorskip("trafilatura")
    title, text = page_text.readable(PageResponse(200, "text/html", "utf-8", ARTICLE.encode()))

    assert title == "Orders in May"
    assert text.startswith("Orders in May\nParagraph 0")
    assert "Menu" not in text
    assert "alert" not in text


@pytest.mark.parametrize(
    ("charset", "content", "text"),
    [
        ("utf-8", "café".encode(), "café"),
        ("latin-1", "café".encode("latin-1"), "café"),
        (None, "café".encode(), "café"),
        (None, "café".encode("latin-1"), "café"),
        ("no-such", "café".encode(), "café"),
        ("zlib", b"x", "x"),
        ("idna", b"xn--caf-dma", "xn--caf-dma"),
        ("unicode_escape", b"\\ud800", "\\ud800"),
        ("utf-8", b"a\x00b", "ab"),
    ],
)
def test_plain_text(charset: str | None, content: bytes, text: str) -> None:
    """The server's encoding is used if it matches the content; codecs that are not text encodings are ignored."""
    assert page_text.readable(PageResponse(200, "text/plain", charset, content)) == ("", text)


@pytest.mark.parametrize("html", ["", "<p></p>", "<p>a\x00b", "<" * 1000, "<div>" * 90_000, "<!-- "])
def test_empty_and_broken_pages(html: str) -> None:
    """HTML without readable content returns a text and is not an error."""
    pytest.importorskip("trafilatura")
    title, text = page_text.readable(PageResponse(200, "text/html", None, html.encode()))

    assert title == ""
    assert isinstance(text, str)


def test_page_of_tags_is_refused() -> None:
    """A page that would take minutes to parse is refused."""
    with pytest.raises(PageRefused, match="more than 100000 tags"):
        page_text.readable(PageResponse(200, "text/html", None, b"<p>a" * 100_001))


def test_encoding_named_in_the_page() -> None:
    """HTML can declare its own encoding."""
    pytest.importorskip("trafilatura")
    html = '<html><head><meta charset="windows-1251"></head><body><p>заказы за май</p></body></html>'

    assert page_text.readable(PageResponse(200, "text/html", None, html.encode("windows-1251")))[1] == "заказы за май"
