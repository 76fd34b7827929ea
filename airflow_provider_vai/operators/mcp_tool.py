"""The kind ``mcp_tool``: calls a tool on an MCP server, without a model."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.base import VaiOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class McpToolOperator(VaiOperator):
    """Calls one tool of an MCP server and returns its result as JSON data. A failed write is not retried.

    :param tool: The tool's name on the server.
    :param arguments: The tool's arguments.
    :param conn_id: Connection id of an ``mcp`` connection: the server's URL, or a command for the stdio transport.
        Its extra may set ``{"call_timeout": seconds}``, the limit for the whole call (default: 600).
    :param schema_sha256: SHA-256 digest of the tool's input schema that was reviewed. If the server's schema is
        different, the step fails before the call. Default: not checked.
    """

    kind = "mcp_tool"
    defaults = {"conn_id": "mcp_default"}  # noqa: RUF012 - never changed
    template_fields: Sequence[str] = ("tool", "arguments", "conn_id", "schema_sha256")
    effect = "write"

    def __init__(
        self,
        *,
        tool: str,
        arguments: dict[str, Any] | None = None,
        conn_id: str = "mcp_default",
        schema_sha256: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.tool = argument(tool)
        self.arguments = argument(arguments)
        self.conn_id = self.stored("conn_id", conn_id)
        self.schema_sha256 = argument(schema_sha256)

    def perform(self, context: Context) -> Any:
        """Call the tool in a new session."""
        from airflow_provider_vai.model import time_limit
        from airflow_provider_vai.operators.mcp import answer as mcp_answer
        from airflow_provider_vai.operators.runtime.compat import AirflowException, AirflowFailException
        from airflow_provider_vai.operators.runtime.errors import MissingExtra, NothingSent, NothingSentYet

        try:
            from airflow.providers.common.ai.hooks.mcp import MCPHook

            hook = MCPHook(mcp_conn_id=self.conn_id)
            client, seconds = hook.get_conn().client, mcp_answer.limit(hook.get_connection(self.conn_id))
        except ImportError as error:
            raise MissingExtra(f"{error}: pip install 'airflow-provider-vai[mcp]'") from error
        except Exception as error:
            raise NothingSent(f"the connection {self.conn_id!r} cannot be used: {error}") from error
        failure = AirflowFailException if self.effect == "write" else AirflowException
        try:
            answer = mcp_answer.within(lambda: self._call(client), seconds)
        except time_limit.TookTooLong:
            raise failure(
                f"the tool {self.tool!r} of {self.conn_id!r} did not answer within {seconds:g} seconds: raise"
                " 'call_timeout' in the connection's extra if it needs longer"
            ) from None
        except Exception as error:
            cause = mcp_answer.cause(error)
            if isinstance(cause, (NothingSent, NothingSentYet)):
                raise cause from None
            raise failure(f"calling the tool {self.tool!r} of {self.conn_id!r} failed: {cause}") from error
        text = "\n".join(block.text for block in answer.content if hasattr(block, "text"))
        if answer.is_error:
            raise failure(f"the tool {self.tool!r} of {self.conn_id!r} returned an error: {text[:2000] or '(no text)'}")
        return mcp_answer.result(answer)

    async def _call(self, client: Any) -> Any:
        from airflow_provider_vai.operators.mcp import answer as mcp_answer, schema as mcp_schema
        from airflow_provider_vai.operators.runtime.errors import NothingSentYet

        arguments = self.arguments or {}
        async with AsyncExitStack() as session:
            try:
                await session.enter_async_context(client)
                tools = await client.list_tools() if self.schema_sha256 else None
            except Exception as error:
                raise NothingSentYet(
                    f"cannot reach the server of {self.conn_id!r}: {mcp_answer.cause(error)}"
                ) from error
            if tools is not None:
                mcp_schema.require_unchanged(tools, self.tool, self.schema_sha256, arguments)
            return await client.call_tool(name=self.tool, arguments=arguments, raise_on_error=False)
