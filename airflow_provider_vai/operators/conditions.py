"""The task ``conditions``: whether a run of the automation does anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from airflow_provider_vai.languages import expression
from airflow_provider_vai.operators.arguments import argument, as_argument
from airflow_provider_vai.operators.runtime.compat import AirflowFailException, SkipMixin

if TYPE_CHECKING:
    from airflow.sdk import Context


class ConditionsOperator(BaseOperator, SkipMixin):
    """Skips everything downstream unless all conditions hold, and says which does not, and why.

    The result is ``{"run": bool, "conditions": [{"condition", "holds", "why"}]}``.

    :param conditions: expressions in the language of :mod:`~airflow_provider_vai.languages.expression`; what they may
        name stands in :mod:`operators.runtime.condition_names`. A path that leads nowhere does not hold.
    """

    kind = "conditions"
    template_fields: Sequence[str] = ("conditions",)
    ui_color = "#e8f4f8"
    inherits_from_skipmixin = True

    def __init__(self, *, conditions: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for condition in conditions:
            expression.parse(condition)  # one that cannot be read is told when the file is parsed
        self.conditions = argument(conditions)

    def execute(self, context: Context) -> dict[str, Any]:
        """Evaluate every condition, leave the record, and skip what follows where one does not hold."""
        from airflow_provider_vai.operators.runtime.condition_names import names

        known = names(context)
        found = [_evaluated(condition, known) for condition in as_argument(self.conditions).value]
        record = {"run": all(entry["holds"] for entry in found), "conditions": found}
        for entry in found:
            self.log.info("%s: %s%s", entry["condition"], entry["holds"], f" ({entry['why']})" if entry["why"] else "")
        if not record["run"]:
            context["ti"].xcom_push("return_value", record)  # skipping leaves by an exception: the record goes first
            self.skip(ti=context["ti"], tasks=self.get_flat_relatives(upstream=False))
        return record


def _evaluated(condition: str, known: dict[str, Any]) -> dict[str, Any]:
    try:
        holds, why = expression.evaluate(expression.parse(condition), known), None
    except expression.MissingPath as error:
        holds, why = False, str(error)
    except expression.BadExpression as error:
        raise AirflowFailException(f"the condition {condition!r} failed: {error}") from None
    return {"condition": condition, "holds": holds, "why": why}
