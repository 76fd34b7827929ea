"""OpenAI Agents SDK ``RunState`` JSON.

The one place where the SDK keeps decisions: lists of call ids, or ``true`` for a tool for good, which a decision on
the exact call overrides. A call without a decision is unknown: a state may leave decisions out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Approval, Run
from airflow_provider_vai.traces.formats.openai.decisions import Decisions
from airflow_provider_vai.traces.formats.openai.items import ResponseItems
from airflow_provider_vai.traces.formats.openai.names import snake_item, snake_keys
from airflow_provider_vai.traces.formats.shared.content import total_usage
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult
from airflow_provider_vai.traces.reading.trace import Coverage, Trace
from airflow_provider_vai.traces.reading.values import require_object, require_objects, text_or_none

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
        found, key = _state_in(trace.document) or (require_object(trace.document, str(trace)), "")
        yield _State(trace, snake_keys(found), f"{trace}: {key}").run()


class _State:
    """One state, and what was read of it."""

    def __init__(self, trace: Trace, state: dict[str, Any], where: str) -> None:
        self.trace = trace
        self.state = state
        self.where = where
        self.context = snake_keys(state.get("context"))
        self.decided = Decisions(self.context)
        self.conversation = Conversation(trace)
        self.reader = ResponseItems(self.conversation, self.decided)

    def run(self) -> Run:
        """Return the run that the state tells of."""
        asked, where = self.state.get("original_input"), f"{self.where}original_input"
        if isinstance(asked, list):
            for item, place in require_objects(asked, where):
                self.reader.read(snake_item(item), place)
        else:
            self.conversation.start_turn(text_or_none(asked))
        self.conversation.start_message()
        for item, place in self._items():
            self._read_item(item, place)
        waiting = self._waiting()
        self._settle(waiting)
        facts = snake_keys(self.state.get("trace"))
        spent = snake_keys(self.context.get("usage"))
        names = (facts.get("id"), self.state.get("conversation_id"), self.trace.fallback_id)
        run = Run(
            id=next(name for name in names if text_or_none(name)),
            source="agent_run",
            format=ADAPTER.name,
            title=text_or_none(facts.get("workflow_name")),
            agent=text_or_none(snake_keys(self.state.get("current_agent")).get("name")),
            outcome="success" if self.reader.assistant_spoke_last and not waiting else "unknown",
            usage=total_usage([spent], tokens=("input_tokens", "output_tokens"), costs=[]),
        )
        return self.conversation.finish(run)

    def _items(self) -> Iterator[tuple[dict[str, Any], str]]:
        """Yield the items of the longer list: one is the whole session, the other what the model is told next."""
        lists = [list(require_objects(self.state[key], f"{self.where}{key}")) for key in LISTS if self.state.get(key)]
        yield from max(lists, key=len, default=[])

    def _read_item(self, found: dict[str, Any], place: str) -> None:
        item = snake_keys(found)
        raw = snake_item(require_object(item.get("raw_item"), f"{place}.raw_item"))
        kind = item.get("type")
        if kind == "tool_approval_item" and self._is_known(_call_id(raw)):
            return
        if kind == "tool_call_output_item" and not isinstance(item.get("output", ""), str):
            raw["output"] = item["output"]  # what the tool returned; the raw item has its str()
        self.reader.read(raw, f"{place}.raw_item", ran=kind != "handoff_output_item")

    def _is_known(self, call_id: str) -> bool:
        return any(call.id == call_id for call in self.conversation.calls)

    def _waiting(self) -> set[str]:
        """Return the ids of the calls that wait for a decision."""
        pending = snake_keys(snake_keys(self.state.get("current_step")).get("data")).get("interruptions")
        listed = pending if isinstance(pending, list) else []
        found = {_call_id(snake_item(snake_keys(item).get("raw_item"))) for item in listed}
        for call_id in sorted(found):
            if not self._is_known(call_id):
                self.conversation.note(
                    f"{self.where}current_step", f"{call_id!r} {WAITS}, inside another call: not read"
                )
        return found

    def _settle(self, waiting: set[str]) -> None:
        """Tell what was decided of the calls that have no output yet, and which of them wait."""
        for position, call in enumerate(self.conversation.calls):
            if call.outcome != "unknown":
                continue
            approval = self.decided(call)
            if approval.state == "denied":
                self.conversation.set_result(position, ToolResult(outcome="denied", ran=False, approval=approval))
                continue
            if approval == Approval() and call.id in waiting:
                approval = Approval(note=WAITS)
            self.conversation.calls[position] = call.model_copy(update={"approval": approval})


def _state_in(document: Any) -> tuple[dict[str, Any], str] | None:
    for key in ("", "state"):
        found = document.get(key) if key and isinstance(document, dict) else document
        if isinstance(found, dict) and "$schemaVersion" in found and {"current_agent", "currentAgent"} & found.keys():
            return found, f"{key}." if key else ""
    return None


def _call_id(raw: dict[str, Any]) -> str:
    return text_or_none(raw.get("call_id")) or text_or_none(raw.get("id")) or ""


ADAPTER = OpenAIRunStateAdapter()
