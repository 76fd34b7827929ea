"""Parameters: the user's values become params and dates become templates, but nothing that decides what runs."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest

from airflow_provider_vai.crystallizer.assign import assign
from airflow_provider_vai.crystallizer.draft import Draft, Policy
from airflow_provider_vai.crystallizer.evidence.evidence import Evidence
from airflow_provider_vai.crystallizer.evidence.origins import origins
from airflow_provider_vai.crystallizer.parameters.parameters import parameters
from airflow_provider_vai.crystallizer.parameters.user_values import LONGEST
from airflow_provider_vai.crystallizer.redact import redact
from airflow_provider_vai.crystallizer.wiring.wire import wire
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.automation import Param
from airflow_provider_vai.model.param_default import default_problem
from airflow_provider_vai.model.run import Run, ToolCall, Turn
from airflow_provider_vai.model.tools_file import ToolRule
from tests.unit.support import call, run, tools

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=timezone.utc)
READS = {"match": "*", "kind": "mcp_tool", "conn_id": "mcp", "effect": "read"}
WRITES = {"match": "*", "kind": "mcp_tool", "conn_id": "mcp", "effect": "write"}
Made = tuple[list[Draft], dict[str, Param], list[str]]


def made(recorded: Run, *rules: ToolRule | dict[str, Any], guarded: tuple[str, ...] = ()) -> Made:
    """Return the drafts, params and notes of a run; every tool only reads unless a rule says otherwise."""
    drafts, _ = redact(assign(recorded.calls, tools(*(rules or (READS,))), Policy()))
    evidence = Evidence(recorded, tools(), drafts)
    return parameters(wire(drafts, evidence), evidence, guarded)


def said(words: str, *calls: ToolCall, **facts: Any) -> Run:
    """Return a run of one turn."""
    return run(*calls, **{"turns": [Turn(index=0, user_text=words)], "started_at": NOW, **facts})


def argument(found: Made, step: int = -1, name: str = "arguments") -> Argument:
    """Return an argument of a step."""
    return found[0][step].arguments[name]


def open_of(it: Argument) -> list[tuple[str, str, str]]:
    """Return the undecided places: place, code and evidence."""
    return [(".".join(map(str, one.at)), one.code, "; ".join(one.evidence)) for one in it.undecided]


@pytest.mark.parametrize(
    ("words", "arguments", "expected"),
    [
        ("Find orders of mia@example.com", {"email": "mia@example.com"}, {"email": ("mia@example.com", "email")}),
        ("Orders of 2026-03-01?", {"day": "2026-03-01"}, {"day": ("2026-03-01", "date")}),
        ("At 2026-03-01T10:00:00Z", {"at": "2026-03-01T10:00:00Z"}, {"at": ("2026-03-01T10:00:00Z", "date-time")}),
        ("Order A-4711, please", {"order": {"id": "A-4711"}}, {"id": ("A-4711", "string")}),
        ("The weather in Tokyo?", {"city": "Tokyo"}, {"city": ("Tokyo", "string")}),
        ("Mei Davis, zip 80217", {"first": "Mei", "zip": "80217"}, {"first": "Mei", "zip": "80217"}),
        ("Search 'example'", {"q": "example"}, {"q": ("example", "string")}),
        ("sales of the region north", {"region": "north"}, {"region": ("north", "string")}),
        ("the north region", {"region": "north"}, {"region": ("north", "string")}),
        ("over 1200 euros", {"min": 1200}, {"min": (1200, "integer")}),
        ("98.70 to Bob", {"amount": 98.7}, {"amount": (98.7, "number")}),
        ("the family reunion", {"query": "family reunion"}, {"query": ("family reunion", "string")}),
        ("A-4711 and A-4712", {"ids": ["A-4711", "A-4712"]}, {"ids": "A-4711", "ids_2": "A-4712"}),
    ],
)
def test_values_of_the_user(words: str, arguments: dict[str, Any], expected: dict[str, Any]) -> None:
    """Whole values that the user said are params: the recorded value is the default, the schema its type and format."""
    found = made(said(words, call(arguments=arguments)))

    params = found[1]
    assert {name: param.default for name, param in params.items()} == {
        name: value[0] if isinstance(value, tuple) else value for name, value in expected.items()
    }
    for name, value in expected.items():
        if isinstance(value, tuple):
            assert value[1] in params[name].schema_.values()
        assert default_problem(params[name].default, params[name].schema_) is None
    (note,) = found[2]
    assert (note.code, note.message) == ("params", f"whoever starts a run may set the parameters {', '.join(params)}")


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ("sort it by name, daily", {"sort": "name", "unit": "day", "mode": "daily"}),
        ("Paris is nice", {"x": "Paris"}),  # begins a sentence
        ("the 3 latest", {"limit": 3}),
        ("12 of them", {"count": 12}),
        ("yes", {"flag": True, "nothing": None, "empty": "", "list": []}),
        ("the difference for March payment", {"subject": "Difference for march payment"}),
        ("SELECT name FROM orders", {"text": "SELECT name FROM orders"}),
        ("run rm-rf.sh", {"command": "rm-rf.sh", "tool": "rm-rf.sh", "sql": "rm-rf.sh"}),
        ("ask the db-1.example.com", {"conn_id": "db-1.example.com", "my_conn_id": "db-1.example.com"}),
        ("word " * LONGEST, {"body": ("word " * LONGEST).strip()}),
        ("two\nlines 12", {"body": "two\nlines 12"}),
        ("A-4711 and the rest", {"ids": ["A-4711", "B-1234"]}),  # half of a list
        ("hi", {"x": "never said"}),
        ("9007199254740993", {"n": 9007199254740993}),
    ],
)
def test_no_params(words: str, arguments: dict[str, Any]) -> None:
    """Words by the way, small numbers, statements, what decides what runs, long texts, parts of lists: frozen."""
    found = made(said(words, call(arguments=arguments)))

    assert found[1] == {}
    assert found[2] == []
    assert argument(found).class_ == "frozen"


def test_the_same_value_is_one_param() -> None:
    """Two steps, one param; the first one's name."""
    found = made(said("Order A-4711", call(arguments={"order": "A-4711"}), call(arguments={"id": "A-4711"})))

    assert list(found[1]) == ["order"]
    assert [wire.param for draft in found[0] for wire in draft.arguments["arguments"].wires] == ["order", "order"]


