"""Choose rows, records and fields from the results of earlier steps.

*Rows* are a list of objects. Nothing here guesses: a missing field, an empty list, a tie or a null is an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages.derivation.conditions import Bound, Key, comparable, equal
from airflow_provider_vai.languages.places import described, value_at
from airflow_provider_vai.languages.short_text import cut
from airflow_provider_vai.languages.text_forms import parse

Rows = list[Any]


def where(rows: Rows, /, **conditions: Any) -> Rows:
    """Return the rows that fulfil every condition, in their order.

    :param rows: A list of objects.
    :param conditions: By field: a value that the field equals (text is compared exactly), or a condition such as
        ``over(500)`` or ``containing("SUV")``.
    :raises DerivationError: no row has a field, or the condition cannot be applied to a value.
    """
    found = checked_rows(rows)
    for field, condition in conditions.items():
        if found and not any(field in row for row in found):
            raise DerivationError(f"no row has the field {field!r}: found {described(found[0])}")
        found = [row for position, row in enumerate(found) if _fits(row, field, condition, position)]
    return found


def only(rows: Rows) -> Any:
    """Return the single item.

    :raises DerivationError: there is none, or there are several.
    """
    found = checked_list(rows)
    if len(found) != 1:
        raise DerivationError(f"found {len(found) or 'no'} items instead of one")
    return found[0]


def not_empty(rows: Rows) -> Rows:
    """Return the list unchanged; for lists that a step may not send empty.

    :raises DerivationError: the list is empty.
    """
    if not checked_list(rows):
        raise DerivationError("the list is empty")
    return rows


def first(rows: Rows) -> Any:
    """Return the first item.

    :raises DerivationError: the list is empty.
    """
    return _item(rows, 0)


def last(rows: Rows) -> Any:
    """Return the last item.

    :raises DerivationError: the list is empty.
    """
    return _item(rows, -1)


def largest(rows: Rows, by: str) -> Any:
    """Return the row with the largest value, or the latest date, in the field ``by``.

    :raises DerivationError: there are no rows, several have the largest value, or values cannot be compared.
    """
    return _ranked(rows, by, 1, is_descending=True)[0]


def smallest(rows: Rows, by: str) -> Any:
    """Return the row with the smallest value, or the earliest date, in the field ``by``.

    :raises DerivationError: there are no rows, several have the smallest value, or values cannot be compared.
    """
    return _ranked(rows, by, 1, is_descending=False)[0]


def top(rows: Rows, count: int, by: str) -> Rows:
    """Return the rows with the largest values in the field ``by``, the largest first.

    :param count: How many.
    :raises DerivationError: there are fewer rows, two rows tie for the last place, or values cannot be compared.
    """
    return _ranked(rows, by, count, is_descending=True)


def pluck(rows: Rows, field: str) -> list[Any]:
    """Return the field of each row.

    :raises DerivationError: a row lacks the field.
    """
    return [field_of(row, field, position) for position, row in enumerate(checked_rows(rows))]


def project(rows: Rows, /, *fields: str, **renamed: str) -> Rows:
    """Return each row with these fields only.

    :param fields: Fields that keep their names.
    :param renamed: By the new name: the field.
    :raises DerivationError: a row lacks a field.
    """
    names = [*((field, field) for field in fields), *renamed.items()]
    for _, field in names:
        _name(field)
    return [
        {name: field_of(row, field, position) for name, field in names}
        for position, row in enumerate(checked_rows(rows))
    ]


def values_of(entries: Any) -> list[Any]:
    """Return the values of an object as a list, in their order.

    :raises DerivationError: it is not an object.
    """
    return list(_entries(entries).values())


def entries_of(entries: Any) -> Rows:
    """Return the entries of an object as rows with the fields ``key`` and ``value``, in their order.

    :param entries: An object, such as the answer of a tool that has one entry for each name that it was asked for.
    :raises DerivationError: it is not an object.
    """
    return [{"key": key, "value": value} for key, value in _entries(entries).items()]


def labelled(entries: Any) -> Rows:
    """Return the entries of an object of texts as rows, with the field ``key`` and one field for each label in a text.

    :param entries: An object of texts with lines such as ``Rating: 4.6``, as in the form ``fields`` of a path. A label
        that a text has twice is left out of its row.
    :raises DerivationError: it is not an object, or an entry is not a text, or a too long one.
    """
    return [{**_labels(text, key), "key": key} for key, text in _entries(entries).items()]


def _labels(text: Any, name: str) -> dict[str, Any]:
    if not isinstance(text, str):
        raise DerivationError(f"the entry {cut(name)!r} is not a text: found {described(text)}")
    try:
        return dict(parse(text, "fields"))
    except ValueError as error:
        raise DerivationError(f"the entry {cut(name)!r}: {error}") from None


def key_of(entries: Any, /, by: str | None = None, **conditions: Any) -> str:
    """Return the key of one entry of an object: the one with the largest value, or the one that fits the conditions.

    :param entries: An object whose values are objects, or numbers if ``by`` is empty.
    :param by: The field whose largest value decides; an empty text compares the entries themselves.
    :param conditions: As for :func:`where`.
    :raises DerivationError: no entry, or several, are chosen.
    """
    rows = [{"key": name, "entry": value} for name, value in _entries(entries).items()]
    if conditions:
        fits = where([_object(row) for row in rows], **conditions)
        rows = [row for row in rows if any(row["entry"] is entry for entry in fits)]
    if by == "":
        rows = [largest(rows, "entry")]
    elif by is not None:
        best = largest([_object(row) for row in rows], by)
        rows = [row for row in rows if row["entry"] is best]
    return str(only(rows)["key"])


def part(value: Any, /, *path: str | int) -> Any:
    """Return a part of a value.

    :param path: Keys of objects and positions in lists.
    :raises DerivationError: the path does not exist.
    """
    if wrong := [step for step in path if isinstance(step, bool) or not isinstance(step, (str, int))]:
        raise DerivationError(f"a path has keys and positions: found {described(wrong[0])}")
    try:
        return value_at(value, path)
    except LookupError as error:
        raise DerivationError(str(error)) from None


def gathered(*values: Any) -> Rows:
    """Return the results of several steps as one list of rows.

    :raises DerivationError: a result is not an object, or their fields differ.
    """
    rows = checked_rows(list(values))
    for row in rows[1:]:
        if row.keys() != rows[0].keys():
            raise DerivationError(f"the results have different fields: {described(rows[0])}, and {described(row)}")
    return rows


def concatenated(*values: Any) -> list[Any]:
    """Return the lists of several results as one list, one after the other.

    :raises DerivationError: a value is not a list.
    """
    return [item for value in values for item in checked_list(value)]


def checked_list(value: Any) -> list[Any]:
    """Return the value if it is a list.

    :raises DerivationError: it is not.
    """
    if not isinstance(value, list):
        raise DerivationError(f"expected a list: found {described(value)}")
    return value


def checked_rows(value: Any) -> list[dict[str, Any]]:
    """Return the value if it is a list of objects.

    :raises DerivationError: it is not.
    """
    for position, row in enumerate(checked_list(value)):
        if not isinstance(row, dict):
            raise DerivationError(f"expected a list of objects: row {position + 1} is {described(row)}")
    return list(value)


def field_of(row: dict[str, Any], field: str, position: int) -> Any:
    """Return a field of a row.

    :param position: The row's position in its list, for the message.
    :raises DerivationError: the row lacks the field.
    """
    if _name(field) not in row:
        raise DerivationError(f"row {position + 1} has no field {field!r}: found {described(row)}")
    return row[field]


def _name(field: Any) -> str:
    if not isinstance(field, str):
        raise DerivationError(f"a field has a name: found {described(field)}")
    return field


def _fits(row: dict[str, Any], field: str, condition: Any, position: int) -> bool:
    if isinstance(condition, Bound):
        return condition.holds(field_of(row, field, position), f"the field {field!r} of row {position + 1}")
    return field in row and equal(row[field], condition)


def _ranked(rows: Rows, by: str, count: int, *, is_descending: bool) -> Rows:
    """Return the ``count`` rows with the largest, or smallest, values.

    :raises DerivationError: there are fewer rows, the last place is a tie, or values cannot be compared.
    """
    found = checked_rows(rows)
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise DerivationError(f"a number of rows is 1 or more: found {described(count)}")
    if len(found) < count:
        raise DerivationError(
            f"expected {count} rows or more: found {len(found)}" if found else "there are no rows to choose from"
        )
    keys = _keys(found, by)
    order = sorted(range(len(found)), key=lambda position: keys[position][1], reverse=is_descending)
    if len(found) > count and keys[order[count - 1]][1] == keys[order[count]][1]:
        place = "the first place" if count == 1 else f"place {count}"
        raise DerivationError(f"two rows tie for {place} by the field {by!r}: both have {keys[order[count]][1]}")
    return [found[position] for position in order[:count]]


def extreme(rows: Rows, field: str, *, is_largest: bool) -> Any:
    """Return the largest or smallest value of a field; several rows may have it.

    :raises DerivationError: there are no rows, a row lacks the field, or values cannot be compared.
    """
    found = checked_rows(rows)
    if not found:
        raise DerivationError("there are no rows to choose from")
    keys = _keys(found, field)
    best = (max if is_largest else min)(key for _, key in keys)
    return next(row[field] for row, (_, key) in zip(found, keys, strict=True) if key == best)


def _keys(rows: list[dict[str, Any]], field: str) -> list[Key]:
    """Return each row's value to compare by.

    :raises DerivationError: a row lacks the field, or values cannot be compared.
    """
    keys = [
        comparable(field_of(row, field, position), f"the field {field!r} of row {position + 1}")
        for position, row in enumerate(rows)
    ]
    kinds = sorted({kind for kind, _ in keys})
    if len(kinds) > 1:
        raise DerivationError(f"the values of the field {field!r} cannot be compared: {' and '.join(kinds)}")
    return keys


def _item(rows: Rows, position: int) -> Any:
    found: Sequence[Any] = checked_list(rows)
    if not found:
        raise DerivationError("the list is empty")
    return found[position]


def _entries(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DerivationError(f"expected an object: found {described(value)}")
    return value


def _object(row: dict[str, Any]) -> dict[str, Any]:
    entry = row["entry"]
    if not isinstance(entry, dict):
        raise DerivationError(f"the entry {cut(row['key'])!r} is not an object: found {described(entry)}")
    return entry
