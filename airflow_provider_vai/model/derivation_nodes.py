"""The models of derived values: one for each function, made from its signature, and one for each reference."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, Union, get_origin, get_type_hints

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    StrictBool,
    StrictInt,
    StrictStr,
    TypeAdapter,
    create_model,
)

from airflow_provider_vai.languages import derivation
from airflow_provider_vai.model.factories import new_dict, new_list

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
    path: list[PathPart] = Field(default_factory=new_list)


class ArgumentOfNode(TreeNode):
    """What an earlier step was given as an argument, or the part of it at ``path``."""

    function: Literal["argument_of"]
    step: StrictStr
    name: StrictStr
    path: list[PathPart] = Field(default_factory=new_list)


class ParameterNode(TreeNode):
    """A DAG param, or the part of it at ``path``."""

    function: Literal["parameter"]
    name: StrictStr
    path: list[PathPart] = Field(default_factory=new_list)


class ItemNode(TreeNode):
    """The list element that a mapped step runs for, or the part of it at ``path``."""

    function: Literal["item"]
    path: list[PathPart] = Field(default_factory=new_list)


class TemplateNode(TreeNode):
    """A Jinja template that Airflow renders, for the run's date."""

    function: Literal["template"]
    text: StrictStr


Root = TypeVar("Root")


class _Root(RootModel[Root]):
    """A function or a reference of a derived value."""

    model_config = ConfigDict(defer_build=True)


@cache
def adapter() -> TypeAdapter[Any]:
    """Return what validates a tree: one model for each function and each reference."""
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
            fields[name] = (list[kind], Field(default_factory=new_list))
        elif parameter.kind is parameter.VAR_KEYWORD:
            fields[name] = (dict[StrictStr, kind], Field(default_factory=new_dict))
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
