"""The pages of the configuration, the sidecar and the errors, for ``generate.py``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from airflow_provider_vai import exceptions
from airflow_provider_vai.cli.parser import EXIT_CODES
from airflow_provider_vai.exceptions import VaiError
from airflow_provider_vai.get_provider_info import CONFIG
from airflow_provider_vai.model.sidecar import HEAD, Sidecar
from airflow_provider_vai.operators.runtime import errors as step_errors

GLOSSARY = "The [glossary](glossary.md) explains the words used here."

FIELDS = {
    "schema_version": "version of this format; a newer one is refused, an older one is migrated when it is read",
    "dag_id": "the DAG id",
    "dag_sha256": "digest of the DAG file as written",
    "generator": "what rendered the DAG file",
    "rendered_sha256": "digest of the DAG file without edits by hand",
    "source_type": "made from a recording, or by hand",
    "source": "the recording, the newest if there are several; null: made by hand",
    "other_sources": "the other recordings",
    "status": "`draft` until somebody activates it; Airflow pauses a DAG with another status than `active`",
    "version": "number of the newest version",
    "entry": "number of the newest entry of the log of versions that the file contains",
    "history": "the versions, oldest first",
    "reviews": "who activated which version, and the review items that they looked at",
    "title": "Airflow's `dag_display_name`",
    "description": "Airflow's `description`",
    "non_deterministic": "whether a step is flagged: another run may give another result",
    "non_deterministic_steps": "keys of the flagged steps",
    "steps": "the steps, each after those that it depends on",
    "not_crystallized": "the recorded calls that did not become steps, with the reason",
    "params": "the DAG params by name",
    "triggers": "what starts DAG runs ([triggers](triggers.md))",
    "conditions": "expressions; unless all are true, a DAG run skips its steps",
    "connections": "ids of the Airflow connections that the DAG needs",
    "review": "what a person should look at ([review items](review.md))",
    "advice": "whether it is worth crystallizing this run, and why",
    "savings": "what the recorded run cost in model calls",
    "tags": "Airflow's `tags`, beside `vai` and the source type",
    "owner": "Airflow's `owner`",
    "max_active_runs": "Airflow's `max_active_runs`",
    "max_active_tasks": "Airflow's `max_active_tasks`",
    "timeout_seconds": "Airflow's `dagrun_timeout`",
    "retries": "retries of steps without a value of their own; steps that write have none",
    "retry_delay_seconds": "Airflow's `retry_delay`, for the same steps",
    "notifications": "messages by Airflow's notifiers when a DAG run fails or succeeds",
}
"""The meaning of each field at the top of the sidecar."""

REMEDIES = {
    "VaiError": "do what the second line of the message says",
    "TraceError": "export the run again, or another format of it",
    "UnreadableTrace": "name an existing file of text, JSON or a known archive, within the size limit",
    "LibraryMissing": "install the extra that the message names",
    "UnknownFormat": "export in one of the [formats](formats.md), or name the format with `--format`",
    "MalformedTrace": "look at the named place; export the run again with another version or format",
    "AmbiguousRun": "choose with `--run ID` or `--all`; `vai inspect --all` lists the runs",
    "CrystallizeError": "leave the call out with `--exclude`, or change the tools file",
    "RunNotSuccessful": "record a run that succeeds, or use `--allow-unsuccessful`",
    "NothingToCrystallize": "choose other calls or turns; `vai inspect` lists the calls and their outcomes",
    "RunsDiffer": "crystallize the runs one by one, or name runs of one task",
    "UnmappedTool": "add the tool to the [tools file](tools-file.md); `vai init` proposes the lines",
    "ArgumentsRefused": "map the arguments in the tools file, or choose another [kind](kinds.md)",
    "SecretFound": "store the credential in a connection, and name it in the tools file ([secrets](secrets.md))",
    "ToolsFileError": "correct the named line of the tools file",
    "KindRefused": "correct or uninstall the package that the message names",
    "SpecError": "correct the named place; `vai schema sidecar` and `vai schema automation` print the schemas",
    "DerivationError": "look at the rows of this run; freeze the value, or choose another rule ([derived](derived.md))",
    "PullError": "check address, credentials and run id of the source; name another file with `--out`",
    "ReplayRefused": "verify without the step, or give it a stand-in ([verify](verify.md))",
    "RenderError": "change the named value; if the message says that it is a bug, report it",
    "PublishError": "check the folder and its permissions",
    "UnusablePath": "correct the path or URL in the named option",
    "ProviderMissing": "install the distribution that the message names",
    "UnusableName": "choose another id with `--dag-id`",
    "NameTaken": "choose another id with `--dag-id`",
    "EditedByHand": "resolve the conflict in the DAG file, or overwrite the edits with `--force`",
    "Conflict": "read the automation again, and repeat the change",
    "UnknownDag": "wait until Airflow has read the DAG file, or check for an import error",
    "NotReviewed": "look at the named items, then `vai activate --reviewed`",
}
"""What to do about each error in general. The message of an error says more."""


def configuration() -> str:
    """Return the page of the options of ``[vai]``."""
    section = CONFIG["vai"]
    lines = [
        "# Configuration",
        "",
        f"{section['description']} All options are in the section `[vai]` of `airflow.cfg`. An environment variable",
        "such as `AIRFLOW__VAI__ARTIFACTS_PATH` sets one, too, and comes first. `airflow config list --section vai`",
        f"shows the values in use. {GLOSSARY}",
        "",
        "| option | type | default |",
        "| --- | --- | --- |",
    ]
    for name, option in sorted(section["options"].items()):
        lines.append(f"| [`{name}`](#{name}) | {option['type']} | {_value(option['default'])} |")
    for name, option in sorted(section["options"].items()):
        lines += ["", f"## {name}", "", _text(option["description"]), ""]
        lines += [f"Environment variable: `AIRFLOW__VAI__{name.upper()}`. Since version {option['version_added']}."]
        example = option["example"] if option["example"] is not None else option["default"]
        lines += ["", "```ini", "[vai]", f"{name} = {example}", "```"]
    return "\n".join(lines) + "\n"


def sidecar() -> str:
    """Return the page of the sidecar's schema."""
    schema = Sidecar.model_json_schema(by_alias=True)
    lines = [
        "# The sidecar",
        "",
        "Beside each DAG file `<dag_id>.py` is its sidecar, `<dag_id>.vai.json`: the spec, where it came from, its",
        "versions and who reviewed them. The DAG file never reads it. `vai schema sidecar` prints the JSON Schema that",
        f"this page shows. Fields that have their default may be missing. {GLOSSARY}",
        "",
        "A field of type *tree* is a value that each run works out ([derived values](derived.md)).",
        "",
        "## Top level",
        "",
        "| field | type | default | meaning |",
        "| --- | --- | --- | --- |",
    ]
    properties = schema["properties"]
    names = [*(name for name in HEAD if name in properties), *(name for name in properties if name not in HEAD)]
    lines += [_field(name, properties[name], schema.get("required", []), FIELDS[name]) for name in names]
    for name, described in sorted(schema["$defs"].items()):
        if "properties" not in described or name.endswith("Node"):
            continue
        lines += ["", f"## {name}", "", _text(described.get("description", "")), ""]
        lines += ["| field | type | default |", "| --- | --- | --- |"]
        required = described.get("required", [])
        lines += [_field(field, part, required) for field, part in described["properties"].items()]
    return "\n".join(lines) + "\n"