def test_a_whole_argument_is_a_parameter() -> None:
    """Where the whole argument is the value, it is of the class ``parameter``."""
    rule = {"match": "*", "kind": "web_search", "conn_id": "web"}
    found = made(said("Search for green tea 2026", call(arguments={"query": "green tea 2026"})), rule)

    assert argument(found, name="query") == Argument(class_="parameter", param="query")
    described = "query of the step look; by default what the user wanted in the recorded run"
    assert found[1]["query"].description == described


def test_a_whole_argument_is_a_template() -> None:
    """Where the whole argument is a date, it is of the class ``template``."""
    rule = {"match": "*", "kind": "web_search", "conn_id": "web"}
    found = made(said("News of yesterday", call(arguments={"query": "news 2026-11-17"})), rule)

    it = argument(found, name="query")
    assert it.class_ == "template"
    assert it.value.endswith("-%}\nnews {{ (today - macros.timedelta(days=1)) | ds }}")
    assert it.evidence == ['the value: 2026-11-17 was yesterday ("yesterday")']


def test_dates_come_first() -> None:
    """A date that moves is a template; one that the user spelled out is a param."""
    recorded = said("since yesterday, until 2026-12-24", call(arguments={"since": "2026-11-17", "until": "2026-12-24"}))

    found = made(recorded)

    assert {name: param.default for name, param in found[1].items()} == {"until": "2026-12-24"}
    assert [bool(wire.template) for wire in argument(found).wires] == [True, False]


def test_a_question_is_in_the_review() -> None:
    """A date that may move is left to the reviewer, with the question."""
    found = made(said("what is new?", call(arguments={"start": "2026-11-01"})))

    question = "2026-11-01: the first day of this month when it was recorded, or exactly that day?"
    assert open_of(argument(found)) == [("start", "date_unclear", question)]
    assert argument(found).evidence == []
    assert argument(found).class_ == "frozen"


PERIOD = {"from": "2026-10-01", "to": "2026-10-31"}


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"at": "2026-10-07"}, "look.arguments.at has a date that stays frozen"),
        ({"at": "in October 2026, or 2025"}, "look.arguments.at has a date that stays frozen"),
        ({"sql": "SELECT 1 WHERE day >= '2026-10-01'"}, "look.arguments.sql has a date that stays frozen"),
    ],
)
def test_all_dates_move_or_none(other: dict[str, Any], reason: str) -> None:
    """A period with a new begin and an old end, or a statement with the old days beside it, would be a lie."""
    alone = made(said("last month", call(arguments=PERIOD)))
    found = made(said("last month", call(arguments={**PERIOD, **other})))

    assert len(argument(alone).wires) == 2
    assert argument(found).class_ == "frozen"
    line = f'2026-10-01 was the first day of last month ("last month"); {reason}'
    assert ("from", "date_stays_with_others", line) in open_of(argument(found))


