"""The script's agent in LangGraph, made with LangChain's ``create_agent``."""

from __future__ import annotations

from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.load import dumpd
from langchain_core.messages import BaseMessage, messages_to_dict
from langchain_core.tools import ToolException, tool
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from script import DENIAL, REQUEST, SYSTEM, book_pump, is_denied, read_soil, water, write_note

ASKS = True
TRACERS = {
    "openinference": "openinference.instrumentation.langchain:LangChainInstrumentor",
    "openllmetry": "opentelemetry.instrumentation.langchain:LangchainInstrumentor",
    "mlflow": "mlflow.langchain:autolog",
    "langsmith": "",
    "langfuse": "",
}


def pump(hours: int) -> dict[str, Any]:
    """Book the pump; fails without hours."""
    try:
        return book_pump(hours)
    except ValueError as error:
        raise ToolException(str(error)) from error


def plain(value: Any) -> Any:
    """Return a value that JSON can hold; messages as the library itself serializes them."""
    if isinstance(value, BaseMessage):
        return dumpd(value)
    if hasattr(value, "id") and hasattr(value, "value"):  # an interrupt
        return {"id": value.id, "value": value.value}
    return str(value)


def run(url: str) -> dict[str, Any]:
    """Run the agent up to its pause, decide, and run it to its end."""
    saver = InMemorySaver()
    booked = tool("book_pump")(pump)
    booked.handle_tool_error = True
    agent = create_agent(
        ChatOpenAI(model="scripted", base_url=url, api_key="none"),
        tools=[tool(read_soil), booked, tool(water), tool(write_note)],
        system_prompt=SYSTEM,
        middleware=[HumanInTheLoopMiddleware({"water": True})],
        checkpointer=saver,
    )
    config: Any = {"configurable": {"thread_id": "thread-1"}, "callbacks": _callbacks()}
    once: Any = {"durability": "exit"}  # a checkpoint at the pause and one at the end
    paused = agent.invoke({"messages": [{"role": "user", "content": REQUEST}]}, config, **once)
    asked = paused["__interrupt__"][0].value["action_requests"]
    decisions: list[dict[str, Any]] = [
        {"type": "reject", "message": DENIAL} if is_denied(action["args"]) else {"type": "approve"} for action in asked
    ]
    done = agent.invoke(Command(resume={"decisions": decisions}), config, **once)
    return {
        "checkpoints": [found._asdict() for found in saver.list(config)],
        "messages": messages_to_dict(done["messages"]),
    }


def _callbacks() -> list[Any]:
    """Return Langfuse's handler, if Langfuse was started."""
    import sys

    if "langfuse" not in sys.modules:
        return []
    from langfuse.langchain import CallbackHandler

    return [CallbackHandler()]
