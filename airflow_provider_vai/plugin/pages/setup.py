"""How this installation is set up, and what it lacks: the checks of ``vai doctor``."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from airflow_provider_vai.plugin.api.access import READ_SETUP
from airflow_provider_vai.plugin.pages.frame import ROOT, page
from airflow_provider_vai.plugin.routes.setup import examined

router = APIRouter(prefix=ROOT, include_in_schema=False, default_response_class=HTMLResponse)

GROUPS = {
    "1": "Versions",
    "2": "Folders and addresses",
    "3": "Extras",
    "4": "Connections that automations use",
    "5": "Functions that automations call",
    "6": "Airflow",
    "7": "Files of automations",
}
"""The groups of checks, by the first digit of their codes."""

LEVELS = {
    "ok": ("fine", "ok"),
    "note": ("optional", ""),
    "warning": ("check this", "warning"),
    "error": ("broken", "error"),
}
"""The levels in words, and the look of their badges."""

OTHER = "Other checks"


@router.get("/setup", dependencies=READ_SETUP)
def setup(request: Request) -> Response:
    """Show what the checks find: first what to do, then everything."""
    found = examined()
    groups: dict[str, list[object]] = {}
    for one in found.items:
        groups.setdefault(GROUPS.get(one.code.removeprefix("DOC")[:1], OTHER), []).append(one)
    to_do = [one for level in ("error", "warning") for one in found.items if one.level == level]
    return page(request, "setup.html", section="setup", found=found, groups=groups, to_do=to_do, levels=LEVELS)
