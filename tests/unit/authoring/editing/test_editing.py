"""Edits: their effect on steps, wires, gates and branches, their refusals, and the invariants of any sequence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from airflow_provider_vai.authoring import editing
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.model.argument import Argument, Output, Secret
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.review import summarized
from airflow_provider_vai.renderer.render import render
from airflow_provider_vai.store.sidecar_files import read_sidecar
from tests.paths import GOLDEN
from tests.unit.support import findings, review_lines

PAIRS = {
    path.name.removesuffix(".vai.json"): read_sidecar(path).automation
    for path in sorted(GOLDEN.glob("*/expected/*.vai.json"))
}
CHAINS = [name for name in PAIRS if name not in ("every_kind", "vai_route_parallel")]


def golden(name: str) -> Automation:
    """Return the automation of a golden case."""
    return PAIRS[name]


def search(automation: Automation, key: str = "look_up") -> Step:
    """Return a new step that only reads."""
    return editing.new_step(automation, "web_search", {"query": "coffee", "conn_id": "web"}, key=key)


def post(automation: Automation, key: str = "tell") -> Step:
    """Return a new step that changes something outside."""
    values = {"conn_id": "crm", "endpoint": "/notes", "method": "POST", "json": {"text": "a", "lines": [1, 2]}}
    return editing.new_step(automation, "http_request", values, key=key)


def step(automation: Automation, key: str) -> Step:
    """Return the step with a key."""
    return next(step for step in automation.steps if step.key == key)


def edges(automation: Automation) -> dict[str, list[str]]:
    """Return what each step waits for."""
    return {step.key: step.depends_on for step in automation.steps}


def made(*steps: tuple[str, dict[str, Any]]) -> Automation:
    """Return a chain of steps, given their kinds (also used as keys) and arguments."""
    automation = Automation(dag_id="made", source_type="MANUAL", steps=[])
    for kind, arguments in steps:
        key = arguments.pop("key", kind)
        new = editing.new_step(automation, kind, arguments, key=key)
        automation = editing.add_step(automation, new, ungated=True)
    return automation


def wire(key: str, *path: str | int) -> Argument:
    """Return an argument that is an earlier step's result."""
    return Argument(class_="wired", from_=Output(step=key, path=list(path)))


def refused(edit: Callable[[], Any]) -> str:
    """Return the message of a refused edit, after checking that it has a place and a remedy."""
    with pytest.raises(SpecError) as caught:
        edit()
    assert caught.value.where
    assert caught.value.remedy
    return str(caught.value)


# --- adding and removing ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAIRS)
def test_what_follows_from_the_steps_is_what_crystallizing_says(name: str) -> None:
    """Summarizing an unchanged automation again gives the same automation."""
    assert summarized(golden(name), golden(name).steps) == golden(name)


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("make", [search, post])
def test_removing_an_added_step_undoes_it(name: str, make: Callable[[Automation], Step]) -> None:
    """A step can be added at every place of a chain, with or without a gate."""
    before = golden(name)
    new = make(before)
    places: list[dict[str, Any]] = [{}]
    places += [{side: one.key} for one in before.steps for side in ("after", "before")]
    places += [{**place, "parallel": True} for place in places]
    tried = 0
    for place in places:
        if place.get("after", "").startswith("approve_"):
            continue
        after = editing.add_step(before, new, **place)
        assert {one.key for one in after.steps} > {one.key for one in before.steps}
        assert editing.remove_step(after, new.key) == before, place
        tried += 1
    assert tried > 2


def test_added_after_takes_over_the_followers() -> None:
    """After a step, others wait for the new one; in parallel, nobody does; between two, other steps stay."""
    before = golden("every_kind")
    new = search(before)
    followers = ("generate_query", "web_search", "fetch_page", "forecast")
    after = edges(editing.add_step(before, new, after="duckdb_transform"))
    assert after["look_up"] == ["duckdb_transform"]
    assert all("look_up" in after[key] and "duckdb_transform" not in after[key] for key in followers)
    beside = edges(editing.add_step(before, new, after="duckdb_transform", parallel=True))
    assert beside == {**edges(before), "look_up": ["duckdb_transform"]}
    between = edges(editing.add_step(before, new, after="duckdb_transform", before="web_search"))
    assert between == {**edges(before), "look_up": ["duckdb_transform"], "web_search": ["look_up"]}


def test_order_of_the_others_is_preserved() -> None:
    """Only the new step has a new place in the list."""
    before = golden("every_kind")
    for anchor in before.steps:
        if anchor.kind != "approval_gate":
            after = editing.add_step(before, search(before), before=anchor.key)
            assert [one.key for one in after.steps if one.key != "look_up"] == [one.key for one in before.steps]


