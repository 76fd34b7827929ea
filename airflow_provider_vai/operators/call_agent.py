"""The kind ``call_agent``: asks an agent a question, again in each DAG run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators import nested
from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.base import VaiOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class CallAgentOperator(VaiOperator):
    """Asks an agent one question through common-ai's ``AgentOperator`` and returns the answer.

    The result is ``{"answer", "usage", "model"}``. The agent can call only the tools listed in ``tools``. The step
    fails without a retry if a usage limit is exceeded.

    :param question: The prompt. It is not a template: braces in it are plain text.
    :param conn_id: Connection id of a ``pydanticai`` connection.
    :param agent: The agent's name in traces and logs. It has no other effect.
    :param model_id: ``provider:model``; default: the connection's model.
    :param system_prompt: The agent's instructions.
    :param tools: The tools that the agent may call: ``mcp:<conn_id>`` for all tools of an MCP server,
        ``mcp:<conn_id>/<tool>`` for one of them, ``sql:<conn_id>`` for read-only access to a database.
    :param usage_limits: Fields of pydantic-ai's ``UsageLimits``, such as ``request_limit`` (default: 50) and
        ``total_tokens_limit``.
    """

    kind = "call_agent"
    template_fields: Sequence[str] = (
        "question",
        "conn_id",
        "agent",
        "model_id",
        "system_prompt",
        "tools",
        "usage_limits",
    )
    effect = "write"

    def __init__(
        self,
        *,
        question: str,
        conn_id: str,
        agent: str | None = None,
        model_id: str | None = None,
        system_prompt: str | None = None,
        tools: list[str] | None = None,
        usage_limits: dict[str, int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**nested.timed(kwargs))
        self.question = nested.without_secrets("question", question)
        self.conn_id = argument(conn_id)
        self.agent = argument(agent)
        self.model_id = argument(model_id)
        self.system_prompt = nested.without_secrets("system_prompt", system_prompt)
        self.tools = argument(tools)
        self.usage_limits = argument(usage_limits)

    def perform(self, context: Context) -> dict[str, Any]:
        """Ask the agent and return its answer, its token usage and the model's name."""
        from airflow_provider_vai.operators.runtime.compat import AirflowFailException
        from airflow_provider_vai.operators.runtime.errors import MissingExtra, NothingSent

        try:
            from pydantic_ai.exceptions import UsageLimitExceeded, UserError

            operator = self._operator()
            model = operator.llm_hook.get_conn().model_name
        except NothingSent:
            raise
        except ImportError as error:
            raise MissingExtra(f"{error}: pip install 'airflow-provider-vai[agent]'") from error
        except Exception as error:
            raise NothingSent(f"the connection {self.conn_id!r} cannot be used: {error}") from error
        try:
            answer = nested.run(operator, context)
        except (UsageLimitExceeded, UserError) as error:
            raise AirflowFailException(f"the agent was stopped: {error}") from error
        ti = context["ti"]
        usage = ti.xcom_pull(task_ids=self.task_id, key="usage", map_indexes=ti.map_index)
        self.log.info("The agent answered using the model %s; usage: %s", model, usage)
        return {"answer": answer, "usage": usage or {}, "model": model}

    def _operator(self) -> Any:
        from airflow.providers.common.ai.operators.agent import AgentOperator

        from airflow_provider_vai.operators.mcp import agent_tools

        return AgentOperator(
            task_id=self.task_id,
            prompt=self._prompt(),
            llm_conn_id=self.conn_id,
            model_id=self.model_id,
            system_prompt=self.system_prompt or "",
            toolsets=agent_tools.toolsets(self.tools or []),
            usage_limits=agent_tools.usage_limits(self.usage_limits or {}),
            agent_params={"name": self.agent} if self.agent else None,
        )

    def _prompt(self) -> str:
        from airflow_provider_vai.operators.runtime.errors import NothingSent

        if not isinstance(self.question, str) or not self.question.strip():
            raise NothingSent(f"question must be a non-empty text, not {self.question!r}")
        return self.question
