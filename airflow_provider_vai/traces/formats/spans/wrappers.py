"""What instrumentations put around a tool's arguments and result, and the spans that they add beside the tools' own.

The tables name the instrumentation, with the version in which each shape was seen. An object that looks like a wrapper
but is not in the tables is never taken for the arguments: :mod:`execution` refuses it with its keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from airflow_provider_vai.traces.formats.spans.span import read_value
from airflow_provider_vai.traces.reading.values import as_list, as_object, text_or_none

Role = Literal["", "skipped", "answer", "messages"]
"""What a helper span is: one to skip, the agent's answer, or a span with the messages of several calls."""

DEEPEST = 3
"""How many objects deep a call's arguments are looked for in an unknown wrapper."""

LONGEST_NAME = 500
"""Characters of a span's name that is compared with the patterns of helpers."""

HIDDEN = frozenset({"<not serializable>", "__REDACTED__"})
"""What instrumentations write in place of content: Google ADK 1.18, and OpenInference if content is hidden."""

HIDDEN_ARGUMENTS = HIDDEN | {"N/A"}


@dataclass(frozen=True)
class Wrapper:
    """An object around the arguments or the result of a call.

    ``seen`` names the instrumentation and its version. The object always has the ``keys`` and may have the ``others``.
    ``inside`` are the dotted paths of the content, the best first; ``positional`` is the key of arguments without
    names. ``call_id``, ``tool`` and ``failed`` are the paths of the call's id, of the tool's name, and of the mark of a
    failure. A wrapper with ``tool`` counts only if it names the span's own tool. ``after`` is the ``seen`` of the
    arguments' wrapper beside which alone a result's wrapper occurs. ``is_certain`` is false if a tool's own parameters
    or results may well have the same names: then the object counts as a wrapper only for what is inside it.
    """

    seen: str
    keys: frozenset[str]
    inside: tuple[str, ...]
    others: frozenset[str] = frozenset()
    positional: str = ""
    call_id: tuple[str, ...] = ()
    tool: str = ""
    failed: str = ""
    after: str = ""
    is_certain: bool = True

    def fits(self, value: dict[str, Any], tool: str) -> bool:
        """Return whether an object has this wrapper's keys and no others, and names the tool.

        :param value: the object.
        :param tool: the span's tool.
        """
        return self.keys <= value.keys() <= self.keys | self.others and self._names(value, tool)

    def resembles(self, value: dict[str, Any], tool: str) -> bool:
        """Return whether an object has this wrapper's keys among others, as a newer version may write it.

        :param value: the object.
        :param tool: the span's tool.
        """
        return self.is_certain and self.keys <= value.keys() and self._names(value, tool)

    def _names(self, value: dict[str, Any], tool: str) -> bool:
        return not self.tool or at_path(value, self.tool) == tool


def _keys(text: str) -> frozenset[str]:
    return frozenset(text.split())


OPENLLMETRY_MCP = "OpenLLMetry, MCP"

ARGUMENTS = (
    Wrapper(
        "OpenLLMetry, LangChain 0.62.4",
        keys=_keys("input_str"),
        others=_keys("tags metadata inputs kwargs"),
        inside=("inputs", "input_str"),
        call_id=("kwargs.tool_call_id",),
    ),
    Wrapper(
        "OpenInference, smolagents 0.1.43; MLflow 3.17",
        keys=_keys("kwargs sanitize_inputs_outputs"),
        others=_keys("args"),
        inside=("kwargs",),
        positional="args",
    ),
    Wrapper(
        "OpenInference, LlamaIndex 4.6.1; OpenLLMetry's and Langfuse's decorators",
        keys=_keys("kwargs"),
        others=_keys("args"),
        inside=("kwargs",),
        positional="args",
    ),
    Wrapper(
        "OpenInference, CrewAI 0.1.18",
        keys=_keys("tool_string calling"),
        others=_keys("tool"),
        inside=("calling.arguments",),
    ),
    Wrapper(OPENLLMETRY_MCP, keys=_keys("tool_name arguments"), inside=("arguments",), tool="tool_name"),
    Wrapper(
        "MCP request",
        keys=_keys("params"),
        others=_keys("method jsonrpc id"),
        inside=("params.arguments",),
        tool="params.name",
    ),
    Wrapper(
        "LangChain's tool call, langchain-core 1.8.3",
        keys=_keys("name args"),
        others=_keys("id type"),
        inside=("args",),
        call_id=("id",),
        tool="name",
    ),
    Wrapper(
        "OpenAI's function call, and MCP parameters",
        keys=_keys("name arguments"),
        others=_keys("id call_id type status _meta meta task"),
        inside=("arguments",),
        call_id=("call_id", "id"),
        tool="name",
    ),
    *(
        Wrapper("LangChain callbacks, LangSmith", keys=_keys(key), inside=(key,), is_certain=False)
        for key in ("input", "tool_input", "inputs")
    ),
)

