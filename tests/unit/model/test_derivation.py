"""The schema of derived values, and what an automation knows about them."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from airflow_provider_vai.languages import derivation as language
from airflow_provider_vai.model import derivation
from airflow_provider_vai.model.argument import Argument, Output, Wire
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.outside import outside_problem
from airflow_provider_vai.model.positions import positional, reads_of
from airflow_provider_vai.model.step_approval import StepApproval
from airflow_provider_vai.model.step_effects import UNKNOWN, values_of
from airflow_provider_vai.model.step_graph import waiting_for_sources

ROWS = {"function": "wired", "step": "query", "path": ["rows"]}
TOTAL = {"function": "total", "rows": ROWS, "field": "revenue"}
REGION = {"function": "parameter", "name": "region"}
FILTERED = {
    "function": "where",
    "rows": ROWS,
    "conditions": {"region": REGION, "total": {"function": "over", "value": 5}},
}
GIVEN = {"function": "argument_of", "step": "query", "name": "sql"}


def part(value: Any, *path: str | int) -> dict[str, Any]:
    """Return the node of a part."""
    return {"function": "part", "value": value, "path": list(path)}


def step(key: str, kind: str = "http_request", each: Output | None = None, **arguments: Argument) -> Step:
    """Return a step that depends on nothing."""
    return Step(
        key=key, task_id=key, kind=kind, operator=by_name()[kind].operator, each=each, arguments=arguments,
        approval=StepApproval(recorded="not_required", reason="test"),
    )  # fmt: skip


def derived(tree: dict[str, Any], value: Any = 5) -> Argument:
    """Return an argument that is derived as a whole."""
    return Argument(class_="derived", value=value, derive=tree)


QUERY = step("query", "generate_query", sql=Argument.frozen("SELECT 1"))


def automation(*steps: Step, **fields: Any) -> Automation:
    """Return an automation of these steps."""
    return Automation(dag_id="sales", source_type="MANUAL", steps=list(steps), **fields)


@pytest.mark.parametrize(
    "tree",
    [
        TOTAL,
        FILTERED,
        GIVEN,
        {"function": "template", "text": "{{ ds }}"},
        {"function": "item", "path": ["id", 0]},
        part(ROWS, 0, "id"),
    ],
)
def test_a_tree_stays_as_it_is(tree: dict[str, Any]) -> None:
    """What was read is what is written, in the same order."""
    argument = Argument.model_validate({"class": "derived", "value": 7, "derive": tree})
    assert argument.model_dump()["derive"] == tree
    assert Argument.model_validate(argument.model_dump(by_alias=True)) == argument
    assert list(argument.model_dump(mode="json")) == ["class", "value", "derive", "origin", "evidence"]


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({}, "discriminator"),
        ({"function": "sum", "rows": ROWS}, "'sum' found using 'function' does not match"),
        ({"function": []}, "does not match"),
        ({**TOTAL, "by": "x"}, "by: Extra inputs are not permitted"),
        ({"function": "total", "rows": ROWS}, "field: Field required"),
        ({**TOTAL, "rows": [{"revenue": 1}]}, "rows: Input should be a valid dictionary"),
        ({**TOTAL, "field": ["revenue"]}, "field: Input should be a valid string"),
        ({**TOTAL, "rows": {**ROWS, "at": 1}}, "rows.at: Extra inputs"),
        ({**TOTAL, "rows": {**ROWS, "path": [True]}}, "path.0"),
        ({"function": "text", "template": ROWS}, "template: Input should be a valid string"),
        ({"function": "joined", "values": ROWS, "separator": ROWS}, "separator: Input should be a valid string"),
        ({"function": "shown", "value": TOTAL, "style": "1 234"}, "style: Input should be '1,234.50' or '1.234,50'"),
        ({"function": "percent", "value": TOTAL, "digits": "1"}, "digits: Input should be a valid integer"),
        ({"function": "found", "text": ROWS, "kind": "name"}, "kind: Input should be 'url'"),
        ({"function": "template", "text": "{{ ds"}, "not a valid Jinja template"),
        ({"function": "part", "value": 5}, "value: Input should be a valid dictionary"),
        ({"function": "key_of", "entries": ROWS, "conditions": {"by": 1}}, "cannot have the name 'by'"),
        ({"function": "text", "template": "plain"}, "write a literal instead"),
        ({"function": "where", "rows": ROWS, "conditions": {1: 2, "a": 3}}, "conditions"),
        ({"function": "over", "value": datetime.date(2025, 1, 1)}, "value"),
        ({"function": "over", "value": float("nan")}, "value"),
        ({"function": "where", "rows": ROWS, "conditions": {"a": [1]}}, "conditions.a"),
        ({"function": "text", "template": "x" * 100_001, "slots": {"a": TOTAL}}, "at most 500 functions"),
        ({"function": "gathered", "values": [ROWS] * 501}, "at most 500 functions"),
    ],
)
def test_other_trees_are_refused(tree: dict[str, Any], message: str) -> None:
    """The schema is closed, and the message names the place in the tree."""
    with pytest.raises(ValidationError, match=message):
        Argument(class_="derived", derive=tree)
    with pytest.raises(ValidationError, match=message):
        Wire(at=["a"], derive=tree)


def test_depth_is_bounded() -> None:
    """A tree of 40 levels is accepted; a deeper one is refused, however deep it is."""
    tree: dict[str, Any] = ROWS
    for _ in range(language.DEEPEST):
        tree = part(tree)
    assert derived(tree).derive == tree
    for _ in range(1000):
        tree = part(tree)
        if _ in (0, 999):
            with pytest.raises(ValueError, match="at most 40 levels"):
                derivation.checked(tree)


def test_a_derived_argument_has_one_source() -> None:
    """Class and field belong together, and exclude the other sources."""
    for fields in ({"class_": "derived"}, {"class_": "frozen", "derive": TOTAL}):
        with pytest.raises(ValidationError, match="exactly if its class is derived"):
            Argument(**fields)
    for more in ({"from_": Output(step="query")}, {"param": "x"}, {"wires": [Wire(at=["a"], param="x")]}):
        with pytest.raises(ValidationError, match="its tree says where it comes from"):
            Argument(class_="derived", derive=TOTAL, **more)
    with pytest.raises(ValidationError, match="exactly one of from, param, template and derive"):
        Wire(at=["a"], param="x", derive=TOTAL)


def test_what_a_tree_reads() -> None:
    """Results, arguments of earlier steps and params are seen by everyone who asks for them."""
    whole = step("send", json=derived({"function": "ratio", "value": TOTAL, "other": GIVEN}))
    wired = Argument(class_="wired", value={"a": None}, wires=[Wire(at=["a"], derive=FILTERED)])
    inside = step("send", json=wired)

    assert whole.outputs() == [Output(step="query", path=["rows"]), Output(step="query")]
    assert whole.given_arguments() == [("query", "sql")]
    assert inside.outputs() == [Output(step="query", path=["rows"])]
    assert inside.params() == ["region"]
    assert waiting_for_sources([QUERY, whole])[1].depends_on == ["query"]


@pytest.mark.parametrize(
    ("sender", "message"),
    [
        (
            step("send", json=derived({**TOTAL, "rows": {**ROWS, "step": "gone"}})),
            "'gone', which is not an earlier step",
        ),
        (step("send", json=derived({"function": "argument_of", "step": "later", "name": "x"})), "not an earlier step"),
        (step("send", json=derived(FILTERED)), "uses the param 'region', which is not declared"),
        (step("send", json=derived({"function": "item"})), "is not mapped over a list"),
        (step("send", json=derived({**GIVEN, "name": "table"})), "'table' of 'query', which has no such argument"),
    ],
)
def test_wrong_references(sender: Step, message: str) -> None:
    """A reference to an unknown step, param or argument is refused."""
    with pytest.raises(ValidationError, match=message):
        automation(QUERY, sender)


def test_arguments_of_mapped_steps() -> None:
    """A mapped step was given several arguments, so a derived value cannot read them."""
    mapped = step("each", each=Output(step="query", path=["rows"]), endpoint=Argument.frozen("/x"))
    reader = step("send", json=derived({"function": "argument_of", "step": "each", "name": "endpoint"}))
    with pytest.raises(ValidationError, match="which is mapped over a list"):
        automation(QUERY, mapped, reader)


@pytest.mark.parametrize(
    ("tree", "is_positional"),
    [
        (TOTAL, False),
        ({**TOTAL, "rows": {**ROWS, "path": ["rows", 0, "items"]}}, True),
        (part({"function": "first", "rows": ROWS}, "id"), True),
        ({"function": "last", "rows": FILTERED}, True),
        (part(ROWS, 0, "id"), True),
        (part({"function": "only", "rows": ROWS}, "id"), False),
        ({"function": "largest", "rows": ROWS, "by": "total"}, False),
    ],
)
def test_positions(tree: dict[str, Any], is_positional: bool) -> None:
    """A position in a path, ``first`` and ``last`` all count as picking by position, also for later steps."""
    reading = step("send", "mcp_tool", arguments=derived(tree))
    after = step("after", json=derived({"function": "count", "rows": {"function": "wired", "step": "send"}}))
    reads = {one.key: reads_of(one.arguments, one.each) for one in (reading, after)}

    found = [(key, picks) for key, _, picks in positional(reads)]

    assert found == ([("send", "send"), ("after", "send")] if is_positional else [])


def test_what_decides_what_runs_is_never_derived() -> None:
    """Connections, statements and other fixed arguments refuse a derived value, as a whole and inside."""
    kind = by_name()["generate_query"]
    inside = Argument(class_="wired", value=[None], wires=[Wire(at=[0], derive=TOTAL)])
    for name in ("sql", "conn_id"):
        assert outside_problem(kind, name, derived(TOTAL))
    assert outside_problem(kind, "tables", inside) == ([0], outside_problem(kind, "tables", inside)[1])  # type: ignore[index]
    assert outside_problem(kind, "parameters", derived(TOTAL)) is None


def test_the_effect_does_not_count_with_the_recorded_value() -> None:
    """A derived value is unknown before a run."""
    inside = Argument(class_="wired", value={"a": None}, wires=[Wire(at=["a"], derive=TOTAL)])
    assert values_of({"json": derived(TOTAL), "query": inside}) == {"json": UNKNOWN, "query": {"a": UNKNOWN}}


def test_new_names_of_steps() -> None:
    """Renaming a step changes every reference to it, and nothing else."""
    tree = {"function": "ratio", "value": FILTERED, "other": GIVEN}
    new = derivation.renamed(tree, {"query": "load"})
    assert [one.get("step") for one in language.references(new)] == ["load", None, "load"]
    assert derivation.renamed(new, {"load": "query"}) == tree


def test_the_json_schema_describes_trees() -> None:
    """``vai schema automation`` accepts what the model accepts, and is closed."""
    schema = Automation.model_json_schema()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator({"$defs": schema["$defs"], "$ref": "#/$defs/DerivedNode"})
    assert validator.is_valid(FILTERED)
    assert not validator.is_valid({**TOTAL, "by": 1})
    assert not validator.is_valid({"function": "sum"})
    models = {name for name in schema["$defs"] if name.endswith("Node")} - {"DerivedNode"}
    assert len(models) == len(language.FUNCTIONS) + len(language.REFERENCES)