def test_added_before_a_guarded_step_stands_before_its_gate() -> None:
    """Nothing comes between a gate and what it guards."""
    before = golden("vai_late_parcels")
    after = editing.add_step(before, search(before), before="http_request")
    assert edges(after)["approve_http_request"] == ["look_up"]
    assert edges(after)["http_request"] == ["approve_http_request"]
    message = refused(lambda: editing.add_step(before, search(before), after="approve_http_request"))
    assert "a step cannot be put between the gate 'approve_http_request' and what it guards (http_request)" in message


def test_an_added_write_gets_a_gate() -> None:
    """A write gets a gate unless it is added ungated, which the review reports."""
    before = golden("vai_garden")
    after = editing.add_step(before, post(before), gate={"assigned_users": ["mia"]})
    assert edges(after)["tell"] == ["approve_tell"]
    assert step(after, "approve_tell").arguments["assigned_users"].value == ["mia"]
    assert step(after, "approve_tell").arguments["subject"].value == "Run tell?"
    bare = editing.add_step(before, post(before), ungated=True, by="mia")
    assert step(bare, "tell").approval.gate is None
    assert "tell: external side effects without a gate (left without a gate by mia)" in review_lines(bare)
    assert "crm" in after.connections
    assert "made_up" in refused(lambda: editing.add_step(before, post(before), gate={"made_up": 1}))


def test_a_new_step_waits_for_what_it_reads() -> None:
    """A step waits for the steps that it reads, wherever it is added, and never comes before them."""
    before = golden("every_kind")
    new = search(before).model_copy(update={"arguments": {**search(before).arguments, "query": wire("forecast")}})
    after = editing.add_step(before, new, after="web_search", parallel=True)
    assert edges(after)["look_up"] == ["web_search", "forecast"]
    message = refused(lambda: editing.add_step(before, new, before="duckdb_transform"))
    assert "'look_up' takes query from 'forecast', but would come before it" in message


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("water", "there is already a step 'water'"),
        ("Water", "cannot name a step"),
        ("a b", "cannot name"),
        ("ti", "'ti_'"),
    ],
)
def test_names_of_new_steps(key: str, problem: str) -> None:
    """Names of new steps must be free identifiers."""
    before = golden("vai_garden")
    assert problem in refused(lambda: editing.add_step(before, search(before, key)))


def test_removing_names_every_reader() -> None:
    """The message names step, argument and place; with a value for each place, the step is removed."""
    before = golden("every_kind")
    places = ["forecast.arguments.rows", "create_flashboard.datasets.revenue", "http_request.json.regions"]
    places += ["conditional_branch.inputs.revenue"]
    message = refused(lambda: editing.remove_step(before, "generate_query"))
    assert f"4 places read its result: {', '.join(places)}" in message
    some = {place: [] for place in places[1:]}
    message = refused(lambda: editing.remove_step(before, "generate_query", freeze=some))
    assert "1 place reads its result: forecast.arguments.rows" in message
    after = editing.remove_step(before, "generate_query", freeze={place: [{"revenue": 1}] for place in places})
    assert step(after, "forecast").arguments["arguments"].value["rows"] == [{"revenue": 1}]
    assert edges(after)["forecast"] == ["duckdb_transform"]
    assert [left.tool for left in after.not_crystallized[-1:]] == ["generate_query"]
    assert "nothing reads it at nowhere.at" in refused(
        lambda: editing.remove_step(before, "web_search", freeze={"nowhere.at": 1})
    )


def test_removing_a_guarded_step_removes_its_gate() -> None:
    """Only the step and its gate are removed, and its recorded call is listed."""
    after = editing.remove_step(golden("vai_book_invoice_7_and_archive_the_rest"), "book", by="mia")
    assert edges(after) == {"archive": []}
    assert after.not_crystallized[-1].reason == "its step book was removed by mia"


def test_removing_a_gate() -> None:
    """A gate before a write is removed only with ungate, and the review reports it."""
    before = golden("vai_garden")
    message = refused(lambda: editing.remove_step(before, "approve_water"))
    assert "it guards water, which changes something outside" in message
    after = editing.remove_step(before, "approve_water", ungate=True, by="mia")
    assert edges(after) == {"read_sensor": [], "water": ["read_sensor"]}
    assert "water: external side effects without a gate (its gate was removed by mia)" in review_lines(after)
    again = editing.guard_step(after, "water", {"on_reject": "fail"})
    assert edges(again) == edges(before)


# --- moving, replacing, renaming --------------------------------------------------------------------------------------


def test_moving() -> None:
    """Steps that waited for the moved step wait for what it waited for, and its gate moves with it."""
    before = golden("monthly_revenue_report")
    after = editing.move_step(before, "generate_query_2", before="generate_query")
    assert list(edges(after)) == [
        "generate_query_2", "generate_query", "create_flashboard", "approve_http_request", "http_request",
    ]  # fmt: skip
    assert edges(after)["create_flashboard"] == ["generate_query"]
    for key in ("http_request", "approve_http_request"):
        first = editing.move_step(before, key, before="generate_query")
        assert list(edges(first))[:3] == ["approve_http_request", "http_request", "generate_query"]
        assert edges(first)["generate_query"] == ["http_request"]
        assert editing.move_step(first, key, after="create_flashboard") == before


