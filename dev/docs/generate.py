"""Write the reference pages from the code: ``python dev/docs/generate.py``. A test checks that they are up to date.

api_reference.md  the endpoints of the HTTP API
cli.md            every command with its help
configuration.md  the options of [vai]
exceptions.md     the errors, with what to do about them
formats.md        the trace formats, with what each one records
json_output.md    what each command prints with --json
kinds.md          the action kinds with their arguments
review.md         the codes of review items, and of calls that became no step
sidecar.md        the fields of the sidecar
"""

from __future__ import annotations

import ast
import json
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from airflow_provider_vai.cli.command import Option
from airflow_provider_vai.cli.main import DESCRIPTION, EPILOG
from airflow_provider_vai.cli.table import COMMANDS
from airflow_provider_vai.model.kinds import KINDS, Kind
from airflow_provider_vai.model.review_codes import CODES, LEFT_OUT, Group
from airflow_provider_vai.traces.formats import adapters
from airflow_provider_vai.traces.formats.spans.wrappers import ARGUMENTS, HELPERS, RESULTS, Wrapper

sys.path.insert(0, str(Path(__file__).parent))
import api_reference
import json_output
import reference_pages

FOLDER = Path(__file__).parent
GLOSSARY = "The [glossary](glossary.md) explains the words used here."
ROLES = {
    "skipped": "a span that is not a call",
    "answer": "the agent's answer, which is not a step",
    "messages": "several calls in one span",
}
MATRIX = FOLDER.parents[1] / "tests/traces/matrix"
WAYS = ("openinference", "openllmetry", "otel_genai", "mlflow", "langsmith", "langfuse")
EXAMPLE = FOLDER.parents[1] / "tests/golden/every_kind/expected/every_kind.py"


def cli() -> str:
    """Return the page about the commands."""
    lines = ["# Commands", "", DESCRIPTION, "", f"`vai …` and `airflow vai …` are the same. {EPILOG} {GLOSSARY}", ""]
    for command in COMMANDS:
        lines += [f"## vai {command.name}", "", command.help, "", "| argument | meaning |", "| --- | --- |"]
        lines += [f"| {_option(entry)} | {_meaning(entry)} |" for entry in command.options]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


