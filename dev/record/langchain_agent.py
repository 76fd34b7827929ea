"""Record LangChain runs with a scripted model, real tools and a person's decisions.

Writes ``langchain.json`` (checkpoints with decisions, one interrupt per turn), ``langchain_per_call.json`` (one
interrupt per call) and ``langchain_messages.json`` (messages only) into the given folder. No network. Needs langchain
(written with 1.4.7) and langgraph::

    python dev/record/langchain_agent.py tests/traces
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import recording
from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.load import dumpd
from langchain_core.messages import AIMessage, BaseMessage, messages_to_dict
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

THREAD: Any = {"configurable": {"thread_id": "thread-1"}}


@tool
def read_order(order: int) -> dict[str, Any]:
    """Read an order."""
    if order > 99:
        raise ValueError("no such order")
    return {"order": order, "total": 40}


@tool
def refund(order: int, amount: int) -> str:
    """Pay back."""
    return f"refunded {amount} for {order}"


@tool
def close(order: int) -> str:
    """Close an order."""
    return f"closed {order}"


@tool
def ask(question: str) -> str:
    """Ask a person."""
    raise AssertionError("a person answers")


class Scripted(GenericFakeChatModel):
    """A model that returns the messages of its script."""

    def bind_tools(self, tools: Any, **_: Any) -> Any:
        """Accept any tools."""
        return self


def call(name: str, id: str, **args: Any) -> dict[str, Any]:
    """Return a tool call as it is in a message."""
    return {"name": name, "args": args, "id": id}


def script() -> Any:
    """Yield the model's messages."""
    usage: Any = {"input_tokens": 100, "output_tokens": 10, "total_tokens": 110}
    asked = [call("refund", "c2", order=7, amount=90), call("close", "c3", order=7), call("ask", "c4", question="Why?")]
    messages = (
        ("", [call("read_order", "c1", order=7)]),
        ("", [*asked, call("refund", "c5", order=8, amount=1)]),
        ("All done.", []),
    )
    for number, (text, calls) in enumerate(messages):
        yield AIMessage(content=text, tool_calls=calls, id=f"m{number}", usage_metadata=usage)


DECISIONS: dict[str, dict[str, Any]] = {
    "90": {"type": "edit", "edited_action": {"name": "refund", "args": {"order": 7, "amount": 40}}},
    "7": {"type": "reject", "message": "The order stays open."},
    "Why?": {"type": "respond", "message": "Damaged."},
    "1": {"type": "approve"},
}
"""The person's decisions, by the last argument of the call; one for each waiting call, in order."""


def record(mode: Any) -> InMemorySaver:
    """Run the agent up to its pause, decide, and run it to its end."""
    saver = InMemorySaver()
    gate = HumanInTheLoopMiddleware({"refund": True, "close": True, "ask": True}, interrupt_mode=mode)
    agent = create_agent(
        Scripted(messages=script()),
        tools=[read_order, refund, close, ask],
        system_prompt="You look after orders.",
        middleware=[gate],
        checkpointer=saver,
    )
    paused = agent.invoke({"messages": [{"role": "user", "content": "Refund order 7"}]}, THREAD, version="v2")
    answer: Any = {"decisions": list(DECISIONS.values())}
    if mode == "per_call":
        answer = {found.id: DECISIONS[str([*found.value["args"].values()][-1])] for found in paused.interrupts}
    agent.invoke(Command(resume=answer), THREAD, version="v2")
    return saver


def plain(value: Any) -> Any:
    """Return a value that JSON can hold; messages as the library itself serializes them."""
    if isinstance(value, BaseMessage):
        return dumpd(value)
    if hasattr(value, "id") and hasattr(value, "value"):  # an interrupt
        return {"id": value.id, "value": value.value}
    return str(value)


def main(folder: Path) -> None:
    """Write the three files."""
    for mode, name in (("batched", "langchain.json"), ("per_call", "langchain_per_call.json")):
        saver = record(mode)
        found = [checkpoint._asdict() for checkpoint in saver.list(THREAD)]
        recording.write(folder / name, found, default=plain)
    messages = saver.get_tuple(THREAD).checkpoint["channel_values"]["messages"]
    recording.write(folder / "langchain_messages.json", messages_to_dict(messages))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