def test_moving_past_a_wire_is_refused() -> None:
    """A step cannot be moved past a wire in either direction; the message names both steps and the place."""
    before = golden("monthly_revenue_report")
    problem = "'create_flashboard' takes datasets.revenue from 'generate_query', but would come before it"
    assert problem in refused(lambda: editing.move_step(before, "create_flashboard", before="generate_query"))
    assert problem in refused(lambda: editing.move_step(before, "generate_query", after="http_request"))
    assert "itself moves" in refused(lambda: editing.move_step(before, "http_request", before="approve_http_request"))


def test_a_guarded_steps_sources_come_before_its_gate() -> None:
    """A gate shows its step's values, so it waits for the steps that they come from."""
    before = golden("every_kind")
    after = editing.set_argument(before, "http_request", "json.note", wire("web_search", "results", 0))
    assert edges(after)["http_request"] == ["approve_http_request"]
    alone = editing.add_step(after, search(after), parallel=True)
    wired_ = editing.set_argument(alone, "http_request", "json.more", wire("look_up"))
    assert edges(wired_)["approve_http_request"] == ["call_agent", "look_up"]
    with pytest.raises(SpecError, match="takes json from 'approve_http_request'"):
        editing.set_argument(before, "http_request", "json", wire("approve_http_request"))


def test_replacing_keeps_the_place() -> None:
    """Dependencies, downstream steps and gate stay; the gate loses its recorded call, and readers are flagged."""
    before = golden("every_kind")
    after = editing.replace_step(before, "http_request", post(before))
    assert edges(after) == edges(before)
    assert "recorded" not in step(after, "approve_http_request").arguments
    assert "approve_http_request: lost recorded, which belonged to the step that was replaced" in review_lines(after)
    assert "approved" not in step(after, "approve_http_request").arguments["reason"].value
    assert step(after, "http_request").approval.recorded == "not_required"
    assert after.not_crystallized[-1].reason == "its step http_request was replaced by an editor"
    assert after.not_crystallized[-1].code == "step_replaced"
    read = editing.replace_step(before, "generate_query", search(before))
    assert any(line.startswith("generate_query: was replaced, and its result may look") for line in review_lines(read))
    written = editing.replace_step(before, "web_search", post(before))
    assert edges(written)["web_search"] == ["approve_web_search"]
    assert edges(written)["approve_web_search"] == ["duckdb_transform"]


def test_effect_follows_the_destination() -> None:
    """Another destination is not the declared one, so the step becomes a write with a gate; declaring it is listed."""
    before = golden("every_kind")
    assert step(before, "file_sync").effect == "artifact"
    after = editing.set_argument(before, "file_sync", "destination", "file:///data/shared")
    assert (step(after, "file_sync").effect, step(after, "file_sync").approval.gate) == ("write", "approve_file_sync")
    assert "own_destination" not in step(after, "file_sync").arguments
    same = editing.set_argument(before, "file_sync", "pattern", "*.json")
    assert step(same, "file_sync").effect == "artifact"
    unset = editing.unset_argument(before, "duckdb_transform", "own_destination")
    assert step(unset, "duckdb_transform").approval.gate == "approve_duckdb_transform"
    again = editing.set_argument(after, "file_sync", "own_destination", True)
    assert step(again, "file_sync").effect == "artifact"
    assert "effect_lowered" in findings(again, "file_sync")


def test_an_old_sidecar_is_judged_by_its_arguments() -> None:
    """A destination that nobody declared becomes a write with the next edit of the step."""
    before = golden("every_kind")
    old = step(before, "file_sync")
    arguments = {name: value for name, value in old.arguments.items() if name != "own_destination"}
    steps = [old.model_copy(update={"arguments": arguments}) if one is old else one for one in before.steps]
    after = editing.set_argument(before.model_copy(update={"steps": steps}), "file_sync", "pattern", "*.json")
    assert (step(after, "file_sync").effect, step(after, "file_sync").approval.gate) == ("write", "approve_file_sync")


def test_a_stated_read_ends_with_a_mutation() -> None:
    """A POST that the tools file called a read becomes a write when it sends a mutation."""
    before = golden("every_kind")
    query = editing.new_step(
        before,
        "http_request",
        {"conn_id": "x", "endpoint": "/g", "method": "POST", "json": {"query": "{ a }"}},
        key="g",
    )
    automation = editing.add_step(before, query, ungated=True)
    steps = [one.model_copy(update={"effect": "read"}) if one.key == "g" else one for one in automation.steps]
    automation = automation.model_copy(update={"steps": steps})
    assert step(editing.set_argument(automation, "g", "json.query", "{ b }"), "g").effect == "read"
    after = editing.set_argument(automation, "g", "json.query", "mutation { b }")
    assert (step(after, "g").effect, step(after, "g").approval.gate) == ("write", "approve_g")


