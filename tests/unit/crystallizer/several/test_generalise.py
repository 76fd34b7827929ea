"""Several runs of one task become one automation, which repeats each of them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from airflow_provider_vai.crystallizer.draft import Policy
from airflow_provider_vai.crystallizer.several.generalise import common_title, generalised
from airflow_provider_vai.crystallizer.several.recording import Recording, runs_of
from airflow_provider_vai.exceptions import CrystallizeError, RunNotSuccessful
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.run import Run, ToolCall, Turn
from airflow_provider_vai.model.tools_file import ToolRule
from airflow_provider_vai.renderer.render import render
from airflow_provider_vai.traces import merge
from airflow_provider_vai.traces.reading.coverage import Coverage
from tests.unit.support import MCP, SHA, call, crystallized, review_lines, run, tools

READ = ToolRule(match="get_*", kind="mcp_tool", conn_id="mcp", effect="read")
RULES = (READ, MCP)


def told(number: int, *calls: ToolCall, says: str | None = "Do it", **facts: Any) -> Run:
    """Return the run of a day; later numbers are newer."""
    turns = [Turn(index=0, user_text=says)]
    at = datetime(2026, 1, number, tzinfo=timezone.utc)
    return run(*calls, **{"id": f"r{number}", "started_at": at, "turns": turns, **facts})


def made_of(*runs: Run, policy: Policy | None = None, rules: tuple[ToolRule, ...] = RULES) -> Automation:
    """Return the automation of several runs, which renders."""
    recordings = [Recording(f"{it.id}.json", it, SHA) for it in runs]
    automation = generalised(recordings, tools(*rules), policy or Policy())
    render(automation)
    return automation


def step(automation: Automation, key: str) -> Step:
    """Return the step of a key."""
    return next(it for it in automation.steps if it.key == key)


def wires(automation: Automation, key: str) -> dict[tuple[str | int, ...], Any]:
    """Return what fills in the places of a step's recorded arguments: a param's name, or a step with a path."""
    argument = step(automation, key).arguments["arguments"]
    return {
        tuple(wire.at): wire.param or wire.template or (wire.from_ and (wire.from_.step, *wire.from_.path))
        for wire in argument.wires
    }


def refund(number: int, order: str, total: int, email: str, *more: ToolCall) -> Run:
    """Return a run that looks an order up and refunds it."""
    return told(
        number,
        call("get_order", {"order_id": order}, {"customer": {"email": email}, "total": total}),
        call("refund", {"order_id": order, "amount": total, "reason": "late"}, {"ok": True}),
        *more,
        call("mail", {"to": email, "subject": f"Refund of {order}"}, {"ok": True}),
        says=f"Please refund the order {order}",
    )


@pytest.mark.parametrize("ids", [("r1", "r2"), (f"sha256:{'1' * 16}", f"sha256:{'2' * 16}")], ids=["ids", "none"])
def test_the_dag_file_names_no_digest(ids: tuple[str, str]) -> None:
    """Digests of traces are in the sidecar only, even where a run has no other id."""
    one, other = refund(1, "ORD-1001", 80, "ann@x.org"), refund(2, "ORD-1002", 25, "bob@x.org")
    automation = made_of(*(run.model_copy(update={"id": name}) for run, name in zip((one, other), ids, strict=True)))

    text = " ".join(render(automation).split())
    assert "sha256" not in text
    assert ("(r2; r1)" if ids[0] == "r1" else "(no. 1; no. 2)") in text
    assert [source.id for source in automation.other_sources] == [ids[0]]


def test_what_varies_becomes_params_and_wires_and_the_rest_is_frozen() -> None:
    """What the user said differently is a param, what a result gave is wired, what was always so is a literal."""
    automation = made_of(refund(1, "ORD-1001", 80, "ann@x.org"), refund(2, "ORD-1002", 25, "bob@x.org"))

    assert {name: it.default for name, it in automation.params.items()} == {"order_id": "ORD-1002"}
    assert wires(automation, "get_order") == {("order_id",): "order_id"}
    assert wires(automation, "refund") == {
        ("order_id",): "order_id",
        ("amount",): ("get_order", "total", "is:number"),
    }
    assert step(automation, "refund").arguments["arguments"].value["reason"] == "late"
    assert wires(automation, "mail")["to",] == ("get_order", "customer", "email", "is:text")


def test_a_text_around_a_param_is_a_template() -> None:
    """A template for the same text in every run around each run's own order."""
    automation = made_of(refund(1, "ORD-1001", 80, "ann@x.org"), refund(2, "ORD-1002", 25, "bob@x.org"))

    assert wires(automation, "mail")["subject",] == "Refund of {{ params['order_id'] }}"


