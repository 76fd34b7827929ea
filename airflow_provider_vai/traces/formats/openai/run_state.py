"""OpenAI Agents SDK ``RunState`` JSON.

Only the state records decisions: as lists of call ids, or as ``true`` for all calls of a tool, which a decision on a
single call overrides. A call without a decision is unknown, because a state may leave decisions out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Approval, Run
from airflow_provider_vai.traces.formats.openai.decisions import Decisions
from airflow_provider_vai.traces.formats.openai.items import ResponseItems
from airflow_provider_vai.traces.formats.openai.javascript_names import snake_item, snake_keys
from airflow_provider_vai.traces.formats.shared.content import total_usage
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    PlacedObject,
    as_list,
    require_object,
    require_objects,
    text_or_none,
)

WAITS = "waits for a decision"
LISTS = ("session_items", "generated_items")


class OpenAIRunStateAdapter:
    """Reads the saved state of an Agents SDK run."""

    name = "openai_run_state"
    description = "OpenAI Agents SDK RunState JSON, of Python or JavaScript: items and decisions"
    coverage = Coverage(results="partly", approvals="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document is a RunState, or a result that holds one."""
        return _state_in(document) is not None

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: an item breaks the format.
        """
        state, key = _state_in(trace.document) or (require_object(trace.document, str(trace)), "")
        yield _State(trace, snake_keys(state), f"{trace}: {key}").run()


class _State:
    """One state, and the conversation read from it."""

    def __init__(self, trace: Trace, state: dict[str, Any], where: str) -> None:
        self.trace = trace
        self.state = state
        self.where = where
        self.context = snake_keys(state.get("context"))
        self.decisions = Decisions(self.context)
        self.conversation = Conversation(trace)
        self.reader = ResponseItems(self.conversation, self.decisions)

    def run(self) -> Run:
        """Return the run in the state."""
        original, where = self.state.get("original_input"), f"{self.where}original_input"
        if isinstance(original, list):
            for item, place in require_objects(original, where):
                self.reader.read(snake_item(item), place)
        else:
            self.conversation.start_turn(text_or_none(original))
        self.conversation.start_message()
        for item, place in self._items():
            self._read_item(item, place)
        waiting = self._waiting()
        self._set_decisions(waiting)
        facts = snake_keys(self.state.get("trace"))
        usage = snake_keys(self.context.get("usage"))
        names = (facts.get("id"), self.state.get("conversation_id"), self.trace.fallback_id)
        run = Run(
            id=next(name for name in names if text_or_none(name)),
            source="agent_run",
            format=ADAPTER.name,
            title=text_or_none(facts.get("workflow_name")),
            agent=text_or_none(snake_keys(self.state.get("current_agent")).get("name")),
            outcome="success" if self.reader.assistant_spoke_last and not waiting else "unknown",
            usage=total_usage([usage], tokens=("input_tokens", "output_tokens"), costs=[]),
        )
        return self.conversation.finish(run)

    def _items(self) -> Iterator[PlacedObject]:
        """Yield the items of the longer list: one is the whole session, the other the model's next input."""
        lists = [list(require_objects(self.state[key], f"{self.where}{key}")) for key in LISTS if self.state.get(key)]
        yield from max(lists, key=len, default=[])

    def _read_item(self, saved: dict[str, Any], place: str) -> None:
        item = snake_keys(saved)
        raw = snake_item(require_object(item.get("raw_item"), f"{place}.raw_item"))
        kind = item.get("type")
        if kind == "tool_approval_item" and self._is_known(_call_id(raw)):
            return
        if kind == "tool_call_output_item" and not isinstance(item.get("output", ""), str):
            raw["output"] = item["output"]  # the tool's return value; the raw item has only its str()
        self.reader.read(raw, f"{place}.raw_item", ran=kind != "handoff_output_item")

    def _is_known(self, call_id: str) -> bool:
        return any(call.id == call_id for call in self.conversation.calls)

    def _waiting(self) -> set[str]:
        """Return the ids of the calls that wait for a decision."""
        pending = snake_keys(snake_keys(self.state.get("current_step")).get("data")).get("interruptions")
        waiting = {_call_id(snake_item(snake_keys(item).get("raw_item"))) for item in as_list(pending)}
        for call_id in sorted(waiting):
            if not self._is_known(call_id):
                problem = f"{call_id!r} {WAITS} inside another call, which is not read"
                self.conversation.note(f"{self.where}current_step", problem)
        return waiting

    def _set_decisions(self, waiting: set[str]) -> None:
        """Set the decisions on calls without an output, and note on the others that they wait."""
        for position, call in enumerate(self.conversation.calls):
            if call.outcome != "unknown":
                continue
            approval = self.decisions(call)
            if approval.state == "denied":
                self.conversation.set_result(position, ToolResult(outcome="denied", ran=False, approval=approval))
                continue
            if approval == Approval() and call.id in waiting:
                approval = Approval(note=WAITS)
            self.conversation.calls[position] = call.model_copy(update={"approval": approval})


def _state_in(document: Any) -> PlacedObject | None:
    """Return the state in a document, and the prefix of places in it; ``None`` if there is none."""
    for key in ("", "state"):
        state = document.get(key) if key and isinstance(document, dict) else document
        if isinstance(state, dict) and "$schemaVersion" in state and {"current_agent", "currentAgent"} & state.keys():
            return state, f"{key}." if key else ""
    return None


def _call_id(raw: dict[str, Any]) -> str:
    return text_or_none(raw.get("call_id")) or text_or_none(raw.get("id")) or ""


ADAPTER = OpenAIRunStateAdapter()
