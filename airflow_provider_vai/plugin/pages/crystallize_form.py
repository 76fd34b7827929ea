"""The form with which a recording is crystallized: its fields, and the options that they stand for."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.tools_file import suggested_kind
from airflow_provider_vai.plugin.api.request_body import validated_request
from airflow_provider_vai.plugin.pages.forms import PageForm
from airflow_provider_vai.plugin.routes.crystallizing import Crystallize

TEXTS = ("dag_id", "description", "schedule")
CHOICES = {"gates": "auto", "derive": "proposed"}
FLAGS = ("parallel", "loops", "freeze_all", "allow_unsuccessful", "allow_unmapped")
RULE = ("tool", "kind", "conn_id", "callable", "effect")


@dataclass(frozen=True)
class ChosenOptions:
    """What a person chose.

    :param fields: the text fields and choices by name. :param flags: the names of the ticked options.
    :param exclude: numbers of calls to leave out. :param further: other recordings, as :func:`name_of` names them.
    :param rules: for each tool the fields of its rule. :param was_sent: whether a person sent the form.
    """

    fields: Mapping[str, str] = field(default_factory=lambda: {**dict.fromkeys(TEXTS, ""), **CHOICES})
    flags: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()
    further: frozenset[str] = frozenset()
    rules: tuple[dict[str, str], ...] = ()
    was_sent: bool = False


def read(form: PageForm) -> ChosenOptions:
    """Return what a person chose in a form."""
    texts = {name: form.get(name).strip() for name in TEXTS}
    choices = {name: form.get(name) or default for name, default in CHOICES.items()}
    columns = [form.all(name) for name in RULE]
    return ChosenOptions(
        {**texts, **choices},
        frozenset(form.all("option")) & frozenset(FLAGS),
        frozenset(form.all("exclude")),
        frozenset(form.all("further")),
        tuple(dict(zip(RULE, row, strict=True)) for row in zip(*columns, strict=False)),
        was_sent=True,
    )


def body_of(chosen: ChosenOptions) -> Crystallize:
    """Return the options of the HTTP API for a person's choices.

    :raises SpecError: one of them is not possible.
    """
    given: dict[str, Any] = {name: value for name, value in chosen.fields.items() if value}
    given |= {name: name in chosen.flags for name in FLAGS}
    given["exclude"] = sorted(chosen.exclude)
    given["tools"] = [_rule(rule) for rule in chosen.rules if rule["kind"]]
    given["traces"] = [_trace(name) for name in sorted(chosen.further)]
    return validated_request(Crystallize, given, where="the form", remedy="Correct the field.")


def name_of(source: str, trace_sha256: str, run_id: str) -> str:
    """Return how the form names a recording."""
    return f"{source} {trace_sha256} {run_id}"


def tools_of(run: dict[str, Any], chosen: ChosenOptions) -> list[dict[str, Any]]:
    """Return the tools of a run for which the form asks what they are: those that are not named like an action kind.

    Only calls that succeeded can become steps, so the others' tools need no kind.

    :param run: the run, as the API shows it.
    :return: for each tool its name, its number of calls, the kind that it probably is, and the fields of its rule.
    """
    calls = [call for call in run["calls"] if call["outcome"] == "success" and call["tool"] not in by_name()]
    counts = Counter(call["tool"] for call in calls)
    servers = {call["tool"]: call["server"] for call in calls}
    given = {rule["tool"]: rule for rule in chosen.rules}
    return [
        {
            "name": tool,
            "count": count,
            "suggested": suggested_kind(tool, server=servers[tool], format=run["format"]),
            "rule": given.get(tool, dict.fromkeys(RULE, "")),
        }
        for tool, count in counts.items()
    ]


def _rule(rule: dict[str, str]) -> dict[str, Any]:
    given = {name: value.strip() for name, value in rule.items() if name != "tool" and value.strip()}
    return {"match": glob.escape(rule["tool"]), **given}


def _trace(name: str) -> dict[str, str]:
    source, _, rest = name.partition(" ")
    sha256, _, run_id = rest.partition(" ")
    return {"run_id": run_id, "source": source, "trace_sha256": sha256}
