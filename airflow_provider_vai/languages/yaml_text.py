"""Reads YAML as JSON data. Only JSON's own spellings count as non-text values, so a time or ``yes`` stays text."""

from __future__ import annotations

import base64
import math
import re
from collections import Counter
from functools import cache
from typing import Any, ClassVar

from airflow_provider_vai.exceptions import UnreadableTrace

LIMIT_BYTES = 20_000_000
"""YAML is parsed in pure Python, about a hundred times slower than JSON."""

LIMIT_NODES = 5_000_000
"""Maximum number of values in a document with its aliases expanded. A few lines of aliases can expand to billions."""

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


def loads(text: str, *, where: str) -> Any:
    """Parse one YAML document into JSON data.

    :param text: The document.
    :param where: The file, for messages.
    :raises UnreadableTrace: the text is not YAML, contains what JSON cannot represent, or is too large.
    """
    import yaml  # type: ignore[import-untyped]  # its stubs are a separate package

    if len(text) > LIMIT_BYTES:
        problem = f"YAML of more than {LIMIT_BYTES / 1e6:.0f} MB takes too long to read"
        raise UnreadableTrace(problem, where=where, remedy="Save the trace as JSON.")
    try:
        return _loader()(text).get_single_data()
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
    Loader.yaml_constructors = {
        **{tag: yaml.SafeLoader.yaml_constructors[tag] for tag in ("tag:yaml.org,2002:null", "tag:yaml.org,2002:str")},
        "tag:yaml.org,2002:bool": lambda loader, node: node.value == "true",
        "tag:yaml.org,2002:int": lambda loader, node: int(node.value),
        "tag:yaml.org,2002:float": _float,
        "tag:yaml.org,2002:binary": _binary,
        "tag:yaml.org,2002:seq": lambda loader, node: loader.construct_sequence(node, deep=True),
        "tag:yaml.org,2002:map": _mapping,
        None: yaml.SafeLoader.construct_undefined,
    }
    return Loader


def _float(loader: Any, node: Any) -> float:
    value = float(node.value)
    if not math.isfinite(value):
        raise ValueError(f"the number {node.value} is too large for a 64-bit float")
    return value


def _binary(loader: Any, node: Any) -> str:
    """Return binary data as the text that it encodes; if it is not text, as the base64 in the document."""
    try:
        return base64.b64decode(node.value).decode()
    except ValueError:
        return str(node.value)


def _mapping(loader: Any, node: Any) -> dict[str, Any]:
    own = Counter(str(key.value) for key, _ in node.value)
    if twice := next((name for name, count in own.items() if count > 1), None):
        raise ValueError(f"the key {twice[:80]!r} occurs twice in one object, so one of its values would be lost")
    loader.flatten_mapping(node)
    value: dict[str, Any] = {}
    for key, item in node.value:
        if not isinstance(key.value, str):
            raise ValueError(f"a key that is not a string, line {key.start_mark.line + 1}")
        value[key.value] = loader.construct_object(item, deep=True)
    return value
