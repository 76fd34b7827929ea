"""Every page is safe to show inside Airflow: escaped, masked, relative, and closed to scripts from outside."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from airflow_provider_vai.plugin import VaiPlugin, app as api
from airflow_provider_vai.plugin.pages.frame import environment, path_of
from airflow_provider_vai.plugin.pages.visible_text import visible
from airflow_provider_vai.plugin.pages.words import field_name
from tests.unit.plugin.api_support import made
from tests.unit.plugin.pages.reader import read_page

PAGES = [route for router in api.PAGES for route in router.routes if isinstance(route, APIRoute)]
STATIC = "/ui/static/{digest}/{name}"


def test_empty_states_lead_on() -> None:
    """A page with nothing to show says what belongs there, and has one way on, as a button."""
    folder = files("airflow_provider_vai.plugin.pages") / "templates"
    texts = {one.name: one.read_text() for one in folder.iterdir()}
    for name, text in texts.items():
        for block in re.findall(r'class="empty".*?\n(?:</div>|\{% endif %\})', text, re.DOTALL):
            buttons = re.findall(r'class="button[ "]|<details>', block)
            branches = block.count("{% else %}") + 1
            assert 1 <= len(buttons) <= branches, (name, block)
        assert 'class="empty"><a' not in text
        assert '<p class="empty"' not in text, name
    assert sum(text.count("parts.empty(") for text in texts.values()) >= 10


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("value:sql", "sql"), ("from:a_b", "a_b: where it comes from"), ("param.day", "day"), ("dag_id", "dag id"),
        ("freeze:send.json.a", "send.json.a: what it has from now on"), ("value:", "value:"),
    ],
)  # fmt: skip
def test_the_words_of_a_field(name: str, words: str) -> None:
    """A page that shows what was sent names the fields as people know them."""
    assert field_name(name) == words


def test_every_page_asks_for_a_permission() -> None:
    """Only the style sheet and the scripts are open to everybody."""
    for route in PAGES:
        assert route.path == STATIC or route.dependencies, route.path


def test_no_get_changes_anything() -> None:
    """Anybody can make a user's browser send a GET; what changes something is a POST that another site cannot send."""
    for route in PAGES:
        names = [getattr(one.dependency, "__qualname__", "") for one in route.dependencies]
        assert route.methods in ({"GET"}, {"POST"})
        assert ("own_request" in names) == (route.methods == {"POST"}), route.path


def test_a_form_of_another_site_is_refused(as_role: Any) -> None:
    """A browser says where a form comes from."""
    made(as_role("op"))
    for headers in (
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        client = as_role("op", **headers)
        for route in PAGES:
            if route.methods == {"POST"}:
                address = route.path.replace("{dag_id}", "nightly")
                assert client.post(address).status_code == 403, route.path


def test_hostile_text_is_text(op: Any) -> None:
    """Whatever an automation is called or described as, a page shows it as text."""
    hostile = "<script>alert(1)</script>{{ 7*7 }}\u202e\x1b[31m' onload='x"
    made(op, description=hostile)

    page = read_page(op.get("/ui/automations"))

    (cell,) = page.find("th", scope="row")
    assert cell.find("p")[0].words == "<script>alert(1)</script>{{ 7*7 }}⟨U+202E⟩␛[31m' onload='x"


def test_credentials_are_masked() -> None:
    """Each value that a template shows goes through the same filter."""
    shown = environment().from_string("{{ text }}").render(text="key AKIAIOSFODNN7EXAMPLE")

    assert "AKIAIOSFODNN7EXAMPLE" not in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ntext\twith é and 漢字", "plain\ntext\twith é and 漢字"),
        ("a\x00b", "a␀b"),
        ("zero\u200bwidth", "zero⟨U+200B⟩width"),
        ("\ud800", "⟨U+D800⟩"),
        ("no\u00a0break", "no\u00a0break"),
    ],
)
def test_invisible_characters_are_seen(text: str, shown: str) -> None:
    """A reviewer sees what would otherwise hide or turn the text around."""
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("address", "start"),
    [("/ui/automations", "../"), ("/ui/automations/nightly/review", "../../../"), ("/ui/dag/x", "../../")],
)
def test_addresses_are_relative(op: Any, address: str, start: str) -> None:
    """A proxy may serve Airflow below a path: the style sheet is found from every page."""
    made(op)

    link = read_page(op.get(address)).find("link", rel="stylesheet")[0]

    assert str(link.attributes["href"]).startswith(f"{start}ui/static/")


def test_an_error_is_a_page(op: Any, as_role: Any) -> None:
    """What is wrong is said in words; for the API it stays problem+json."""
    assert read_page(op.get("/ui/automations/none/review")).find("h1")[0].words == "Not found"
    assert op.get("/ui/nothing").status_code == 404
    assert op.get("/api/v1/automations/none").headers["content-type"] == "application/problem+json"
    assert read_page(as_role(None, **{}).get("/ui/automations")).find("h1")[0].words


def test_signed_out(as_role: Any) -> None:
    """Somebody whose session ended gets a link to the login."""
    client = as_role(None, Accept="text/html")
    answer = client.get("/ui/automations")

    assert answer.status_code == 401
    (link,) = read_page(answer).find("a", class_="button")
    assert str(link.attributes["href"]).endswith("api/v2/auth/login")


def test_static_files(as_role: Any, op: Any) -> None:
    """They are served by their digest, may be kept, and there are no others."""
    href = str(read_page(op.get("/ui/automations")).find("link", rel="stylesheet")[0].attributes["href"])
    answer = as_role(None).get(f"/{href.removeprefix('../')}")

    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]
    assert op.get("/ui/static/x/../frame.py").status_code == 404
    assert op.get("/ui/static/x/frame.py").status_code == 404


def test_the_views_of_the_plugin() -> None:
    """Airflow resolves the addresses against its own; each view has its own place there."""
    views = VaiPlugin.external_views

    assert [view["destination"] for view in views] == ["nav", "dag", "task_instance"]
    assert all(not view["href"].startswith("/") for view in views)
    assert len({view["url_route"] for view in views}) == len(views)


def test_no_template_switches_escaping_off() -> None:
    """The filter ``safe`` and autoescape blocks would let text from a trace become a script."""
    folder = Path(api.__file__).parent / "pages/templates"
    for file in folder.iterdir():
        text = file.read_text("utf-8")
        assert "| safe" not in text, file.name
        assert "|safe" not in text, file.name
        assert "autoescape" not in text, file.name


def test_path_of() -> None:
    """Names are quoted, and a query has no values that are not there."""
    assert path_of("automations", "a/b c", q="x&y", at=None) == "automations/a%2Fb%20c?q=x%26y"


@pytest.mark.parametrize("address", ["/ui", "/ui/"])
def test_the_start_opens_the_list(op: TestClient, address: str) -> None:
    """With a slash at the end, as Airflow's navigation has it, and without, as people type it."""
    answer = op.get(address, follow_redirects=False)
    opened = urljoin(f"http://x/prefix/vai{address}", answer.headers["location"])
    assert (answer.status_code, opened) == (303, "http://x/prefix/vai/ui/automations")