def test_a_pair_of_dates_is_a_period() -> None:
    """The second of two dates in a list is the end of the period, which may be the day after it."""
    found = made(said("last month", call(arguments={"between": ["2026-10-01", "2026-11-01"]})))

    assert len(argument(found).wires) == 2


@pytest.mark.parametrize(
    ("later", "moves"),
    [
        ({"text": "Figures of the month"}, True),
        ({"text": "We made 4711 euros more"}, False),
        ({"stay": "Hotel Lutetia"}, False),
    ],
)
def test_no_new_dates_over_old_figures(later: dict[str, Any], moves: bool) -> None:
    """Where a later step repeats what came of the dates, no date moves."""
    rows = ["Hotel Lutetia", "Hotel Ritz"]
    calls = [call("find", PERIOD, rows), call("again", result=rows[::-1]), call("post", later)]

    found = made(said("last month", *calls))

    assert bool(argument(found, 0).wires) == moves


def test_wires_stay() -> None:
    """What a result gives is wired, and the params stand beside it."""
    recorded = said(
        "Ship A-4711",
        call("find", result={"box": "K-1 under the shelf", "n": 1}),
        call(arguments={"box": "K-1 under the shelf", "order": "A-4711"}),
    )

    found = made(recorded)

    assert [(wire.from_ is not None, wire.param) for wire in argument(found).wires] == [(True, None), (False, "order")]
    assert argument(found).value == {"box": None, "order": None}


@pytest.mark.parametrize("guarded", [True, False])
def test_a_write_takes_a_param_only_behind_a_gate(guarded: bool) -> None:
    """Whoever may start a run could send an unguarded write elsewhere; then no other step takes the value either."""
    recorded = said(
        "Send to mia@example.com",
        call("check", {"email": "mia@example.com"}),
        call("send", {"to": "mia@example.com"}),
    )

    found = made(recorded, {**READS, "match": "check"}, WRITES, guarded=("send",) if guarded else ())

    assert bool(found[1]) == guarded
    assert (open_of(argument(found)) == [("to", "param_without_gate", "")]) != guarded


@pytest.mark.parametrize(
    ("calls", "reason"),
    [
        (
            [call("one", {"city": "Paris"}), call("two", {"body": "The hotel in Paris was fine"})],
            "two.arguments.body",
        ),
        (
            [call("one", {"city": "Paris"}), call("two", {"sql": "SELECT * FROM x WHERE city = 'paris'"})],
            "two.arguments.sql",
        ),
        ([call("one", {"city": "Paris"}), call("two", {"Paris": 1})], "a name in two.arguments"),
        (
            [
                call("one", {"city": "Paris"}, result=[{"name": "Hotel Lutetia 5", "id": 1}]),
                call("two", {"stay": "at Hotel Lutetia 5"}),
            ],
            "two.arguments.stay, which a model wrote, may depend on it",
        ),
        (
            [
                call("one", {"city": "Paris"}, result=["Hotel Lutetia", "Hotel Ritz"]),
                call("other", result=["Hotel Ritz", "Hotel Lutetia"]),
                call("two", {"stay": "Hotel Lutetia"}),
            ],
            "two.arguments.stay repeats a value that depends on it",
        ),
        (
            [
                call("one", {"city": "Paris"}, result=[{"city": "Paris", "zone": "zone 4711"}, {"city": "Rome"}]),
                call("two", {"zone": "zone 4711"}),
            ],
            "the path of a wire in two",
        ),
        (
            [
                call("one", {"city": "Paris"}, result={"token": "page 4711", "n": 1}),
                call("two", {"page": "page 4711"}, result="Hotel Lutetia 5 and others"),
                call("three", {"stay": "Hotel Lutetia 5"}),
            ],
            "three.arguments.stay repeats a value that depends on it",
        ),
    ],
)
def test_no_half_new_runs(calls: list[ToolCall], reason: str) -> None:
    """No param if the value, or a value that depends on it, is frozen in another place."""
    found = made(said("A hotel in Paris, please", *calls))

    assert found[1] == {}
    ((at, code, what),) = open_of(found[0][0].arguments["arguments"])
    assert (at, what) == ("city", reason)
    assert code in ("held_elsewhere", "repeated_later", "written_about_later")


def test_a_model_sentence_before_the_step_does_not_count() -> None:
    """What was written before the call cannot rest on its result."""
    calls = [call("note", {"text": "Looking for a hotel now"}), call("one", {"city": "Paris"})]

    assert list(made(said("A hotel in Paris, please", *calls))[1]) == ["city"]


