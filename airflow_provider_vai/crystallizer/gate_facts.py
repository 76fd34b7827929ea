"""What a gate shows of the recorded run beside each value that a later run works out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from airflow_provider_vai.crystallizer.evidence.evidence import Evidence
from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages import derivation
from airflow_provider_vai.languages.derivation import Node
from airflow_provider_vai.languages.derivation.drawing import Known, recorded
from airflow_provider_vai.languages.derivation.facts import figure, identity, picked, sizes
from airflow_provider_vai.languages.derivation.words import parts
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.secrets.masking import mask, masked

ONE_RUN = "proposed from one run"
"""What the evidence says of a derivation that only one run's words suggest."""

LONGEST = 200
"""Longer recorded values are not copied into the gate."""


def derived_facts(arguments: Mapping[str, Argument], evidence: Evidence) -> list[dict[str, Any]]:
    """Return the facts about each derived part of a step's arguments.

    :param arguments: the arguments. :param evidence: of the recorded run, with its steps.
    """
    known = recorded(evidence.left, {})
    found = []
    for name, argument in arguments.items():
        is_proposal = any(ONE_RUN in line for line in argument.evidence)
        for at, tree in argument.trees():
            found += part_facts([name, *at], tree, known, is_proposal=is_proposal, outside=evidence.outside)
    return found


def part_facts(
    at: JsonPath, tree: Node, known: Known, *, is_proposal: bool = False, outside: Collection[str | None] = ()
) -> list[dict[str, Any]]:
    """Return the facts about a derived value: of a text, about each slot.

    :param at: its place, the argument's name first. :param tree: the derivation. :param known: the recorded values.
    :param is_proposal: whether only one run's words suggest it. :param outside: the steps that outsiders write for.
    """
    found = []
    for slot, part in parts(tree):
        records = [identity(node, record, known) for node, record in picked(part, known)]
        facts: dict[str, Any] = {"at": list(at), **({"slot": slot} if slot else {})}
        facts |= _value(part, known)
        facts |= {"figure": number} if (number := figure(part, known)) is not None else {}
        facts |= {"rows": rows} if (rows := sizes(part, known)) else {}
        facts |= {"records": [one if _is_plain(one) else {} for one in records]} if any(records) else {}
        facts |= {"one_run": True} if is_proposal else {}
        facts |= {"untrusted": True} if _reads(part, outside) else {}
        found.append(facts)
    return found


def _value(part: Node, known: Known) -> dict[str, Any]:
    try:
        value = derivation.evaluate(part, known)
    except (DerivationError, LookupError, TypeError):
        return {}
    is_short = isinstance(value, (str, int, float, bool)) and len(str(value)) <= LONGEST
    return {"value": masked({"value": value})["value"]} if is_short else {}


def _is_plain(record: Mapping[str, str]) -> bool:
    return all(len(value) <= LONGEST and mask(value) == value for value in record.values())


def _reads(tree: Any, steps: Collection[str | None]) -> bool:
    return any(reference.get("step") in steps for reference in derivation.references(tree) if reference.get("step"))
