"""Crystallizing one run, each run of a trace, exports of one run, and several runs of one task."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.authoring.crystallize_options import CrystallizeOptions
from airflow_provider_vai.authoring.crystallizing import (
    crystallized,
    crystallized_each,
    recordings_of,
    runs_of,
    taken_for,
)
from airflow_provider_vai.crystallizer.crystallize import crystallize
from airflow_provider_vai.crystallizer.several.recording import Recording
from airflow_provider_vai.exceptions import (
    CrystallizeError,
    NothingToCrystallize,
    RunNotSuccessful,
    SpecError,
    UnmappedTool,
)
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.run import Run, Turn
from airflow_provider_vai.model.tools_file import ToolsFile
from airflow_provider_vai.store.publisher import publish
from airflow_provider_vai.traces import merge
from airflow_provider_vai.traces.known_formats import coverage_of_format
from tests.unit.support import SHA, call, run, tools


def recorded(name: str, value: Any = 1, **facts: Any) -> Run:
    """Return a run with one call, whose value comes from the user."""
    words = {"title": "Look", "turns": [Turn(index=0, user_text=f"Look at {value} please")]}
    return run(call("look", {"value": value}, {"found": value}), **{"id": name, **words, **facts})


def export(recorded_run: Run, name: str = "", sha256: str = SHA) -> merge.Export:
    """Return a run as the export of a file."""
    return merge.Export(
        name or f"{recorded_run.id}.json", recorded_run, coverage_of_format(recorded_run.format), sha256
    )


def made(*runs: Run, folder: Path, tools_file: ToolsFile | None = None, **options: Any) -> Automation:
    """Return the automation of runs."""
    recordings = [Recording(f"{one.id}.json", one, SHA) for one in runs]
    return crystallized(recordings, tools_file or tools(), options=CrystallizeOptions(**options), folder=folder)


@pytest.mark.parametrize("bad", ["\0", "\ud800"])
def test_a_text_that_airflow_cannot_store_is_refused_with_its_trace(tmp_path: Path, bad: str) -> None:
    """Nothing is written if no other call is left."""
    one = run(call("look", {"value": f"a{bad}"}, {}), id="r1")

    with pytest.raises(CrystallizeError, match=r"U\+0000|half a surrogate pair") as caught:
        made(one, folder=tmp_path)
    assert caught.value.where == "r1.json: run r1"
    assert not list(tmp_path.iterdir())


def test_an_existing_automation_keeps_its_ids(tmp_path: Path) -> None:
    """Crystallized again, one with ids that are not ASCII has the same DAG and tasks; other recordings get new ids."""
    one = run(call("verkäufe", {"value": 1}, {}), id="r1", title="Größe")
    former = CrystallizeOptions().policy(tmp_path)
    before = crystallize(one, tools(), replace(former, unicode_ids=True), trace_sha256=SHA)
    assert (before.dag_id, before.steps[-1].task_id) == ("vai_größe", "verkäufe")
    publish(before, tmp_path)

    again = made(one, folder=tmp_path)
    assert publish(again, tmp_path).change == "unchanged"
    other = made(one.model_copy(update={"id": "r2"}), folder=tmp_path)
    assert (other.dag_id, other.steps[-1].task_id, other.title) == ("vai_grosse", "verkaufe", "Größe")


# --- what several traces are ------------------------------------------------------------------------------------------


def test_exports_of_one_run_are_merged() -> None:
    """The exports become one recording with both names and a digest that does not depend on their order."""
    one = recorded("r1")
    exports = [export(one, "a.json", "1" * 64), export(one.model_copy(update={"format": "other"}), "b.json", "2" * 64)]
    groups = runs_of(exports)
    (found,) = recordings_of(groups)

    assert taken_for(["a.json", "b.json"], groups) == "treating a.json, b.json as exports of one run"
    assert (found.name, found.trace_sha256) == ("a.json, b.json", merge.digest(["2" * 64, "1" * 64]))
    assert found.run.notes[0].startswith("one run, exported 2 times: a.json as made (1 call) and b.json as other")


def test_runs_of_one_task_stay_apart() -> None:
    """Each run keeps its name and digest, and two exports of one run count as one."""
    first, second = recorded("r1"), recorded("r2", 2)
    again = first.model_copy(update={"format": "other"})
    exports = [export(first), export(second, sha256="2" * 64), export(again, "again.json")]
    groups = runs_of(exports)
    recordings = recordings_of(groups)

    assert taken_for(["a", "b", "c"], groups) == "treating a, b, c as 2 runs of one task"
    assert [recording.name for recording in recordings] == ["r1.json, again.json", "r2.json"]
    assert recordings[1].trace_sha256 == "2" * 64


# --- one automation ---------------------------------------------------------------------------------------------------


def test_one_run(tmp_path: Path) -> None:
    """The DAG id comes from the title, the trigger is manual, and nothing is written."""
    automation = made(recorded("r1"), folder=tmp_path)

    assert (automation.dag_id, automation.triggers[0].type) == ("vai_look", "manual")
    assert automation.source is not None
    assert automation.source.trace_sha256 == SHA
    assert not list(tmp_path.iterdir())


def test_several_runs(tmp_path: Path) -> None:
    """A value that differs between the runs becomes a param."""
    automation = made(recorded("r1", "AB-1"), recorded("r2", "AB-2"), folder=tmp_path, schedule="@daily")

    assert automation.params["value"].default == "AB-2"
    assert [trigger.model_dump()["schedule"] for trigger in automation.triggers] == ["@daily"]


def test_a_derived_id_is_free(tmp_path: Path) -> None:
    """A DAG id of another recording is avoided, that of the same recording is reused, and a given id is kept."""
    publish(made(recorded("r1"), folder=tmp_path), tmp_path)

    assert made(recorded("r1"), folder=tmp_path).dag_id == "vai_look"
    other = made(recorded("r2"), folder=tmp_path).dag_id
    assert other.startswith("vai_look_")
    assert made(recorded("r2"), recorded("r3", 2), folder=tmp_path).dag_id not in ("vai_look", "")
    assert made(recorded("r2"), folder=tmp_path, dag_id="vai_look").dag_id == "vai_look"


def test_triggers(tmp_path: Path) -> None:
    """Triggers replace the manual trigger, and their connections are added to the automation."""
    hook = {"type": "webhook", "path": "orders", "conn_id": "shop"}

    automation = made(recorded("r1"), folder=tmp_path, triggers=[hook])

    assert [trigger.type for trigger in automation.triggers] == ["webhook"]
    assert "shop" in automation.connections
    with pytest.raises(SpecError):
        made(recorded("r1"), folder=tmp_path, triggers=[{"type": "nonsense"}])


def test_a_refused_trigger_shows_no_credential_of_the_run(tmp_path: Path) -> None:
    """A password of the run is masked in the message about a trigger."""
    secret = "hunter-and-seeker-42"
    turns = [Turn(index=0, user_text="go")]
    known = run(call("look", {"password": secret}, "ok"), id="r1", turns=turns)

    with pytest.raises(SpecError) as refused:
        made(known, folder=tmp_path, triggers=[{"type": "schedule", "schedule": secret}])
    assert secret not in str(refused.value)


def test_errors_name_the_trace(tmp_path: Path) -> None:
    """The recording's name comes before the place in a message, if it has one."""
    failed = recorded("r1", outcome="failed")
    options = CrystallizeOptions()

    with pytest.raises(RunNotSuccessful) as refused:
        made(failed, folder=tmp_path)
    assert refused.value.where == "r1.json: run r1"
    with pytest.raises(RunNotSuccessful) as refused:
        crystallized([Recording("", failed, SHA)], tools(), options=options, folder=tmp_path)
    assert refused.value.where == "run r1"


