"""The placeholder for a recorded tool without an action kind: it fails and shows how to map the tool."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.base import VaiOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class UnmappedToolOperator(VaiOperator):
    """Always fails, because the tools file does not map the recorded tool to an action kind.

    :param tool: The tool's recorded name.
    :param arguments: The recorded arguments, kept for the reader. They are not used.
    """

    kind = "unmapped_tool"
    template_fields: Sequence[str] = ("tool", "arguments")
    effect = "write"

    def __init__(self, *, tool: str, arguments: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.tool = argument(tool)
        self.arguments = argument(arguments)

    def perform(self, context: Context) -> NoReturn:
        """Fail with a message that shows the lines to add to the tools file."""
        from airflow_provider_vai.model.tools_file import suggestion
        from airflow_provider_vai.operators.runtime.compat import AirflowFailException

        raise AirflowFailException(
            f"the tool {self.tool!r} has no action kind: add it to vai-tools.toml and crystallize again.\n\n"
            f"{suggestion(str(self.tool))}"
        )
