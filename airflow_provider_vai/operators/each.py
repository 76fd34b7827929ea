"""The task ``each_<step>``: the list that a step is mapped over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from airflow_provider_vai.operators.arguments import argument, as_argument

if TYPE_CHECKING:
    from airflow.sdk import Context


class EachOperator(BaseOperator):
    """Returns a list for the ``expand(item=...)`` of another task: Airflow maps only over a task's whole result.

    :param items: The list, usually ``wired(step, "rows")``. Airflow's ``[core] max_map_length`` limits its length.
    """

    kind = "each"
    template_fields: Sequence[str] = ("items",)
    ui_color = "#e8f4f8"

    def __init__(self, *, items: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.items = argument(items)

    def execute(self, context: Context) -> list[Any]:
        """Return the list.

        :raises AirflowFailException: the value is not a list.
        """
        from airflow_provider_vai.operators.runtime import results
        from airflow_provider_vai.operators.runtime.compat import AirflowFailException

        value = results.load(as_argument(self.items).value)
        if not isinstance(value, list):
            raise AirflowFailException(
                f"items must be a list, because a step is mapped over it, but is a {type(value).__name__}"
            )
        self.log.info("The step is mapped over %d elements", len(value))
        return value
