"""Recognizes selectors and labels of form fields that take a credential: ``#password``, ``Your password``."""

from __future__ import annotations

import re

from airflow_provider_vai.secrets.key_names import Family, family, spelled
from airflow_provider_vai.secrets.patterns import deferred

LONGEST = 300
"""In characters. A longer text is neither a selector nor a label."""

_SELECTOR = deferred(r"[#.\[/*]|\w+\[|(?:id|name|css|xpath|text|label|placeholder|testid|aria)=|\w+#", re.IGNORECASE)
_WORDS = deferred(r"[\s#\[\]=\"'()>:,@/.~|*^$+!?]+")
_FIELD = deferred(
    r"_(?:input|field|box|textbox|textfield|text|txt|element|control|entry|edit|locator|el|elem|selector|in)$|"
    r"^(?:input|field|txt|text|tb|fld|edit|el|i|in|login|user|new|current|old|your|my)_"
)
_FIELDS = frozenset(["input", "field", "box", "textbox", "text", "entry", "element", "required", "optional"])
_OTHER = frozenset(  # parts of a page beside the field
    [
        "error",
        "errors",
        "hint",
        "help",
        "label",
        "message",
        "msg",
        "forgot",
        "forgotten",
        "show",
        "hide",
        "toggle",
        "reset",
        "strength",
        "button",
        "btn",
        "link",
        "policy",
        "change",
        "recover",
        "lost",
        "title",
        "heading",
        "header",
        "description",
        "alert",
        "warning",
        "feedback",
        "rules",
        "requirements",
        "icon",
        "tooltip",
        "checkbox",
    ]
)


def field_family(text: str) -> Family | None:
    """Return the kind of credential that a form field takes, by its selector, its label or its name in code.

    ``None``: the text names no field, or one for something else, or another part of the page, like ``#password-error``.
    """
    if not text or len(text) > LONGEST:
        return None
    words = [spelled(word) for word in _WORDS.split(text) if word]
    while len(words) > 1 and words[-1] in _FIELDS:
        words.pop()
    if any(part in _OTHER for word in words for part in word.split("_")):
        return None
    for number, word in enumerate(reversed(words)):
        bare = word
        while (shorter := _FIELD.sub("", bare)) != bare:
            bare = shorter
        kind = family(bare)
        if kind == "password" or (kind and (number == 0 or is_selector(text))):
            return kind
    return None


def is_selector(text: str) -> bool:
    """Return whether a text is a CSS selector, an XPath or a locator, and not a label."""
    return _SELECTOR.match(text) is not None
