"""Reads the file of a spec or sidecar as JSON data, before anything is known about its form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow_provider_vai.authoring.specs.places import dotted
from airflow_provider_vai.exceptions import SpecError, UnreadableTrace
from airflow_provider_vai.languages import json_text, storable, yaml_text

LIMIT_BYTES = 5_000_000
"""Specs are small because people write them. A larger file is refused, because parsing it could take minutes."""

DEEPEST = 100
"""Maximum levels of nesting, as in ``python_source``: deeper values could not be rendered."""

YAML = (".yaml", ".yml")
ENDINGS = (".vai.yaml", ".vai.yml", ".vai-spec.json")
"""The endings of spec files that ``vai lint`` looks for in a folder."""


def document(path: Path) -> Any:
    """Return the document in a spec file as JSON data, nested at most ``DEEPEST`` levels deep.

    :param path: A YAML file (``.yaml``, ``.yml``) or a JSON file.
    :raises SpecError: the file cannot be read, is too large, or is not text, YAML or JSON. ``where`` is empty; the
        message has the line and column if they are known.
    """
    try:
        if path.exists() and not path.is_file():  # reading a pipe or a device would never end
            raise SpecError("the path is not a regular file", remedy="Name a file.")
        if path.stat().st_size > LIMIT_BYTES:
            problem = f"the file has more than {LIMIT_BYTES / 1e6:.0f} MB"
            raise SpecError(problem, remedy="Keep data in files or databases instead of the spec.")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SpecError(error.strerror or str(error), remedy="Name an existing file that you may read.") from None
    except UnicodeDecodeError as error:
        raise SpecError(f"not UTF-8 at byte {error.start}", remedy="Save the file as UTF-8 text.") from None
    except ValueError as error:  # a null character in the path
        raise SpecError(str(error), remedy="Name an existing file.") from None
    loads = yaml_text.loads if path.name.lower().endswith(YAML) else json_text.loads
    try:
        value = loads(text, where="")
    except UnreadableTrace as error:
        problem = error.problem.replace(' in "<unicode string>", line', ", line")
        raise SpecError(problem, remedy="Correct the file.") from None
    check_depth(value)
    is_sidecar = isinstance(value, dict) and "schema_version" in value  # it keeps recorded text that is not rendered
    if found := storable.unstorable(value, nul=is_sidecar):
        raise SpecError(f"{dotted(found[0])}: {found[1]}", remedy=storable.REMEDY)
    return value


def check_depth(value: Any) -> None:
    """Check that a document can be rendered.

    :param value: JSON data.
    :raises SpecError: it is nested more than ``DEEPEST`` levels deep.
    """
    if json_text.is_deeper(value, DEEPEST):
        raise SpecError(f"nested more than {DEEPEST} levels deep, which cannot be rendered", remedy="Flatten it.")
