"""Record the OpenAI Agents fixtures: a scripted model, real tools, the SDK's own runner and exporters; no network.

Run it with ``openai-agents`` installed (written with 0.24)::

    python dev/record/openai_agents.py FOLDER

It writes ``openai_agents.json`` (trace and span objects), ``openai_run_state_paused.json`` (the state at the pause),
``openai_run_state.json`` (the state at the end) and ``openai_agents_items.json`` (the items of the whole run). Ids and
times are renumbered, so that every recording is the same.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Any

from agents import Agent, RunConfig, Runner, function_tool, set_trace_processors
from agents.items import ModelResponse
from agents.models.interface import Model
from agents.tracing import TracingProcessor, generation_span
from agents.usage import Usage
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText

ID = r"(?P<kind>trace_|span_)[0-9a-f]{24,32}"
TIME = r"20[0-9-]{8}T[0-9:.]{8,15}\+00:00"


class Exports(TracingProcessor):
    """Keeps the traces and spans that a processor would send, in the order in which they ended."""

    def __init__(self) -> None:
        self.objects: list[Any] = []

    def on_trace_start(self, trace: Any) -> None:
        """Keep the trace."""
        self.objects.append(trace.export())

    def on_span_end(self, span: Any) -> None:
        """Keep the span."""
        self.objects.append(span.export())

    def on_trace_end(self, trace: Any) -> None:
        """Ignore it."""

    def on_span_start(self, span: Any) -> None:
        """Ignore it."""

    def shutdown(self) -> None:
        """Ignore it."""

    def force_flush(self) -> None:
        """Ignore it."""


class Scripted(Model):
    """Returns the next list of items for any request; if ``traced``, writes generation spans with content."""

    def __init__(self, *answers: list[Any], traced: bool = True) -> None:
        self.answers = list(answers)
        self.traced = traced

    async def get_response(self, system_instructions: Any, input: Any, *_: Any, **__: Any) -> ModelResponse:
        """Return the next answer."""
        answer = self.answers.pop(0)
        usage = Usage(requests=1, input_tokens=100, output_tokens=10, total_tokens=110)
        with generation_span(model="scripted", disabled=not self.traced) as span:
            span.span_data.input = [{"role": "user", "content": input}] if isinstance(input, str) else input
            span.span_data.output = [item.model_dump(exclude_none=True) for item in answer]
            span.span_data.usage = {"input_tokens": 100, "output_tokens": 10}
        return ModelResponse(output=answer, usage=usage, response_id=None)

    def stream_response(self, *_: Any, **__: Any) -> Any:
        """Refuse: streaming is not used here."""
        raise NotImplementedError


def call(call_id: str, name: str, **arguments: Any) -> ResponseFunctionToolCall:
    """Return a function call item."""
    return ResponseFunctionToolCall(
        type="function_call", call_id=call_id, name=name, arguments=json.dumps(arguments), status="completed"
    )


def said(words: str) -> ResponseOutputMessage:
    """Return a message item."""
    part = ResponseOutputText(type="output_text", text=words, annotations=[])
    return ResponseOutputMessage(id="msg_1", type="message", role="assistant", status="completed", content=[part])


@function_tool
def find_plots(garden: str) -> list[dict[str, Any]]:
    """Find the plots of a garden."""
    return [{"plot": f"{garden}-1", "dry": True}, {"plot": f"{garden}-2", "dry": False}]


@function_tool
def soil_test(plot: str) -> str:
    """Test the soil; the probe is broken."""
    raise ValueError(f"no probe in {plot}")


@function_tool
def log_visit(plot: str) -> None:
    """Write down a visit: returns nothing."""


@function_tool(needs_approval=True)
def water(plot: str, litres: int) -> dict[str, Any]:
    """Water a plot."""
    return {"plot": plot, "litres": litres}


@function_tool(needs_approval=True)
def fell_tree(plot: str) -> str:
    """Fell a tree."""
    return f"felled in {plot}"


def gardener() -> Agent[None]:
    """Return the agent: plain tools, tools that need approval, an agent as a tool, a handoff."""
    expert = Agent(
        name="Weather expert",
        tools=[log_visit],
        model=Scripted([call("w1", "log_visit", plot="north-1")], [said("It stays dry.")]),
    )
    clerk = Agent(name="Clerk", model=Scripted([said("All is written down.")]))
    plan = Scripted(
        [call("c1", "find_plots", garden="north"), call("c2", "soil_test", plot="north-1")],
        [call("c3", "ask_weather", input="Will it rain?")],
        [
            call("c4", "water", plot="north-1", litres=10),
            call("c5", "fell_tree", plot="north-2"),
            call("c6", "log_visit", plot="north-2"),
        ],
        [call("c7", "transfer_to_clerk")],
    )
    ask = expert.as_tool(tool_name="ask_weather", tool_description="Ask the weather expert.")
    return Agent(
        name="Gardener", tools=[find_plots, soil_test, water, fell_tree, log_visit, ask], handoffs=[clerk], model=plan
    )


async def record() -> dict[str, Any]:
    """Run the agent up to its pause, decide, and run it to its end."""
    exports = Exports()
    set_trace_processors([exports])
    agent = gardener()
    setting = RunConfig(workflow_name="Garden", group_id="thread-1")
    paused = await Runner.run(agent, "Water what is dry.", run_config=setting)
    state = paused.to_state()
    before = state.to_json()
    for item in paused.interruptions:
        if item.tool_name == "water":
            state.approve(item)
        else:
            state.reject(item, rejection_message="The oak stays.")
    done = await Runner.run(agent, state, run_config=setting)
    return {
        "openai_agents.json": exports.objects,
        "openai_run_state_paused.json": before,
        "openai_run_state.json": done.to_state().to_json(),
        "openai_agents_items.json": done.to_input_list(),
    }


def steady(written: str) -> str:
    """Number ids and times in order of appearance, so that every recording is the same."""
    known: dict[str, str] = {}

    def name(found: re.Match[str]) -> str:
        kind = found["kind"]
        count = sum(other.startswith(kind) for other in known.values())
        return known.setdefault(found[0], f"{kind}{count + 1:04}")

    def time(found: re.Match[str]) -> str:
        number = times.index(found[0])
        return f"2026-01-01T09:{number // 60:02}:{number % 60:02}+00:00"

    times = sorted(set(re.findall(TIME, written)))
    return re.sub(TIME, time, re.sub(ID, name, written))


def main(folder: Path) -> None:
    """Write the recordings to ``folder``."""
    for name, document in asyncio.run(record()).items():
        (folder / name).write_text(steady(json.dumps(document, indent=1)) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
