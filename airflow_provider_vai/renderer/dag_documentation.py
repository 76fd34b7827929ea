"""The ``doc_md`` of a DAG: what a person reads about it in Airflow.

Only the DAG has one (dev/adr/0027). Airflow sends the texts of a DAG with every parse, so the steps are one table, in
which consecutive steps of one sort share a row. Nothing here changes with the version: a line that changes in every
rendering would conflict with every edit by hand beside it.

Links are relative to the address of Airflow's UI (its pages have a ``<base>``), so they also work below a path prefix.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby, islice
from urllib.parse import quote

from airflow_provider_vai.languages.markdown import escaped
from airflow_provider_vai.languages.titles import shortened, title_of
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.step_graph import GATE

TITLE_CHARACTERS = 200
DESCRIPTION_CHARACTERS = 600
NOTE_CHARACTERS = 90
MOST_ROWS = 20
MOST_NAMES = 20

EFFECTS = {"read": "reads", "artifact": "stores a result", "write": "writes"}


def documentation(automation: Automation) -> str:
    """Return the text, in Markdown: title, origin, steps, connections, params, and where to review and edit it.

    :param automation: The automation. All text from the recording is escaped.
    """
    title = automation.title or title_of(automation.description, TITLE_CHARACTERS) or automation.dag_id
    about = shortened(" ".join(automation.description.split()), DESCRIPTION_CHARACTERS)
    pages = f"vai/ui/automations/{quote(automation.dag_id, '')}"
    names = [_names("Connections", automation.connections), _names("Params", list(automation.params))]
    parts = [
        f"### {escaped(title)}",
        f"Description: {escaped(about)}" if about not in ("", title) else "",
        _origin(automation),
        "\n".join(["| task | does | values from | note |", "|-|-|-|-|", *_rows(automation.steps)]),
        *names,
        f"Change it on [its page]({pages}/steps), with `vai edit` or in the DAG file. "
        f"[Versions and reviewers]({pages}/versions); Airflow counts its own.",
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _origin(automation: Automation) -> str:
    source, others = automation.source, len(automation.other_sources)
    if source is None:
        return "Made by hand, not from a recording."
    what = "agent run" if source.kind == "agent_run" else "chat"
    what = f"{others + 1} recorded {what}s" if others else f"a recorded {what}"
    by = f" of {escaped(title_of(source.agent, NOTE_CHARACTERS))}" if source.agent else ""
    at = f", {source.captured_at:%Y-%m-%d}" if source.captured_at else ""
    return f"Repeats {what}{by}{at}."


def _rows(steps: list[Step]) -> list[str]:
    task_ids = {step.key: step.task_id for step in steps}
    guarded: dict[str, list[str]] = {}
    for step in steps:
        if step.approval.gate:
            guarded.setdefault(step.approval.gate, []).append(step.task_id)
    left, lines = len(steps), []
    for row, group in islice(groupby(steps, key=lambda step: _row(step, task_ids, guarded)), MOST_ROWS):
        ids = [f"`{step.task_id}`" for step in group]
        left -= len(ids)
        name = ", ".join(ids) if len(ids) < 3 else f"{ids[0]} to {ids[-1]} ({len(ids)})"
        lines.append(f"| {' | '.join([name, *row])} |".replace("  ", " "))
    return [*lines, f"| {left} more | | | |"] if left else lines


def _row(step: Step, task_ids: Mapping[str, str], guarded: Mapping[str, list[str]]) -> tuple[str, str, str]:
    """Return what a step does, where its values come from if they are not frozen, and what a person should know.

    :param task_ids: The task id of each step, by key. :param guarded: The task ids behind each gate, by the gate's key.
    """
    if step.kind == GATE:
        return f"asks before {_listed(guarded.get(step.key, []))}", "", ""
    note = escaped(title_of(step.non_deterministic_reason or "", NOTE_CHARACTERS))
    each = ", once for each element" if step.each else ""
    return f"{step.kind}: {EFFECTS[step.effect]}{each}", _sources(step, task_ids), note


def _sources(step: Step, task_ids: Mapping[str, str]) -> str:
    read = [output.step for output in step.outputs()] + [key for key, _ in step.given_arguments()]
    earlier = dict.fromkeys(task_ids[key] for key in read if key is not None)
    params = [f"params.{name}" for name in dict.fromkeys(step.params())]
    return _listed([*earlier, *params])


def _listed(names: Sequence[str], most: int = 3) -> str:
    more = [f"{len(names) - most} more"] if len(names) > most else []
    return ", ".join([*(f"`{name.replace('`', '').replace('|', '')}`" for name in names[:most]), *more])


def _names(heading: str, names: list[str]) -> str:
    return f"{heading}: {_listed(names, MOST_NAMES)}" if names else ""