def test_one_plain_word_under_two_names_is_no_param() -> None:
    """A word that two arguments call by different names may be two things."""
    words = "from the general channel, topic 'general'"

    found = made(said(words, call(arguments={"channel": "general"}), call(arguments={"topic": "general"})))

    assert found[1] == {}


def test_names_are_the_arguments_own() -> None:
    """The last key; another step's with its key in front, the same step's with a number; keywords with a dash under."""
    found = made(
        said(
            "A-1001 A-1002 A-1003 A-1004 A-1005 A-1006 A-1007",
            call("one", {"id": "A-1001", "x": {"id": "A-1002"}}),
            call("two", {"id": "A-1003", "from": "A-1004"}),
            call("two", {"id": "A-1005", "payload": "A-1006", "Größe (cm)": "A-1007"}),
        )
    )

    assert list(found[1]) == ["id", "id_2", "two_id", "from_", "two_2_id", "two_2_payload", "größe_cm"]


def test_enumerations_are_no_params() -> None:
    """The second value of the proof is refused by the kind, so no run could choose it."""
    rule = {"match": "*", "kind": "http_request", "conn_id": "api"}
    words = "GET the HEAD of 'week' with 'POST'"

    found = made(said(words, call(arguments={"endpoint": "/x", "method": "GET", "query": {"group": "week"}})), rule)

    assert list(found[1]) == ["group"]


@pytest.mark.parametrize("kind", ["generate_query", "duckdb_transform"])
def test_statements_are_never_touched(kind: str) -> None:
    """A statement gets no params, and its dates become review items only if they are proven."""
    sql = "SELECT * FROM orders WHERE ordered_on = '2026-11-17'"
    rule = {"match": "*", "kind": kind, "conn_id": "warehouse"}

    found = made(said(f"yesterday: {sql}", call(arguments={"sql": sql})), rule)

    assert found[1] == {}
    assert argument(found, name="sql").class_ == "frozen"
    quiet = made(said("yesterday", call(arguments={"sql": sql})), rule)
    line = '2026-11-17 was yesterday ("yesterday")'
    assert open_of(argument(quiet, name="sql")) == [("", "date_decides", line)]


def test_credentials_are_no_defaults() -> None:
    """An argument with a credential in it is left alone, and what looks like one is no default."""
    key = "sk-" + "a1B2" * 10
    recorded = said(
        "with the key " + "hunter2hunter2", call(arguments={"password": "hunter2hunter2", "order": "A-4711"})
    )

    found = made(recorded)

    assert found[1] == {}
    assert key not in json.dumps([param.model_dump() for param in found[1].values()])


def test_what_the_user_repeats_is_the_results() -> None:
    """A value that a result said first is no value of the user."""
    recorded = run(
        call("find", result="the order A-4711 and others"),
        call(arguments={"order": "A-4711"}, turn=1),
        turns=[Turn(index=0, user_text="my orders"), Turn(index=1, user_text="show A-4711")],
    )

    assert made(recorded)[1] == {}


def test_later_turns_do_not_count() -> None:
    """What the user says after the call is no origin of it."""
    recorded = run(
        call(arguments={"order": "A-4711", "day": "2026-11-17"}, turn=0),
        turns=[Turn(index=0, user_text="hi"), Turn(index=1, user_text="A-4711, yesterday")],
        started_at=NOW,
    )

    assert made(recorded)[1] == {}
    assert not argument(made(recorded)).wires


def test_today_of_the_instructions() -> None:
    """Instructions that say today's date say the clock; another date of theirs is a date of its own."""
    facts: dict[str, Any] = {"system_text": "Today is 2026-11-18. The year began on 2026-11-17."}

    today = made(said("sales of today", call(arguments={"day": "2026-11-18"}), **facts))
    other = made(said("since yesterday", call(arguments={"since": "2026-11-17"}), **facts))

    assert argument(today).wires[0].template
    ((_, _, question),) = open_of(argument(other))
    assert question.endswith("or exactly the day in the instructions?")


def test_origins_follow() -> None:
    """The pass of origins takes params and templates as they are, and says who said their values."""
    recorded = said("Order A-4711 of yesterday", call(arguments={"order": "A-4711", "day": "2026-11-17"}))

    drafts = made(recorded)[0]
    traced = origins(drafts, Evidence(recorded, tools(), drafts))[0].arguments["arguments"]

    assert "order: given by the user in turn 0" in traced.evidence
    assert len(traced.wires) == 2
