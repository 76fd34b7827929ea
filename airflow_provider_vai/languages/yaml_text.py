"""Reads YAML as JSON data. Only JSON's own spellings count as non-text values, so a time or ``yes`` stays text."""

from __future__ import annotations

import base64
import math
import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar

from airflow_provider_vai.exceptions import UnreadableTrace
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.short_text import cut

LIMIT_BYTES = 20_000_000
"""YAML is parsed in pure Python, about a hundred times slower than JSON."""

LIMIT_NODES = 5_000_000
"""Maximum number of values in a document with its aliases expanded. A few lines of aliases can expand to billions."""

LONGEST_INTEGER = 4_000
"""Maximum number of digits of an integer; Python converts no more than 4,300 by default."""

DEEPEST_BRACKETS = 200
"""Maximum nesting of ``[`` and ``{``. PyYAML looks at all open brackets again for each token."""

LIMIT_CHARACTERS = 50_000_000
"""Maximum length of all texts in a document with its aliases expanded: an alias of a long text is short."""

PLAIN = {
    "tag:yaml.org,2002:null": (r"(?:~|null|)$", ["~", "n", ""]),
    "tag:yaml.org,2002:bool": (r"(?:true|false)$", ["t", "f"]),
    "tag:yaml.org,2002:int": (r"-?(?:0|[1-9][0-9]*)$", list("-0123456789")),
    "tag:yaml.org,2002:float": (
        r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)$",
        list("-0123456789"),
    ),
    "tag:yaml.org,2002:merge": (r"<<$", ["<"]),
}
"""Unquoted words that are not text, by YAML tag: a pattern, and the characters with which they start."""

_NOT_A_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
"""How YAML writes the numbers that JSON has not. Where nothing takes their place, they are text, as other words are."""


def loads(text: str, *, where: str, unkept: json_text.Unkept | None = None) -> Any:
    """Parse one YAML document into JSON data.

    :param text: The document.
    :param where: The file, for messages.
    :param unkept: What to put in place of a value that JSON cannot represent: it is given the value as the text has it,
        or the pairs of an object. ``None`` refuses the document.
    :raises UnreadableTrace: the text is not YAML, contains what JSON cannot represent, or is too large.
    """
    import yaml  # type: ignore[import-untyped]  # its stubs are a separate package

    if len(text) > LIMIT_BYTES:
        problem = f"YAML of more than {LIMIT_BYTES / 1e6:.0f} MB takes too long to read"
        raise UnreadableTrace(problem, where=where, remedy="Save the trace as JSON.")
    try:
        loader = _loader()(text)
        loader.unkept = unkept
        return loader.get_single_data()
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
    except RecursionError:
        problem = "the document is nested too deeply to read"
    except (AttributeError, TypeError, ValueError) as error:  # a tag that does not fit its value
        problem = str(error)
    raise UnreadableTrace(f"the YAML cannot be read: {problem}", where=where, remedy="Save the trace as JSON.")


