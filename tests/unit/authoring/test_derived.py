"""Derived values written by hand: in specs, in edits, and in what shows them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from airflow_provider_vai.analysis.diff.spec_diff import diff
from airflow_provider_vai.analysis.explain import explain
from airflow_provider_vai.analysis.lint import lint
from airflow_provider_vai.authoring import editing
from airflow_provider_vai.authoring.editing.edit_requests import ChangeStep
from airflow_provider_vai.authoring.specs.file import read_spec
from airflow_provider_vai.cli.main import main
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.languages.derivation.source import written
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.renderer.render import render
from airflow_provider_vai.store.text_merge import merge
from tests.paths import GOLDEN
from tests.unit.support import review_lines

SPEC = """
dag_id: report
params: {region: {default: EU}}
steps:
  - key: query
    kind: generate_query
    arguments: {sql: "SELECT * FROM orders", conn_id: shop}
  - key: send
    kind: http_request
    arguments:
      endpoint: /messages
      method: POST
      json: {total: {$derive: 'total(wired(query, "rows"), "revenue")'}, text: "Hello", number: 7}
"""
TOTAL = 'total(wired(query, "rows"), "revenue")'
NODE = {
    "function": "total", "rows": {"function": "wired", "step": "query", "path": ["rows"]}, "field": "revenue",
}  # fmt: skip


def spec(folder: Path, **arguments: Any) -> Automation:
    """Return the automation of the spec, with other arguments of the sending step."""
    document = yaml.safe_load(SPEC)
    document["steps"][1]["arguments"] |= arguments
    (folder / "report.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return read_spec(folder / "report.yaml")


def edited(automation: Automation, place: str, expression: Any) -> Automation:
    """Return the automation with a place of the sending step derived."""
    return ChangeStep("send", values=[(place, {"$derive": expression})]).apply(automation, "ada")


def json_of(automation: Automation) -> Argument:
    """Return the argument of the sending step."""
    return next(step for step in automation.steps if step.key == "send").arguments["json"]


def test_a_spec_with_a_derived_value(tmp_path: Path) -> None:
    """The expression becomes a tree, the step waits for what it reads, and the file is rendered."""
    automation = spec(tmp_path)
    (wire,) = json_of(automation).wires
    assert (wire.at, wire.derive) == (["total"], NODE)
    assert automation.steps[-1].depends_on[-1] in ("query", "approve_send")
    assert '"total": total(wired(query, "rows"), "revenue"),' in render(automation)


def test_a_whole_argument_as_a_tree(tmp_path: Path) -> None:
    """The tree of a sidecar may be given, too; as a whole argument it has no recorded value."""
    argument = json_of(spec(tmp_path, json={"$derive": NODE}))
    assert (argument.class_, argument.derive, argument.value) == ("derived", NODE, None)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("sum(wired(query))", "there is no function 'sum'"),
        ("total(wired(query))", "missing a required argument"),
        ({"function": "total", "rows": 5, "field": "x"}, "rows: Input should be"),
        (5, "neither an expression nor a tree"),
        ("text('plain')", "write a literal instead"),
        ("text('{a} AKIAIOSFODNN7EXAMPLF', a=count(wired(query)))", "looks like a credential"),
        ("month_of(template('{{ ds'))", "not a valid Jinja template"),
        ("total(wired(gone, 'rows'), 'x')", "'gone'"),
        ("total(wired(query, 'rows'), parameter('gone'))", "'gone'"),
        ("argument_of(query, 'gone')", "has no such argument"),
        ("item('x')", "list element"),
    ],
)
def test_wrong_expressions(expression: Any, message: str, tmp_path: Path) -> None:
    """Specs and edits refuse them with the same message, which names the place."""
    with pytest.raises(SpecError, match=message) as caught:
        spec(tmp_path, json={"total": {"$derive": expression}})
    assert "send" in str(caught.value) or "steps" in str(caught.value)
    with pytest.raises(SpecError, match=message):
        edited(spec(tmp_path), "json.total", expression)


def test_what_decides_what_runs(tmp_path: Path) -> None:
    """An endpoint is never derived."""
    with pytest.raises(SpecError, match="decides what runs"):
        spec(tmp_path, endpoint={"$derive": TOTAL})
    with pytest.raises(SpecError, match="decides what runs"):
        edited(spec(tmp_path), "endpoint", TOTAL)


def test_edits(tmp_path: Path) -> None:
    """A place or a whole argument is derived; a whole argument keeps its recorded value beside the tree."""
    automation = spec(tmp_path, json={"number": 7})
    inside = edited(automation, "json.number", TOTAL)
    assert json_of(inside).wires[0].derive == NODE
    assert json_of(inside).value == {"number": None}

    whole = edited(automation, "json", TOTAL)
    assert (json_of(whole).derive, json_of(whole).value) == (NODE, {"number": 7})

    again = ChangeStep("send", values=[("json.number", 8)]).apply(inside, "ada")
    assert (json_of(again).value, json_of(again).wires) == ({"number": 8}, [])
    with pytest.raises(SpecError, match="no frozen value"):
        edited(whole, "json.number", TOTAL)


def test_renamed_steps(tmp_path: Path) -> None:
    """A renamed step is renamed in every tree; one that a tree reads is not removed."""
    automation = editing.rename_step(spec(tmp_path), "query", "load")
    (wire,) = json_of(automation).wires
    assert wire.derive is not None
    assert written(wire.derive) == "total(wired('load', 'rows'), 'revenue')"
    with pytest.raises(SpecError, match="total"):
        editing.remove_step(automation, "load")
    whole = editing.rename_step(spec(tmp_path, json={"$derive": NODE}), "query", "load")
    assert json_of(whole).outputs()[0].step == "load"


def test_params_in_use(tmp_path: Path) -> None:
    """A param that a derived value reads, also in a template, is not removed."""
    for expression in ("text('{a}', a=parameter('region'))", "month_of(template('{{ params.region }}'))"):
        with pytest.raises(SpecError, match="is used by"):
            editing.set_params(edited(spec(tmp_path), "json.text", expression), {"region": None})


def test_explain_and_diff(tmp_path: Path) -> None:
    """Both show the expression; explain says it in words, and each slot of a text by itself."""
    automation = spec(tmp_path)
    tree = "text('{a} of {b}', a=shown(total(wired(query, 'rows'), 'revenue'), ',d'), b=count(wired(query, 'rows')))"
    new = edited(automation, "json.text", tree)
    (source,) = [one["source"] for one in explain(new, "send") if one["argument"] == "json"]
    assert "`total` is the total of revenue over rows of query; as `total(wired('query', 'rows'), 'revenue')`" in source
    assert "`text`, a is the total of revenue over rows of query; `text`, b is the number of rows of query" in source
    (change,) = [one for one in diff(automation, new) if one.place == "steps.send.arguments.json.text"]
    assert change.after["$derive"].startswith("text('{a} of {b}', a=shown(")


def test_review_items(tmp_path: Path) -> None:
    """The review lists what a step works out, and a recipient that is chosen by a criterion."""
    assert "works out json.total in every run" in " ".join(review_lines(spec(tmp_path)))
    named = edited(spec(tmp_path), "json.to", "largest(wired(query, 'rows'), 'revenue')['email']")
    assert "takes json.to by a criterion or from a text" in " ".join(review_lines(named))


@pytest.mark.parametrize(
    ("place", "expression", "codes"),
    [
        ("json.total_rows", "count(wired(query, 'rows'))", set()),
        ("json.note", "largest(wired(query, 'rows'), 'revenue')['region']", set()),
        ("json.to", "largest(wired(query, 'rows'), 'revenue')['email']", {"VAI409"}),
        ("json.billingAddress", "found(joined(pluck(wired(query, 'rows'), 'text')), 'email')", {"VAI409"}),
        ("json.amount", "total(where(wired(query, 'rows'), status='open'), 'due')", {"VAI409"}),
        ("json.to", "only(where(wired(query, 'rows'), name=parameter('region')))['email']", set()),
        ("json.to", "only(where(wired(query, 'rows'), name='Ada'))['email']", set()),
        ("json.to", "only(where(wired(query, 'rows'), customer_id=7, region=parameter('region')))['email']", set()),
        ("json.to", "key_of(wired(query), displayName='Ada')", set()),
        ("json.to", "key_of(wired(query), source='gift_card')", set()),
        ("json.to", "key_of(wired(query), status='open')", {"VAI409"}),
        ("json.to", "only(where(wired(query, 'rows'), source='gift_card'))['email']", {"VAI409"}),
        ("json.to", "only(where(wired(query, 'rows'), status='open'))['email']", {"VAI409"}),
        ("json.to", "only(where(wired(query, 'rows'), name='Ada', status='open'))['email']", {"VAI409"}),
        ("json.to", "pluck(where(wired(query, 'rows'), name='Ada'), 'email')", {"VAI409"}),
        ("json.to", "largest(where(wired(query, 'rows'), name='Ada'), 'due')['email']", {"VAI409"}),
        ("json.to", "key_of(wired(query), by='due')", {"VAI409"}),
        ("json.to", "only(where(wired(query, 'rows'), due=over(parameter('region'))))['email']", {"VAI409"}),
        ("json.lines", "project(where(wired(query, 'rows'), open=True), to='email')", {"VAI409"}),
        ("json.lines", "project(where(wired(query, 'rows'), open=True), 'region')", set()),
        ("json.note", "first(wired(query, 'rows'))['id']", {"VAI407"}),
        ("json.note", "part(wired(query, 'rows'), 0, 'id')", {"VAI407"}),
        ("json.note", "text('{a} {b}', a=count(wired(query, 'rows')), b=shown(5))", {"VAI209"}),
        ("json.note", "count(wired(query, 'gone'))", {"VAI204"}),
    ],
)
def test_lint(place: str, expression: str, codes: set[str], tmp_path: Path) -> None:
    """Positions, recipients by a criterion and constants are found; a record that the starter names is none."""
    automation = edited(spec(tmp_path), place, expression)
    document = automation.model_dump(mode="json")
    send = document["steps"][-1]
    assert send["key"] == "send"
    for origin, calls, expected in (("tool_output", ["c1"], codes), ("user", ["c1"], None), (None, [], None)):
        send["arguments"]["json"]["origin"], send["call_ids"] = origin, calls
        by_person = {"VAI410" if code == "VAI409" else code for code in codes}
        found = findings_of(document, tmp_path)
        assert found & {"VAI204", "VAI207", "VAI209", "VAI407", "VAI409", "VAI410"} == (
            codes if expected is not None else by_person
        )


def test_a_credential_in_a_full_spec(tmp_path: Path) -> None:
    """A tree in the form of a sidecar is searched, too."""
    document = spec(tmp_path).model_dump(mode="json")
    tree = {"function": "text", "template": "{a} AKIAIOSFODNN7EXAMPLF", "slots": {"a": NODE}}
    document["steps"][-1]["arguments"]["json"]["wires"][0]["derive"] = tree
    (tmp_path / "full.json").write_text(json.dumps(document))
    with pytest.raises(SpecError, match="looks like a credential"):
        read_spec(tmp_path / "full.json")


def findings_of(document: dict[str, Any], folder: Path) -> set[str]:
    """Return the codes that lint finds in a spec in its full form."""
    (folder / "full.yaml").write_text(yaml.safe_dump(document))
    return {finding.code for finding in lint([folder / "full.yaml"])}


def test_lint_of_broken_references(tmp_path: Path) -> None:
    """Unknown steps, params and arguments, other functions and credentials have their codes; nothing is raised."""
    base = spec(tmp_path).model_dump(mode="json")

    def codes(tree: Any) -> set[str]:
        base["steps"][-1]["arguments"]["json"]["wires"][0]["derive"] = tree
        return findings_of(base, tmp_path)

    wired = {"function": "wired", "step": "gone", "path": []}
    assert "VAI203" in codes({"function": "count", "rows": wired})
    assert "VAI201" in codes({"function": "over", "value": {"function": "parameter", "name": "gone"}})
    assert "VAI208" in codes({"function": "argument_of", "step": "query", "name": "gone"})
    assert "VAI005" in codes({"function": "sum", "rows": wired})
    assert "VAI005" in codes({"function": "total", "rows": [{"a": 1}], "field": "a"})
    secret = {"function": "text", "template": "{a} AKIAIOSFODNN7EXAMPLF", "slots": {"a": NODE}}
    assert "VAI303" in codes(secret)
    for broken in (None, 5, [], "x", {}, {"function": None}, {"function": "total", "rows": {"function": "total"}}):
        codes(broken)


def test_edits_of_the_file_by_hand_are_merged(tmp_path: Path) -> None:
    """A person's edit of one expression and a new rendering that changes another stay both."""
    values = {"total": {"$derive": TOTAL}, "a": "x" * 40, "b": "y" * 40, "c": "z" * 40, "number": 7}
    before = render(spec(tmp_path, json=values))
    now = render(edited(spec(tmp_path, json=values), "json.number", "count(wired(query, 'rows'))"))
    by_hand = before.replace('total(wired(query, "rows"), "revenue")', 'total(wired(query, "rows"), "cost")')
    both = merge(before, by_hand, now)
    assert both.conflicts == []
    assert 'total(wired(query, "rows"), "cost")' in both.text
    assert "count(wired(query" in both.text


def test_explain_draws_recorded_values(capsys: pytest.CaptureFixture[str]) -> None:
    """With the trace, each function is shown with the value that it had in the recording."""
    case = GOLDEN / "derived"
    assert main(["explain", f"{case}/expected/derived.py:create_flashboard", "--trace", f"{case}/trace.json"]) == 0
    shown = [line.strip() for line in capsys.readouterr().out.split("\n")]
    for line in (
        'revenue: total of revenue over 2 rows of generate_query = "520.50"',
        "total of revenue over 2 rows of generate_query = 520.5",
        'month: month of the row with the largest revenue of 2 rows of generate_query = "February 2025"',
        "open: number of rows of generate_query_2 where status is open = 2",
    ):
        assert line in shown
    assert main(["explain", f"{case}/expected/derived.py"]) == 0
    assert "= 520.5" not in capsys.readouterr().out