RESULTS = (
    Wrapper("OpenLLMetry, LangChain 0.62.4", keys=_keys("output kwargs"), inside=("output",)),
    Wrapper(
        "OpenInference, LlamaIndex 4.6.1",
        keys=_keys("tool_name raw_input raw_output"),
        others=_keys("blocks content is_error exception"),
        inside=("raw_output", "content", "blocks"),
        failed="is_error",
    ),
    Wrapper(
        "OpenLLMetry, LlamaIndex 0.62.4",
        keys=_keys("tool_name tool_kwargs tool_id tool_output"),
        others=_keys("return_direct"),
        inside=("tool_output.raw_output", "tool_output.blocks"),
        call_id=("tool_id",),
        failed="tool_output.is_error",
    ),
    Wrapper(
        "OpenInference, Google ADK",
        keys=_keys("name response"),
        others=_keys("id will_continue scheduling parts"),
        inside=("response",),
        call_id=("id",),
        tool="name",
    ),
    Wrapper(
        OPENLLMETRY_MCP,
        keys=_keys("result"),
        others=_keys("is_error"),
        inside=("result",),
        failed="is_error",
        after=OPENLLMETRY_MCP,
    ),
    Wrapper(
        "MCP result",
        keys=_keys("content isError"),
        others=_keys("structuredContent _meta meta"),
        inside=("structuredContent", "content"),
        failed="isError",
    ),
    Wrapper(
        "MCP result, as Python's SDK names it",
        keys=_keys("content is_error"),
        others=_keys("structured_content data meta _meta"),
        inside=("structured_content", "content"),
        failed="is_error",
    ),
    Wrapper(
        "AutoGen's function result",
        keys=_keys("content call_id"),
        others=_keys("name is_error"),
        inside=("content",),
        call_id=("call_id",),
        failed="is_error",
    ),
    Wrapper(
        "OpenInference, LangGraph's command, 0.1.80",
        keys=_keys("update goto"),
        others=_keys("graph resume"),
        inside=("update.messages",),
        is_certain=False,
    ),
)


@dataclass(frozen=True)
class Helper:
    """A span that an instrumentation adds beside the tools' own.

    ``seen`` names the instrumentation and its version, ``role`` says what the span is. ``span`` is the pattern of its
    name, ``tool`` the tool's name, ``beside`` a key of its input, ``result`` a key of its output; those that are given
    must all fit.
    """

    seen: str
    role: Role
    span: str = ""
    tool: str = ""
    beside: str = ""
    result: str = ""

    def fits(self, span: str, tool: str, arguments: Any, output: Any) -> bool:
        """Return whether a span is this helper.

        :param span: the span's name.
        :param tool: the tool's name.
        :param arguments: the span's input.
        :param output: the span's output.
        """
        is_short = len(span) <= LONGEST_NAME
        is_named = (is_short and re.fullmatch(self.span, span)) if self.span else self.tool in ("", tool)
        has_key = not self.beside or self.beside in as_object(arguments)
        return bool(is_named) and has_key and (not self.result or self.result in as_object(output))


HELPERS = (
    Helper("Google ADK 1.18 to 2.13", "skipped", tool="(merged tools)"),
    Helper("Google ADK 1.18 to 2.13", "skipped", span=r"execute_tool \(merged( tools)?\)"),
    Helper("pydantic-ai, Logfire", "skipped", span=r"running (\d+ )?tools"),
    Helper("OpenInference, LlamaIndex 4.6.1", "skipped", span=r".+\._prepare_chat_with_tools"),
    Helper("OpenInference, smolagents 0.1.43", "answer", span="FinalAnswerTool"),
    Helper("OpenInference, smolagents 0.1.43", "answer", tool="final_answer", beside="sanitize_inputs_outputs"),
    Helper("OpenInference, BeeAI", "answer", tool="final_answer", beside="response"),
    Helper("OpenInference, Instructor", "skipped", span=r"instructor\.(async_)?patch"),
    Helper("OpenInference, DSPy 3", "answer", span=r"finish\.__call__"),
    Helper("Haystack's Langfuse tracer", "messages", result="tool_messages"),
    Helper("Haystack's Langfuse tracer", "messages", span=r".+ - \[('[^']+'(, )?)+\]"),
)

CLASSES = re.compile(r"\w*Tool(\.(acall|call|__call__|task))?")
"""Names of spans that are the class of a tool: LlamaIndex's and smolagents' spans name the tool in an attribute."""

METHODS = re.compile(r"\w*Tool\.(acall|call|__call__|task)")
"""Names that are never a tool's own: spans that a tracer names after a method of a tool's class."""

TOOL_IN_RESULT = ("tool_name",)
"""Where a result names its tool, for a span that only has a class's name."""


