"""Records an agent that runs in Airflow: ``AgentOperator(..., capabilities=[Recorder()])``.

The recording is a trace for ``vai crystallize``. It is written to ``<dag>/<run>/<task>[-map].json`` under
``[vai] runs_path``, and the XCom ``vai_run`` has its URL. This module imports pydantic-ai, which the ``AgentOperator``
in the same DAG file imports anyway.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic_ai.capabilities import AbstractCapability, CapabilityOrdering  # noqa: TID253 (see above)
from pydantic_ai.exceptions import ApprovalRequired, CallDeferred  # noqa: TID253
from pydantic_ai.messages import ToolReturn  # noqa: TID253
from pydantic_ai.tools import DeferredToolRequests  # noqa: TID253
from pydantic_ai.toolsets.wrapper import WrapperToolset  # noqa: TID253

from airflow_provider_vai.operators.runtime import instance
from airflow_provider_vai.recorder import document
from airflow_provider_vai.recorder.places import XCOM_KEY, recording_path

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

log = logging.getLogger(__name__)

WAITING = "waiting_for_approval"


@dataclass
class Recorder(AbstractCapability[Any]):  # type: ignore[misc]
    """Writes the run of an ``AgentOperator`` as a trace when it ends, fails or pauses for approval.

    The recorder is the innermost capability, next to the tools, so it sees the arguments that are executed. Values that
    Airflow masks and texts that look like credentials are masked in the trace. If the trace cannot be written, an error
    is logged and the agent's run continues.
    """

    executed: list[document.Record] = field(default_factory=list, init=False, repr=False)
    approvals: dict[str, document.Record] = field(default_factory=dict, init=False, repr=False)
    validated: dict[str | None, tuple[Any, Any]] = field(default_factory=dict, init=False, repr=False)
    controls: set[str] = field(default_factory=set, init=False, repr=False)
    messages: list[Any] = field(default_factory=list, init=False, repr=False)
    waiting: set[str] = field(default_factory=set, init=False, repr=False)

    @classmethod
    def get_serialization_name(cls) -> str | None:
        """Return ``None``: a recorder belongs to a task and is not part of an agent's definition."""
        return None

    def get_ordering(self) -> CapabilityOrdering:
        """Return the innermost position, below the capabilities that change arguments."""
        return CapabilityOrdering(position="innermost")

    async def for_run(self, ctx: Any) -> Recorder:
        """Return a new recorder for one run, because mapped tasks share this object."""
        return Recorder()

    def get_wrapper_toolset(self, toolset: Any) -> Any:
        """Return the agent's tools, wrapped so that each call is recorded."""
        return _RecordedTools(wrapped=toolset, recorder=self)

    async def prepare_output_tools(self, ctx: Any, tool_defs: list[Any]) -> list[Any]:
        """Remember the tools with which the agent returns its output."""
        self.controls |= {tool.name for tool in tool_defs}
        return tool_defs

    async def before_model_request(self, ctx: Any, request_context: Any) -> Any:
        """Keep the messages, because they are not available after a run that failed."""
        self.messages = ctx.messages
        return request_context

    async def after_tool_validate(self, ctx: Any, *, call: Any, tool_def: Any, args: Any) -> Any:
        """Remember the arguments before and after validation, so that its changes do not count as an edit."""
        self.messages = ctx.messages
        self.validated[call.tool_call_id] = (document.plain(call.args_as_dict()), document.plain(args))
        return args

    async def wrap_run(self, ctx: Any, *, handler: Any) -> Any:
        """Run the agent and write the recording, even if the run fails."""
        started_at = document.now()
        try:
            result = await handler()
        except BaseException as error:
            self._write(ctx, started_at, {"status": "failed", "error": {"message": _message(error)}})
            raise
        self.messages = result.all_messages()
        if isinstance(result.output, DeferredToolRequests):
            self.waiting = {call.tool_call_id for call in result.output.approvals}
            end = {"status": WAITING}
        else:
            end = {"status": "completed", "result": document.plain(result.output)}
        self._write(ctx, started_at, end)
        return result

    def _write(self, ctx: Any, started_at: str, end: document.Record) -> None:
        from airflow.sdk import get_current_context

        from airflow_provider_vai.operators.runtime import masking, results
        from airflow_provider_vai.secrets.masking import masked

        try:
            ti = get_current_context()["ti"]
            path = path_of(ti)
            content = masked(masking.masked(self._document(ctx, ti, started_at, end)))
            results.write(path, json.dumps(content, indent=2, allow_nan=False).encode("ascii"))
            ti.xcom_push(key=XCOM_KEY, value=str(path))
        except Exception:
            log.exception("The run could not be recorded: check [vai] runs_path. The agent's result is not affected")
            return
        log.info("The run was recorded in %s", path)

    def _document(self, ctx: Any, ti: Any, started_at: str, end: document.Record) -> document.Record:
        earlier = _earlier_recording(ti, self.messages)
        earlier_run = earlier.get("agentRun", {})
        run_ids = [*earlier_run.get("runIds", []), ctx.run_id]
        messages = [message for message in self.messages if message.run_id in run_ids]
        earlier_actions = [action for action in earlier.get("actionRuns", []) if "startedAt" in action]
        actions = document.action_runs(messages, [*earlier_actions, *self.executed], self.controls, self.waiting)
        agent_name = getattr(ti.task, "agent_params", {}).get("name") or ti.task_id
        toolsets = {action.get("toolset") for action in actions} - {None}
        return {
            "agentRun": {
                "id": run_ids[0],
                "runIds": run_ids,
                **end,
                "input": {"prompt": document.user_prompts(messages) or document.plain(ctx.prompt)},
                "usage": document.usage(messages),
                "startedAt": earlier_run.get("startedAt", started_at),
                "completedAt": document.now(),
                "airflow": {"dagId": ti.dag_id, "runId": ti.run_id, "taskId": ti.task_id, "tryNumber": ti.try_number},
            },
            "agentSpec": {
                "slug": agent_name,
                "name": agent_name,
                "markdown": document.instructions(messages),
                "frontmatter": {"model": document.model(messages), "toolsets": sorted(toolsets)},
            },
            "actionRuns": actions,
            "approvals": list({**_requests(actions, ti), **_decided(earlier), **self.approvals}.values()),
        }


