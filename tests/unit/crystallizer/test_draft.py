"""Drafts are copied only if their arguments change."""

from __future__ import annotations

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.kinds import by_name
from tests.unit.support import call


def test_a_draft_with_its_own_arguments_is_itself() -> None:
    """Only the very same arguments, all of them, leave a draft as it is."""
    one, other = Argument.frozen(1), Argument.frozen(1)
    arguments = {"a": one, "b": other}
    made = call("look", {})
    draft = Draft("look", made, by_name()["mcp_tool"], None, "read", {"a": 1, "b": 1}, arguments)

    assert draft.with_arguments(dict(arguments)) is draft
    for changed in ({"a": one, "b": Argument.frozen(2)}, {"a": one}, {"a": one, "b": other, "c": one}):
        copy = draft.with_arguments(changed)
        assert copy is not draft
        assert (copy.arguments, copy.key, copy.call) == (changed, "look", made)
    assert draft.arguments == arguments