@pytest.mark.parametrize("hostile", ["{{ var.value.x }}", "{% raw %}", "{# c #}", "a { b"])
def test_a_text_that_could_be_read_as_a_template_becomes_none(hostile: str) -> None:
    """It becomes a required param, and the review names the recorded texts."""
    runs = [
        told(
            number,
            call("get_order", {"order_id": order}, {"ok": 1}),
            call("mail", {"subject": f"{hostile} {order}"}, {"ok": True}),
            says=f"Refund {order}",
        )
        for number, order in enumerate(("ORD-1001", "ORD-1002"), 1)
    ]
    automation = made_of(*runs)

    assert wires(automation, "mail") == {("subject",): "mail_subject"}
    assert any("mail.arguments.subject: is the required parameter" in line for line in review_lines(automation))


def test_provenance_is_the_newests_and_the_review_names_every_run() -> None:
    """Also where the newest was not named last; the calls of all runs are kept."""
    automation = made_of(refund(2, "ORD-1002", 25, "bob@x.org"), refund(1, "ORD-1001", 80, "ann@x.org"))

    assert automation.source is not None
    assert automation.source.id == "r2"
    runs = next(item for item in automation.review if item.code == "made_of_runs")
    assert runs.message.startswith("made from 2 runs of one task")
    assert runs.evidence == ["r2", "r1"]
    assert "sha256" not in render(automation)  # the digests of the traces are for the sidecar
    assert step(automation, "refund").call_ids == ["c2", "r1:c2"]
    assert automation.description == "Please refund the order …"
    assert automation.dag_id == "vai_please_refund_the_order"


def test_a_wire_that_fails_in_one_run_is_dropped() -> None:
    """The newest run alone would wire it; in the other run the model took it from elsewhere."""
    runs = [
        told(1, call("get_a", {}, {"code": "XK-4411"}), call("use", {"code": "ZZ-9999"}, 1), says="Use the code"),
        told(2, call("get_a", {}, {"code": "XK-4412"}), call("use", {"code": "XK-4412"}, 1), says="Use the code"),
    ]
    automation = made_of(*runs)

    assert wires(automation, "use") == {}
    assert any("'XK-4412' in r2; 'ZZ-9999' in r1" in line for line in review_lines(automation))


def test_several_runs_settle_what_one_leaves_open() -> None:
    """In one run two results hold the number; in the other only one of them does."""

    def one(number: int, left: str, right: str) -> Run:
        results = {"left": {"ref": left}, "right": {"ref": right}}
        return told(number, call("get_refs", {}, results), call("use", {"reference": right}, 1))

    alone = made_of(one(1, "AB-1000", "AB-1000"), one(2, "AB-1000", "AB-1000"))
    several = made_of(one(1, "AB-1001", "AB-1002"), one(2, "AB-1000", "AB-1000"))

    assert wires(alone, "use") == {}
    assert wires(several, "use") == {("reference",): ("get_refs", "right", "ref", "is:text")}


def test_a_write_takes_nothing_by_its_position_in_a_list() -> None:
    """Two runs do not show whose account stands first tomorrow, so whoever starts a run says it."""
    runs = [
        told(
            number,
            call("get_bills", {}, {"bills": [{"account": f"DE-{number}111"}, {"account": f"DE-{number}222"}]}),
            call("pay", {"account": f"DE-{number}111"}, 1),
        )
        for number in (1, 2)
    ]
    automation = made_of(*runs)

    assert wires(automation, "pay") == {("account",): "pay_account"}
    assert automation.params["pay_account"].default is None


