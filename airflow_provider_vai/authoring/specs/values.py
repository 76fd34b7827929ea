"""Reads the values of a spec written by hand: literals, and references that are filled in when the step runs.

::

    {$from: [revenue, rows]}        the `rows` of the result of the step `revenue`
    {$item: [id]}                   the `id` of the element, in a step that is mapped over a list
    {$param: [region]}              the DAG param `region`, with its type; [order, id] is a value inside a param
    {$template: "{{ ds }}"}         a Jinja template that Airflow renders
    {$derive: 'count(wired(a, "rows"))'}
                                    what each run works out, see dev/docs/derived.md; or the tree as in a sidecar
    {$secret: pager}                the password of the Airflow connection `pager`
    {$literal: {$from: x}}          data that only looks like a reference
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from airflow_provider_vai.authoring.specs.places import refuse, similar, text_of
from airflow_provider_vai.exceptions import DerivationError, SecretFound
from airflow_provider_vai.languages.derivation.source import parsed
from airflow_provider_vai.languages.printable import shown
from airflow_provider_vai.languages.template import syntax_problem
from airflow_provider_vai.model import derivation
from airflow_provider_vai.model.argument import Argument, Output, Secret, Wire
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.kinds import Kind
from airflow_provider_vai.secrets import Sighting, knowing, visit
from airflow_provider_vai.secrets.headers import carries_credentials
from airflow_provider_vai.secrets.masking import mask

MARKERS = ("$from", "$item", "$param", "$template", "$derive", "$secret", "$literal")
REMEDY = "Write {$from: [step, key, …]}, {$param: [name, key, …]} or {$item: [key, …]}; keys are text or positions."
TO_A_CONNECTION = (
    "Store it as the password of an Airflow connection and write {$secret: <connection id>}. The credentials of a "
    "request belong in the connection that the step uses."
)


@dataclass(frozen=True)
class Reference:
    """A part of a value that is filled in when the step runs. One of the fields besides ``path`` is set.

    :param output: A place in an earlier step's result or, without a step, in the element of a mapped step.
    :param param: A DAG param.
    :param path: The place inside the param.
    :param template: A Jinja template.
    :param derive: The tree of a derived value.
    :param connection: The connection whose password is used.
    """

    output: Output | None = None
    param: str | None = None
    path: JsonPath = field(default_factory=list)
    template: str | None = None
    derive: dict[str, Any] | None = None
    connection: str | None = None


def read(value: Any, place: JsonPath) -> Any:
    """Return a value with a :class:`Reference` in place of each ``{$from: …}`` or similar object.

    :param value: JSON data.
    :param place: Its place in the document, for messages.
    :raises SpecError: a reference is misspelt or invalid.
    """
    if isinstance(value, list):
        return [read(part, [*place, index]) for index, part in enumerate(value)]
    if not isinstance(value, dict):
        return value
    marked = [name for name in value if name in MARKERS]
    if len(value) == 1 and marked:
        return value["$literal"] if marked == ["$literal"] else _reference(marked[0], value[marked[0]], place)
    if marked:
        problem = f"{marked[0]} must be the only key of its object"
        refuse(problem, place, "Remove the other keys, or write {$literal: …} around the object if it is data.")
    for name in value if len(value) == 1 else ():
        if name.startswith("$") and get_close_matches(name, MARKERS, cutoff=0.8):
            remedy = f"{similar(name, MARKERS)} If it is data, write {{$literal: …}} around it."
            refuse(f"there is no reference {shown(name)}", place, remedy)
    return {name: read(part, [*place, name]) for name, part in value.items()}


def references(value: Any, at: JsonPath | None = None) -> Iterator[tuple[JsonPath, Reference]]:
    """Yield each reference in a value with its place."""
    at = at or []
    if isinstance(value, Reference):
        yield at, value
    for key, part in _parts(value):
        yield from references(part, [*at, key])


def argument(value: Any) -> Argument:
    """Return a value as an :class:`Argument`, with its references as wires and secrets."""
    if isinstance(value, Reference):
        return _whole(value)
    found = list(references(value))
    wires = [
        Wire(
            at=at, from_=part.output, param=part.param, path=part.path, template=part.template, derive=part.derive
        )
        for at, part in found if part.connection is None
    ]  # fmt: skip
    secrets = [Secret(at=at, connection=part.connection) for at, part in found if part.connection is not None]
    given: dict[str, Any] = {"class_": "wired" if wires else "frozen", "value": replaced(value, None)}
    given |= {"wires": wires} if wires else {}
    given |= {"secrets": secrets} if secrets else {}
    return Argument(**given)


def replaced(value: Any, by: Any) -> Any:
    """Return the value with ``by`` in place of each reference."""
    if isinstance(value, Reference):
        return by
    if isinstance(value, dict):
        return {name: replaced(part, by) for name, part in value.items()}
    return [replaced(part, by) for part in value] if isinstance(value, list) else value


def refuse_credentials(values: Mapping[str, Any], place: JsonPath, kind: Kind | None = None) -> None:
    """Refuse literals that look like credentials.

    :param values: Name -> value, which may contain references.
    :param place: The place of the values in the document, without their names.
    :param kind: The action kind, if the values are arguments.
    :raises SpecError: there is one; the message names the place of the first, and does not contain the credential.
    """
    for at, what in credentials(values, kind):
        refuse(what, [*place, *at], TO_A_CONNECTION)


def refuse_credentials_in_tree(tree: dict[str, Any], place: JsonPath) -> None:
    """Refuse a derived value with a literal that looks like a credential.

    :param place: The place of the tree in the document.
    :raises SpecError: there is one; the message does not contain it.
    """
    for literal in derivation.literals(tree):
        if isinstance(literal, str) and mask(literal) != literal:
            refuse("the expression contains what looks like a credential", place, TO_A_CONNECTION)


def credentials(values: Mapping[str, Any], kind: Kind | None = None) -> list[tuple[JsonPath, str]]:
    """Return the places of literals that look like credentials, each with a message that does not contain it.

    The rules are those for crystallizing a run, see :mod:`airflow_provider_vai.crystallizer.redact`.
    """
    found: list[tuple[JsonPath, str]] = []
    rest = _without_shapes(dict(values), [], found)
    given = rest.get("headers") if kind is not None and kind.name == "http_request" else None
    refused = [name for name in given if carries_credentials(name)] if isinstance(given, dict) else []
    if refused and isinstance(given, dict):
        rest["headers"] = {name: value for name, value in given.items() if name not in refused}
    named: list[JsonPath] = []

    def note(sighting: Sighting) -> None:
        if sighting.kind != "whole":
            raise SecretFound("the text contains what looks like a credential")
        named.append(sighting.at)

    try:
        with knowing(()):
            for name, value in rest.items():
                visit(value, [name], note)
    except SecretFound as error:
        return found or [([], error.problem)]
    found += [(at, "by its name, this literal is a credential") for at in named]
    what = "a header that carries credentials must come from the connection"
    return [*found, *((["headers", name], what) for name in refused)]


def _without_shapes(value: Any, place: JsonPath, found: list[tuple[JsonPath, str]]) -> Any:
    """Return a value without the texts and keys that contain a credential; their places are added to ``found``."""
    if isinstance(value, str) and mask(value) != value:
        found.append((place, "the text contains what looks like a credential"))
        return None
    if isinstance(value, list):
        return [_without_shapes(part, [*place, index], found) for index, part in enumerate(value)]
    if not isinstance(value, dict):
        return value
    kept = {}
    for key, part in value.items():
        if mask(key) == key:
            kept[key] = _without_shapes(part, [*place, key], found)
        else:
            found.append((place, "a key looks like a credential"))
    return kept


def _parts(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def _reference(marker: str, target: Any, place: JsonPath) -> Reference:
    at = [*place, marker]
    if marker == "$template":
        return Reference(template=_template(text_of(target, at, "Jinja template"), at))
    if marker == "$derive":
        return Reference(derive=_tree(target, at))
    if marker == "$secret":
        return Reference(connection=text_of(target, at, "connection id"))
    path = [target] if isinstance(target, str) else target
    if not isinstance(path, list) or not all(type(part) in (str, int) for part in path):
        refuse(f"{shown(target)} is not a path", at, REMEDY)
    if marker == "$item":
        return Reference(output=Output(path=path))
    if not path or not isinstance(path[0], str) or not path[0]:
        refuse(f"{shown(target)} does not begin with a name", at, REMEDY)
    if marker == "$param":
        return Reference(param=path[0], path=path[1:])
    return Reference(output=Output(step=path[0], path=path[1:]))


def _tree(target: Any, place: JsonPath) -> dict[str, Any]:
    """Return the tree of a derived value, given as an expression or as the tree itself."""
    remedy = "dev/docs/derived.md lists the functions; `vai schema automation` describes the trees."
    if not isinstance(target, (str, dict)):
        refuse(f"{shown(target)} is neither an expression nor a tree", place, remedy)
    try:
        tree = derivation.checked(parsed(target) if isinstance(target, str) else target)
    except (DerivationError, ValueError) as error:
        refuse(getattr(error, "problem", str(error)), place, remedy)
    refuse_credentials_in_tree(tree, place)
    return tree


def _template(text: str, place: JsonPath) -> str:
    if problem := syntax_problem(text):
        refuse(
            f"the text is not a valid Jinja template: {problem}",
            place,
            "Correct the template. Plain text does not need {$template: …}.",
        )
    return text


def _whole(reference: Reference) -> Argument:
    if reference.output:
        return Argument(class_="wired", from_=reference.output, origin="tool_output")
    if reference.param is not None:
        return Argument(
            class_="parameter", param=reference.param, **({"path": reference.path} if reference.path else {})
        )
    if reference.template is not None:
        return Argument(class_="template", value=reference.template)
    if reference.derive is not None:
        return Argument(class_="derived", derive=reference.derive, origin="tool_output")
    secret = Secret(at=[], connection=reference.connection or "")
    return Argument(class_="frozen", value=None, secrets=[secret], origin="secret")
