"""The task ``conditions``: decides whether the rest of the DAG run is skipped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from airflow_provider_vai.languages import expression
from airflow_provider_vai.operators.arguments import argument, as_argument
from airflow_provider_vai.operators.skipping import SkipMixin

if TYPE_CHECKING:
    from airflow.sdk import Context


class ConditionsOperator(BaseOperator, SkipMixin):
    """Skips all downstream tasks unless every condition is true, and logs which one is false and why.

    The result is ``{"run": bool, "conditions": [{"condition", "holds", "why"}]}``.

    :param conditions: Expressions in the language of :mod:`~airflow_provider_vai.languages.expression`. They may use
        the names of :mod:`~airflow_provider_vai.operators.runtime.condition_names`. A condition is false if one of its
        paths does not exist.
    """

    kind = "conditions"
    template_fields: Sequence[str] = ("conditions",)
    ui_color = "#e8f4f8"
    inherits_from_skipmixin = True

    def __init__(self, *, conditions: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for condition in conditions:
            expression.parse(condition)  # a syntax error is reported when the file is parsed
        self.conditions = argument(conditions)

    def execute(self, context: Context) -> dict[str, Any]:
        """Evaluate every condition, return the result, and skip all downstream tasks if a condition is false.

        :raises AirflowFailException: a condition cannot be evaluated.
        """
        from airflow_provider_vai.operators.runtime.condition_names import names

        values = names(context)
        entries = [_evaluated(condition, values) for condition in as_argument(self.conditions).value]
        record = {"run": all(entry["holds"] for entry in entries), "conditions": entries}
        for entry in entries:
            self.log.info("%s: %s%s", entry["condition"], entry["holds"], f" ({entry['why']})" if entry["why"] else "")
        if not record["run"]:
            context["ti"].xcom_push("return_value", record)  # skipping can end the task with an exception: push before
            self.skip(ti=context["ti"], tasks=self.get_flat_relatives(upstream=False))
        return record


def _evaluated(condition: str, values: dict[str, Any]) -> dict[str, Any]:
    from airflow_provider_vai.operators.runtime.compat import AirflowFailException

    try:
        holds, why = expression.evaluate(expression.parse(condition), values), None
    except expression.MissingPath as error:
        holds, why = False, str(error)
    except expression.BadExpression as error:
        raise AirflowFailException(f"the condition {condition!r} cannot be evaluated: {error}") from None
    return {"condition": condition, "holds": holds, "why": why}