def errors() -> str:
    """Return the page of the errors."""
    lines = [
        "# Errors",
        "",
        "A command that refuses prints what is wrong, with the file, the place and the value, and below it what to do.",
        f"{EXIT_CODES} `vai diff --exit-code` exits with 1 if there are differences. {GLOSSARY}",
        "",
        "The HTTP API answers with the same words as problem JSON; see [the API](api.md). In Python, every error is a",
        "subclass of `airflow_provider_vai.exceptions.VaiError`, with the fields `problem`, `where` and `remedy`.",
        "",
        "| error | when | what to do |",
        "| --- | --- | --- |",
    ]
    for depth, kind in _tree(VaiError, 0):
        shown = "&nbsp;" * 4 * depth + f"`{kind.__name__}`"
        lines.append(f"| {shown} | {_cell(_summary(kind))} | {REMEDIES[kind.__name__]} |")
    lines += [
        "",
        "## Errors of a running step",
        "",
        "A step fails in Airflow with one of these. Its name in the task's log says whether anything was sent.",
        "",
        "| error | meaning |",
        "| --- | --- |",
    ]
    own = [kind for kind in vars(step_errors).values() if getattr(kind, "__module__", "") == step_errors.__name__]
    lines += [f"| `{kind.__name__}` | {_cell(_summary(kind))} |" for kind in own]
    return "\n".join(lines) + "\n"


def _tree(kind: type[VaiError], depth: int) -> Iterator[tuple[int, type[VaiError]]]:
    yield depth, kind
    for below in kind.__subclasses__():
        if below.__module__ == exceptions.__name__:
            yield from _tree(below, depth + 1)


def _summary(kind: type) -> str:
    return " ".join(inspect.getdoc(kind).partition("\n\n")[0].split())  # type: ignore[union-attr]


def _field(name: str, described: dict[str, Any], required: list[str], meaning: str | None = None) -> str:
    default = "required" if name in required else _value(described.get("default", ""))
    cells = [f"`{name}`", _type(described), default, *([meaning] if meaning else [])]
    return f"| {' | '.join(cells)} |"


def _type(described: dict[str, Any]) -> str:
    """Return a JSON Schema as words, with links to the objects of this page."""
    if "$ref" in described:
        name = described["$ref"].rpartition("/")[2]
        return "[tree](derived.md)" if name.endswith("Node") else f"[{name}](#{name.lower()})"
    if "const" in described:
        return f"`{described['const']}`"
    if "enum" in described:
        return " or ".join(f"`{value}`" for value in described["enum"])
    for key in ("anyOf", "oneOf"):
        if key in described:
            return " or ".join(dict.fromkeys(_type(option) for option in described[key]))
    kind = described.get("type")
    if kind == "array":
        return f"list of {_type(described.get('items', {}))}"
    if kind == "object" and isinstance(described.get("additionalProperties"), dict):
        return f"object of {_type(described['additionalProperties'])} by name"
    return str(kind) if kind else "any JSON"


def _value(value: Any) -> str:
    return "" if value in ("", None) else f"`{value}`"


def _cell(text: str) -> str:
    return _text(text).replace("|", "\\|").replace("\n", " ")


def _text(text: str) -> str:
    """Return reStructuredText of a docstring as Markdown: code, and names instead of roles."""
    text = re.sub(r":(?:\w+:)?\w+:`~?(?:[\w.]*\.)?([\w]+)`", r"`\1`", text)
    text = text.replace("``", "`")
    return "".join(
        part if number % 2 else part.replace("<", "&lt;").replace("*", "\\*")
        for number, part in enumerate(re.split(r"(`[^`]*`)", text))
    )
