"""What all pages share: the templates' environment, the headers, and relative addresses.

A page is served inside a frame of Airflow's own page, from the same origin. A script from a trace that ran in it would
act as the user. So every value is escaped, the content security policy allows only this package's own scripts, and no
page has a style or script in its text.
"""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import quote

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup, escape

from airflow_provider_vai.languages.masked_json import utc
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.plugin.pages import static_files, words
from airflow_provider_vai.plugin.pages.visible_text import visible

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'self'; base-uri 'none';"
    " require-trusted-types-for 'script'",
    "X-Content-Type-Options": "nosniff",
    # With no-referrer a browser would send "Origin: null" for forms over plain HTTP, and each would be refused.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
ROOT = "/ui"
"""Where the pages are, below the web app."""


def page(request: Request, template: str, /, status_code: int = 200, **values: Any) -> HTMLResponse:
    """Return a page.

    :param template: the file in ``templates``.
    :param values: what the template shows. Text is masked and escaped; a template cannot switch that off by accident.
    """
    text = environment().get_template(template).render(up=up(request), digest=static_files.DIGEST, **values)
    return HTMLResponse(text.encode("utf-8", "replace"), status_code, HEADERS)


def redirect(request: Request, address: str) -> RedirectResponse:
    """Return the answer to a form that was carried out: the browser opens another page.

    :param address: a path below :data:`ROOT`, see :func:`path_of`. The answer names it relative to the request's own
        address: a proxy may serve Airflow below a path that it does not know.
    """
    return RedirectResponse(f"{up(request)}ui/{address}", 303, {"Cache-Control": "no-store"})


def up(request: Request) -> str:
    """Return the relative address of the web app, ``../`` for each part of the request's path below it."""
    return "../" * path_in_app(request).count("/")


def path_in_app(request: Request) -> str:
    """Return the path of a request below the web app, quoted as it was sent and without a query."""
    path = (request.scope.get("raw_path") or request.scope["path"].encode()).partition(b"?")[0]
    return "/".join(path.decode("latin-1").split("/")[request.scope.get("root_path", "").count("/") + 1 :])


def is_page(request: Request) -> bool:
    """Return whether a request is for a page, and not for the API."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    return path == ROOT or path.startswith(f"{ROOT}/")


def path_of(*parts: str | int, **query: str | int | None) -> str:
    """Return an address below :data:`ROOT`: each part quoted, and the query without the names that are ``None``."""
    path = "/".join(quote(str(part), "") for part in parts)
    asked = "&".join(f"{quote(name, '')}={quote(str(value), '')}" for name, value in query.items() if value is not None)
    return f"{path}?{asked}" if asked else path


def airflow_path_of(*parts: str | int) -> str:
    """Return the path of a page of Airflow, relative to where Airflow is served; each part quoted."""
    return "/".join(quote(str(part), "") for part in parts)


@cache
def environment() -> jinja2.Environment:
    """Return the environment of the templates."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("airflow_provider_vai.plugin.pages", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(json=as_json, field=field, typed=typed, time=time, plural=plural)
    made.filters.update({one.__name__: one for one in (words.field_name, words.lead, words.one_line, words.starts)})
    made.globals.update(path_of=path_of, airflow_path_of=airflow_path_of)
    return made


def as_json(value: Any) -> str:
    """Return a value as indented JSON, a text as itself."""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False, default=str)


def field(text: str) -> Markup:
    """Return the text of a form field exactly as it is: what a person sends back must be what was there.

    A browser drops one line break at the start of a text field, so one is added. Use it only for texts that contain no
    credential, see :func:`~airflow_provider_vai.plugin.pages.forms.is_editable`.
    """
    return Markup("\n") + escape(text)


def typed(text: str) -> Markup:
    """Return the text of an attribute of a hidden field exactly as it was typed, see :func:`field`."""
    return escape(text)


def time(at: datetime | str | None) -> Markup:
    """Return a time in UTC, which the page's script shows in the viewer's time zone; a dash for none."""
    if at is None:
        return Markup("&ndash;")
    stamp = at if isinstance(at, str) else utc(at)
    return Markup('<time datetime="{0}">{1}</time>').format(stamp, stamp[:16].replace("T", " ") + " UTC")


def _shown(value: Any) -> Any:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