@pytest.mark.parametrize(("name", "key"), [(name, one.key) for name in PAIRS for one in golden(name).steps])
def test_renaming_there_and_back(name: str, key: str) -> None:
    """After renaming, the old name remains only in the evidence, and renaming back restores everything."""
    before = golden(name)
    after = editing.rename_step(before, key, "quite_new")
    assert key not in {name for one in after.steps for name in (*one.depends_on, one.key, one.task_id)}
    assert key not in {output.step for one in after.steps for output in one.outputs()}
    assert editing.rename_step(after, "quite_new", key) == before


def test_renaming_follows_everywhere() -> None:
    """Wires, branches, the gate and its question use the new name."""
    assert editing.rename_step(golden("every_kind"), "http_request", "http_request") == golden("every_kind")
    after = editing.rename_step(golden("every_kind"), "add_note", "note_it")
    assert step(after, "conditional_branch").arguments["if_true"].value == ["note_it"]
    after = editing.rename_step(after, "http_request", "report")
    assert step(after, "report").approval.gate == "approve_report"
    assert step(after, "approve_report").arguments["subject"].value == "Run report?"
    after = editing.rename_step(after, "generate_query", "revenue")
    assert [output.step for output in step(after, "report").outputs()] == ["revenue"]


@pytest.mark.parametrize("edit", [editing.remove_step, lambda it, key: editing.rename_step(it, key, "other")])
def test_a_template_that_names_a_task_is_told(edit: Callable[[Automation, str], Automation]) -> None:
    """A template that names a task would not find it after the edit."""
    before = golden("vai_route")
    text = Argument(class_="template", value="{{ ti.xcom_pull('web_search') }}")
    after = editing.set_argument(before, "save_route", "arguments.title", text)
    assert "a template of 'save_route' refers to the task 'web_search'" in refused(lambda: edit(after, "web_search"))


@pytest.mark.parametrize("text", ["{{ conn.shop.password }}", "{{ var.value.key }}", "{{ ti.get_template_context() }}"])
def test_a_template_that_reads_a_credential_is_refused(text: str) -> None:
    """In an argument, inside one, and in a notification."""
    before = golden("vai_route")
    given = Argument(class_="template", value=text)
    bell = {"on": "failure", "notifier": "airflow.providers.mine.notifications.bell.BellNotifier"}
    assert "credential" in refused(lambda: editing.set_argument(before, "save_route", "arguments.title", given))
    options = {"notifications": [{**bell, "arguments": {"text": text}}]}
    assert "credential" in refused(lambda: editing.set_options(before, **options))


# --- branches ---------------------------------------------------------------------------------------------------------


def test_a_branch_keeps_leading_to_its_tasks() -> None:
    """Branches lead to new steps before their targets and to new gates; if that is impossible, the edit is refused."""
    before = golden("every_kind")
    after = editing.add_step(before, post(before), before="add_note")
    assert step(after, "conditional_branch").arguments["if_true"].value == ["approve_tell"]
    assert editing.remove_step(after, "tell") == before
    guarded = editing.guard_step(before, "plan_discount")
    assert step(guarded, "conditional_branch").arguments["if_false"].value == ["approve_plan_discount"]
    assert "'conditional_branch' names it in if_true" in refused(lambda: editing.remove_step(before, "add_note"))
    assert "lists 'plan_discount' in if_false" in refused(
        lambda: editing.add_step(before, search(before), after="conditional_branch")
    )
    assert "names it in if_false" in refused(
        lambda: editing.move_step(before, "plan_discount", before="generate_query")
    )


def test_removing_a_branch() -> None:
    """Removing a branch lets both sides run, so it needs unbranch."""
    before = golden("every_kind")
    assert "decides whether add_note, plan_discount run" in refused(
        lambda: editing.remove_step(before, "conditional_branch")
    )
    after = editing.remove_step(before, "conditional_branch", unbranch=True)
    assert edges(after)["add_note"] == edges(after)["plan_discount"] == ["shell_command"]


def test_a_step_that_its_branch_never_runs_is_told() -> None:
    """A step after a branch that the branch does not list is reported."""
    before = golden("every_kind")
    after = editing.add_step(before, search(before), after="conditional_branch", parallel=True)
    line = "look_up: follows the branch conditional_branch, which names it neither in if_true nor in if_false"
    assert any(entry.startswith(line) for entry in review_lines(after))
    led = editing.set_argument(after, "conditional_branch", "if_true", ["add_note", "look_up"])
    assert "always_skipped" not in findings(led)


# --- arguments --------------------------------------------------------------------------------------------------------


