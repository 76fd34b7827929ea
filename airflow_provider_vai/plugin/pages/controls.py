"""Form fields made from a JSON schema: for the arguments of a step and its options, and what was typed into them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from airflow_provider_vai.authoring.specs.typed import READ
from airflow_provider_vai.authoring.specs.written import is_exact, spec_value
from airflow_provider_vai.exceptions import SpecError, VaiError
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.short_text import cut
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.plugin.pages.forms import WAS, PageForm, is_editable

FIXED, UNSET, SPEC = "fixed", "unset", "spec"
SOURCES = {
    FIXED: "a fixed value",
    "param": "a DAG param",
    "wire": "an earlier result",
    "template": "a Jinja template",
    "derive": "an expression",
    "secret": "the password of a connection",
    SPEC: "JSON with references",
    UNSET: "not set",
}
"""Where a value can come from: a choice of the form, in words. The middle ones are read as ``vai edit`` reads them."""

INSIDE = (FIXED, "template", UNSET)
"""The sources of a value that decides what runs: no result, param or connection may fill it in."""

LONG = 80
DIGEST_CHARACTERS = 12
CODE = ("sql", "query", "condition")
TEXTS = (*CODE, "text", "body", "data", "description", "prompt", "question", "instructions")


@dataclass(frozen=True)
class Control:
    """One value in a form.

    :param name: its name. :param shape: ``text``, ``line``, ``lines``, ``number``, ``choice``, ``json``.
    :param choices: the values to choose from. :param required: whether it must be set.
    :param sources: the keys of :data:`SOURCES` to choose from. :param source: the one that it has.
    :param value: the text of a fixed value. :param given: the text of another source.
    :param is_set: whether it has a value now. :param editable: whether a form can show it at all.
    """

    name: str
    shape: str
    choices: tuple[str, ...] = ()
    required: bool = False
    sources: tuple[str, ...] = tuple(SOURCES)
    source: str = FIXED
    value: str = ""
    given: str = ""
    is_set: bool = False
    editable: bool = True

    @property
    def is_code(self) -> bool:
        """Whether it is shown in a font of fixed width."""
        return self.shape == "json" or self.name in CODE

    @property
    def rows(self) -> int:
        """The height of a text area."""
        return min(max(self.value.count("\n") + len(self.value) // 100 + 1, 3), 24)

    def texts(self) -> dict[str, str]:
        """Return its fields of the form: name and content."""
        return {f"from:{self.name}": self.source, f"value:{self.name}": self.value, f"given:{self.name}": self.given}


def controls(
    schema: Mapping[str, Any], names: Sequence[str], set_to: Mapping[str, Argument], *, inside: Collection[str] = ()
) -> list[Control]:
    """Return the fields for some values.

    :param schema: the JSON schema of an object. :param names: its properties, in the order of the form.
    :param set_to: the arguments that are set. :param inside: the names of those with the sources :data:`INSIDE` only.
    """
    required = schema.get("required", ())
    properties = schema.get("properties", {})
    found = []
    for name in [*names, *(name for name in set_to if name not in names)]:
        shape, choices = _shape(name, properties.get(name, {}))
        sources = INSIDE if name in inside else tuple(SOURCES)
        if name in required:
            sources = tuple(source for source in sources if source != UNSET)
        control = Control(name, shape, choices, required=name in required, sources=sources)
        found.append(_filled(control, set_to[name]) if name in set_to else control)
    return found


def retyped(control: Control, form: PageForm) -> Control:
    """Return a field with what a person typed into it, so that an error loses nothing; but no credential is shown."""
    now = _typed_into(control, form)
    value = now.value if is_editable(now.value) else control.value
    return replace(now, value=value, given=now.given if is_editable(now.given) else control.given)


def digests(shown: Sequence[Control]) -> Markup:
    """Return the content of the field :data:`~.forms.WAS`: a digest of each field's name and text."""
    return Markup(" ").join(sorted(_digest(name, text) for one in shown for name, text in one.texts().items()))


def changes(form: PageForm, shown: Sequence[Control]) -> tuple[dict[str, Any], list[str]]:
    """Return what a person changed: values as a spec contains them, by name, and the names to unset.

    :param form: the form as it was sent. :param shown: the fields as they are now.
    :raises SpecError: a text is not a value of its kind.
    """
    was = set(form.get(WAS).split())
    values: dict[str, Any] = {}
    unset: list[str] = []
    for control in shown:
        now = _typed_into(control, form)
        changed = {name for name, text in now.texts().items() if _digest(name, text) not in was}
        text = f"value:{now.name}" if now.source == FIXED else f"given:{now.name}"
        if not control.editable or not changed & {f"from:{now.name}", text}:
            continue
        if _is_unset(now):
            unset += [now.name] if control.is_set else []
        else:
            values[now.name] = _typed(now)
    return values, unset


def plain_changes(form: PageForm, shown: Sequence[Control]) -> dict[str, Any]:
    """Return what a person changed among values that are always fixed, such as options; ``None`` resets one."""
    values, unset = changes(form, shown)
    return {name: value["$literal"] for name, value in values.items()} | dict.fromkeys(unset)


