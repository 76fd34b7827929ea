"""Each example on the page about derived values gives what the page says."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from airflow_provider_vai.languages import derivation
from airflow_provider_vai.languages.derivation.source import parsed
from tests.paths import DOCS

PAGE = (DOCS / "derived.md").read_text(encoding="utf-8")
DATA: dict[str, Any] = json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0])
EXAMPLES = re.findall(r"^\| `(.+?)` \| `(.+?)` \| .+ \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("example", "value"), EXAMPLES, ids=[example for example, _ in EXAMPLES])
def test_example(example: str, value: str) -> None:
    """The expression, with the page's data in place of results, gives the value with its type."""
    text = re.sub(r"(?<![\"\w])(rows|cars|carts|hotels|jars|stock|mail)(?![\"\w])", r"wired('\1')", example)
    made = derivation.evaluate(parsed(text), lambda reference: DATA[reference["step"]])
    assert json.dumps(made) == json.dumps(json.loads(value))


def test_every_function_has_an_example() -> None:
    """No function is missing on the page."""
    used = {name for example, _ in EXAMPLES for name in re.findall(r"(\w+)\(", example)}
    assert used >= set(derivation.FUNCTIONS)
    assert all(f"`{name}(" in PAGE for name in derivation.REFERENCES)