def test_an_edited_argument_is_the_users() -> None:
    """Origin and evidence record the edit, and the gate shows the recorded value."""
    before = golden("vai_late_parcels")
    after = editing.set_argument(before, "http_request", "endpoint", "/v2/alerts", by="mia")
    edited = step(after, "http_request").arguments["endpoint"]
    assert (edited.value, edited.origin, edited.evidence) == ("/v2/alerts", "user", ["edited by mia"])
    recorded = step(before, "http_request").arguments["endpoint"].value
    shown = step(after, "approve_http_request").arguments["recorded"].value
    assert shown == {
        **step(before, "approve_http_request").arguments["recorded"].value, "arguments": {"endpoint": recorded},
    }  # fmt: skip
    twice = editing.set_argument(after, "http_request", "endpoint", "/v3/alerts")
    assert step(twice, "approve_http_request") == step(after, "approve_http_request")


def test_arguments_by_their_other_names() -> None:
    """An argument may be given by its alias in traces."""
    after = editing.set_argument(golden("every_kind"), "generate_query", "prompt", "Which region?")
    assert step(after, "generate_query").arguments["question"].value == "Which region?"
    assert "prompt" not in step(after, "generate_query").arguments


@pytest.mark.parametrize(
    ("place", "value", "problem"),
    [
        ("nonsense", 1, "has no argument 'nonsense'"),
        ("method", "SEND", "method: Input should be"),
        ("headers", {"a": 1}, "headers.a: Input should be a valid string"),
        ("json.regions.0", 1, "is inside a value that is filled in by the run"),
        ("json.absent.more", 1, "the value has no 'absent': it has the keys"),
        ("endpoint.x", 1, "it has no keys"),
        ("", 1, "is not a place"),
        ("endpoint", None, "endpoint: Input should be a valid string"),
        ("endpoint", Argument(class_="parameter", param="p"), "'endpoint' of http_request decides what runs"),
        ("conn_id", wire("web_search"), "'conn_id' of http_request decides what runs"),
        ("endpoint", Argument(class_="template", value="/x/{{ run_id }}"), 'its template reads "run_id"'),
        ("conn_id", Argument(class_="template", value="c_{{ ds }}"), "'conn_id' of http_request decides what runs"),
        ("json", Argument(class_="template", value="{{ ds"), "not a valid Jinja template"),
        ("json", wire("absent"), "there is no step 'absent'"),
        ("json.month", wire("plan_discount"), "takes json.month from 'plan_discount', but would come before it"),
        ("json", Argument(class_="parameter", param="absent"), "'absent', which is not declared"),
        ("json", Argument(class_="wired", value=1), "a wired argument cannot have these fields"),
    ],
)
def test_arguments_that_do_not_fit(place: str, value: Any, problem: str) -> None:
    """Refused are wrong types, unknown arguments or places, later steps, and outside values that decide what runs."""
    assert problem in refused(lambda: editing.set_argument(golden("every_kind"), "http_request", place, value))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("json.password", "Tr0ub4dor&3xyz"),
        ("json.note", "see ghp_9fK2mQz7LwX4vB9nT3hYpR8sJ6dC1eAu0gHb"),
        ("headers", {"Authorization": "Bearer abcdefghijklmnopqrstuvwx"}),
        ("endpoint", "https://mia:hunter2hunter2@example.org/x"),
        ("json.note", Argument(class_="template", value="{{ ds }} ghp_9fK2mQz7LwX4vB9nT3hYpR8sJ6dC1eAu0gHb")),
    ],
)
def test_credentials_are_refused(place: str, value: Any) -> None:
    """A credential is refused by its place, and the message never shows it. A connection's secret is allowed."""
    before = golden("every_kind")
    message = refused(lambda: editing.set_argument(before, "http_request", place, value))
    assert place.partition(".")[0] in message
    for text in ("Tr0ub4dor", "ghp_9fK2", "Bearer abc", "hunter2"):
        assert text not in message
    secret = Argument(class_="frozen", value=None, secrets=[Secret(at=[], connection="crm_key")])
    after = editing.set_argument(before, "http_request", "json.password", secret)
    assert "crm_key" in after.connections
    assert step(after, "http_request").arguments["json"].secrets == [Secret(at=["password"], connection="crm_key")]


def test_a_step_that_becomes_a_write_gets_a_gate() -> None:
    """A step that becomes a write gets a gate, or a review item without one. It stays guarded if it reads again."""
    before = golden("vai_phone_help")
    after = editing.set_argument(before, "get_line", "method", "POST", by="mia")
    assert (step(after, "get_line").effect, edges(after)["get_line"]) == ("write", ["approve_get_line"])
    assert "when mia edited method" in step(after, "approve_get_line").arguments["reason"].value
    bare = editing.set_argument(before, "get_line", "method", "POST", ungated=True)
    assert (step(bare, "get_line").approval.gate, len(bare.steps)) == (None, 1)
    assert "write_without_gate" in findings(bare, "get_line")
    back = editing.set_argument(after, "get_line", "method", "GET")
    assert (step(back, "get_line").effect, step(back, "get_line").approval.gate) == ("read", "approve_get_line")