def _typed_into(control: Control, form: PageForm) -> Control:
    source = form.get(f"from:{control.name}", control.source)
    value = form.get(f"value:{control.name}", control.value)
    given = form.get(f"given:{control.name}", control.given)
    return _fitting(replace(control, source=source, value=value, given=given))


def _is_unset(now: Control) -> bool:
    is_text = now.shape in ("text", "line") and now.is_set
    return now.source == UNSET or (now.source == FIXED and not now.value and not is_text)


def _typed(now: Control) -> Any:
    """Return what was typed, as a spec contains it."""
    if now.source == FIXED:
        return {"$literal": _fixed(now)}
    if now.source == SPEC:
        return _json(now.given, now.name)
    if now.source not in READ or not now.given.strip():
        problem, remedy = "nothing says where the value comes from", "Type it, or choose a fixed value."
        raise SpecError(problem, where=now.name, remedy=remedy)
    return READ[now.source](now.given if now.source == "template" else now.given.strip())


def _fixed(now: Control) -> Any:
    if now.shape in ("text", "line") or (now.shape == "choice" and "true" not in now.choices):
        return now.value
    if now.shape == "lines":
        return [line.strip() for line in now.value.split("\n") if line.strip()]
    if now.shape != "number":
        return _json(now.value, now.name)
    try:
        number = json_text.loads(now.value, where=now.name)
    except VaiError:
        number = None
    if type(number) not in (int, float):
        problem = f"{cut(now.value, 40)!r} is not a number"
        raise SpecError(problem, where=now.name, remedy="Write digits, such as 30 or 0.5.")
    return number


def _json(text: str, name: str) -> Any:
    remedy = 'Write JSON: text in double quotes, such as "EU".'
    try:
        return json_text.loads(text, where=name)
    except VaiError as error:
        raise SpecError(error.problem, where=name, remedy=remedy) from None
    except RecursionError:
        raise SpecError("it is nested too deeply", where=name, remedy=remedy) from None


def _filled(control: Control, argument: Argument) -> Control:
    """Return a field with the argument's value."""
    is_plain = argument.class_ == "frozen" and not argument.secrets
    if control.shape == "lines" and not _is_lines(argument.value):
        control = replace(control, shape="json")
    if is_plain and control.shape in ("text", "line") and not isinstance(argument.value, str):
        control = replace(control, shape="json")
    source, value, given = _read(control, argument)
    now = replace(control, is_set=True, source=source, value=value, given=given)
    return replace(_fitting(now), editable=is_exact(argument) and all(map(is_editable, (now.value, now.given))))


def _fitting(now: Control) -> Control:
    """Return a field that can hold its text: one line cannot hold a line break, a choice not another value."""
    if now.shape == "line" and (len(now.value) > LONG or not now.value.isprintable()):
        return replace(now, shape="text")
    if now.shape == "choice" and now.value and now.value not in now.choices:
        return replace(now, choices=(*now.choices, now.value))
    return now


def _read(control: Control, argument: Argument) -> tuple[str, str, str]:
    """Return the source of an argument, the text of its fixed value, and the text of another source."""
    value = spec_value(argument)
    marker = next(iter(value)) if isinstance(value, dict) and len(value) == 1 and argument.is_filled_in else ""
    if marker in ("$template", "$derive"):
        return marker[1:], "", str(value[marker])
    if marker == "$param" and len(value[marker]) == 1:
        return "param", "", str(value[marker][0])
    if marker or argument.wires or argument.secrets:
        return SPEC, "", _pretty(value)
    if control.shape in ("text", "line") or (control.shape == "choice" and isinstance(argument.value, str)):
        # A browser sends line breaks in one form, whatever they were.
        return FIXED, str(argument.value).replace("\r\n", "\n").replace("\r", "\n"), ""
    if control.shape == "lines":
        return FIXED, "\n".join(argument.value), ""
    return FIXED, _pretty(argument.value), ""


def _is_lines(value: Any) -> bool:
    """Return whether a value is a list of texts that can stand one to a line."""
    return isinstance(value, list) and all(
        isinstance(part, str) and part and part == part.strip() and "\n" not in part and "\r" not in part
        for part in value
    )


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _shape(name: str, schema: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Return which field suits a JSON schema, and the values to choose from."""
    given = [part for part in schema.get("anyOf", [schema]) if part.get("type") != "null"]
    one = given[0] if len(given) == 1 else {}
    if "enum" in one:
        return "choice", tuple(part if isinstance(part, str) else json.dumps(part) for part in one["enum"])
    if one.get("type") == "boolean":
        return "choice", ("true", "false")
    if one.get("type") in ("integer", "number"):
        return "number", ()
    if one.get("type") == "array" and one.get("items", {}).get("type") == "string":
        return "lines", ()
    if one.get("type") == "string":
        return ("text" if name in TEXTS else "line"), ()
    return "json", ()


def _digest(name: str, text: str) -> str:
    return hashlib.sha256(f"{name}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST_CHARACTERS]
