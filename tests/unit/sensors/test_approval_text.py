"""The gate's text shows what will run, and no value can break out of it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from airflow_provider_vai.operators.arguments import argument, parameter, template, wired
from airflow_provider_vai.operators.python_tool import PythonToolOperator
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


UNSEEN = ["\u202e", "\u2066", "\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f", "\u115f", "\u3164", "\u2800",
          "\ufe0f", "\U000e0041", "\U000e0100", "\x7f", "\x85", "\u2028"]  # fmt: skip


@pytest.mark.parametrize("char", UNSEEN, ids=lambda char: f"{ord(char):x}")
def test_no_unseen_character_hides_in_a_key_value_or_place(char: str) -> None:
    """Direction overrides, zero-width characters, fillers and variation selectors are written as escapes."""
    authors = {"a": {"model": [["arguments", f"k{char}y"]]}}
    sensor, _ = gate_and_step({f"k{char}y": f"v{char}l", "deep": [[{"x": [f"w{char}w"]}]]}, authors=authors)
    text = sensor.question(asked(sensor))
    page = approval_page.page(asked(sensor), subject=f"s{char}", reason=f"r{char}")

    assert char not in text
    assert char not in page
    shown = text.replace("\\\\", "\\")  # Markdown's own escapes
    assert shown.count(json.dumps(char)[1:-1]) == 4  # the key, both values, and the place that the author wrote


BREAKERS = ["| a | b |\n|---|---|\n| c | d |", "<table><tr><td>x</td></tr></table>", "</code></pre><h1>Approved</h1>",
            "````\n# Approved\n````", "~~~\n# Approved\n~~~", "`" * 50 + "json\n{}", "> quoted\n\n# Approved",
            "[x]: javascript:alert(1)", "&lt;b&gt; &#60;b&#62;", "a\r\n# Approved\r\n"]  # fmt: skip


@pytest.mark.parametrize("value", BREAKERS)
def test_no_value_breaks_out_of_its_block(value: str) -> None:
    """Tables, code fences, HTML and headings in a value, a key or a reason stay text."""
    authors = {"a": {"model": [["arguments", value]]}}
    sensor, _ = gate_and_step({value: value, "rows": [[value]]}, reason=value, authors=authors)
    rest = outside_fences(sensor.question(asked(sensor)))
    page = approval_page.page(asked(sensor), subject="Go?", reason=value)

    assert not re.search(r"^(#(?!## Step `a`)|~~~|```|\||<)", rest, re.MULTILINE)
    assert not re.search(r"(?<!\\)[<|]", rest)
    assert re.findall("<(table|h1|b)>", page) == ["h1"]  # the page's own heading


def test_the_end_of_everything_is_reachable() -> None:
    """The last item of nested lists, long keys to their end, and the tail of a long text."""
    key = "k" * 1000 + "-end"
    long = {"rows": [[f"{row}.{cell}" for cell in range(60)] for row in range(60)], key: {key: "x" * 20_000 + "tail"}}
    text = body(long)

    assert '"59.59"' in text
    assert text.count(f'"{key}"') == 2
    assert "tail" in text


def test_what_the_body_cuts_is_on_the_page() -> None:
    """A nested list, a long key and a long text are whole there."""
    key = "k" * 1000 + "-end"
    sensor, _ = gate_and_step({"rows": [["r"] * 51 + ["51st"]], key: "x" * 20_000 + "tail"})
    now = asked(sensor)
    page = approval_page.page(now, subject="Go?", reason=None)

    assert "more items" in sensor.question(now, page="/vai")
    assert all(part in page for part in ("51st", key, "tail"))


def test_the_authors_of_the_texts_are_named() -> None:
    """In plain words, the model first; texts that this run fills in are told from those of the recording."""
    authors = {"a": {"user": [["arguments", "to"]], "model": [["arguments", "text"], ["arguments", "rows"]]}}
    _sensor, step = gate_and_step({}, authors=authors)
    values = {"to": "Ada", "text": "Hi", "rows": ["a", {"b": "c"}], "n": 3, "day": template("1"), "other": "x"}
    step.arguments = argument({**values, "from": wired("look", "name"), "zone": parameter("zone")})
    with step.dag:
        PythonToolOperator(task_id="look", python_callable="m:f")
    now = Guarded({"a": step}, {"a": {"arguments": {**values, "day": "1", "from": "Bob", "zone": "eu"}}}, authors)
    text = approval_text.body(now, reason=None, recorded=None)
    page = approval_page.page(now, subject="Go?", reason=None)

    assert text.partition("**Who wrote these texts**\n\n")[2].partition("\n\n")[0].splitlines() == [
        r"- **The model, in the recorded run:** arguments\.text, arguments\.rows",
        r"- **The user, in the recorded run or by an edit:** arguments\.to",
        r"- **A tool, in this DAG run:** arguments\.from",
        r"- **Whoever started this DAG run, or a default of the DAG:** arguments\.zone",
        r"- **A template of the DAG file:** arguments\.day",
        r"- **Not known:** arguments\.other",
    ]
    assert "<li>The model, in the recorded run: arguments.text, arguments.rows</li>" in page


def test_a_list_of_authors_stays_short() -> None:
    """Many places of one author are counted in the body and listed on the page; a long key is cut."""
    places = [["arguments", f"model{number}"] for number in range(40)] + [["arguments", "k" * 1000]]
    values = {place[1]: "text" for place in places} | {"other": "x"}
    sensor, _ = gate_and_step(values, authors={"a": {"model": places, "user": [["arguments", "other"]]}})
    text = sensor.question(asked(sensor)).partition("**Who wrote")[2]

    assert "and 11 more" in text
    assert "kkk" not in text
    page = approval_page.page(asked(sensor), subject="Go?", reason=None).partition("Who wrote")[2]
    assert "model39" in page
    assert "kkk…" in page
    assert "k" * 200 not in page


def test_without_authors_nothing_is_claimed() -> None:
    """A gate that somebody wrote by hand does not know them."""
    assert "Who wrote" not in body({"text": "Hi"})


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
    assert "8,000 more characters)" in text
    assert len(re.findall("[0-9a-f]{64}", text)) == 1
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