# --- each run ---------------------------------------------------------------------------------------------------------


def each(
    *runs: Run, folder: Path, tools_file: ToolsFile | None = None
) -> tuple[list[Automation], list[CrystallizeError]]:
    """Return the automations of the runs, and why others were left out."""
    recordings = (Recording("all.json", one, SHA) for one in runs)
    return crystallized_each(recordings, tools_file or tools(), options=CrystallizeOptions(), folder=folder)


def test_each_run_has_an_id_of_its_own(tmp_path: Path) -> None:
    """Runs with the same title get distinct ids, which also differ from those in the folder."""
    publish(made(recorded("r0"), folder=tmp_path), tmp_path)

    automations, left_out = each(recorded("r1"), recorded("r2"), recorded("r3"), folder=tmp_path)

    names = [automation.dag_id for automation in automations]
    assert len({*names, "vai_look"}) == 4
    assert left_out == []


def test_runs_that_are_left_out(tmp_path: Path) -> None:
    """Runs that failed or contain no usable call are left out with the reason."""
    nothing = run(call("look", outcome="failed"), id="r3")

    automations, left_out = each(recorded("r1", outcome="failed"), recorded("r2"), nothing, folder=tmp_path)

    assert [automation.source.id for automation in automations if automation.source] == ["r2"]
    assert [type(error) for error in left_out] == [RunNotSuccessful, NothingToCrystallize]
    assert left_out[0].where == "all.json: run r1"
    with pytest.raises(RunNotSuccessful):
        each(recorded("r1", outcome="failed"), nothing, folder=tmp_path)


def test_a_run_that_cannot_be_is_an_error(tmp_path: Path) -> None:
    """A tool without an action kind is an error, and the run is not left out silently."""
    rule = {"match": "other", "kind": "mcp_tool", "conn_id": "mcp"}
    with pytest.raises(UnmappedTool):
        each(recorded("r1"), recorded("r2"), folder=tmp_path, tools_file=tools(rule))