def test_a_wire_comes_from_what_the_model_knew_in_every_run() -> None:
    """In one run both calls were made at once: the second cannot rest on the first one's answer."""

    def one(number: int, batch: int) -> Run:
        first = call("get_a", {}, {"code": f"XK-441{number}", "ok": True}, batch=1)
        return told(number, first, call("get_b", {"code": f"XK-441{number}"}, 1, batch=batch))

    assert wires(made_of(one(1, 2), one(2, 2)), "get_b") == {("code",): ("get_a", "code", "is:text")}
    assert wires(made_of(one(1, 1), one(2, 2)), "get_b") == {}


def test_no_wire_leads_to_a_step_that_may_be_skipped() -> None:
    """What stands behind both ways of a branch reads only what every run has."""
    runs = []
    for number, total in enumerate((80, 150, 120, 40), 1):
        more = [call("get_manager", {}, {"code": f"M-{number}771", "ok": True})] if total > 100 else []
        told_to = [call("get_more", {"code": f"M-{number}771"}, 1)] if total > 100 else []
        last = call("get_last", {"code": f"M-{number}771" if total > 100 else "M-0000"}, 1)
        runs.append(told(number, call("get_order", {}, {"total": total}), *more, *told_to, last))
    automation = made_of(*runs)

    assert wires(automation, "get_more") == {("code",): ("get_manager", "code", "is:text")}
    assert wires(automation, "get_last") == {}
    assert [it.depends_on for it in automation.steps if it.kind == "conditional_branch"] == [["get_order"]]


def test_a_step_behind_one_branch_reads_nothing_from_behind_another() -> None:
    """In the runs both were made; tomorrow one condition may hold without the other."""
    runs = []
    for number in range(1, 7):
        order = {"total": 200 if number < 4 else 50, "level": "urgent" if number < 3 else "slow"}
        more = [call("get_manager", {}, {"code": f"M-{number}771", "ok": True})] if number < 4 else []
        also = [call("get_more", {"code": f"M-{number}771"}, 1)] if number < 3 else []
        runs.append(told(number, call("get_order", {}, order), *more, *also, call("get_last", {}, 1)))
    automation = made_of(*runs)

    assert sum(it.kind == "conditional_branch" for it in automation.steps) == 2
    assert wires(automation, "get_more") == {}
    assert any("get_more.arguments.code: differs" in line for line in review_lines(automation))


def test_a_param_needs_a_gate_before_a_write() -> None:
    """Whoever may start a run could send it elsewhere: a write without a gate gets one, and no default."""
    free = ToolRule(match="mail", kind="mcp_tool", conn_id="mcp", approval="never")
    runs = [
        told(number, call("mail", {"to": to}, 1), says=f"Mail {to}") for number, to in ((1, "a@x.org"), (2, "b@x.org"))
    ]
    unguarded = made_of(*runs, rules=(free, MCP))

    assert {name: it.default for name, it in unguarded.params.items()} == {"mail_to": None}
    assert step(unguarded, "mail").approval.gate == "approve_mail"
    assert {name: it.default for name, it in made_of(*runs).params.items()} == {"to": "b@x.org"}


def test_what_the_model_varies_by_itself_is_no_param() -> None:
    """If the user's words are equal, the newest run's value stays and a review item lists the others."""
    runs = [
        told(number, call("get_rows", {"limit": limit}, []), says="List them") for number, limit in ((1, 10), (2, 50))
    ]
    automation = made_of(*runs)

    assert automation.params == {}
    assert step(automation, "get_rows").arguments["arguments"].value == {"limit": 50}
    assert any("limit: differs between the runs" in line and "'10' in r1" in line for line in review_lines(automation))


def test_what_follows_from_the_users_words_is_a_param_to_look_at() -> None:
    """The user spoke of next week, the model wrote a number: a param, and a line for the reviewer."""
    runs = [
        told(1, call("get_rows", {"week": 17}, []), says="The report of this week"),
        told(2, call("get_rows", {"week": 18}, []), says="The report of next week"),
    ]
    automation = made_of(*runs)

    assert {name: it.default for name, it in automation.params.items()} == {"week": 18}
    assert any("the user did not write it literally" in line for line in review_lines(automation))


