"""The kind ``conditional_branch``: an expression over recorded or wired values decides which tasks run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.languages import expression
from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.base import VaiOperator
from airflow_provider_vai.operators.runtime.compat import AirflowFailException

try:
    from airflow.sdk import BranchMixIn
except ImportError:  # Airflow 3.1
    from airflow.providers.standard.operators.branch import BranchMixIn

if TYPE_CHECKING:
    from airflow.sdk import Context


class ConditionalBranchOperator(VaiOperator, BranchMixIn):
    """Follows the tasks of ``if_true`` or ``if_false`` and skips every other task directly downstream.

    The result is ``{"condition": ..., "value": bool, "chosen": [...]}``. A task that joins both branches needs
    ``trigger_rule="none_failed_min_one_success"``.

    :param condition: comparisons (``= == != < <= > >=``), ``in``, ``and``, ``or``, ``not`` over paths
        (``order.total``, ``items[0].sku``, ``payload["order id"]``), texts, numbers, lists, true, false and null.
        A path begins at a name of ``inputs``, or at ``params``, ``payload`` or ``event``, see
        :mod:`~airflow_provider_vai.operators.runtime.condition_names`; a name of ``inputs`` hides those.
    :param if_true: ids of the tasks, or task groups, directly downstream that run where the condition holds.
    :param if_false: the same where it does not hold; left out: none.
    :param inputs: the values, frozen or wired.
    :param missing: what a path that leads nowhere means: ``"false"``, the whole condition does not hold; or
        ``"fail"``.
    """

    kind = "conditional_branch"
    template_fields: Sequence[str] = ("condition", "if_true", "if_false", "inputs", "missing")
    effect = "read"
    inherits_from_skipmixin = True

    def __init__(
        self,
        *,
        condition: str,
        if_true: list[str],
        if_false: list[str] | None = None,
        inputs: dict[str, Any] | None = None,
        missing: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if isinstance(condition, str):
            expression.parse(condition)  # a frozen condition that cannot be read is told when the file is parsed
        self.condition = argument(condition)
        self.if_true = argument(if_true)
        self.if_false = argument(if_false)
        self.inputs = argument(inputs)
        self.missing = argument(missing)

    def perform(self, context: Context) -> dict[str, Any]:
        """Evaluate the condition, leave the record, skip the tasks that were not chosen."""
        from airflow_provider_vai.operators.runtime import results

        self._check_tasks()
        value = self._holds(context)
        chosen = list((self.if_true if value else self.if_false) or [])
        record = {"condition": self.condition, "value": value, "chosen": chosen}
        # Skipping ends the task by an exception, so that what it would return is lost: the record goes first.
        context["ti"].xcom_push("return_value", results.keep(record, context))
        self.do_branch(context, chosen)
        return record

    def _holds(self, context: Context) -> bool:
        from airflow_provider_vai.operators.runtime import condition_names

        if self.missing not in (None, "false", "fail"):
            raise AirflowFailException(f"missing is 'false' or 'fail', not {self.missing!r}")
        inputs = self.inputs or {}
        if not isinstance(inputs, Mapping):
            raise AirflowFailException(f"inputs is an object of named values, not a {type(inputs).__name__}")
        names = {**condition_names.names(context), **inputs}
        try:
            value = expression.evaluate(expression.parse(self.condition), names)
        except expression.BadExpression as error:
            raise AirflowFailException(f"the condition {self.condition!r} failed: {error}") from None
        except expression.MissingPath as error:
            if self.missing == "fail":
                raise AirflowFailException(f"the condition {self.condition!r} failed: {error}") from None
            self.log.warning("The condition %r counts as false: %s", self.condition, error)
            return False
        self.log.info("The condition %r is %s", self.condition, value)
        return value

    def _check_tasks(self) -> None:
        """Refuse a branch that could never be followed, whichever way this run goes."""
        groups = self.get_dag().task_group_dict
        for task_id in [*(self.if_true or []), *(self.if_false or [])]:
            roots = [root.task_id for root in groups[task_id].roots] if task_id in groups else [task_id]
            if not set(roots) <= self.downstream_task_ids:
                raise AirflowFailException(
                    f"{task_id!r} is not directly downstream of {self.task_id!r}: name one of"
                    f" {sorted(self.downstream_task_ids)}, or set it downstream"
                )
