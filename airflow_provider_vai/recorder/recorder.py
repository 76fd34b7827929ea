"""Records what an agent does inside Airflow, as it does it: ``AgentOperator(..., capabilities=[Recorder()])``.

The recording is a trace that ``vai crystallize`` takes. It stands at ``<dag>/<run>/<task>[-map].json`` under
``[vai] runs_path``; XCom ``vai_run`` has its URL. This module imports pydantic-ai, as the ``AgentOperator`` of the same
DAG file does.
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

from airflow_provider_vai.recorder import document

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

log = logging.getLogger(__name__)

XCOM_KEY = "vai_run"
WAITING = "waiting_for_approval"


@dataclass
class Recorder(AbstractCapability[Any]):  # type: ignore[misc]
    """Writes the run of an ``AgentOperator`` as a trace, at its end, at a pause for approval and at a failure.

    It stands below every other capability, at the tools themselves, and so sees the arguments that are executed. Values
    that Airflow masks and texts that look like credentials are not written. A recording that cannot be written is
    logged as an error; the agent's run goes on.
    """

    executed: list[document.Record] = field(default_factory=list, init=False, repr=False)
    approvals: dict[str, document.Record] = field(default_factory=dict, init=False, repr=False)
    validated: dict[str | None, tuple[Any, Any]] = field(default_factory=dict, init=False, repr=False)
    controls: set[str] = field(default_factory=set, init=False, repr=False)
    messages: list[Any] = field(default_factory=list, init=False, repr=False)
    waiting: set[str] = field(default_factory=set, init=False, repr=False)

    @classmethod
    def get_serialization_name(cls) -> str | None:
        """Return ``None``: it belongs to a task, not to an agent's description."""
        return None

    def get_ordering(self) -> CapabilityOrdering:
        """Stand below the capabilities that change arguments."""
        return CapabilityOrdering(position="innermost")

    async def for_run(self, ctx: Any) -> Recorder:
        """Return a recorder for one run: mapped tasks share this object."""
        return Recorder()

    def get_wrapper_toolset(self, toolset: Any) -> Any:
        """Return the agent's tools, each call of which is recorded."""
        return _RecordedTools(wrapped=toolset, recorder=self)

    async def prepare_output_tools(self, ctx: Any, tool_defs: list[Any]) -> list[Any]:
        """Remember the tools by which the agent gives its answer."""
        self.controls |= {tool.name for tool in tool_defs}
        return tool_defs

    async def before_model_request(self, ctx: Any, request_context: Any) -> Any:
        """Keep hold of the messages: the context of a run that fails does not have them."""
        self.messages = ctx.messages
        return request_context

    async def after_tool_validate(self, ctx: Any, *, call: Any, tool_def: Any, args: Any) -> Any:
        """Remember what validation made of the arguments: that is nobody's edit."""
        self.messages = ctx.messages
        self.validated[call.tool_call_id] = (document.plain(call.args_as_dict()), document.plain(args))
        return args

    async def wrap_run(self, ctx: Any, *, handler: Any) -> Any:
        """Run the agent and write the recording, however it ends."""
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
            log.exception("The run could not be recorded. Check [vai] runs_path; the agent's result is not affected")
            return
        log.info("The run is recorded in %s", path)

    def _document(self, ctx: Any, ti: Any, started_at: str, end: document.Record) -> document.Record:
        before = _before(ti, self.messages)
        run = before.get("agentRun", {})
        runs = [*run.get("runIds", []), ctx.run_id]
        messages = [message for message in self.messages if message.run_id in runs]
        ran = [action for action in before.get("actionRuns", []) if "startedAt" in action]
        actions = document.action_runs(messages, [*ran, *self.executed], self.controls, self.waiting)
        named = getattr(ti.task, "agent_params", {}).get("name") or ti.task_id
        toolsets = {action.get("toolset") for action in actions} - {None}
        return {
            "agentRun": {
                "id": runs[0],
                "runIds": runs,
                **end,
                "input": {"prompt": document.asked(messages) or document.plain(ctx.prompt)},
                "usage": document.usage(messages),
                "startedAt": run.get("startedAt", started_at),
                "completedAt": document.now(),
                "airflow": {"dagId": ti.dag_id, "runId": ti.run_id, "taskId": ti.task_id, "tryNumber": ti.try_number},
            },
            "agentSpec": {
                "slug": named,
                "name": named,
                "markdown": document.instructions(messages),
                "frontmatter": {"model": document.model(messages), "toolsets": sorted(toolsets)},
            },
            "actionRuns": actions,
            "approvals": list({**_asked(actions, ti), **_decided(before), **self.approvals}.values()),
        }