def test_clocks_and_generated_ids_are_listed() -> None:
    """In arguments and in results that were asked for alike."""
    runs = [
        told(
            number,
            call("get_now", {}, {"at": f"2026-01-0{number}T10:00:00Z", "id": f"req_{number}a8f7c6d5e4b3a2f1", "n": 3}),
            call("mail", {"key": f"k_{number}f8f7c6d5e4b3a2f1", "text": "hi"}, 1),
        )
        for number in (1, 2, 3)
    ]
    automation = made_of(*runs)

    assert automation.params == {}
    assert any(
        "get_now: got the same arguments in several runs, but its result differs (at like a clock; id like a gen" in it
        for it in review_lines(automation)
    )
    assert any("mail.arguments.key: is volatile" in line for line in review_lines(automation))


def test_expectations_that_runs_contradict_are_dropped() -> None:
    """One answered 200, another 201: neither is expected."""
    rule = ToolRule(match="http_request", kind="http_request", conn_id="api")
    runs = [
        told(number, call("http_request", {"endpoint": "/x", "method": "GET"}, {"status": status, "body": {"a": 1}}))
        for number, status in ((1, 200), (2, 201))
    ]
    automation = made_of(*runs, rules=(rule,))

    assert "expected_status" not in step(automation, "http_request").arguments
    assert any("expected_status: differs" in line for line in review_lines(automation))


# --- steps that only some runs made -----------------------------------------------------------------------------------


def escalation(number: int, order: str, total: int) -> Run:
    """Return a refund that a manager hears of above 100."""
    more = [call("tell_manager", {"order_id": order}, 1)] if total > 100 else []
    return refund(number, order, total, f"{order.lower()}@x.org", *more)


def test_a_step_of_some_runs_stands_behind_a_branch() -> None:
    """The condition is the simplest that is true of exactly those runs; the step behind both ways joins them."""
    totals = (80, 150, 120, 40)
    automation = made_of(*(escalation(number, f"ORD-100{number}", total) for number, total in enumerate(totals, 1)))

    branch = step(automation, "whether_tell_manager")
    assert branch.arguments["condition"].value == "get_order.total > 100"
    assert branch.arguments["if_true"].value == ["approve_tell_manager"]
    assert branch.arguments["if_false"].value == ["approve_mail"]
    assert step(automation, "approve_mail").depends_on == ["tell_manager", "whether_tell_manager"]
    gap = "no run has a value between 80 and 120, so the exact limit is unknown"
    assert any(gap in line for line in review_lines(automation))
    assert wires(automation, "tell_manager") == {("order_id",): "order_id"}


def test_one_run_of_four_is_not_enough_for_a_branch() -> None:
    """The step is left out, and a review item says so."""
    totals = (80, 150, 20, 40)
    automation = made_of(*(escalation(number, f"ORD-100{number}", total) for number, total in enumerate(totals, 1)))

    assert "tell_manager" not in [it.key for it in automation.steps]
    entry = next(it for it in automation.not_crystallized if it.tool == "tell_manager")
    assert "made in 1 of 4 runs (r2): too few" in entry.reason
    assert any(line.startswith("tell_manager is left out") for line in review_lines(automation))


def test_a_step_that_nothing_explains_is_left_out() -> None:
    """A step for which no condition fits is left out, even with two runs on each side."""
    runs = [
        told(
            number, call("get_a", {}, {"n": 1}), *([call("get_b", {}, 2)] * (number > 2)), call("mail", {"to": "me"}, 1)
        )
        for number in (1, 2, 3, 4)
    ]
    automation = made_of(*runs)

    assert [it.key for it in automation.steps] == ["get_a", "approve_mail", "mail"]
    assert any("no condition over params and earlier results fits" in line for line in review_lines(automation))


def test_two_ways_exclude_each_other() -> None:
    """One branch, a step on each way, and what comes after joins them."""
    runs = [
        told(
            number,
            call("get_order", {"order_id": f"ORD-100{number}"}, {"state": state}),
            call("cancel" if state == "open" else "send_back", {"order_id": f"ORD-100{number}"}, 1),
            call("mail", {"to": "me"}, 1),
            says=f"The order ORD-100{number}",
        )
        for number, state in enumerate(("open", "sent", "open", "sent"), 1)
    ]
    automation = made_of(*runs)

    branches = [it for it in automation.steps if it.kind == "conditional_branch"]
    assert len(branches) == 1
    values = {name: it.value for name, it in branches[0].arguments.items() if name != "inputs"}
    assert values in (
        {"condition": 'get_order.state == "open"', "if_true": ["approve_cancel"], "if_false": ["approve_send_back"]},
        {"condition": 'get_order.state == "sent"', "if_true": ["approve_send_back"], "if_false": ["approve_cancel"]},
    )
    assert set(step(automation, "approve_mail").depends_on) == {"cancel", "send_back"}


