"""ATIF trajectories (up to version 1.8): steps with tool calls, and their results in the same step's observation.

The format has no fields for errors and approvals. They are read from the free field ``extra`` if they are there:
``is_error`` or ``outcome`` and ``error`` of a result, ``approval`` and ``executed_arguments`` of a call or a result.
Embedded trajectories of sub-agents are read. Copied context is not part of the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats.atif.steps import Trajectory
from airflow_provider_vai.traces.formats.shared.content import total_usage
from airflow_provider_vai.traces.formats.shared.conversation import Conversation
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    as_object,
    parse_time,
    require_object,
    require_objects,
    text_or_none,
)

TOKENS = ("prompt_tokens", "completion_tokens", "total_prompt_tokens", "total_completion_tokens")


class ATIFAdapter:
    """Reads Agent Trajectory Interchange Format documents."""

    name = "atif"
    description = "ATIF trajectory (Harbor and others; schema_version ATIF-v1.x)"
    coverage = Coverage(results="partly", approvals="partly", edits="partly", timing="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document's schema version is ATIF's."""
        version = as_object(document).get("schema_version")
        return isinstance(version, str) and version.startswith("ATIF-")

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: a step, a call or a result breaks the format.
        """
        document = require_object(trace.document, str(trace))
        reader = Trajectory(Conversation(trace), document, f"{trace}: subagent_trajectories")
        steps = list(require_objects(document.get("steps"), f"{trace}: steps"))
        reader.read(steps)
        reader.close()
        agent, final = as_object(document.get("agent")), as_object(document.get("final_metrics"))
        usages = [as_object(step.get("metrics")) for step, _ in steps if step.get("is_copied_context") is not True]
        usages = [final] if any(key in final for key in TOKENS) else usages
        times = [at for step, _ in steps if (at := parse_time(step.get("timestamp")))]
        run = Run(
            id=text_or_none(document.get("trajectory_id"))
            or text_or_none(document.get("session_id"))
            or trace.fallback_id,
            source="agent_run",
            format=self.name,
            agent=text_or_none(agent.get("name")),
            model=text_or_none(agent.get("model_name")),
            started_at=times[0] if times else None,
            ended_at=times[-1] if times else None,
            outcome=reader.conversation.outcome(assistant_spoke_last=reader.assistant_spoke_last),
            usage=total_usage(
                usages, tokens=TOKENS, costs=[item.get("total_cost_usd", item.get("cost_usd")) for item in usages]
            ),
        )
        if document.get("continued_trajectory_ref"):
            reader.conversation.note(f"{trace}: continued_trajectory_ref", "the run continues in another file")
        yield reader.conversation.finish(run)


ADAPTER = ATIFAdapter()
