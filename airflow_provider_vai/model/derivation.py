"""The schema of derived values: the trees of :mod:`~airflow_provider_vai.languages.derivation` in a spec.

The schema is closed: unknown functions and arguments are refused. Its models are in :mod:`.derivation_nodes`. Data can
only come from references, so a tree never contains rows or records, only names, limits and texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages import derivation, json_text
from airflow_provider_vai.languages.derivation import Node
from airflow_provider_vai.languages.derivation.conditions import CONDITIONS
from airflow_provider_vai.languages.places import has_part
from airflow_provider_vai.languages.template import syntax_problem
from airflow_provider_vai.model.base import JsonPath

MOST_NODES = 500
"""The most functions and references of one derived value."""

MOST_CHARACTERS = 100_000
"""The longest tree, as JSON text."""


class _Tree:
    """Makes pydantic validate a tree, and describe it in the JSON Schema."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(checked, handler(source))

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        from airflow_provider_vai.model.derivation_nodes import adapter  # few specs have a derived value

        return handler(adapter().core_schema)


Derivation: TypeAlias = Annotated[dict[str, Any], _Tree]
"""A tree as JSON data, checked by :func:`checked`."""


def checked(tree: dict[str, Any]) -> dict[str, Any]:
    """Return the tree unchanged, after checking that it follows the schema.

    :raises ValueError: it does not; the message names the place in the tree.
    """
    from airflow_provider_vai.model.derivation_nodes import adapter  # few specs have a derived value

    if json_text.is_deeper(tree, 2 * derivation.DEEPEST):
        raise ValueError(f"a derived value has at most {derivation.DEEPEST} levels")
    try:
        adapter().validate_python(tree)
        _check_size(tree)
        for node in derivation.nodes(tree):
            if node["function"] not in derivation.REFERENCES:
                derivation.bound(node["function"], {key: node[key] for key in node if key != "function"})
    except ValidationError as error:  # it is a ValueError itself
        raise ValueError(_problem(error, tree)) from None
    except DerivationError as error:
        raise ValueError(error.problem) from None
    for text in templates(tree):
        if problem := syntax_problem(text):
            raise ValueError(f"the text of template is not a valid Jinja template: {problem}")
    if not any(derivation.references(tree)):
        raise ValueError("a derived value reads a result, an argument or a param: write a literal instead")
    return tree


def follows_schema(tree: dict[str, Any]) -> bool:
    """Return whether a tree follows the schema."""
    try:
        checked(tree)
    except ValueError:
        return False
    return True


def reads(tree: Node) -> list[tuple[str | None, JsonPath]]:
    """Return each place in earlier results that a tree reads: the step's key and the path.

    The key is ``None`` for the element of a mapped step. What an earlier step was given counts as reading that step,
    without a path.
    """
    found: list[tuple[str | None, JsonPath]] = []
    for reference in derivation.references(tree):
        if reference["function"] in ("wired", "item"):
            found.append((reference.get("step"), list(reference.get("path", []))))
        elif reference["function"] == "argument_of":
            found.append((reference["step"], []))
    return found


def placed_reads(tree: Any, position: int | None = None) -> Iterator[tuple[str | None, JsonPath]]:
    """Yield what :func:`reads` returns, with a position at the end of the path where a function picks by position.

    :param position: the position that a function around the tree picks; ``None``: none does.
    """
    if not derivation.is_node(tree):
        return
    if tree["function"] in derivation.REFERENCES:
        yield from ((step, path if position is None else [*path, position]) for step, path in reads(tree))
        return
    own = {"first": 0, "last": -1}.get(tree["function"])
    if tree["function"] == "part" and isinstance(tree.get("path"), list):
        own = next((part for part in tree["path"] if isinstance(part, int)), None)
    for _, part in derivation.children(tree):
        yield from placed_reads(part, position if own is None else own)


def params(tree: Node) -> list[str]:
    """Return the DAG params that a tree reads."""
    return [one["name"] for one in derivation.references(tree) if one["function"] == "parameter"]


def templates(tree: Node) -> list[str]:
    """Return the Jinja templates in a tree."""
    return [one["text"] for one in derivation.references(tree) if one["function"] == "template"]


def given_arguments(tree: Node) -> list[tuple[str, str]]:
    """Return the arguments of earlier steps that a tree reads, as pairs of step key and argument name."""
    return [(one["step"], one["name"]) for one in derivation.references(tree) if one["function"] == "argument_of"]


def renamed(tree: Node, names: Mapping[str, str]) -> dict[str, Any]:
    """Return the tree with other step keys.

    :param names: the new keys, by the old ones.
    """

    def change(reference: Node) -> dict[str, Any]:
        step = {"step": names.get(reference["step"], reference["step"])} if "step" in reference else {}
        return {**reference, **step}

    made: dict[str, Any] = derivation.replaced(tree, change)
    return made


def constant_parts(tree: Any) -> list[str]:
    """Return the functions in a tree that read nothing, so that they give the same in every run."""
    return [
        str(node["function"])
        for node in derivation.nodes(tree)
        if node["function"] not in CONDITIONS and not any(derivation.references(node))
    ]


def literals(tree: Any) -> list[Any]:
    """Return the literals of a tree, for checks of texts that people or a recording wrote."""
    return [
        part for node in derivation.nodes(tree) for _, part in derivation.children(node) if not derivation.is_node(part)
    ]


def _check_size(tree: dict[str, Any]) -> None:
    """Check the size of a tree that follows the schema.

    :raises ValueError: it is too deep or too large.
    """
    if _levels(tree) > derivation.DEEPEST + 1:
        raise ValueError(f"a derived value has at most {derivation.DEEPEST} levels")
    if len(json_text.canonical(tree)) > MOST_CHARACTERS or sum(1 for _ in derivation.nodes(tree)) > MOST_NODES:
        raise ValueError(f"a derived value has at most {MOST_NODES} functions and {MOST_CHARACTERS:,} characters")


def _levels(tree: Any) -> int:
    if not derivation.is_node(tree):
        return 0
    return 1 + max((_levels(part) for _, part in derivation.children(tree)), default=0)


def _problem(error: ValidationError, tree: Any) -> str:
    """Return the first problem with its place in the tree; the names of models in pydantic's place are left out."""
    first = error.errors(include_url=False)[0]
    place: list[str] = []
    value = tree
    for part in first["loc"]:
        if has_part(value, part):
            place.append(str(part))
            value = value[part]
    if first["type"] == "missing":
        place.append(str(first["loc"][-1]))
    return f"{'.'.join(place)}: {first['msg']}" if place else str(first["msg"])