def test_a_branch_may_be_the_last_and_of_a_step_that_the_newest_run_has_not() -> None:
    """The condition is about a param where one tells the runs apart."""
    runs = [
        told(
            number,
            call("get_stock", {"region": region}, {"n": number}),
            *([call("reorder", {"region": region}, 1)] if region == "north" else []),
            says=f"The region is '{region}'",
        )
        for number, region in enumerate(("north", "south", "north", "west"), 1)
    ]
    automation = made_of(*runs)

    assert [it.key for it in automation.steps][-2:] == ["approve_reorder", "reorder"]
    assert step(automation, "whether_reorder").arguments["condition"].value == 'params.region == "north"'
    assert automation.params["region"].default == "west"


def test_gates_are_the_strictest_of_all_runs() -> None:
    """A step that a person approved in an older run asks again, though the newest run needed nobody."""
    older = told(1, call("get_a", {}, 1), call("mail", {"to": "me"}, 1, approval="approved"))
    newer = told(2, call("get_a", {}, 1), call("mail", {"to": "me"}, 1, approval="not_required"))
    automation = made_of(older, newer)

    assert [it.key for it in automation.steps] == ["get_a", "approve_mail", "mail"]
    assert step(automation, "mail").approval.gate == "approve_mail"
    assert step(automation, "mail").approval.recorded == "approved"
    assert step(automation, "mail").depends_on == ["approve_mail"]
    assert step(automation, "approve_mail").depends_on == ["get_a"]


def test_freeze_all_freezes_all() -> None:
    """Neither params, nor wires, nor branches."""
    runs = [escalation(number, f"ORD-100{number}", total) for number, total in enumerate((80, 150, 120, 40), 1)]
    automation = made_of(*runs, policy=Policy(freeze_all=True))

    assert automation.params == {}
    assert all(not it.arguments["arguments"].wires for it in automation.steps if it.kind == "mcp_tool")
    assert all(it.kind != "conditional_branch" for it in automation.steps)


# --- which runs -------------------------------------------------------------------------------------------------------


def test_unrelated_runs_are_refused() -> None:
    """The error message names the steps in which the runs differ."""
    one = told(1, call("get_order", {}, 1), call("refund", {}, 1), call("mail", {}, 1))
    two = told(2, call("get_flights", {}, 1), call("book", {}, 1), call("mail", {}, 1))
    with pytest.raises(CrystallizeError, match=r"1 of its 3 steps in common.*get_order, refund.*get_flights, book"):
        made_of(one, two)


def test_runs_that_change_different_things_are_refused() -> None:
    """The runs read alike, but their writes have nothing in common."""
    reads = [call("get_user", {}, 1), call("get_order", {}, 1)]
    with pytest.raises(CrystallizeError, match="the automation would change nothing that this run changed"):
        made_of(told(1, *reads, call("cancel", {}, 1)), told(2, *reads, call("exchange", {}, 1)))


def test_the_same_run_twice_counts_once() -> None:
    """The result is the run's own automation with a review item."""
    once = refund(1, "ORD-1001", 80, "ann@x.org")
    automation = made_of(once, once)

    assert automation.steps == crystallized(once, *RULES).steps
    assert "the run r1 was named twice and is used once" in review_lines(automation)


def test_a_failed_run_is_left_out_aloud() -> None:
    """Two others are enough."""
    failed = told(3, call("get_order", {}, 1), outcome="failed")
    automation = made_of(refund(1, "ORD-1001", 80, "ann@x.org"), failed, refund(2, "ORD-1002", 25, "bob@x.org"))

    assert automation.source is not None
    assert automation.source.id == "r2"
    assert any(line.startswith("the run r3 is left out: the recorded run failed") for line in review_lines(automation))


def test_one_successful_run_is_not_several() -> None:
    """Nothing differs from nothing."""
    with pytest.raises(RunNotSuccessful, match="1 of 2 runs can be crystallized"):
        made_of(refund(1, "ORD-1001", 80, "ann@x.org"), told(2, call("get_order", {}, 1), outcome="failed"))


