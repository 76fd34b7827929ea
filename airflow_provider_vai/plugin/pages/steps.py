"""The Steps page of an automation: the graph, what lint finds, and each step with where its arguments come from."""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from airflow_provider_vai.analysis.explain import explain
from airflow_provider_vai.analysis.step_graph_svg import MOST_STEPS, Part, drawn, part
from airflow_provider_vai.authoring.specs.written import spec_value
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.step_graph import guarded_by
from airflow_provider_vai.plugin.api.access import reading
from airflow_provider_vai.plugin.api.parameters import DagId, Offset
from airflow_provider_vai.plugin.pages.frame import ROOT
from airflow_provider_vai.plugin.pages.last_run import last_run
from airflow_provider_vai.plugin.pages.viewed import ViewedAutomation, viewed, viewed_page
from airflow_provider_vai.plugin.pages.visible_text import visible
from airflow_provider_vai.plugin.routes.findings import FindingShown, findings

router = APIRouter(prefix=ROOT, include_in_schema=False, default_response_class=HTMLResponse)

OPEN_STEPS, LISTED_STEPS = 12, 60
"""With more steps than the first, arguments are folded. With more than the second, they stand on the step's own page
only, and lint, which then takes seconds, waits for a click."""


@router.get("/automations/{dag_id}/steps", dependencies=reading())
def steps(request: Request, user: GetUserDep, dag_id: DagId, at: Offset = 0, check: bool = False) -> Response:
    """Show the steps in their order; ``at`` is the first step of the graph, and ``check`` lints many steps as well."""
    about = viewed(request, user, dag_id)
    is_small = len(about.sidecar.steps) <= LISTED_STEPS
    shown = part(about.sidecar.steps, at)
    return viewed_page(
        about,
        "steps",
        graph=_graph(shown),
        shown=shown,
        most=MOST_STEPS,
        rows=explained(about.sidecar) if is_small else {},
        found=found_in(about) if is_small or check else None,
        guards={step.key: guarded_by(about.sidecar.steps, step.key) for step in about.sidecar.steps},
        kinds=by_name(),
        last=last_run(about) if is_small else None,
        is_open=len(about.sidecar.steps) <= OPEN_STEPS,
    )


def explained(automation: Automation, key: str | None = None) -> dict[str, list[dict[str, Any]]]:
    """Return the arguments of each step with their values and where they come from, by the step's key.

    :param automation: the automation. :param key: one step; ``None``: all.
    """
    by_key = {step.key: step for step in automation.steps}
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in explain(automation, key):
        step, name = by_key[row["step"]], row["argument"]
        is_model_written = any(place[0] == name for place in step.model_words) or step.arguments[name].origin == "model"
        shown = {**row, "value": spec_value(step.arguments[name]), "is_model_written": is_model_written}
        rows.setdefault(step.key, []).append(shown)
    return rows


def found_in(about: ViewedAutomation) -> list[dict[str, Any]]:
    """Return what lint finds, each with the step and the place in its arguments that it is about, if there are any."""
    keys = {step.key for step in about.sidecar.steps}
    found = [(one, _step_of(one, keys)) for one in findings(about.state)]
    return [{**one.model_dump(), "step": key, "place": _place_of(one) if key else ""} for one, key in found]


def _step_of(finding: FindingShown, keys: set[str]) -> str | None:
    parts = finding.field.split(".")
    return parts[1] if parts[0] == "steps" and len(parts) > 1 and parts[1] in keys else None


def _place_of(finding: FindingShown) -> str:
    return finding.field.partition(".arguments.")[2]


def _graph(shown: Part) -> Markup:
    def label(step: Step) -> str:
        return visible(step.title or step.key)

    return Markup(drawn(shown, label=label))  # noqa: S704 - built by escape
