"""Every schedule that lint passes is one that render writes and Airflow runs; what lint refuses, render refuses too."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from airflow_provider_vai.analysis.lint import lint
from airflow_provider_vai.authoring.specs.file import read_spec
from airflow_provider_vai.exceptions import VaiError
from airflow_provider_vai.languages.schedule import PRESETS
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.renderer.render import render

pytestmark = pytest.mark.integration

ECHO = {"kind": "python_tool", "effect": "read", "arguments": {"python_callable": "tools:echo", "arguments": {}}}
FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
NAMES = {3: ("jan", "FEB", "sep"), 4: ("mon", "Fri", "sun")}
YEAR = timedelta(days=366 * 41)
"""The longest wait for a run: a weekday on 29 February, around a century without a leap day."""


@st.composite
def part(draw: st.DrawFn, position: int) -> str:
    """Return one part of a cron field, now and then one that is out of range or special."""
    low, high = FIELDS[position]
    number = st.integers(low - 1, high + 1).map(str) | st.sampled_from(NAMES.get(position, (str(high),)))
    form = draw(st.sampled_from(["*", "*", "n", "n", "n-n", "n-n/s", "*/s", "n/s", "special"]))
    special = draw(st.sampled_from(["?", "L", "L5", "5#2", "1#5", "15W", "R", "r(1-3)", "H", ""]))
    steps = draw(st.integers(1, 9))
    text = form.replace("special", special) if form == "special" else form.replace("s", str(steps))
    while "n" in text and form != "special":
        text = text.replace("n", draw(number).upper(), 1)
    return text


def field(position: int) -> st.SearchStrategy[str]:
    """Return a cron field: one part, or a list of them."""
    return st.lists(part(position), min_size=1, max_size=3).map(",".join)


CRONS = st.tuples(*map(field, range(5))).map(" ".join)
SCHEDULES = (
    st.sampled_from(list(PRESETS))
    | CRONS
    | st.sampled_from(["0 0 31 2 *", "0 0 29 2 1", "0 0 6 * * *", "@Daily", "@annual", "0 6 * * 1-5"])
)
CLOCKS = st.fixed_dictionaries(
    {"type": st.just("schedule"), "schedule": SCHEDULES},
    optional={"timezone": st.sampled_from(["UTC", "Europe/Berlin", "Mars/Base", ""])},
)
EVENTS = st.fixed_dictionaries(
    {
        "type": st.just("event"),
        "uri": st.sampled_from(["vai://automations/a", "s3://b/k", "orders", "airflow://x", " ", "self", "http://[x"]),
    }
)
PARAMS = st.sampled_from([{}, {"default": "EU"}, {"schema": {"type": "string"}}, {"schema": {"type": ["null"]}}])


def loaded(text: str) -> Any:
    """Return the DAG of a file, as Airflow's scheduler has it: checked, serialized and read back."""
    from tests.airflow_names import DagSerialization

    names: dict[str, Any] = {}
    exec(compile(text, "rendered.py", "exec"), names)
    dag = next(value.dag for value in names.values() if hasattr(value, "task_id"))
    dag.validate()
    return DagSerialization.from_dict(DagSerialization.to_dict(dag))


def first_run(dag: Any) -> datetime | None:
    """Return when Airflow would start the DAG's first run by itself; ``None``: it would not."""
    from airflow.timetables.base import TimeRestriction

    found = dag.timetable.next_dagrun_info(
        last_automated_data_interval=None,
        restriction=TimeRestriction(earliest=dag.start_date, latest=None, catchup=True),
    )
    return found and found.run_after


@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_runs(tmp_path: Path, preset: str) -> None:
    """Airflow takes every preset that is on the list, and starts a run by it."""
    path = tmp_path / "clock.vai.yaml"
    path.write_text(json.dumps({"trigger": {"type": "schedule", "schedule": preset}, "steps": [ECHO]}))

    assert [found for found in lint([path]) if found.level == "error"] == []
    assert first_run(loaded(render(read_spec(path)))) is not None


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    triggers=st.lists(CLOCKS, min_size=1, max_size=2) | st.lists(CLOCKS | EVENTS, min_size=1, max_size=2),
    runs=st.integers(1, 2),
    param=PARAMS,
)
def test_what_lint_passes_runs(tmp_path: Path, triggers: list[Any], runs: int, param: dict[str, Any]) -> None:
    """Whatever triggers, limits and params stand in a spec: lint, render and Airflow agree."""
    document = {"triggers": triggers, "max_active_runs": runs, "params": {"region": param}, "steps": [ECHO]}
    path = tmp_path / "clock.vai.yaml"
    path.write_text(json.dumps(document))

    refused = [found for found in lint([path]) if found.level == "error"]

    if refused:
        with pytest.raises(VaiError):
            render(read_spec(path))
        fields = {**read_spec(_without(path, document)).model_dump(), "params": {"region": param}}
        with pytest.raises((VaiError, ValueError)):
            render(Automation.model_validate({**fields, "triggers": triggers, "max_active_runs": runs}))
        return
    dag = loaded(render(read_spec(path)))
    start = first_run(dag)
    by_the_clock = any(trigger["type"] == "schedule" for trigger in triggers)
    assert (start is not None) == by_the_clock
    assert start is None or start - datetime(2025, 1, 1, tzinfo=timezone.utc) < YEAR


def _without(path: Path, document: dict[str, Any]) -> Path:
    """Return the path of the same spec without what may be refused."""
    path.write_text(json.dumps({"steps": document["steps"]}))
    return path