PAIRING = """
## Files

A file holds one JSON or YAML document, one document a line (JSONL, NDJSON), or several documents one after the other,
as OpenTelemetry's console exporter prints them. These are read as well:

| file | how |
| --- | --- |
| gzip, zip, Zstandard | unpacked within limits; Zstandard needs the extra `compression`, also inside `.eval` files |
| a zip of several traces | every trace in it; name one as `export.zip!folder/run.json` |
| Parquet | the rows of a data frame, such as spans with columns `attributes.…`; needs the extra `parquet` |
| a page of an API | `{"items": [...]}`, `data`, `results`, `messages` and the like, if nothing else is in it |
| a table of Logfire's API | rows, or column by column |
| envelopes | lists or lines such as `{"direction": ..., "message": {...}}`, as in logs of a transport |
| cassettes | bodies in gzip or deflate; Brotli and Zstandard need the extra `compression` |

A folder with one session of a coding agent is read as that session, and one with several is refused. Another folder
with `.jsonl` files, and one with sessions of Claude Code, is read as one trace. A Claude Code session, its resumed
copies and the files of its sub-agents (`<session>/subagents/agent-<id>.jsonl`) are then one run: equal lines and
calls count once, and calls of a sub-agent belong to the call that started it. You can also name the files one by one.

In JSON lines, a last line that was cut off is left out, and so is a line that cannot hold a call, such as a progress
message; a note in the run names each of them. Any other line that cannot be read is refused, because a call in it would
be lost.

A file of more than 32 MB is read run by run if it holds many: JSON lines, one array, OTLP's `resourceSpans`, or the
samples of an Inspect log. Its format is found by its first 64 KB, by more of it only if these do not identify one,
and as a whole only if no format is found in its first 20 entries. `vai inspect` then needs about 45 MB of memory for
1 GB (`dev/bench reading` measures it), plus what one run needs. One run, or a document that is one JSON tree such as a
list of chat messages, may have 100 MB, and needs about nine times its size in memory; more is refused.

Text is UTF-8, or UTF-16 with a byte order mark.

A file that is not read is refused with what it looks like, the nearest format, why that does not fit, and an export of
the same run that works.

Two exports of one run are merged if you name both, such as `to_input_list()` and the traces of the OpenAI Agents SDK:
`vai crystallize items.json traces.jsonl`.

## Results, calls and their order

A result belongs to the call with its id. Ids are not always unique, and some files have none. Then these rules decide,
in this order:

| in the file | rule |
| --- | --- |
| results in another order than the calls | the id decides, not the position |
| several calls with one id, or calls without an id | a result that names its tool goes to a call of that tool |
| the same, and the tool does not decide | the newest message with such a call, in it the first call without a result |
| a repeated id | the first call keeps the id, the next ones are named `id#2`, `id#3`, and a note says so |
| a person's decision on a repeated id | it belongs to none of the calls, and a note says so |
| an empty or missing id | the calls are named `call-1`, `call-2`, in the order of the file |
| a second result for one call | the last one counts, unless the call was denied; a note says so |
| a result without a call | it is not used, and a note says so |

Calls of one message are one batch. They stay in the order in which the model proposed them, even if they started or
ended in another order.

Arguments are kept as recorded. If they are no JSON object that Airflow can store (`NaN`, an infinity, a number out of
range, a key that occurs twice, half a surrogate pair, NUL, in YAML a value with a tag that JSON has not), the call is
listed under `not_crystallized` with that reason, and the other calls are kept. A note in the run names the line and
the place of such a value, except for NUL. A result with such a value is kept as text. The file is refused only if the
value decides which calls there are, such as a message with two lists of calls.
"""


