"""Recipients, accounts and amounts of payment: what a write must not choose by a criterion or find in a text.

Whoever can add a record can become the largest one. So only a person may let a write choose its recipient that way, and
lint and the review say so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from airflow_provider_vai.languages import derivation
from airflow_provider_vai.languages.derivation import Node

CRITERIA = frozenset({
    "where", "largest", "smallest", "first", "last", "top", "key_of", "highest", "lowest", "found",
    "labelled",
})  # fmt: skip
"""The functions that choose one of several, or find a value in a text. A ``where`` whose conditions are all params is
none: whoever starts the run names the record. Nor is one that names a record, as the wire ``[name=Spotify]`` does:
``only(where(rows, name="Spotify"))`` fails if there are two."""

NAMES = frozenset({"code", "email", "id", "identifier", "key", "name", "number", "title", "username", "uuid"})
"""The last words of fields that name a record. Any other field, such as a status, is a criterion."""

KINDS = frozenset({"brand", "kind", "method", "provider", "source", "type"})
"""The last words of fields that give the kind of an entry. In an object with ids as keys, such as a customer's
payment methods, "the gift card" names one entry: ``key_of(methods, source="gift_card")`` fails if there are two."""

TARGETS = frozenset({
    "account", "accounts", "address", "addresses", "amount", "amounts", "bcc", "beneficiary", "bic", "card", "cc",
    "email", "emails", "iban", "mail", "payee", "payment", "phone", "price", "receiver", "receivers", "recipient",
    "recipients", "refund", "to",
})  # fmt: skip
"""The words of names under which recordings prove nothing about a write: whom it reaches, and what it pays."""

WORDS = TARGETS | {
    "channel", "channels", "contact", "customer", "destination", "fee", "sum", "total", "url", "user", "webhook",
}  # fmt: skip
"""The words of names under which a write has a recipient, an account, an address or an amount."""

PICKS = frozenset({"largest", "smallest", "first", "last", "top", "highest", "lowest"})
"""The functions that pick by an order."""

PARTS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


def chosen_by(place: Sequence[str | int], tree: Node) -> str | None:
    """Return the function by which a derived value chooses a recipient, an account or an amount; ``None``: none does.

    :param place: The place in the step's arguments; its last name says what the value is. So do the fields of records
        that the value has.
    :param tree: The derived value.
    """
    names = [next((part for part in reversed(place) if isinstance(part, str)), "")]
    for node in derivation.nodes(tree):
        if node["function"] == "project":
            names += [name for name in (*node.get("fields", []), *node.get("renamed", {})) if isinstance(name, str)]
    if not WORDS.intersection(part.lower() for name in names for part in PARTS.findall(name)):
        return None
    named = {id(node["rows"]) for node in derivation.nodes(tree) if node["function"] == "only" and "rows" in node}
    nodes = derivation.nodes(tree)
    return next((str(node["function"]) for node in nodes if _chooses(node, may_name=id(node) in named)), None)


def is_target(place: Sequence[str | int]) -> bool:
    """Return whether a place in a step's arguments says whom a write reaches, or what it pays.

    :param place: The place; each name in it counts.
    """
    words = {word.lower() for name in place if isinstance(name, str) for word in PARTS.findall(name)}
    return any(word in TARGETS or word.removesuffix("s") in TARGETS for word in words)


def picks_one(tree: Node) -> bool:
    """Return whether a derived value depends on a criterion, such as the largest: not on a name or filter alone.

    :param tree: The derived value.
    """
    return any(
        node["function"] in PICKS or (node["function"] == "key_of" and "by" in node) for node in derivation.nodes(tree)
    )


def _chooses(node: Node, *, may_name: bool) -> bool:
    """Return whether a function chooses.

    :param may_name: whether it fails if several rows fit, so that its conditions may name a record.
    """
    if node["function"] not in CRITERIA:
        return False
    conditions = node.get("conditions", {})
    if not conditions or "by" in node:
        return True
    is_key = node["function"] == "key_of"
    names = NAMES | KINDS if is_key else NAMES
    may_name = may_name or is_key
    return not all(_is_param(one) or (may_name and _is_name(field, one, names)) for field, one in conditions.items())


def is_kind(field: str) -> bool:
    """Return whether a field gives the kind of an entry.

    :param field: the field's name.
    """
    return _has_last(field, KINDS)


def _is_name(field: str, condition: object, names: frozenset[str]) -> bool:
    """Return whether a condition names a record: a field for names has one value."""
    return not isinstance(condition, dict) and _has_last(field, names)


def _has_last(field: str, names: frozenset[str]) -> bool:
    words = [part.lower() for part in PARTS.findall(field)]
    return bool(words) and words[-1] in names


def _is_param(condition: object) -> bool:
    return isinstance(condition, dict) and condition.get("function") == "parameter"
