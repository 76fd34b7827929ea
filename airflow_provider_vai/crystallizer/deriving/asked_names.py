"""Makes wires follow the name that a search was given, where the search itself takes another name in each run.

A search is asked for ``plan.docx``, and a later step takes the id of the record with this name: the wire has the part
``[name=plan.docx]``. If the search takes its name from an earlier result, the wire has to take it from the search.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_vai.crystallizer.deriving.search import DerivedPlace
from airflow_provider_vai.crystallizer.deriving.tables import call, same
from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.evidence.value_places import leaves
from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages.derivation import Node, evaluate
from airflow_provider_vai.languages.places import value_at
from airflow_provider_vai.languages.result_path import CHECK, RECORD, TEXT, follow
from airflow_provider_vai.model.argument import Output


@dataclass(frozen=True)
class AskedStep:
    """An earlier step that a wire may read.

    :param draft: the step, with its wires and derived values.
    :param values: its recorded arguments.
    :param result: what it left, in the recording.
    """

    draft: Draft
    values: Mapping[str, Any]
    result: Any


def asked_names(name: str, draft: Draft, recorded: Any, earlier: Mapping[str, AskedStep]) -> list[DerivedPlace]:
    """Return the places in an argument whose wires name a record as its search was asked, and how they follow the name.

    Whom a write reaches and what it pays is returned to what was recorded when the steps are settled.

    :param name: the argument's name.
    :param draft: the step, with its wires and derived values.
    :param recorded: the argument's recorded value.
    :param earlier: the steps before it that are not mapped, by key.
    """
    found = []
    argument = draft.arguments[name]
    trees = [list(at) for at, _ in argument.trees()]
    for at, output in argument.placed_outputs():
        place, search = [name, *at], earlier.get(output.step or "")
        if search is None or list(at) in trees:
            continue
        node = _follows(output, search, value_at(recorded, at))
        found += [DerivedPlace(place, node, ())] if node else []
    return found


def _follows(output: Output, search: AskedStep, value: Any) -> Node | None:
    """Return the node that takes the record which the search was asked for; ``None`` if the wire names another one."""
    depth = next((depth for depth, part in enumerate(output.path) if RECORD.fullmatch(str(part))), None)
    named = RECORD.fullmatch(str(output.path[depth])) if depth is not None else None
    if depth is None or named is None or "." in named[1]:
        return None
    rest = list(output.path[depth + 1 :])
    if rest and str(rest[-1]).startswith(CHECK):
        rest.pop()
    if not rest or not all(isinstance(part, str) and not part.startswith(("[", TEXT)) for part in rest):
        return None
    for asked in _following(search, named[2]):
        rows = call("wired", step=output.step, path=list(output.path[:depth]))
        fits = call("where", rows=rows, conditions={named[1]: asked})
        node = call("part", value=call("only", rows=fits), path=rest)
        if _gives(node, search, value):
            return node
    return None


def _following(search: AskedStep, name: str) -> Iterator[Node]:
    """Yield what a search was given at each place that has a name, and that a wire or a derived value fills in."""
    for key, argument in search.draft.arguments.items():
        filled = [list(at) for at, _ in argument.placed_outputs()]
        for at, part in leaves(search.values.get(key)):
            if part == name and any(at[: len(place)] == place for place in filled):
                yield call("argument_of", step=search.draft.key, name=key, path=at)


def _gives(node: Node, search: AskedStep, value: Any) -> bool:
    """Return whether a node gives exactly a value on the recording."""

    def resolved(reference: Node) -> Any:
        if reference["function"] == "wired":
            return follow(search.result, reference["path"])
        return value_at(search.values[reference["name"]], reference["path"])

    try:
        return same(evaluate(node, resolved), value)
    except (DerivationError, LookupError, TypeError):
        return False