def formats() -> str:
    """Return the page about the trace formats."""
    lines = [
        "# Trace formats",
        "",
        "The format of a file is detected from its content; `--format NAME` sets it. The columns show what a format",
        "records. What it does not record stays unknown: for example, whether anyone approved a call.",
        GLOSSARY,
        "",
        "| format | what it is | results | approvals | edited arguments | timing | parallel calls |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for adapter in adapters():
        covered = adapter.coverage
        cells = (covered.results, covered.approvals, covered.edits, covered.timing, covered.batches)
        lines.append(f"| `{adapter.name}` | {adapter.description} | {' | '.join(cells)} |")
    return "\n".join([*lines, *_instrumentations(), *_matrix()]) + "\n" + PAIRING


def _instrumentations() -> list[str]:
    """Return the section about what instrumentations add to the conventions of spans."""
    lines = [
        "",
        "## Spans, by instrumentation",
        "",
        "Spans are read by the conventions of OpenTelemetry and OpenInference: attributes first, then events. The",
        "table lists what instrumentations add, with the version in which it was seen, if it was. Keys in brackets may",
        "be missing. If a tool's arguments are wrapped in an object that is not listed, the trace is refused with the",
        "object's keys. Export the run's messages instead.",
        "",
        "| seen in | what | how it is recognised |",
        "| --- | --- | --- |",
    ]
    for what, wrappers in (("arguments in an object", ARGUMENTS), ("a result in an object", RESULTS)):
        lines += [f"| {wrapper.seen} | {what} | keys {_keys(wrapper)} |" for wrapper in wrappers]
    for helper in HELPERS:
        places = {"span": helper.span, "tool": helper.tool, "key of the input": helper.beside}
        places["key of the output"] = helper.result
        marks = ", ".join(f"{place} `{name}`" for place, name in places.items() if name)
        lines.append(f"| {helper.seen} | {ROLES[helper.role]} | {marks} |")
    return lines


def _keys(wrapper: Wrapper) -> str:
    """Return a wrapper's keys; those that it need not have are in brackets."""
    return ", ".join([*(f"`{key}`" for key in sorted(wrapper.keys)), *(f"[`{key}`]" for key in sorted(wrapper.others))])


def _matrix() -> list[str]:
    """Return the section about frameworks and their exports, as the recordings show them."""
    rows = json.loads((MATRIX / "cells.json").read_text(encoding="utf-8"))
    lines = [
        "",
        "## Frameworks and their exports",
        "",
        "One scripted run was recorded in every framework and exported in every way that runs without a server: two",
        "parallel calls, a call that fails and is retried, text that is not ASCII, and, where the framework asks a",
        "person, an approved and a denied call. *Right* means that calls, order, executed arguments, results, outcomes",
        "and approvals are read as they happened; what an export does not record stays unknown.",
        "",
        "| framework | own dump | OpenInference | OpenLLMetry | OTel GenAI | MLflow | LangSmith | Langfuse |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    notes: list[str] = []
    for row in rows.values():
        own = ", ".join(f"{way}: {_cell(row['cells'][way], notes)}" for way in row["own"])
        others = [_cell(row["cells"][way], notes) for way in WAYS]
        lines.append(f"| {row['title']} (`{row['seen']}`) | {own} | {' | '.join(others)} |")
    return [*lines, "", *(f"{number}. {note[0].upper()}{note[1:]}." for number, note in enumerate(notes, 1))]


def _cell(cell: dict[str, Any], notes: list[str]) -> str:
    """Return the text of a cell, with the number of its note."""
    text = {"right": "right", "refused": "refused", "none": "not possible"}[cell["state"]]
    note = cell.get("note")
    if note and note not in notes:
        notes.append(note)
    return f"{text} ({notes.index(note) + 1})" if note else text


def kinds() -> str:
    """Return the page about the action kinds."""
    lines = [
        "# Action kinds",
        "",
        "A recorded tool is mapped to an action kind by its name, or by a rule of the [tools file](tools-file.md).",
        GLOSSARY,
        "",
        "Each kind has an operator, a default [effect](glossary.md#effect) and a determinism. For `file_sync`,",
        "`duckdb_transform`, `dlt_extract` and `http_request` the arguments decide the effect; see their sections.",
        "",
        "",
        "- `exact`: a repeated run does the same work.",
        "- `live`: an outside system answers, and may answer differently tomorrow.",
        "- `model_written`: a model wrote what runs.",
        "- `model_at_run_time`: a model decides in each run.",
        "",
        "Steps of a flagged kind are on the review list, with the reason.",
        "",
        "The examples are tasks of one DAG file that uses every kind; the end-to-end tests run it.",
        "",
    ]
    examples = _examples()
    for kind in KINDS:
        legacy = f" (also `{'`, `'.join(kind.legacy)}`)" if kind.legacy else ""
        flagged = f"; flagged: {kind.reason}" if kind.reason else ""
        lines += [
            f"## {kind.name}",
            "",
            f"{kind.summary[0].upper()}{kind.summary[1:]}{legacy}.",
            "",
            f"Operator `{kind.operator}` · effect `{kind.effect}` · determinism `{kind.determinism}`{flagged}",
            "",
            *_notes(kind),
            "| argument | type | required |",
            "| --- | --- | --- |",
        ]
        schema = kind.arguments.model_json_schema(by_alias=True)
        for name, described in schema["properties"].items():
            needed = "yes" if name in schema.get("required", ()) else ""
            lines.append(f"| `{name}` | {_type(described)} | {needed} |")
        lines.append("")
        if kind.name in examples:
            lines += ["```python", examples[kind.name], "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def review() -> str:
    """Return the page of the review items."""
    lines = [
        "# Review items",
        "",
        "What a person should look at before an automation is activated. The sidecar lists it under `review`, one",
        "object an item, and so does the HTTP API:",
        "",
        "| field | |",
        "| --- | --- |",
        "| `code` | which finding it is: one of the codes below |",
        "| `step` | the key of the step; null: it is about the automation as a whole |",
        '| `place` | path to a value inside the step, the argument\'s name first: `["json", "month"]`; null: none |',
        "| `message` | the finding in words, for people: the wording may change, so let no program read it |",
        "| `evidence` | the reasons, one line each, for people |",
        "",
        "Items are numbered from 1 in the order of the list. The DAG file's docstring, `vai crystallize`, `vai edit`",
        "and `vai activate` show the numbers, the API has them as `number`, and `vai activate --reviewed 1,3-5` takes",
        "them. Whoever activates an automation is recorded with the items that they looked at. An item about a step is",
        "not asked for again as long as code, step and place stay the same; a note, when it says something else.",
        "",
        "The [glossary](glossary.md) explains *frozen*, *wired*, *parameter*, *gate* and the other words.",
        "",
    ]
    for group, title in TITLES.items():
        lines += [f"## {title}", "", "| code | message | what to do |", "| --- | --- | --- |"]
        rows = [(code, row) for code, row in CODES.items() if row.group == group]
        lines += [f"| `{code}` | {row.message} | {row.action} |" for code, row in rows]
        lines.append("")
    lines += [
        "## Calls that became no step",
        "",
        "`not_crystallized` lists each with its `call_id`, its `tool`, a `code`, and the reason in words.",
        "",
        "| code | |",
        "| --- | --- |",
        *(f"| `{code}` | {meaning} |" for code, meaning in LEFT_OUT.items()),
    ]
    return "\n".join(lines) + "\n"


TITLES: dict[Group, str] = {
    "steps": "About steps",
    "places": "About values that stay frozen",
    "making": "About how the automation was made",
    "editing": "About edits",
    "runs": "About several runs",
}


def _examples() -> dict[str, str]:
    """Return the source of one example task for each kind, from the DAG file that uses them all."""
    text = EXAMPLE.read_text(encoding="utf-8")
    kinds = {kind.operator.rpartition(".")[2]: kind.name for kind in KINDS}
    found: dict[str, str] = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name):
            source = textwrap.dedent(" " * node.col_offset + (ast.get_source_segment(text, node) or ""))
            if name := kinds.get(node.value.func.id):
                found.setdefault(name, source)
    return found


def _notes(kind: Kind) -> list[str]:
    """Return the notes about a kind from the folder ``kinds``, if there are any."""
    file = FOLDER / "kinds" / f"{kind.name}.md"
    return [file.read_text(encoding="utf-8").rstrip(), ""] if file.exists() else []


PAGES: dict[str, Callable[[], str]] = {
    "api_reference.md": api_reference.page,
    "cli.md": cli,
    "configuration.md": reference_pages.configuration,
    "exceptions.md": reference_pages.errors,
    "formats.md": formats,
    "json_output.md": json_output.page,
    "kinds.md": kinds,
    "review.md": review,
    "sidecar.md": reference_pages.sidecar,
}


def main() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")
        print(f"wrote dev/docs/{name}")


def _option(entry: Option) -> str:
    value = entry.settings.get("metavar") or "|".join(entry.settings.get("choices", ()))
    words = [*entry.flags[:1], value] if entry.flags[0].startswith("-") else [value]
    shown = "`" + " ".join(filter(None, words)).replace("|", "\\|") + "`"
    return shown + (" (required)" if entry.settings.get("required") else "")


def _meaning(entry: Option) -> str:
    default = entry.settings.get("default")
    shown = str(entry.settings.get("help", "")) + (f" (default: {default})" if default else "")
    return shown.replace("|", "\\|").replace("<", "&lt;")  # `|` would end the table cell, `<id>` would be an HTML tag


def _type(described: dict[str, object]) -> str:
    options = described.get("anyOf")
    if isinstance(options, list):
        return " or ".join(_type(option) for option in options if option.get("type") != "null")
    if "enum" in described:
        return " or ".join(f"`{value}`" for value in described["enum"])  # type: ignore[attr-defined]
    return str(described.get("type", "any JSON"))


if __name__ == "__main__":
    main()