@cache
def _loader() -> Any:
    import yaml

    class Loader(yaml.SafeLoader):  # type: ignore[misc]  # untyped
        """A loader that counts values and supports only JSON's types."""

        yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}
        count = characters = 0
        unkept: json_text.Unkept | None = None

        def fetch_flow_collection_start(self, token: Any) -> None:
            """Read an opening bracket, unless too many are open."""
            if self.flow_level >= DEEPEST_BRACKETS:
                raise yaml.scanner.ScannerError(None, None, "the document is nested too deeply", self.get_mark())
            super().fetch_flow_collection_start(token)

        def compose_node(self, parent: Any, index: Any) -> Any:
            """Compose a node, counting an alias as all the values and characters that it expands to."""
            before, is_alias = (self.count, self.characters), self.check_event(yaml.AliasEvent)
            node = super().compose_node(parent, index)
            if is_alias and not hasattr(node, "expanded"):
                raise yaml.constructor.ConstructorError(None, None, "a value that contains itself", node.start_mark)
            own = (1, len(node.value) if isinstance(node, yaml.ScalarNode) else 0)
            values, characters = node.expanded if is_alias else own
            self.count += values
            self.characters += characters
            if self.count > LIMIT_NODES:
                raise yaml.constructor.ConstructorError(None, None, f"more than {LIMIT_NODES} values", node.start_mark)
            if self.characters > LIMIT_CHARACTERS:
                problem = f"more than {LIMIT_CHARACTERS} characters, with its aliases expanded"
                raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
            if not is_alias:
                node.expanded = (self.count - before[0], self.characters - before[1])
            return node

    for tag, (pattern, starts) in PLAIN.items():
        Loader.add_implicit_resolver(tag, re.compile(pattern), starts)
    constructors: dict[str | None, Callable[[Any, Any], Any]] = {
        "tag:yaml.org,2002:null": lambda loader, node: None,
        "tag:yaml.org,2002:str": _text,
        "tag:yaml.org,2002:bool": lambda loader, node: node.value == "true",
        "tag:yaml.org,2002:int": _integer,
        "tag:yaml.org,2002:float": _float,
        "tag:yaml.org,2002:binary": _binary,
        "tag:yaml.org,2002:seq": lambda loader, node: loader.construct_sequence(node, deep=True),
        "tag:yaml.org,2002:map": _mapping,
        None: yaml.SafeLoader.construct_undefined,
    }
    Loader.yaml_constructors = {tag: _keeping(constructor) for tag, constructor in constructors.items()}
    return Loader


def _keeping(constructor: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return a constructor that leaves a value which it refuses to what the caller puts in its place."""
    import yaml

    def constructed(loader: Any, node: Any) -> Any:
        try:
            return constructor(loader, node)
        except (AttributeError, TypeError, ValueError, yaml.constructor.ConstructorError) as error:
            if loader.unkept is None:
                raise
            problem = str(getattr(error, "problem", None) or error)
            return loader.unkept(_source(node), problem, json_text.CORRECT)

    return constructed


def _source(node: Any) -> str:
    """Return a value as the document has it."""
    text: str = node.start_mark.buffer[node.start_mark.pointer : node.end_mark.pointer]
    return text.strip()


def _text(loader: Any, node: Any) -> str:
    text = str(loader.construct_scalar(node))
    if loader.unkept and node.style is None and _NOT_A_NUMBER.fullmatch(text):
        raise ValueError(f"{text} is not JSON")
    return text


def _integer(loader: Any, node: Any) -> int:
    if len(node.value) > LONGEST_INTEGER:
        raise ValueError(f"an integer of {len(node.value)} digits is too long for Python to convert")
    return int(node.value)


def _float(loader: Any, node: Any) -> float:
    value = float(node.value)
    if not math.isfinite(value):
        raise ValueError(f"the number {cut(node.value)} is too large for a 64-bit float")
    if value == 0 and node.value.strip("-").lower().split("e")[0].strip("0."):
        raise ValueError(f"the number {cut(node.value)} is too small for a 64-bit float and would become 0")
    return value


def _binary(loader: Any, node: Any) -> str:
    """Return binary data as the text that it encodes; if it is not text, as the base64 in the document."""
    try:
        return base64.b64decode(node.value).decode()
    except ValueError:
        return str(node.value)


def _mapping(loader: Any, node: Any) -> Any:
    own = Counter(str(key.value) for key, _ in node.value)
    twice = next((name for name, count in own.items() if count > 1), None)
    problem = f"the key {cut(repr(twice))} occurs twice in one object, so one of its values would be lost"
    if twice is not None and loader.unkept is None:
        raise ValueError(problem)
    loader.flatten_mapping(node)
    pairs: list[tuple[str, Any]] = []
    for key, item in node.value:
        if not isinstance(key.value, str):
            raise ValueError(f"a key that is not a string, line {key.start_mark.line + 1}")
        pairs.append((key.value, loader.construct_object(item, deep=True)))
    return dict(pairs) if twice is None else loader.unkept(pairs, problem, json_text.CORRECT)
