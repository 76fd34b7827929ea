"""The kind ``mcp_tool``: ``tools/call`` on an MCP server, without a model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.base import VaiOperator
from airflow_provider_vai.operators.runtime.compat import AirflowException, AirflowFailException
from airflow_provider_vai.operators.runtime.errors import MissingExtra, NothingSent, NothingSentYet

if TYPE_CHECKING:
    from airflow.sdk import Context


class McpToolOperator(VaiOperator):
    """Calls one tool of an MCP server and returns its answer as JSON data.

    :param tool: the tool's name on the server.
    :param arguments: the tool's arguments.
    :param conn_id: a connection of type ``mcp`` (Host: the server's URL; or a command, for the stdio transport).
    :param schema_sha256: digest of the tool's input schema as reviewed; the step fails before the call if the
        server has another one. Left out: not checked.
    """

    kind = "mcp_tool"
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
        self.conn_id = argument(conn_id)
        self.schema_sha256 = argument(schema_sha256)

    def perform(self, context: Context) -> Any:
        """Call the tool in a session of its own."""
        import asyncio

        try:
            from airflow.providers.common.ai.hooks.mcp import MCPHook

            toolset = MCPHook(mcp_conn_id=self.conn_id).get_conn()
        except ImportError as error:
            raise MissingExtra(f"{error}: pip install 'airflow-provider-vai[mcp]'") from error
        except Exception as error:
            raise NothingSent(f"the connection {self.conn_id!r} cannot be used: {error}") from error
        failure = AirflowFailException if self.effect == "write" else AirflowException
        try:
            answer = asyncio.run(self._call(toolset.client))  # one loop a call: a session belongs to its loop
        except Exception as error:
            cause = _cause(error)
            if isinstance(cause, (NothingSent, NothingSentYet)):
                raise cause from None
            raise failure(f"the call of {self.tool!r} on {self.conn_id!r} broke off: {cause}") from error
        text = "\n".join(block.text for block in answer.content if hasattr(block, "text"))
        if answer.is_error:
            raise failure(f"the tool {self.tool!r} of {self.conn_id!r} failed: {text[:2000] or 'no message'}")
        return _result(answer)

    async def _call(self, client: Any) -> Any:
        from airflow_provider_vai.operators.mcp import schema as mcp_schema

        arguments = self.arguments or {}
        async with AsyncExitStack() as session:
            try:
                await session.enter_async_context(client)
                tools = await client.list_tools() if self.schema_sha256 else None
            except Exception as error:
                raise NothingSentYet(f"the server of {self.conn_id!r} was not reached: {_cause(error)}") from error
            if tools is not None:
                mcp_schema.require_unchanged(tools, self.tool, self.schema_sha256, arguments)
            return await client.call_tool(name=self.tool, arguments=arguments, raise_on_error=False)


def _cause(error: BaseException) -> BaseException:
    """Return the first error of nested groups: that is how the client reports a lost server."""
    inner = getattr(error, "exceptions", None)
    return _cause(inner[0]) if inner else error


def _result(answer: Any) -> Any:
    """Return the structured answer if there is one, else what the content blocks hold."""
    blocks = [_block(block) for block in answer.content]
    content = blocks[0] if len(blocks) == 1 else blocks
    structured = answer.structured_content
    if structured is None:
        return content if blocks else None
    if set(structured) == {"result"} and _is_wrapped(structured["result"], content, blocks):
        return structured["result"]
    return structured


def _is_wrapped(result: Any, content: Any, blocks: list[Any]) -> bool:
    # FastMCP puts a result that is no object under "result", because structured content must be one. The
    # plain result then stands in the text too: as it is, as JSON, or (a list) one block an item. A tool that
    # itself answers {"result": x} has that whole object in its text.
    if content == (result if isinstance(result, str) else json.dumps(result)):
        return True
    return any(form == result and type(form) is type(result) for form in (content, blocks))


def _block(block: Any) -> Any:
    """Return one content block: JSON in a text parsed once, anything else (images, links) as its fields."""
    if hasattr(block, "text"):
        return json_text.parsed_text(block.text, where="the tool's answer")
    return block.model_dump(mode="json", exclude_none=True)
