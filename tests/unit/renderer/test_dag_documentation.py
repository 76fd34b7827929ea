"""The text that Airflow shows about a DAG: short, true for every version, and never broken by recorded text."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.renderer.dag_documentation import MOST_ROWS, documentation
from airflow_provider_vai.renderer.render import render

SOURCE = {"kind": "agent_run", "id": "r1", "format": "vai", "trace_sha256": "0" * 64, "agent": "clerk"}


def step(key: str, **more: Any) -> dict[str, Any]:
    return {
        "key": key,
        "task_id": key,
        "kind": "python_tool",
        "operator": "airflow_provider_vai.operators.python_tool.PythonToolOperator",
        "approval": {"recorded": "unknown", "gate": None, "reason": ""},
        **more,
    }


def automation(*steps: dict[str, Any], **more: Any) -> Automation:
    return Automation.model_validate(
        {"dag_id": "report", "source_type": "CRYSTALLIZED", "description": "Weekly report", "steps": steps, **more}
    )


def test_it_says_what_each_step_does_and_where_its_values_come_from() -> None:
    """Gates name what they guard; a wired step names the earlier step; params and connections are listed."""
    gate = step("approve_send", kind="approval_gate")
    send = step(
        "send",
        effect="write",
        depends_on=["approve_send"],
        approval={"recorded": "unknown", "gate": "approve_send", "reason": ""},
        arguments={
            "rows": {"class": "wired", "from": {"step": "look", "path": []}, "origin": None, "evidence": []},
            "month": {"class": "parameter", "param": "month", "origin": None, "evidence": []},
        },
        non_deterministic=True,
        non_deterministic_reason="a model wrote this SQL",
    )

    text = documentation(
        automation(
            step("look"), gate, send, source=SOURCE, params={"month": {"default": "2025-03"}}, connections=["shop"]
        )
    )

    assert text.startswith("### Weekly report\n\nRepeats a recorded agent run of clerk.\n")
    assert "| `look` | python_tool: reads | | |" in text
    assert "| `approve_send` | asks before `send` | | |" in text
    assert "| `send` | python_tool: writes | `look`, `params.month` | a model wrote this SQL |" in text
    assert "Connections: `shop`\n\nParams: `month`" in text
    assert "](vai/ui/automations/report/versions)" in text


def test_consecutive_steps_of_one_sort_share_a_row() -> None:
    """100 equal steps take one row, and a long list of different ones says how many more there are."""
    equal = documentation(automation(*(step(f"s{number}") for number in range(100))))
    mixed = documentation(
        automation(*(step(f"s{number}", effect="write" if number % 2 else "read") for number in range(100)))
    )

    assert "| `s0` to `s99` (100) |" in equal
    assert mixed.count("\n| `s") == MOST_ROWS
    assert f"| {100 - MOST_ROWS} more |" in mixed


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("a | b", "a \\| b"),
        ("<img src=x>", "\\<img src=x\\>"),
        ("[click](https://x.org)", "\\[click\\](https\\://x.org)"),
        ("![p](x) **b** `c`", "\\!\\[p\\](x) \\*\\*b\\*\\* \\`c\\`"),
        ("1. first", "1. first"),
        ("see www.x.org or a@x.org", "see www\\.x.org or a\\@x.org"),
    ],
)
def test_recorded_text_is_shown_as_it_is(title: str, shown: str) -> None:
    assert documentation(automation(step("look"), description=title)).startswith(f"### {shown}\n")


def test_a_long_description_has_its_first_sentence_as_the_heading() -> None:
    described = "Send the weekly report to the team. It has the revenue of each region."

    text = documentation(automation(step("look"), description=described, title="Weekly"))

    assert text.startswith(f"### Weekly\n\nDescription: {described}\n")


def test_nothing_in_the_dag_file_names_the_recording_by_an_id() -> None:
    """The ids and digests of the recording are in the sidecar, which the docstring names."""
    text = render(automation(step("look"), source={**SOURCE, "id": "0193-run-id"}))

    assert "0193-run-id" not in text
    assert 'doc_md="""' in text  # which only a text without trailing spaces has
    assert "report.vai.json has the details" in text.replace("\n", " ")


def test_the_form_shows_the_words_of_a_params_name() -> None:
    """Airflow's form shows the title of a param's schema; a param without one gets the words of its name."""
    params = {"max_amount": {"default": 5}, "region": {"default": "EU"}, "to_day": {"schema": {"title": "Last day"}}}

    text = render(automation(step("look"), params=params))

    assert 'Param(5, schema={"title": "Max amount"})' in text
    assert 'Param("EU", schema={})' in text
    assert 'schema={"title": "Last day"}' in text