def test_what_a_tools_file_said_of_the_effect_stays() -> None:
    """An MCP tool that only reads stays so when another argument is edited; only the effect argument changes that."""
    before = golden("vai_garden")
    after = editing.set_argument(before, "read_sensor", "arguments.unit", "celsius")
    assert (step(after, "read_sensor").effect, len(after.steps)) == ("read", len(before.steps))
    after = editing.set_argument(before, "read_sensor", "effect", "write")
    assert edges(after)["read_sensor"] == ["approve_read_sensor"]
    after = editing.set_argument(before, "water", "effect", "read", by="mia")
    assert step(after, "water").approval.gate == "approve_water"
    assert "water: had external side effects; mia set its effect to read" in review_lines(after)


def test_a_persons_words_are_no_models() -> None:
    """The flag ends when the model's words are replaced."""
    before = golden("every_kind")
    reason = "an MCP server answers, and its answer may change"
    assert step(before, "add_note").non_deterministic_reason == (
        f"{reason}; a model wrote the words of arguments.text, which every run repeats"
    )
    after = step(editing.set_argument(before, "add_note", "arguments.text", "Mine."), "add_note")
    assert (after.non_deterministic_reason, after.determinism) == (reason, "live")


def test_a_models_words_go_place_by_place() -> None:
    """If one of several texts is replaced, the others stay flagged by place; with the last one, the flag ends."""
    automation = golden("monthly_revenue_report")
    for place in ("title", "summary", "highlights.0"):
        automation = editing.set_argument(automation, "http_request", f"json.{place}", "Mine.")
    edited = step(automation, "http_request")
    assert edited.model_words == [["json", "highlights", 1], ["json", "highlights", 2]]
    assert edited.non_deterministic_reason == (
        "a model wrote the words of json.highlights.1, json.highlights.2, which every run repeats"
    )
    assert "model_written" in findings(automation, "http_request")
    automation = editing.set_argument(automation, "http_request", "json.highlights", ["Mine.", "Too."])
    edited = step(automation, "http_request")
    assert (edited.model_words, edited.non_deterministic, edited.determinism) == ([], False, "exact")
    assert "model_written" not in findings(automation, "http_request")


def test_an_edit_decides_about_its_place_alone() -> None:
    """Undecided places that were not edited stay in the review, and those that were set do not."""
    before = golden("every_kind")
    other = editing.set_argument(before, "http_request", "json.note", "Mine.")
    assert "date_without_year" in findings(other, "http_request")
    for place, value in (("json.month", "2025-04"), ("json", {"month": "2025-04"})):
        after = editing.set_argument(before, "http_request", place, value)
        assert "date_without_year" not in findings(after, "http_request")
        assert "date_without_year" in findings(after, "call_automation")


def test_a_question_instead_of_the_query() -> None:
    """Without SQL, a model writes the query in each run, and the step is flagged."""
    before = golden("every_kind")
    after = step(editing.unset_argument(before, "generate_query", "sql"), "generate_query")
    assert after.determinism == "model_at_run_time"
    both = editing.unset_argument(before, "generate_query", "question")
    assert "give sql" in refused(lambda: editing.unset_argument(both, "generate_query", "sql"))


def test_what_was_drawn_from_the_recording_is_to_be_checked() -> None:
    """Recorded expectations may not match another address or query, so they are flagged."""
    after = editing.set_argument(golden("every_kind"), "generate_query", "sql", "SELECT 1")
    line = "generate_query.sql: tables still come from the recording, which had a different sql"
    assert line in review_lines(after)
    assert "expected_shape" not in " ".join(review_lines(after))


def gated_tool() -> Automation:
    """Return an automation with a guarded step whose gate has form fields and a denied call."""
    automation = made(("mcp_tool", {"tool": "pay", "conn_id": "bank", "arguments": {"to": "Ann", "amount": 10}}))
    denied = {"tool": "pay", "conn_id": "bank", "arguments": {"to": "Eve", "amount": 10}}
    editable = {"arguments.amount": {"type": "integer", "minimum": 1}, "arguments.to": {"type": "string"}}
    return editing.guard_step(automation, "mcp_tool", {"editable": editable, "denied": [denied]})


def test_the_gates_form_fits_the_new_value() -> None:
    """A form field gets the new type, and is removed with its place."""
    before = gated_tool()
    same = editing.set_argument(before, "mcp_tool", "arguments.amount", 20)
    assert step(same, "approve_mcp_tool") == step(before, "approve_mcp_tool")
    other = editing.set_argument(before, "mcp_tool", "arguments.amount", 20.5)
    fields = step(other, "approve_mcp_tool").arguments["editable"].value
    assert fields == {"arguments.amount": {"type": "number"}, "arguments.to": {"type": "string"}}
    gone = editing.unset_argument(before, "mcp_tool", "arguments.amount")
    assert list(step(gone, "approve_mcp_tool").arguments["editable"].value) == ["arguments.to"]
    assert any("arguments.amount can no longer be changed at the approval" in line for line in review_lines(gone))


