"""Triggers and params of an automation in the DAG file."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from airflow_provider_vai.exceptions import RenderError
from airflow_provider_vai.languages.schedule import PRESETS
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.automation import Automation, Param
from airflow_provider_vai.model.triggers import EventTrigger, ManualTrigger, ScheduleTrigger, WebhookTrigger
from airflow_provider_vai.renderer.render import render
from airflow_provider_vai.renderer.schedule import schedule, schedule_of
from tests.unit.support import call, crystallized, executed, run, tasks

MANUAL = ManualTrigger(type="manual")


def at(schedule: str, timezone: str | None = None) -> ScheduleTrigger:
    """Return a schedule trigger."""
    return ScheduleTrigger(type="schedule", schedule=schedule, timezone=timezone)


def on(uri: str) -> EventTrigger:
    """Return an event trigger for an asset."""
    return EventTrigger(type="event", uri=uri)


def after(event: str, **filters: str) -> EventTrigger:
    """Return a trigger for an event of this package."""
    return EventTrigger.model_validate({"type": "event", "event": event, "filters": filters})


HOOK = WebhookTrigger(type="webhook", path="orders", conn_id="shop")


def automation(**facts: Any) -> Automation:
    """Return an automation with one step and these fields."""
    made = crystallized(run(call("look", {"day": "2026-03-01"})), gates="recorded")
    return Automation.model_validate({**made.model_dump(), **facts})


def written(*triggers: Any) -> Any:
    """Return the schedule in the file: plain values as they are, calls as name, arguments and keyword arguments."""

    def plain(value: Any) -> Any:
        if isinstance(value, list):
            return [plain(part) for part in value]
        if hasattr(value, "keywords"):
            keywords = {name: plain(part) for name, part in value.keywords.items()}
            return (value.name, *[plain(part) for part in value.args], *([keywords] if keywords else []))
        return value

    made = executed(render(automation(triggers=list(triggers))))
    return plain(next(one for one in made if one.name == "DAG").keywords["schedule"])


SALES = "vai://automations/sales"


@pytest.mark.parametrize(
    ("triggers", "expected"),
    [
        ([], None),
        ([MANUAL], None),
        ([at("@daily")], "@daily"),
        ([at("@quarterly")], "0 0 1 */3 *"),
        *(([at(preset)], preset) for preset in PRESETS if preset != "@quarterly"),
        ([at("@midnight", "UTC")], ("CronTriggerTimetable", "0 0 * * *", {"timezone": "UTC"})),
        ([MANUAL, at("0 6 * * 1")], "0 6 * * 1"),
        ([at("0 6 * * *", "Europe/Berlin")], ("CronTriggerTimetable", "0 6 * * *", {"timezone": "Europe/Berlin"})),
        ([at("@weekly", "UTC")], ("CronTriggerTimetable", "0 0 * * 0", {"timezone": "UTC"})),
        (
            [at("0 6 * * *"), at("0 18 * * 5")],
            ("MultipleCronTriggerTimetable", "0 6 * * *", "0 18 * * 5", {"timezone": "UTC"}),
        ),
        ([on(SALES)], [("asset", SALES)]),
        ([on(SALES), on("s3://b/k")], ("AssetAny", ("asset", SALES), ("asset", "s3://b/k"))),
        ([HOOK], None),
        ([HOOK, MANUAL, at("@daily")], "@daily"),
        ([at("@daily"), at("@daily")], "@daily"),
        ([at("@daily", "UTC"), at("0 0 * * *")], ("CronTriggerTimetable", "0 0 * * *", {"timezone": "UTC"})),
        ([after("automation.failed")], [("asset", "vai://events/automation.failed")]),
        ([on(SALES), HOOK, after("automation.completed", automation="sales")], [("asset", SALES)]),
        (
            [after("action.failed", action_kind="file_sync"), on(SALES)],
            ("AssetAny", ("asset", "vai://events/action.failed/action_kind/file_sync"), ("asset", SALES)),
        ),
        (
            [at("0 6 * * *"), on(SALES)],
            (
                "AssetOrTimeSchedule",
                {
                    "timetable": ("CronTriggerTimetable", "0 6 * * *", {"timezone": "UTC"}),
                    "assets": [("asset", SALES)],
                },
            ),
        ),
    ],
    ids=lambda value: "" if isinstance(value, (list, tuple)) else str(value),
)
def test_schedule(triggers: list[Any], expected: Any) -> None:
    """Each trigger starts a DAG run, and the schedule has the simplest form for that."""
    assert written(*triggers) == expected


@pytest.mark.parametrize(
    ("triggers", "problem"),
    [
        ([at("0 6 * * *", "UTC"), at("0 6 * * *", "Asia/Tokyo")], "different time zones: Asia/Tokyo, UTC"),
        ([at("@once"), at("0 6 * * *")], "'@once' has no cron expression"),
        ([at("every day")], '"every day" is neither a cron expression nor a preset'),
        ([at("@fortnightly")], '"@fortnightly" is neither a cron expression nor a preset'),
        ([at("0 25 * * *")], '"0 25 * * *" is neither a cron expression nor a preset'),
        ([at("0 0 6 * * *")], "has 6 fields"),
        ([at("0 6 * * *"), at("0 0 31 2 *")], "never fires"),
        ([at("@continuous"), on(SALES)], "'@continuous' has no cron expression"),
        ([on("airflow://orders")], "Airflow keeps the scheme airflow:// for itself"),
        ([on("AIRFLOW://orders")], "Airflow keeps the scheme airflow:// for itself"),
        ([on(" ")], "cannot be the URI of an asset"),
        ([on("http://[half")], "is not a URI"),
        ([at("@daily", "Mars/Olympus")], '"Mars/Olympus" is not a time zone'),
        ([at("@daily", "../../etc/passwd")], '"../../etc/passwd" is not a time zone'),
        ([after("action.completed", connection="wh")], "action.completed has no filter connection"),
    ],
)
def test_what_airflow_cannot_say(triggers: list[Any], problem: str) -> None:
    """Triggers that Airflow cannot express are refused with a remedy."""
    with pytest.raises(RenderError) as refusal:
        schedule(triggers)
    assert problem in refusal.value.problem
    assert refusal.value.remedy


REGION = {"schema": {"type": "string"}}


@pytest.mark.parametrize(
    ("facts", "where", "problem"),
    [
        ({"triggers": [at("@continuous")], "max_active_runs": 2}, "max_active_runs", "max_active_runs = 2"),
        ({"triggers": [at("0 6 * * *")], "params": {"region": REGION}}, "params.region", "the param has no default"),
        ({"triggers": [on(SALES)], "params": {"region": REGION}}, "params.region", "the param has no default"),
        ({"triggers": [MANUAL, HOOK], "params": {"region": REGION}}, "params.region", "the param has no default"),
        (
            {"triggers": [at("@daily")], "params": {"region": {**REGION, "default": 7}}},
            "params.region",
            "the default 7 does not fit",
        ),
    ],
)
def test_what_airflow_does_not_accept_together(facts: dict[str, Any], where: str, problem: str) -> None:
    """A valid trigger is refused if it does not work with the automation's limits or params."""
    with pytest.raises(RenderError) as refusal:
        schedule_of(automation(**facts))

    assert refusal.value.where == where
    assert problem in refusal.value.problem
    assert refusal.value.remedy