@dataclass
class _RecordedTools(WrapperToolset[Any]):  # type: ignore[misc]
    """The agent's tools; each call that runs becomes an action run of the recorder."""

    recorder: Recorder = field(default_factory=Recorder)

    async def call_tool(self, name: str, tool_args: dict[str, Any], ctx: Any, tool: Any) -> Any:
        """Call the tool and record what came of it."""
        action = self._started(name, document.plain(tool_args), ctx, tool)
        self.recorder.executed.append(action)
        try:
            result = await self.wrapped.call_tool(name, tool_args, ctx, tool)
        except (ApprovalRequired, CallDeferred):  # the tool itself asks first: it did not run
            self.recorder.executed.remove(action)
            self.recorder.approvals.pop(action["id"], None)
            raise
        except BaseException as error:
            ended = {"status": "failed" if isinstance(error, Exception) else "cancelled"}
            action |= {**ended, "error": {"message": _message(error)}, "completedAt": document.now()}
            raise
        returned = result.return_value if isinstance(result, ToolReturn) else result
        action |= {"status": "completed", "result": document.plain(returned), "completedAt": document.now()}
        return result

    def _started(self, name: str, arguments: Any, ctx: Any, tool: Any) -> document.Record:
        call_id = ctx.tool_call_id or f"call-{len(self.recorder.executed)}"
        seen, validated = self.recorder.validated.get(ctx.tool_call_id, (None, None))
        proposed = document.proposal(ctx.messages, ctx.tool_call_id)
        is_edited = proposed is not None and (seen != proposed or validated != arguments)
        request = {"toolCallId": call_id, "requestPayload": {"definition": proposed if is_edited else arguments}}
        if ctx.tool_call_approved:
            self.recorder.approvals[call_id] = {**request, "status": "approved", **_decision_here()}
        elif is_edited:
            self.recorder.approvals[call_id] = request
        definition = {"id": call_id, "kind": name, "definition": arguments, "status": "running"}
        return {**definition, "toolset": tool.tool_def.toolset_id, "startedAt": document.now()}


def path_of(ti: Any) -> ObjectStoragePath:
    """Return where a task instance's recording stands under ``[vai] runs_path``."""
    from airflow.sdk import ObjectStoragePath

    from airflow_provider_vai.operators.runtime import results
    from airflow_provider_vai.operators.runtime.compat import configuration

    given = configuration().get("vai", "runs_path", fallback="")
    root = ObjectStoragePath(given) if given else results.artifacts_root() / "runs"
    return results.path_of(ti.dag_id, ti.run_id, ti.task_id, ti.map_index, "json", root=root)


def decision(ti: Any) -> document.Record:
    """Return who answered the task's question about its tool calls, and when; empty where Airflow does not say.

    A task that waited for a person gets the answer as an argument of the method that it resumes with.
    """
    from airflow.sdk.serde import deserialize

    given = getattr(getattr(ti, "_ti_context_from_server", None), "next_kwargs", None)
    try:
        event = deserialize(given)["event"]
        by, at = event.get("responded_by_user"), event.get("responded_at")
        reason = (event.get("params_input") or {}).get("reason")
    except (AttributeError, ImportError, KeyError, TypeError, ValueError):  # it did not wait, or Airflow changed
        return {}
    found = {"resolvedBy": by["name"] if by else None, "resolvedAt": at and str(at), "resolutionNote": reason}
    return {name: value for name, value in found.items() if isinstance(value, str) and value}


def _decision_here() -> document.Record:
    from airflow.sdk import get_current_context

    return decision(get_current_context()["ti"])


def _before(ti: Any, messages: list[Any]) -> document.Record:
    """Return the recording that this run goes on with: a pause ended it, and its messages are this run's history."""
    runs = {message.run_id for message in messages}
    try:
        found = json.loads(path_of(ti).read_bytes())
        return found if runs.issuperset(found["agentRun"]["runIds"]) else {}
    except (OSError, KeyError, TypeError, ValueError):  # there is none: only the messages tell of what was before
        return {}


def _decided(before: document.Record) -> dict[str, document.Record]:
    requests = before.get("approvals", [])
    return {request["toolCallId"]: request for request in requests if request.get("status") != "pending"}


def _asked(actions: list[document.Record], ti: Any) -> dict[str, document.Record]:
    """Return the requests about calls that never ran: one that waits, and one that somebody denied."""
    found = {}
    for action in actions:
        if action["status"] in ("pending", "rejected"):
            answer = decision(ti) if action["status"] == "rejected" else {}
            note = answer.get("resolutionNote") or action.get("error", {}).get("message")
            request = {"toolCallId": action["id"], "status": action["status"], **answer}
            found[action["id"]] = {**request, "resolutionNote": note} if note else request
    return found


def _message(error: BaseException) -> str:
    return str(error) or type(error).__name__
