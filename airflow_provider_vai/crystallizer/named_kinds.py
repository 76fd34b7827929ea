"""The kinds of recorded calls without a tools file: the name of a tool is that of a kind, or a coding agent's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_vai.crystallizer import coding
from airflow_provider_vai.model.kinds import Kind, by_name
from airflow_provider_vai.model.kinds_coding import KINDS as CODING

if TYPE_CHECKING:
    from airflow_provider_vai.model.run import ToolCall

NEVER_BY_NAME = ("approval_gate", "unmapped_tool")
"""Kinds that no recorded call is of because of its name."""


def kind_without_rule(call: ToolCall) -> Kind | None:
    """Return the kind of a call that no rule of a tools file is about; ``None`` if its tool has none.

    :param call: the recorded call.
    """
    if step := coding.found_step(call, None):
        return by_name()[step.kind]
    kind = by_name().get(call.tool)
    is_named_alike = kind and (kind.name in NEVER_BY_NAME or (kind.name in CODING and coding.is_of_server(call)))
    return None if is_named_alike else kind