@dataclass
class _RecordedTools(WrapperToolset[Any]):  # type: ignore[misc]
    """The agent's tools. Each call that runs becomes an action run of the recorder."""

    recorder: Recorder = field(default_factory=Recorder)

    async def call_tool(self, name: str, tool_args: dict[str, Any], ctx: Any, tool: Any) -> Any:
        """Call the tool and record its result or error."""
        action = self._started(name, document.plain(tool_args), ctx, tool)
        self.recorder.executed.append(action)
        try:
            result = await self.wrapped.call_tool(name, tool_args, ctx, tool)
        except (ApprovalRequired, CallDeferred):  # the tool asks for approval first, so it did not run
            self.recorder.executed.remove(action)
            self.recorder.approvals.pop(action["id"], None)
            raise
        except BaseException as error:
            status = "failed" if isinstance(error, Exception) else "cancelled"
            action |= {"status": status, "error": {"message": _message(error)}, "completedAt": document.now()}
            raise
        returned = result.return_value if isinstance(result, ToolReturn) else result
        action |= {"status": "completed", "result": document.plain(returned), "completedAt": document.now()}
        return result

    def _started(self, name: str, arguments: Any, ctx: Any, tool: Any) -> document.Record:
        call_id = ctx.tool_call_id or f"call-{len(self.recorder.executed)}"
        unvalidated, validated = self.recorder.validated.get(ctx.tool_call_id, (None, None))
        proposed = document.proposal(ctx.messages, ctx.tool_call_id)
        is_edited = proposed is not None and (unvalidated != proposed or validated != arguments)
        request = {"toolCallId": call_id, "requestPayload": {"definition": proposed if is_edited else arguments}}
        if ctx.tool_call_approved:
            self.recorder.approvals[call_id] = {**request, "status": "approved", **_decision_here()}
        elif is_edited:
            self.recorder.approvals[call_id] = request
        definition = {"id": call_id, "kind": name, "definition": arguments, "status": "running"}
        return {**definition, "toolset": tool.tool_def.toolset_id, "startedAt": document.now()}


def path_of(ti: Any) -> ObjectStoragePath:
    """Return the path of a task instance's recording under ``[vai] runs_path``."""
    return recording_path(ti.dag_id, ti.run_id, ti.task_id, ti.map_index, instance.round_of(ti))


def decision(ti: Any) -> document.Record:
    """Return who answered the task's approval request for its tool calls, when, and with which note.

    :return: ``resolvedBy``, ``resolvedAt`` and ``resolutionNote``, as far as Airflow records them.
    """
    try:
        from airflow.sdk.serde import deserialize
    except ImportError:  # Airflow 3.1
        from airflow.serialization.serde import deserialize

    # When a task resumes after waiting, Airflow passes the response as an argument of the resumed method.
    next_kwargs = getattr(getattr(ti, "_ti_context_from_server", None), "next_kwargs", None)
    try:
        event = deserialize(next_kwargs)["event"]
        by, at = event.get("responded_by_user"), event.get("responded_at")
        reason = (event.get("params_input") or {}).get("reason")
    except (AttributeError, ImportError, KeyError, TypeError, ValueError):  # it did not wait, or Airflow has changed
        return {}
    answer = {"resolvedBy": by["name"] if by else None, "resolvedAt": at and str(at), "resolutionNote": reason}
    return {name: value for name, value in answer.items() if isinstance(value, str) and value}


def _decision_here() -> document.Record:
    from airflow.sdk import get_current_context

    return decision(get_current_context()["ti"])


def _earlier_recording(ti: Any, messages: list[Any]) -> document.Record:
    """Return the recording that this run continues after a pause for approval; empty if there is none.

    Its messages are the beginning of this run's messages.
    """
    run_ids = {message.run_id for message in messages}
    try:
        document = json.loads(path_of(ti).read_bytes())
        return document if run_ids.issuperset(document["agentRun"]["runIds"]) else {}
    except (OSError, KeyError, TypeError, ValueError):  # there is no recording: only the messages have the history
        return {}


def _decided(earlier: document.Record) -> dict[str, document.Record]:
    requests = earlier.get("approvals", [])
    return {request["toolCallId"]: request for request in requests if request.get("status") != "pending"}


def _requests(actions: list[document.Record], ti: Any) -> dict[str, document.Record]:
    """Return the approval requests of calls that did not run, because they are waiting or were denied."""
    requests = {}
    for action in actions:
        if action["status"] in ("pending", "rejected"):
            answer = decision(ti) if action["status"] == "rejected" else {}
            note = answer.get("resolutionNote") or action.get("error", {}).get("message")
            request = {"toolCallId": action["id"], "status": action["status"], **answer}
            requests[action["id"]] = {**request, "resolutionNote": note} if note else request
    return requests


def _message(error: BaseException) -> str:
    return str(error) or type(error).__name__
