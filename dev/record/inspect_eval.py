"""Record tests/traces/inspect_ai.json: a real Inspect AI evaluation with a scripted model and real tools.

    uv venv VENV; uv pip install --python VENV/bin/python inspect-ai
    VENV/bin/python dev/record/inspect_eval.py tests/traces/inspect_ai.json

No network is used. One call is approved, one modified, one rejected, one fails, and one runs a sub-agent.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import recording
from inspect_ai import Task, eval as evaluate
from inspect_ai.agent import Agent, AgentState, agent, as_tool
from inspect_ai.approval import Approval, ApprovalPolicy, Approver, approver
from inspect_ai.dataset import Sample
from inspect_ai.model import ChatMessageAssistant, ChatMessageUser, ModelOutput, ModelUsage, execute_tools, get_model
from inspect_ai.scorer import includes
from inspect_ai.solver import generate, system_message, use_tools
from inspect_ai.tool import Tool, ToolCall, ToolCallView, ToolError, tool

SHELVES = {"north": 4, "south": 0}


@tool
def count_jars() -> Tool:
    async def execute(shelf: str) -> str:
        """Count the jars on a shelf.

        Args:
            shelf: The shelf's name.
        """
        if shelf not in SHELVES:
            raise ToolError(f"no shelf {shelf}")
        return json.dumps({"shelf": shelf, "jars": SHELVES[shelf]})

    return execute


@tool
def move_jars() -> Tool:
    async def execute(source: str, target: str, jars: int) -> str:
        """Move jars.

        Args:
            source: From this shelf.
            target: To this shelf.
            jars: How many.
        """
        return f"moved {jars} from {source} to {target}"

    return execute


@agent
def labeller() -> Agent:
    async def execute(state: AgentState) -> AgentState:
        """Write a label."""
        asked = ToolCall(id="inner-1", function="count_jars", arguments={"shelf": "south"})
        state.messages.append(ChatMessageAssistant(content="", tool_calls=[asked]))
        done = await execute_tools(state.messages, [count_jars()])
        state.messages.extend(done.messages)
        state.output = ModelOutput.from_content("mockllm/model", "label: south, 0 jars")
        state.messages.append(state.output.message)
        return state

    return execute


@approver(name="keeper")
def keeper() -> Approver:
    async def approve(message: str, call: ToolCall, view: ToolCallView, history: list[ChatMessageUser]) -> Approval:
        jars = call.arguments.get("jars")
        if jars == 99:
            return Approval(decision="reject", explanation="There are not that many.")
        if jars == 4:
            fewer = ToolCall(id=call.id, function=call.function, arguments={**call.arguments, "jars": 2})
            return Approval(decision="modify", modified=fewer, explanation="Leave two.")
        return Approval(decision="approve")

    return approve


def asks(*calls: tuple[str, str, dict[str, object]]) -> ModelOutput:
    """Return a model's answer with these calls, each an id, a tool and its arguments."""
    output = ModelOutput.from_content("mockllm/model", "")
    output.choices[0].message.tool_calls = [
        ToolCall(id=call_id, function=name, arguments=given) for call_id, name, given in calls
    ]
    output.choices[0].stop_reason = "tool_calls"
    return counted(output)


def counted(output: ModelOutput) -> ModelOutput:
    """Return an answer with made-up usage: counting tokens would load a vocabulary from the network."""
    output.usage = ModelUsage(input_tokens=10, output_tokens=2, total_tokens=12)
    return output


ANSWERS = [
    asks(("c1", "count_jars", {"shelf": "north"}), ("c2", "count_jars", {"shelf": "attic"})),
    asks(("c3", "move_jars", {"source": "north", "target": "south", "jars": 4})),
    asks(("c4", "move_jars", {"source": "south", "target": "north", "jars": 99})),
    asks(("c5", "move_jars", {"source": "south", "target": "north", "jars": 1})),
    asks(("c6", "labeller", {"input": "Label the south shelf."})),
    counted(ModelOutput.from_content("mockllm/model", "Two jars moved.")),
]


def main(target: Path) -> None:
    """Run the evaluation and write its log."""
    task = Task(
        dataset=[Sample(id="jars", input="Spread the jars over both shelves.", target="moved")],
        solver=[
            system_message("You keep the shelves."),
            use_tools(count_jars(), move_jars(), as_tool(labeller())),
            generate(),
        ],
        scorer=includes(),
        approval=[ApprovalPolicy(keeper(), "move_jars"), ApprovalPolicy(approvers(), "*")],
        name="jars",
    )
    with tempfile.TemporaryDirectory() as folder:
        model = get_model("mockllm/model", custom_outputs=ANSWERS)
        (log,) = evaluate(task, model=model, log_dir=folder, log_format="json", display="none")
        assert log.status == "success", log.error
        document = json.loads(Path(log.location).read_text())
    sample = document["samples"][0]
    sample["events"] = [event for event in sample["events"] if event["event"] in KEPT]
    for event in sample["events"]:
        event.pop("sample", None)
    document["eval"].pop("revision", None)
    document["eval"]["model_args"] = {}  # the script itself
    document.pop("reductions", None)
    recording.write(target, document)


KEPT = ("span_begin", "span_end", "tool", "approval")


def approvers() -> Approver:
    """Return the approver that approves everything."""
    from inspect_ai.approval import auto_approver

    return auto_approver()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
