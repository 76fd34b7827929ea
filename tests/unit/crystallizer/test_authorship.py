"""Finding the steps that send texts which a model wrote."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.run import Run, Turn
from tests.unit.support import call, crystallized, run

PROSE = "Revenue rose by 12 percent"
SEND = {"match": "send", "kind": "python_tool", "callable": "m:send"}
READ = {"match": "look", "kind": "python_tool", "callable": "m:look", "effect": "read"}


def last(recorded: Run, *rules: Any) -> Step:
    """Return the last step."""
    return crystallized(recorded, *(rules or (SEND, READ)), gates="recorded").steps[-1]


@pytest.mark.parametrize(
    ("recorded", "is_flagged"),
    [
        (run(call("send", {"text": PROSE})), True),
        (run(call("send", {"a": [{"b": PROSE}]})), True),
        (run(call("send", {"text": "three words only"})), False),
        (run(call("send", {"n": 12})), False),
        (run(call("look", {"text": PROSE})), False),
        (run(call("send", {"text": PROSE}), turns=[Turn(index=0, user_text=f"Send '{PROSE}'.")]), False),
        (run(call("send", {"text": PROSE}), turns=[Turn(index=1, user_text=PROSE)]), True),
        (run(call("send", {"text": PROSE}), system_text=f"Say: {PROSE}"), False),
        (run(call("look", result=f"x {PROSE} y"), call("send", {"text": PROSE})), False),
        (run(call("look", result={"a": [PROSE]}), call("send", {"text": PROSE})), False),
        (run(call("look", result=PROSE, batch=0), call("send", {"text": PROSE}, batch=0)), True),
        (run(call("send", {"title": ["Revenue rose", "by 12 percent"]})), True),
        (run(call("send", {"title": ["Revenue rose", "by 12 percent"]}), system_text=f"Say: {PROSE}"), False),
        (run(call("send", {"cities": ["New York", "San Francisco"]})), False),
        (run(call("send", {"text": "売上は昨日より十二パーセント増加した"})), True),
        (run(call("send", {"text": "ยอดขายเพิ่มขึ้นจากเมื่อวาน"})), True),
        (run(call("send", {"city": "東京都千代田区"})), False),
    ],
)
def test_prose_that_nobody_said_before_is_the_models(recorded: Run, is_flagged: bool) -> None:
    """A step that writes and sends such prose is flagged with the places: every run repeats it."""
    step = last(recorded)
    assert step.non_deterministic is is_flagged
    assert step.determinism == ("model_written" if is_flagged else "exact")
    assert (step.non_deterministic_reason or "").startswith(
        "a model wrote the words of arguments." if is_flagged else ""
    )


def test_many_places_are_counted() -> None:
    """Three are named."""
    texts = {f"t{number}": f"{PROSE} {number}" for number in range(5)}
    assert last(run(call("send", texts))).non_deterministic_reason == (
        "a model wrote the words of arguments.t0, arguments.t1, arguments.t2 and 2 more, which every run repeats"
    )


@pytest.mark.parametrize(
    ("tool", "arguments", "determinism", "reason"),
    [
        ("generate_query", {"sql": "SELECT 1"}, "model_written", "a model wrote this SQL"),
        ("create_flashboard", {"title": "Revenue", "charts": []}, "exact", None),
        ("http_request", {"url": "/x", "method": "GET"}, "exact", None),
    ],
)
def test_kinds_have_their_own_flag(tool: str, arguments: Any, determinism: str, reason: str | None) -> None:
    """The platform's own example of a flagged kind, and two that are not."""
    step = last(run(call(tool, arguments)), {"match": "*", "kind": tool})
    assert (step.determinism, step.non_deterministic_reason) == (determinism, reason)


VEGA = {"mark": "bar", "encoding": {"x": {"field": "region"}}}


@pytest.mark.parametrize(
    ("kind", "arguments", "place"),
    [
        ("create_flashboard", {"title": PROSE, "charts": []}, "title"),
        ("create_flashboard", {"title": "Revenue", "description": f"# Sales\n\n{PROSE}.", "charts": []}, "description"),
        ("create_flashboard", {"title": "R", "charts": [{**VEGA, "title": PROSE}]}, "charts.0.title"),
        (
            "create_flashboard",
            {"title": "R", "charts": [{**VEGA, "title": {"text": "R", "subtitle": ["Revenue rose", "by 12 percent"]}}]},
            "charts.0.title.subtitle",
        ),
        (
            "create_flashboard",
            {"title": "R", "charts": [{**VEGA, "mark": {"type": "text", "text": PROSE}}]},
            "charts.0.mark.text",
        ),
        (
            "create_flashboard",
            {"title": "R", "charts": [{**VEGA, "encoding": {"color": {"legend": {"title": PROSE}}}}]},
            "charts.0.encoding.color.legend.title",
        ),
        ("create_flashboard", {"title": "R", "charts": [], "datasets": {"a": [{"t": PROSE}]}}, "datasets.a.0.t"),
        (
            "duckdb_transform",
            {"sql": f"SELECT '{PROSE}' AS headline", "path": "/srv/x.duckdb", "table": "t"},
            "sql",
        ),
    ],
)
def test_a_report_that_repeats_a_sentence_is_flagged(kind: str, arguments: dict[str, Any], place: str) -> None:
    """A model-written text in an artifact is flagged like one that is sent, wherever it is in the arguments."""
    rule = {"match": "make", "kind": kind, "effect": "artifact"}
    step = last(run(call("make", arguments)), rule)
    reviewed = crystallized(run(call("make", arguments)), rule).review

    assert (step.effect, step.determinism) == ("artifact", "model_written")
    assert step.model_words == [[int(part) if part.isdigit() else part for part in place.split(".")]]
    assert step.non_deterministic_reason == f"a model wrote the words of {place}, which every run repeats"
    assert [item.step for item in reviewed if item.code == "model_written"] == [step.key]

    words = "\n".join([PROSE, arguments.get("sql", ""), arguments.get("description", "")])
    said = run(call("make", arguments), turns=[Turn(index=0, user_text=words)])
    assert last(said, rule).model_words == []


@pytest.mark.parametrize("kind", ["python_tool", "mcp_tool"])
def test_a_tool_that_writes_a_file_is_flagged(kind: str) -> None:
    """A tool that the tools file calls an artifact counts as one."""
    rule = {"match": "make", "kind": kind, "effect": "artifact"} | (
        {"callable": "m:f"} if kind == "python_tool" else {}
    )
    step = last(run(call("make", {"file": "report.md", "text": PROSE})), rule)

    assert (step.effect, step.model_words) == ("artifact", [["arguments", "text"]])


def test_flags_are_summed_up() -> None:
    """The automation lists its flagged steps and what a person should look at."""
    recorded = run(call("generate_query", {"sql": "SELECT 1"}), call("send", {"text": PROSE}), call("look"))
    automation = crystallized(recorded, {"match": "gen*", "kind": "generate_query"}, SEND, READ, gates="recorded")
    assert automation.non_deterministic
    assert automation.non_deterministic_steps == ["generate_query", "send"]
    query, send, *_ = automation.review
    assert (query.code, query.step, query.message) == ("model_written", "generate_query", "a model wrote this SQL")
    assert (send.code, send.step) == ("model_written", "send")
    assert send.message.startswith("a model wrote the words of arguments.text")
    assert automation.steps[1].model_words == [["arguments", "text"]]
