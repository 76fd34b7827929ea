"""Comparing two specs and two files: every difference is reported by place, and credentials are masked."""

from __future__ import annotations

import copy
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from airflow_provider_vai.analysis.diff import comparison as comparing
from airflow_provider_vai.analysis.diff.spec_diff import Change, diff, spec_diff_text, text_diff
from airflow_provider_vai.authoring import editing
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.model.argument import Argument, Secret
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.store.sidecar_files import read_sidecar
from tests.paths import GOLDEN
from tests.unit.authoring.editing.test_editing import PAIRS, golden, search

REPORT = GOLDEN / "demo" / "expected" / "monthly_revenue_report.vai.json"


def differences(old: Automation, new: Automation, **options: Any) -> list[tuple[str, str]]:
    """Return what happened and where, for each difference."""
    return [(change.what, change.place) for change in diff(old, new, **options)]


@pytest.mark.parametrize("name", PAIRS)
def test_nothing_differs_from_itself(name: str) -> None:
    """A spec does not differ from itself, even after a round trip through JSON and with provenance."""
    again = Automation.model_validate_json(golden(name).model_dump_json())
    assert diff(golden(name), again, provenance=True) == []


def test_arguments_are_told_by_place() -> None:
    """The innermost place is reported, with the values before and after."""
    old = golden("monthly_revenue_report")
    new = editing.set_argument(old, "http_request", "json.title", "March")
    changes = {change.place: change for change in diff(old, new)}
    before = old.steps[-1].arguments["json"].value["title"]
    assert changes.pop("steps.http_request.arguments.json.title") == Change(
        "steps.http_request.arguments.json.title", "changed", before, "March"
    )
    assert list(changes) == ["steps.approve_http_request.arguments.recorded"]
    assert ("changed", "steps.http_request.arguments.json.origin") in differences(old, new, provenance=True) or (
        "added",
        "steps.http_request.arguments.json.origin",
    ) in differences(old, new, provenance=True)


def test_wires_params_and_templates_are_named() -> None:
    """A value that is known only in a DAG run is shown as its source."""
    old = golden("every_kind")
    new = editing.set_params(old, {"month": {"default": "2025-04"}})
    new = editing.set_argument(new, "http_request", "json.month", Argument(class_="parameter", param="month"))
    new = editing.set_argument(new, "http_request", "json.regions", Argument(class_="template", value="{{ ds }}"))
    changes = {change.place: change for change in diff(old, new)}
    assert changes["params.month"].what == "added"
    assert changes["steps.http_request.arguments.json.month"].after == {"$param": ["month"]}
    regions = changes["steps.http_request.arguments.json.regions"]
    assert (regions.before, regions.after) == ({"$wired": ["generate_query", "rows"]}, {"$template": "{{ ds }}"})


def test_added_removed_and_moved_steps() -> None:
    """As few steps as possible are reported as moved, each with the step before it."""
    old = golden("monthly_revenue_report")
    added = editing.add_step(old, search(old))
    assert differences(old, added) == [
        ("added", "connections"), ("added", "steps.look_up"),
    ]  # fmt: skip
    assert differences(added, old) == [("removed", "connections"), ("removed", "steps.look_up")]
    moved = editing.move_step(old, "http_request", before="generate_query")
    assert [(one.place, one.before, one.after) for one in diff(old, moved) if one.what == "moved"] == [
        ("steps.approve_http_request", "create_flashboard", None),
        ("steps.http_request", "approve_http_request", "approve_http_request"),
    ]


def test_triggers_conditions_and_options() -> None:
    """The order of triggers, conditions and tags does not matter."""
    old = golden("vai_garden")
    one = {"type": "schedule", "schedule": "@daily"}
    two = {"type": "event", "uri": "vai://automations/other"}
    new = editing.set_triggers(old, [one, two])
    assert differences(old, new) == [("removed", "triggers"), ("added", "triggers"), ("added", "triggers")]
    assert diff(new, editing.set_triggers(old, [two, one])) == []
    hourly = editing.set_triggers(old, [{**one, "schedule": "@hourly"}, two])
    assert differences(new, hourly) == [("changed", "triggers")]
    new = editing.set_conditions(editing.set_options(old, retries=1, tags=["b", "a"]), ["payload.x = 1"])
    assert differences(old, new) == [
        ("added", "retries"),
        ("added", "conditions"),
        ("added", "tags"),
        ("added", "tags"),
    ]


def test_types_count() -> None:
    """Values of different JSON types differ, even if Python considers them equal."""
    old = editing.set_argument(golden("vai_garden"), "water", "arguments.litres", 1)
    for value in (1.0, True, "1", None, [1]):
        new = editing.set_argument(old, "water", "arguments.litres", value)
        assert ("changed", "steps.water.arguments.arguments.litres") in differences(old, new)