def test_a_denied_call_does_not_come_back() -> None:
    """The arguments of a denied call are refused, because the gate would never let them pass."""
    message = refused(lambda: editing.set_argument(gated_tool(), "mcp_tool", "arguments.to", "Eve"))
    assert "a call that a person denied" in message


def test_places_in_values() -> None:
    """List items, new keys and keys with dots can be set; wires at or inside a replaced place are removed."""
    before = made(("web_search", {"query": "q", "conn_id": "w"}), ("http_request", dict(post_values())))
    after = editing.set_argument(before, "http_request", "json.lines.1", wire("web_search"))
    after = editing.set_argument(after, "http_request", ["json", "a.b"], "dotted")
    argument = step(after, "http_request").arguments["json"]
    assert argument.value == {"text": "a", "lines": [1, None], "a.b": "dotted"}
    assert [(one.at, one.from_) for one in argument.wires] == [(["lines", 1], Output(step="web_search"))]
    plain = editing.set_argument(after, "http_request", "json.lines", [3])
    assert step(plain, "http_request").arguments["json"].wires == []
    assert step(plain, "http_request").arguments["json"].class_ == "frozen"
    assert "no item '2'" in refused(lambda: editing.set_argument(after, "http_request", "json.lines.2", 1))
    unset = editing.unset_argument(after, "http_request", "json.lines")
    assert step(unset, "http_request").arguments["json"].wires == []


def post_values() -> dict[str, Any]:
    """Return the arguments of a POST."""
    return {"conn_id": "crm", "endpoint": "/n", "method": "POST", "json": {"text": "a", "lines": [1, 2]}}


# --- the whole automation ---------------------------------------------------------------------------------------------


def test_triggers() -> None:
    """Triggers are validated; a webhook adds its connection, and its payload can be used."""
    before = golden("vai_garden")
    hook = {"type": "webhook", "path": "shop/orders", "conn_id": "shop_hook"}
    after = editing.set_triggers(before, [hook, {"type": "schedule", "schedule": "@daily", "timezone": "Asia/Tokyo"}])
    assert "shop_hook" in after.connections
    payload = Argument(class_="parameter", param="payload", path=["plant"])
    after = editing.set_argument(after, "water", "arguments.plant", payload)
    assert "'payload', which is not declared" in refused(lambda: editing.set_triggers(after, []))


@pytest.mark.parametrize(
    ("trigger", "problem"),
    [
        ({"type": "schedule", "schedule": "daily"}, "neither a cron expression nor a preset"),
        ({"type": "schedule", "schedule": "@daily", "timezone": "Mars/Base"}, '"Mars/Base" is not a time zone'),
        ({"type": "schedule", "schedule": "@daily", "timezone": "../../etc/passwd"}, "is not a time zone"),
        ({"type": "schedule", "schedule": "0 0 6 * * *"}, 'triggers[0].schedule: "0 0 6 * * *" has 6 fields'),
        ({"type": "schedule", "schedule": "0 0 31 2 *"}, "never fires"),
        ({"type": "event", "uri": "airflow://orders"}, "Airflow keeps the scheme"),
        ({"type": "event", "uri": "s3://ABC:aB3dE5gH7jK9@bucket/a.csv"}, "'s3://***bucket/a.csv' contains"),
        ({"type": "sundial"}, "sundial"),
        ({"type": "event"}, "either an event or the uri of an asset"),
    ],
)
def test_triggers_that_cannot_be(trigger: dict[str, Any], problem: str) -> None:
    """Triggers that Airflow would reject are refused."""
    assert problem in refused(lambda: editing.set_triggers(golden("vai_garden"), [trigger]))


def test_params_and_conditions() -> None:
    """A param that is used cannot be removed, and a condition may use only existing names."""
    before = editing.set_params(golden("vai_garden"), {"plant": {"default": "fern", "schema": {"type": "string"}}})
    after = editing.set_conditions(before, ["params.plant != 'cactus' and payload.wet = false"])
    after = editing.set_argument(after, "water", "arguments.plant", Argument(class_="parameter", param="plant"))
    message = refused(lambda: editing.set_params(after, {"plant": None}))
    assert "the param 'plant' is used by step water, conditions.0" in message
    assert editing.set_params(before, {"plant": None}) == golden("vai_garden")
    for condition, problem in {
        "params.plant ==": "cannot be read",
        "__import__('os')": "not Call",
        "params.absent = 1": "no param 'absent'",
        "secrets.x = 1": "the condition uses 'secrets'",
    }.items():
        assert problem in refused(lambda condition=condition: editing.set_conditions(before, [condition]))
    for param, problem in {
        "default": ({"default": 3, "schema": {"type": "string"}}, "the default 3 does not fit the schema (type)"),
        "schema": ({"schema": {"type": "colour"}}, "the schema is not a JSON Schema: 'colour' is not valid"),
        "fields": ({"value": 3}, "unknown key"),
    }.values():
        assert problem in refused(lambda param=param: editing.set_params(before, {"region": param}))
    assert "credential" in refused(lambda: editing.set_params(before, {"api_key": {"default": "8fK2mQz7LwX4vB9n"}}))


