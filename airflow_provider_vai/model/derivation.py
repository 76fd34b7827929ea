"""The schema of derived values: the trees of :mod:`~airflow_provider_vai.languages.derivation` in a spec.

The schema is closed. There is one model for each function, made from its signature; unknown functions and arguments are
refused. Data can only come from references, so a tree never contains rows or records, only names, limits and texts.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, Union, get_origin, get_type_hints

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    RootModel,
    StrictBool,
    StrictInt,
    StrictStr,
    TypeAdapter,
    ValidationError,
    create_model,
)
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

DATA = ("rows", "entries", "values", "text", "date", "data")
"""The parameters that take what a reference gives; a literal there would be recorded data."""

FORM = ("template", "form", "separator")
"""The parameters that say how a text looks. They are never taken from a result: only its slots are."""

FiniteNumber: TypeAlias = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Scalar: TypeAlias = StrictBool | StrictInt | FiniteNumber | StrictStr | None
PathPart: TypeAlias = StrictInt | StrictStr


class TreeNode(BaseModel):
    """Base of the models of functions and references."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class WiredNode(TreeNode):
    """A place in the result of an earlier step."""

    function: Literal["wired"]
    step: StrictStr
    path: list[PathPart] = Field(default_factory=list)


class ArgumentOfNode(TreeNode):
    """What an earlier step was given as an argument, or the part of it at ``path``."""

    function: Literal["argument_of"]
    step: StrictStr
    name: StrictStr
    path: list[PathPart] = Field(default_factory=list)


class ParameterNode(TreeNode):
    """A DAG param, or the part of it at ``path``."""

    function: Literal["parameter"]
    name: StrictStr
    path: list[PathPart] = Field(default_factory=list)


class ItemNode(TreeNode):
    """The list element that a mapped step runs for, or the part of it at ``path``."""

    function: Literal["item"]
    path: list[PathPart] = Field(default_factory=list)


class TemplateNode(TreeNode):
    """A Jinja template that Airflow renders, for the run's date."""

    function: Literal["template"]
    text: StrictStr


Root = TypeVar("Root")


class _Root(RootModel[Root]):
    """A function or a reference of a derived value."""

    model_config = ConfigDict(defer_build=True)


class _Tree:
    """Makes pydantic validate a tree, and describe it in the JSON Schema."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(checked, handler(source))

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return handler(_adapter().core_schema)


Derivation: TypeAlias = Annotated[dict[str, Any], _Tree]
"""A tree as JSON data, checked by :func:`checked`."""


def checked(tree: dict[str, Any]) -> dict[str, Any]:
    """Return the tree unchanged, after checking that it follows the schema.

    :raises ValueError: it does not; the message names the place in the tree.
    """
    if json_text.is_deeper(tree, 2 * derivation.DEEPEST):
        raise ValueError(f"a derived value has at most {derivation.DEEPEST} levels")
    try:
        _adapter().validate_python(tree)
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


@cache
def _adapter() -> TypeAdapter[Any]:
    models: list[Any] = [
        WiredNode,
        ArgumentOfNode,
        ParameterNode,
        ItemNode,
        TemplateNode,
        *map(_model, derivation.FUNCTIONS.values()),
    ]
    kinds: Any = Annotated[Union[tuple(models)], Field(discriminator="function")]  # noqa: UP007
    every: Any = type("DerivedNode", (_Root[kinds],), {"__module__": __name__, "__doc__": _Root.__doc__})
    for model in models:
        model.__pydantic_parent_namespace__ = {"DerivedNode": every}  # building all at once takes a tenth of the time
    return TypeAdapter(every)


def _model(function: Callable[..., Any]) -> type[TreeNode]:
    """Return the model of a function's calls."""
    hints = get_type_hints(function)
    fields: dict[str, Any] = {"function": (Literal[function.__name__], ...)}
    for name, parameter in inspect.signature(function).parameters.items():
        kind: Any = _kind(name, hints[name], function)
        if parameter.kind is parameter.VAR_POSITIONAL:
            fields[name] = (list[kind], Field(default_factory=list))
        elif parameter.kind is parameter.VAR_KEYWORD:
            fields[name] = (dict[StrictStr, kind], Field(default_factory=dict))
        else:
            fields[name] = (kind, ... if parameter.default is parameter.empty else parameter.default)
    title = "".join(part.capitalize() for part in function.__name__.split("_")) + "Node"
    doc = (function.__doc__ or "").split("\n")[0]
    return create_model(title, __base__=TreeNode, __doc__=doc, __module__=__name__, **fields)


def _kind(name: str, hint: Any, function: Callable[..., Any]) -> Any:
    """Return the type that an argument has in a tree."""
    if get_origin(hint) is Literal:
        return hint
    if name in FORM:
        return StrictStr
    if hint is bool:
        return StrictBool
    if name in DATA or (function is derivation.FUNCTIONS["part"] and name == "value"):
        return "DerivedNode"
    if name == "path":
        return PathPart
    if name == "digits":
        return StrictInt
    return Union[_TYPES.get(hint, Scalar), "DerivedNode"]  # noqa: F821


_TYPES: dict[Any, Any] = {str: StrictStr, str | None: StrictStr | None, int: StrictInt}
"""The type of a literal, by the type in a function's signature; anything else takes each scalar."""
