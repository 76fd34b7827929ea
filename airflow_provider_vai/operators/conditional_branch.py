"""The kind ``conditional_branch``: a condition over frozen or wired values decides which tasks run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.languages import expression
from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.base import VaiOperator

try:
    from airflow.sdk import BranchMixIn
except ImportError:  # Airflow 3.1
    from airflow.providers.standard.operators.branch import BranchMixIn

if TYPE_CHECKING:
    from airflow.sdk import Context


class ConditionalBranchOperator(VaiOperator, BranchMixIn):
    """Runs the tasks of ``if_true`` or ``if_false`` and skips all other directly downstream tasks.

    The result is ``{"condition": ..., "value": bool, "chosen": [...]}``. A task that joins both branches needs
    ``trigger_rule="none_failed_min_one_success"``.

    :param condition: An expression of paths (``order.total``, ``items[0].sku``, ``payload["order id"]``), texts,
        numbers, lists, true, false and null, with ``= == != < <= > >=``, ``in``, ``and``, ``or`` and ``not``. A path
        starts with a name of ``inputs``, or with ``params``, ``payload`` or ``event``, see
        :mod:`~airflow_provider_vai.operators.runtime.condition_names`. A name of ``inputs`` overrides those.
    :param if_true: Ids of directly downstream tasks or task groups that run if the condition is true.
    :param if_false: Ids of those that run if it is false; default: none.
    :param inputs: Values that the condition may name, frozen or wired.
    :param missing: What happens if a path does not exist: ``"false"`` (default) makes the whole condition false,
        ``"fail"`` fails the step without a retry.
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
            expression.parse(condition)  # a syntax error in a frozen condition is reported when the file is parsed
        self.condition = argument(condition)
        self.if_true = argument(if_true)
        self.if_false = argument(if_false)
        self.inputs = argument(inputs)
        self.missing = argument(missing)

    def perform(self, context: Context) -> dict[str, Any]:
        """Evaluate the condition, push the result and skip the tasks that were not chosen."""
        from airflow_provider_vai.operators.runtime import results

        self._check_tasks()
        value = self._evaluated(context)
        chosen = list((self.if_true if value else self.if_false) or [])
        record = {"condition": self.condition, "value": value, "chosen": chosen}
        # Skipping can end the task with an exception, so the result must be pushed before.
        context["ti"].xcom_push("return_value", results.keep(record, context))
        self.do_branch(context, chosen)
        return record

    def _evaluated(self, context: Context) -> bool:
        from airflow_provider_vai.operators.runtime import condition_names
        from airflow_provider_vai.operators.runtime.compat import AirflowFailException

        if self.missing not in (None, "false", "fail"):
            raise AirflowFailException(f"missing must be 'false' or 'fail', not {self.missing!r}")
        inputs = self.inputs or {}
        if not isinstance(inputs, Mapping):
            raise AirflowFailException(f"inputs must be an object of named values, not a {type(inputs).__name__}")
        names = {**condition_names.names(context), **inputs}
        try:
            value = expression.evaluate(expression.parse(self.condition), names)
        except expression.BadExpression as error:
            raise AirflowFailException(f"the condition {self.condition!r} cannot be evaluated: {error}") from None
        except expression.MissingPath as error:
            if self.missing == "fail":
                raise AirflowFailException(f"the condition {self.condition!r} cannot be evaluated: {error}") from None
            self.log.warning("The condition %r counts as false: %s", self.condition, error)
            return False
        self.log.info("The condition %r is %s", self.condition, value)
        return value

    def _check_tasks(self) -> None:
        """Fail if a listed task is not directly downstream, even one that this DAG run would not choose."""
        from airflow_provider_vai.operators.runtime.compat import AirflowFailException

        groups = self.get_dag().task_group_dict
        for task_id in [*(self.if_true or []), *(self.if_false or [])]:
            roots = [root.task_id for root in groups[task_id].roots] if task_id in groups else [task_id]
            if not set(roots) <= self.downstream_task_ids:
                raise AirflowFailException(
                    f"if_true or if_false lists {task_id!r}, which is not directly downstream of {self.task_id!r}: list"
                    f" one of {sorted(self.downstream_task_ids)}, or set the task downstream"
                )
