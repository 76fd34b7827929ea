"""The spec: its references are checked, its JSON is exact, and its digest covers every decision."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from airflow_provider_vai.model.argument import Argument, Output, Wire
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.model.step_approval import StepApproval


def step(key: str, **facts: Any) -> Step:
    """Return a step that only has what it must."""
    approval = facts.pop("approval", StepApproval(recorded="unknown", reason="reads"))
    return Step(key=key, task_id=key, kind="mcp_tool", operator="pkg.Op", approval=approval, **facts)


def automation(*steps: Step, **facts: Any) -> Automation:
    """Return an automation of these steps."""
    return Automation(dag_id="one", source_type="MANUAL", steps=list(steps), **facts)


def wired(key: str) -> Argument:
    """Return an argument that is the whole result of a step."""
    return Argument(class_="wired", from_=Output(step=key))


def wired_inside(key: str) -> Argument:
    """Return an argument with one place that comes from a step."""
    return Argument(class_="wired", value=[None], wires=[Wire(at=[0], from_=Output(step=key))])


@pytest.mark.parametrize(
    "later",
    [
        {"depends_on": ["x"]},
        {"arguments": {"a": wired("x")}},
        {"arguments": {"a": wired_inside("x")}},
        {"approval": StepApproval(recorded="approved", gate="x", reason="was approved")},
    ],
    ids=["dependency", "wire", "wire inside", "gate"],
)
def test_references_name_earlier_steps(later: dict[str, Any]) -> None:
    """A dependency, a wire or a gate that names a later step or none is refused."""
    assert automation(step("x"), step("y", **later)).steps[1].key == "y"
    for steps in ([step("y", **later)], [step("y", **later), step("x")], [step("x", **later)]):
        with pytest.raises(ValidationError, match="'x', which is not an earlier step"):
            automation(*steps)


def test_keys_are_unique() -> None:
    """Two steps with the same key are refused."""
    with pytest.raises(ValidationError, match="two steps have the key 'x'"):
        automation(step("x"), step("x"))


def test_unknown_fields_are_refused() -> None:
    """A misspelt field in an edited spec is no silent default."""
    with pytest.raises(ValidationError, match="Extra inputs"):
        automation(step("x"), shedule="@daily")


def test_frozen_null_and_no_value_differ() -> None:
    """JSON holds what was set, origin and evidence, and nothing else, under the contract's names."""
    traced = {"origin": None, "evidence": []}
    assert Argument.frozen(None).model_dump() == {"class": "frozen", "value": None, **traced}
    assert wired("x").model_dump() == {"class": "wired", "from": {"step": "x", "path": []}, **traced}


def test_both_spellings() -> None:
    """Files are written with the models' names, the API's answers in camelCase; names of users stay. Both are read."""
    arguments = {"to_whom": wired_inside("first"), "a_b": Argument.frozen({"some_key": 1})}
    made = automation(step("first"), step("second", arguments=arguments, depends_on=["first"]), timeout_seconds=5)

    shown = made.model_dump(by_alias=True)

    assert (shown["dagId"], shown["timeoutSeconds"], "maxActiveTasks" in shown) == (made.dag_id, 5, False)
    assert shown["steps"][1]["dependsOn"] == ["first"]
    assert shown["steps"][1]["arguments"]["a_b"]["value"] == {"some_key": 1}
    assert shown["steps"][1]["arguments"]["to_whom"]["wires"] == [{"at": [0], "from": {"step": "first", "path": []}}]
    assert Automation.model_validate(shown) == made == Automation.model_validate(made.model_dump())


def test_json_reads_back() -> None:
    """A dump is the same automation again, types included."""
    one = automation(
        step("x"), step("y", arguments={"a": wired_inside("x"), "b": Argument.frozen([1, 1.0, True, -0.0])})
    )
    again = Automation.model_validate_json(one.model_dump_json())
    assert again == one
    assert repr(again) == repr(one)


@pytest.mark.parametrize(
    ("value", "other"), [(1, 1.0), (1, True), ("a", "a "), ({"a": 1}, {"a": 2}), (None, "None"), ([], {})]
)
def test_spec_digest_counts_values(value: Any, other: Any) -> None:
    """Another value is another spec, also where Python calls the two equal."""
    one, two = (automation(step("x", arguments={"a": Argument.frozen(given)})) for given in (value, other))
    assert one.spec_sha256 == automation(step("x", arguments={"a": Argument.frozen(value)})).spec_sha256
    assert one.spec_sha256 != two.spec_sha256


def test_spec_digest_leaves_out_the_sidecars_own_fields() -> None:
    """Version, status and history do not change the digest of the spec."""
    one = automation(step("x"))
    facts: dict[str, Any] = {
        "schema_version": 2,
        "generator": {"name": "n", "version": "0", "templates_sha256": "0"},
        "history": [],
    }
    sidecars = [
        Sidecar(**one.model_dump(), dag_sha256=digest, version=version, status=status, **facts)
        for digest, version, status in (("0", 1, "draft"), ("1", 7, "active"))
    ]
    assert {sidecar.spec_sha256 for sidecar in sidecars} == {one.spec_sha256}
    assert sidecars[0].automation == one