OBSERVATIONS = (("Calling tools:", "Observation:"),)
"""How a call and its result begin in a model's messages, if a framework writes both as text: smolagents 1.x."""


PROGRAM, OBSERVED = "[[ ## ", "[[ ## observation_0 ## ]]"
"""How a prompt of DSPy begins, and the field by which it repeats the calls so far and their results."""


def is_observation(text: str, before: str | None) -> bool:
    """Return whether the text of a user's message is the result of a call in the message before.

    :param text: the text.
    :param before: the text of the message before.
    """
    if text.startswith(PROGRAM) and OBSERVED in text:
        return True
    return any((before or "").startswith(call) and text.startswith(result) for call, result in OBSERVATIONS)


def helper_role(span: str, tool: str, arguments: Any = None, output: Any = None) -> Role:
    """Return what a span beside the tools' own is; empty for any other span.

    :param span: the span's name.
    :param tool: the tool's name.
    :param arguments: the span's input.
    :param output: the span's output.
    """
    return next((helper.role for helper in HELPERS if helper.fits(span, tool, arguments, output)), "")


@dataclass(frozen=True)
class Content:
    """What is inside a wrapper: the ``value``, the call's id, and whether the call failed.

    ``wrapper`` is the ``seen`` of the outermost wrapper. ``positional`` has the arguments without names. ``unknown``
    has the keys of an object that resembles a wrapper, but is none of the table.
    """

    value: Any
    wrapper: str = ""
    call_id: str = ""
    failed: bool = False
    positional: tuple[Any, ...] = ()
    unknown: tuple[str, ...] = ()


def unwrapped_arguments(value: Any, tool: str, parameters: frozenset[str]) -> Content:
    """Return the arguments inside a wrapper; an object without one is returned as it is.

    :param value: the input of a tool's span.
    :param tool: the tool's name.
    :param parameters: the tool's parameters, if the trace declares them: a tool may have some of a wrapper's names.
    """
    if not isinstance(value, dict) or parameters & value.keys():
        return Content(value)
    for wrapper in ARGUMENTS:
        if wrapper.fits(value, tool):
            found = _inside(wrapper, value)
            if isinstance(found, (dict, str)) and (isinstance(found, dict) or wrapper.is_certain):
                positional = tuple(as_list(value.get(wrapper.positional)))
                return Content(found, wrapper.seen, _call_id(wrapper, value), positional=positional)
            if wrapper.is_certain:
                return Content(value, unknown=tuple(value))
    resembles = any(wrapper.resembles(value, tool) for wrapper in ARGUMENTS)
    return Content(value, unknown=tuple(value) if resembles and len(value) > 1 else ())


def unwrapped_result(value: Any, tool: str, after: str = "") -> Content:
    """Return the result inside a wrapper, or inside several; any other value is returned as it is.

    :param value: the output of a tool's span.
    :param tool: the tool's name.
    :param after: the wrapper of the arguments.
    """
    content = Content(value)
    for _ in range(DEEPEST):
        held = content.value
        fitting = (wrapper for wrapper in RESULTS if isinstance(held, dict) and wrapper.fits(held, tool))
        wrapper = next((found for found in fitting if found.after in ("", after)), None)
        inner = _inside(wrapper, held) if wrapper else None
        if wrapper is None or (inner is None and not wrapper.is_certain):
            break
        content = Content(
            inner,
            content.wrapper or wrapper.seen,
            content.call_id or _call_id(wrapper, held),
            content.failed or at_path(held, wrapper.failed) is True,
        )
    return content


def inner_objects(value: Any, depth: int = DEEPEST, *, in_lists: bool = False) -> Iterator[dict[str, Any]]:
    """Yield the objects inside an object, also those in JSON text or a Python repr.

    :param value: the outer object, or a list.
    :param depth: how many levels deep.
    :param in_lists: whether the items of lists count, too.
    """
    items = as_list(value) if in_lists and isinstance(value, list) else list(as_object(value).values())
    for item in items if depth else ():
        inner = read_value(item)
        if isinstance(inner, dict):
            yield inner
        yield from inner_objects(inner, depth - 1, in_lists=in_lists)


def at_path(value: Any, path: str) -> Any:
    """Return the value at a dotted path; ``None`` if there is none.

    :param value: the outer object.
    :param path: the keys, joined with dots.
    """
    for key in path.split("."):
        value = as_object(read_value(value)).get(key)
    return value


def _inside(wrapper: Wrapper, value: dict[str, Any]) -> Any:
    found = (read_value(at_path(value, path)) for path in wrapper.inside)
    return next((content for content in found if content is not None), None)


def _call_id(wrapper: Wrapper, value: dict[str, Any]) -> str:
    return next((text for path in wrapper.call_id if (text := text_or_none(at_path(value, path)))), "")