def test_independent_calls_in_another_order_are_the_same_steps() -> None:
    """The newest run's order is used, with a review item."""
    one, two = call("get_a", {"q": "left"}, {"n": 1}), call("get_b", {"q": "right"}, {"n": 2})
    last = call("mail", {"to": "me"}, 1)
    automation = made_of(told(1, one, two, last), told(2, two, one, last))

    assert [it.key for it in automation.steps] == ["get_b", "get_a", "approve_mail", "mail"]
    assert any("runs at a different point in the run r1" in line for line in review_lines(automation))
    assert automation.not_crystallized == []


def test_writes_do_not_change_places() -> None:
    """A step that changes something is not moved past another one: it is left out, with a review item."""
    one, two = call("pay", {"to": "ann"}, 1), call("close", {"account": "ann"}, 1)
    look = call("get_a", {}, 1)
    automation = made_of(told(1, look, one, two), told(2, look, two, one))

    kept = [it.key for it in automation.steps if it.kind == "mcp_tool"]
    assert len(kept) == 2
    assert len(automation.not_crystallized) == 2


def test_a_secret_of_one_run_is_one_of_all() -> None:
    """It is in no line of the review and in no evidence."""
    runs = [
        told(
            number,
            call("get_a", {"password": "hunter2-Qx7!ab"}, 1),
            call("get_b", {"note": note}, 1),
        )
        for number, note in ((1, "hunter2-Qx7!ab"), (2, "plain"))
    ]
    try:
        text = render(made_of(*runs)) + made_of(*runs).model_dump_json()
    except CrystallizeError as error:
        text = str(error)
    assert "hunter2-Qx7!ab" not in text


def test_a_loop_stays_a_loop() -> None:
    """Each run goes through its own list; a run with fewer elements is none that contradicts it."""

    def one(number: int, count: int) -> Run:
        rows = [{"id": f"row-{number}{place}77"} for place in range(count)]
        calls = [call("get_part", {"id": row["id"]}, {"ok": place}) for place, row in enumerate(rows)]
        return told(number, call("get_rows", {}, {"rows": rows}), *calls)

    automation = made_of(one(1, 2), one(2, 4), policy=Policy(loops=True))

    assert [it.key for it in automation.steps] == ["get_rows", "get_part"]
    assert step(automation, "get_part").each is not None


# --- exports of one run, or several runs ------------------------------------------------------------------------------


def export(recorded: Run) -> merge.Export:
    """Return a run as the export of a file."""
    return merge.Export(f"{recorded.id}.json", recorded, Coverage())


def test_exports_are_grouped_by_run() -> None:
    """One id is one run; in one format two ids are two, whatever their calls are called."""
    one, two = refund(1, "ORD-1001", 80, "ann@x.org"), refund(2, "ORD-1002", 25, "bob@x.org")
    other = one.model_copy(update={"id": "sha256:77", "format": "other"})

    assert [len(group) for group in runs_of([export(one), export(two)])] == [1, 1]
    assert [len(group) for group in runs_of([export(one), export(other)])] == [2]
    assert [len(group) for group in runs_of([export(one), export(two), export(other)])] == [2, 1]


def test_calls_numbered_from_one_are_no_proof_of_one_run() -> None:
    """Two files without a run's id, whose calls have the same ids and other arguments."""
    one = refund(1, "ORD-1001", 80, "ann@x.org").model_copy(update={"id": "sha256:1"})
    two = refund(2, "ORD-1002", 25, "bob@x.org").model_copy(update={"id": "sha256:2"})

    assert [len(group) for group in runs_of([export(one), export(two)])] == [1, 1]


@pytest.mark.parametrize(
    ("titles", "expected"),
    [
        (("Refund order 7 now", "Refund order 12 now"), "Refund order … now"),
        (("The same", "The same"), "The same"),
        (("Refund 7", "Refund 8"), None),
        (("a b c", "x b c", "a b d"), None),
        (("", ""), None),
    ],
)
def test_titles_have_words_in_common(titles: tuple[str, ...], expected: str | None) -> None:
    """What differs is an ellipsis; a single word is no title."""
    assert common_title(titles) == expected