def test_options() -> None:
    """Options must be known and of the right type; ``None`` restores the default."""
    before = golden("vai_garden")
    after = editing.set_options(before, retries=2, tags=["garden"], owner="mia", timeout_seconds=60)
    assert (after.retries, after.tags, after.owner) == (2, ["garden"], "mia")
    assert editing.set_options(after, retries=None, tags=None, owner=None, timeout_seconds=None) == before
    assert "no option 'steps'" in refused(lambda: editing.set_options(before, steps=[]))
    assert "max_active_runs" in refused(lambda: editing.set_options(before, max_active_runs=0))
    mapped = editing.set_step_options(before, "water", each={"step": "read_sensor", "path": ["plants"]}, concurrency=2)
    assert step(mapped, "water").each == Output(step="read_sensor", path=["plants"])
    assert "water.each" in refused(lambda: editing.remove_step(mapped, "read_sensor"))
    assert editing.set_step_options(mapped, "water", each=None, concurrency=None) == before
    emitting = editing.set_step_options(before, "water", asset=True)
    assert step(emitting, "water").asset
    assert editing.set_step_options(emitting, "water", asset=None) == before
    assert "asset" in refused(lambda: editing.set_step_options(before, "water", asset="often"))


# --- whatever is done -------------------------------------------------------------------------------------------------

KEYS = st.integers(0, 30)
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.lists(st.integers(), max_size=2),
    st.sampled_from(["POST", "GET", "{{ ds }}", "'\"\\\n", "\u202e", "SELECT 1"]),
)  # fmt: skip
ACTIONS = ("add", "post", "remove", "gate", "move", "replace", "rename", "set", "unset", "wire", "guard")
EDITS = st.lists(
    st.tuples(
        st.sampled_from(ACTIONS),
        KEYS, KEYS, KEYS, VALUES, st.booleans(),
    ),
    min_size=1, max_size=8,
)  # fmt: skip


def edited(automation: Automation, edit: tuple[str, int, int, int, Any, bool]) -> Automation:
    """Return the automation after one drawn edit."""
    what, one, two, three, value, flag = edit
    keys = [step.key for step in automation.steps] or ["none"]
    key, other = keys[one % len(keys)], keys[two % len(keys)]
    names = list(automation.steps[one % len(keys)].arguments) if automation.steps else []
    name = names[three % len(names)] if names else "none"
    side = {"after": other} if flag else {"before": other}
    if what in ("add", "post"):
        make = search if what == "add" else post
        new = make(automation, f"new_{three}")
        return editing.add_step(automation, new, **side, parallel=three % 2 == 0)  # type: ignore[arg-type]
    edits: dict[str, Callable[[], Automation]] = {
        "remove": lambda: editing.remove_step(automation, key),
        "gate": lambda: editing.remove_step(automation, key, ungate=True, unbranch=True),
        "move": lambda: editing.move_step(automation, key, **side),
        "replace": lambda: editing.replace_step(automation, key, post(automation) if flag else search(automation)),
        "rename": lambda: editing.rename_step(automation, key, f"named_{three}"),
        "set": lambda: editing.set_argument(automation, key, name, value, ungated=flag),
        "unset": lambda: editing.unset_argument(automation, key, name),
        "wire": lambda: editing.set_argument(automation, key, name, wire(other)),
        "guard": lambda: editing.guard_step(automation, key),
    }
    return edits[what]()


def waited_for(automation: Automation, key: str) -> set[str]:
    """Return all steps that a step waits for, directly or indirectly."""
    waits, seen = edges(automation), set[str]()
    left = list(waits[key])
    while left:
        if (other := left.pop()) not in seen:
            seen.add(other)
            left += waits[other]
    return seen


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(PAIRS)), edits=EDITS)
def test_any_sequence_of_edits(name: str, edits: list[tuple[str, int, int, int, Any, bool]]) -> None:
    """Every edit gives a valid automation that renders, or an error; no step or gate is lost silently."""
    automation = golden(name)
    for edit in edits:
        before = {step.key for step in automation.steps}
        try:
            automation = edited(automation, edit)
        except SpecError:
            continue
        after = {step.key for step in automation.steps}
        gone = {"remove": 2, "gate": 2, "rename": 2}.get(edit[0], 0)
        assert len(before - after) <= gone
        if edit[0] == "rename":
            assert len(before) == len(after)
        for one in automation.steps:
            if one.effect == "write" and one.approval.gate is None:
                assert "write_without_gate" in findings(automation, one.key)
            if one.approval.gate:
                assert one.depends_on == [one.approval.gate]
            sources = {output.step for output in one.outputs() if output.step}
            assert sources <= waited_for(automation, one.approval.gate or one.key)
    assert Automation.model_validate_json(automation.model_dump_json()) == automation
    if automation.steps:
        render(automation)
