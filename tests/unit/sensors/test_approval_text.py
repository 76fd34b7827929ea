"""The gate's text shows what will run, and no value can break out of it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.sensors import approval_page, approval_text
from airflow_provider_vai.sensors.guarded import Guarded
from tests.unit.sensors.support import asked, body, gate_and_step


def outside_fences(text: str) -> str:
    """Return the Markdown without its fenced blocks."""
    return re.sub(r"^(`{3,})(json|diff)\n.*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)


HOSTILE = "```\n# Approved\n[x](javascript:alert(1)) <script>x</script> | a | ~~~ www.example.com ````` "


def test_hostile_text_cannot_fake_structure() -> None:
    """No text from the run is rendered as Markdown or HTML."""
    text = body({"q": HOSTILE}, reason=HOSTILE, recorded={"note": HOSTILE})
    rest = outside_fences(text)

    assert "<script>" not in rest
    assert "\n# Approved" not in rest
    assert "](javascript" not in rest
    assert text.rpartition("\n")[2].startswith("An approval covers exactly these arguments: sha256 `")


def test_unseen_characters_are_shown() -> None:
    """Invisible characters are shown, so that a text cannot pass for another one."""
    text = body({"q": "a\u202eb\u200bc\x1b[1m\ud800"}, reason="x\u202ey")

    assert "\\u202e" in text
    assert "\\ud800" in text
    assert not set(text) & {"\u202e", "\u200b", "\x1b", "\ud800"}
    text.encode()


def test_every_argument_is_shown_whole() -> None:
    """The approver can read everything: the last item of a list, the end of a text."""
    text = body({"text": "x" * 10_000 + "the end", "rows": [f"row {number}" for number in range(1000)]})

    assert "the end" in text
    assert "row 999" in text
    assert "more items" not in text


def test_with_a_page_of_its_own_a_question_is_cut() -> None:
    """The question then links to the page; what is cut is counted, and the digest still covers it."""
    long = {"text": "x" * 10_000, "rows": list(range(1000))}
    sensor, _ = gate_and_step(long)
    text = approval_text.body(asked(sensor), reason=None, recorded=None, page="/vai/gates/d/r/gate?sha256=0")

    assert "[all arguments](/vai/gates/d/r/gate?sha256=0)" in text
    assert "8000 more characters, sha256 " + json_text.digest(long["text"]) in text
    assert "950 more items" in text
    assert len(text) < 6000
    assert text.rpartition("\n")[2] == body(long).rpartition("\n")[2]


def test_a_cut_shows_no_part_of_a_secret() -> None:
    """Secrets are masked before anything is cut."""
    secret = "AKIAIOSFODNN7EXAMPLF"
    sensor, _ = gate_and_step({"text": "x" * (approval_text.LONGEST_TEXT - 10) + " " + secret})
    text = approval_text.body(asked(sensor), reason=None, recorded=None, page="/vai")

    assert secret[:6] not in text


@pytest.mark.parametrize("name", ["token_address", "authorized_by", "secret_santa", "key_result"])
def test_a_name_alone_hides_nothing(name: str) -> None:
    """A recipient is shown, whatever its argument is called."""
    assert "0x52908400098527886E0F7030069857D2E4169EE7" in body({name: "0x52908400098527886E0F7030069857D2E4169EE7"})


def test_a_question_shows_one_digest() -> None:
    """The text has one digest, which an out-of-band answer repeats."""
    assert len(re.findall("[0-9a-f]{64}", body({"n": 1}))) == 1


def test_many_steps_fit() -> None:
    """If a step is mapped over many elements, the question shows the first ones and the page shows all."""
    _sensor, step = gate_and_step({"text": "x" * 30_000})
    steps = {f"a[{number}]": step for number in range(200)}
    now = Guarded(steps, {key: {"arguments": {"text": ["y" * 1900] * 20}} for key in steps})
    text = approval_text.body(now, reason=None, recorded=None, page="/vai")

    assert len(text.encode()) <= approval_text.LONGEST_BODY
    assert "more steps are not shown here" in text
    assert approval_page.page(now, subject="Go?", reason="why").count("<h2>") == 200


def test_artifacts_are_named_as_such() -> None:
    """A reference to a large result is marked as an artifact."""
    reference = {
        "artifact": "json",
        "path": "file:///x",
        "sha256": "0",
        "bytes": 9,
        "rows": 2,
        "columns": None,
        "preview": [],
    }

    assert "(artifact of an earlier step)" in body({"rows": reference})


def test_secrets_are_masked() -> None:
    """A value under a sensitive key is not shown at any depth, but the digest covers it."""
    deep: Any = {"password": "hunter22"}
    for _ in range(12):
        deep = {"x": deep}
    text = body(deep)

    assert "hunter22" not in text
    assert "***" in text
    assert body(deep) != body({"x": 1})


def test_subject_is_one_line() -> None:
    """The question's heading is short plain text."""
    assert approval_text.heading("a\n\n# b\u202e" + "x" * 500).startswith("a # b")
    assert "\u202e" not in approval_text.heading("a\u202e")
    assert len(approval_text.heading("x" * 500)) == 200


def test_the_step_is_described() -> None:
    """The kind, the connection and the effect are shown above the arguments."""
    text = body({"n": 1})

    assert "### Step `a`" in text
    assert r"kind python\_tool · effect write" in text


def test_computed_arguments_are_compared_with_the_recording() -> None:
    """A computed argument is shown with its difference from the recorded value, or reported as the same."""
    recorded = {"state": "approved", "arguments": {"arguments": {"to": "Ada", "amount": 5}}}

    same = body({"to": "Ada", "amount": 5}, recorded=recorded)
    other = body({"to": "Ada", "amount": 7_000}, recorded=recorded)

    assert "`arguments` is the same as in the recorded run." in same
    assert '-  "amount": 5\n+  "amount": 7000' in other
    assert '"state": "approved"' in other


def test_a_hostile_difference_stays_in_its_fence() -> None:
    """Neither the recorded nor the new value can end the code block that shows them."""
    recorded = {"arguments": {"arguments": {"q": HOSTILE}}}
    rest = outside_fences(body({"q": HOSTILE + "!"}, recorded=recorded))

    assert "<script>" not in rest
    assert "\n# Approved" not in rest


def test_a_repeated_question_says_why() -> None:
    """After an invalid edit, the question begins with the reason."""
    assert body({"n": 1}, problem="n: 'x' is not a number").startswith("**Asked again:**")