def test_credentials_are_masked() -> None:
    """Credentials are masked by their form and their key, on both sides; names of connections are shown."""
    secret, other = "ghp_9fK2mQz7LwX4vB9nT3hYpR8sJ6dC1eAu0gHb", "Tr0ub4dor&3xyz"

    def holding(**values: Any) -> Automation:
        old = golden("vai_garden")
        water = old.steps[-1]
        held = Argument.frozen({**water.arguments["arguments"].value, **values})
        arguments = {**water.arguments, "arguments": held}
        return old.model_copy(update={"steps": [*old.steps[:-1], water.model_copy(update={"arguments": arguments})]})

    changes = diff(holding(note="a", password="x1-Long-Enough"), holding(note=f"see {secret}", password=other))
    shown = str(changes) + str(spec_diff_text(changes)) + text_diff(f"a = '{secret}'\n", "a = 1\n", ("one", "two"))
    assert [change.place for change in changes] == [
        "steps.water.arguments.arguments.note", "steps.water.arguments.arguments.password",
    ]  # fmt: skip
    assert not any(text in shown for text in (secret, other, "x1-Long-Enough"))
    named = Argument(class_="frozen", value=None, secrets=[Secret(at=[], connection="garden_key")])
    (change,) = [
        one for one in diff(holding(), editing.set_argument(holding(), "water", "arguments.password", named))
        if one.place.endswith("password")
    ]  # fmt: skip
    assert change.after == {"$secret": "garden_key"}


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(["a", "b"])),
    lambda parts: st.one_of(st.lists(parts, max_size=3), st.dictionaries(st.sampled_from("xyz"), parts, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(old=JSON, new=JSON)
def test_changes_are_complete(old: Any, new: Any) -> None:
    """Applying the changes to one value gives the other, so no difference is left out."""
    pair = [
        editing.set_argument(golden("vai_garden"), "water", "arguments.held", {"value": value}) for value in (old, new)
    ]
    place = "steps.water.arguments.arguments.held."
    held: Any = {"value": copy.deepcopy(old)}
    for change in diff(*pair):
        if not change.place.startswith(place):
            continue
        at: Any = held
        *parents, last = change.place.removeprefix(place).split(".")
        for part in parents:
            at = at[int(part) if isinstance(at, list) else part]
        if change.what == "removed":
            del at[last]
        else:
            at[int(last) if isinstance(at, list) else last] = change.after
    assert repr(held) == repr({"value": new}) or sorted_(held) == sorted_({"value": new})


def sorted_(value: Any) -> str:
    """Return the value as text that does not depend on the order of keys."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {sorted_(value[key])}' for key in sorted(value))}}}"
    return f"[{', '.join(map(sorted_, value))}]" if isinstance(value, list) else repr(value)


def test_text_diff() -> None:
    """The diff is unified, is empty for equal texts, and shows a missing line end."""
    assert text_diff("a\n", "a\n", ("x", "y")) == ""
    assert text_diff("a\nb\n", "a\nc\n", ("x", "y")) == "--- x\n+++ y\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"
    assert text_diff("a\n", "a", ("x", "y")).endswith("+a\n\\ No newline at end of file\n")


def test_sides(tmp_path: Path) -> None:
    """A sidecar or DAG file includes the other file of the pair; a DAG file without a sidecar is only a text."""
    dag = REPORT.with_name("monthly_revenue_report.py")
    same = comparing.compared(str(REPORT), str(dag))
    assert (same.changes, same.text, same.notes) == ([], "", [])
    alone = tmp_path / "alone.py"
    alone.write_text(dag.read_text().replace("DAG(", "DAG(  # mine", 1))
    found = comparing.compared(str(dag), str(alone))
    assert found.changes == []
    assert "# mine" in found.text
    assert found.notes == [f"the specs were not compared: {alone} has none"]
    for name in ("absent.vai.json", "absent@3.py", ""):
        with pytest.raises(SpecError):
            comparing.compared(str(REPORT), str(tmp_path / name))


def test_exit_code_of_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code is 0; with ``--exit-code`` it is 1 if anything differs, as in git."""
    from airflow_provider_vai.cli.commands.edit import diff as command

    changed = tmp_path / REPORT.name
    sidecar = read_sidecar(REPORT)
    changed.write_text(sidecar.model_copy(update={"retries": 3}).text())
    given_: dict[str, Any] = {"a": str(REPORT), "b": str(changed), "json": False}
    assert command(Namespace(**given_, exit_code=False)) == 0
    assert "retries" in capsys.readouterr().out
    assert command(Namespace(**given_, exit_code=True)) == 1
    assert command(Namespace(**{**given_, "b": str(REPORT)}, exit_code=True)) == 0
    capsys.readouterr()
    command(Namespace(**{**given_, "json": True}, exit_code=False))
    assert '"place": "retries"' in capsys.readouterr().out


def test_versions_and_edits_by_hand(tmp_path: Path) -> None:
    """A version in the log can be a side; a single DAG is compared with what was written last."""
    from airflow_provider_vai.store.publisher import publish

    first = golden("vai_garden")
    publish(first, tmp_path)
    publish(editing.set_options(first, retries=4), tmp_path, from_sidecar=True)
    dag, sidecar = tmp_path / "vai_garden.py", tmp_path / "vai_garden.vai.json"
    assert comparing.edited_since(str(dag)).as_json()["spec"] == []
    found = comparing.compared(f"{dag}@1", str(sidecar))
    assert [(change.place, change.after) for change in found.changes] == [("retries", 4)]
    assert "+" in found.text
    assert comparing.compared(f"{tmp_path / 'vai_garden'}@2", str(dag)).as_json()["dag"] is None
    with pytest.raises(SpecError, match="no version 3"):
        comparing.compared(f"{dag}@3", str(dag))
    dag.write_text(dag.read_text() + "# mine\n")
    sidecar.write_text(sidecar.read_text().replace('"retries": 4', '"retries": 5'))
    found = comparing.edited_since(str(sidecar))
    assert [(change.before, change.after) for change in found.changes] == [(4, 5)]
    assert "+# mine" in found.text
