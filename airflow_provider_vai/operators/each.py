"""The task ``each_<step>``: the list over which a step is mapped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from airflow_provider_vai.operators.arguments import argument, as_argument
from airflow_provider_vai.operators.runtime.compat import AirflowFailException

if TYPE_CHECKING:
    from airflow.sdk import Context


class EachOperator(BaseOperator):
    """Returns a list, for the ``expand(item=...)`` of another task: Airflow maps over what one task returned, whole.

    :param items: the list, as a rule ``wired(step, "rows")``. Airflow's ``[core] max_map_length`` limits its length.
    """

    kind = "each"
    template_fields: Sequence[str] = ("items",)
    ui_color = "#e8f4f8"

    def __init__(self, *, items: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.items = argument(items)

    def execute(self, context: Context) -> list[Any]:
        """Return the list.

        :raises AirflowFailException: the value is no list.
        """
        from airflow_provider_vai.operators.runtime import results

        value = results.load(as_argument(self.items).value)
        if not isinstance(value, list):
            raise AirflowFailException(f"items is a list, not a {type(value).__name__}: a step is mapped over a list")
        self.log.info("%d elements", len(value))
        return value