@pytest.mark.parametrize(
    "facts",
    [
        {"triggers": [at("@continuous")]},
        {"triggers": [MANUAL], "params": {"region": REGION}},
        {"triggers": [HOOK], "params": {"payload": REGION}},
        {"triggers": [at("@daily")], "params": {"region": {"schema": {"type": ["string", "null"]}}}},
        {"triggers": [at("@daily")], "params": {"region": {}}},
    ],
)
def test_what_airflow_accepts_together(facts: dict[str, Any]) -> None:
    """One active run, required params that the start gives, and null as a default are accepted."""
    render(automation(**facts))


def test_params() -> None:
    """A param has its default, description and schema, and a step gets it with its own type."""
    spec = automation(
        params={
            "day": Param(default="2026-03-01", description="Which day", schema={"type": "string", "format": "date"})
        }
    )
    step = spec.steps[0]
    arguments = {**step.arguments, "arguments": Argument(class_="parameter", param="day")}
    spec = Automation.model_validate({**spec.model_dump(), "steps": [{**step.model_dump(), "arguments": arguments}]})

    text = render(spec)

    dag = next(one for one in executed(text) if one.name == "DAG")
    param = dag.keywords["params"]["day"]
    assert (param.name, param.args) == ("Param", ("2026-03-01",))
    assert param.keywords == {"description": "Which day", "schema": {"type": "string", "format": "date"}}
    taken = tasks(text)["look"].keywords["arguments"]
    assert (taken.name, taken.args) == ("parameter", ("day",))


@pytest.mark.parametrize(
    "facts",
    [
        {"triggers": [{"type": "schedule"}]},
        {"triggers": [{"type": "sometimes"}]},
        {"triggers": [{"type": "event", "uri": ""}]},
        {"params": {"day": "today"}},
    ],
)
def test_what_is_no_trigger_or_param(facts: dict[str, Any]) -> None:
    """A spec with an incomplete trigger, or with a plain value as a param, is not valid."""
    with pytest.raises(ValidationError):
        automation(**facts)


def test_triggers_of_earlier_sidecars() -> None:
    """A manual trigger with an empty schedule, as earlier versions wrote it, can be read."""
    spec = automation(triggers=[{"type": "manual", "schedule": None, "timezone": None}])

    assert spec.triggers == [MANUAL]


def test_an_undeclared_param_is_refused() -> None:
    """A step cannot take a param that the automation does not declare."""
    spec = automation()
    step = spec.steps[0].model_dump()
    step["arguments"]["arguments"] = {"class": "parameter", "param": "day"}

    with pytest.raises(ValidationError, match="uses the param 'day', which is not declared"):
        Automation.model_validate({**spec.model_dump(), "steps": [step]})
