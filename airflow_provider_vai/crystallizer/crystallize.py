"""Crystallize: turn a recorded Run into an Automation by applying a sequence of passes.

Each pass makes one decision and is a pure function in ``crystallizer``. This module applies them in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import is_not
from typing import Any

from airflow_provider_vai.crystallizer.advise import advise
from airflow_provider_vai.crystallizer.assign import assign, effects_to_review
from airflow_provider_vai.crystallizer.authorship import authorship
from airflow_provider_vai.crystallizer.deriving.derive import derive
from airflow_provider_vai.crystallizer.draft import Draft, Policy
from airflow_provider_vai.crystallizer.evidence.evidence import Evidence
from airflow_provider_vai.crystallizer.evidence.origins import origins
from airflow_provider_vai.crystallizer.expect import expect, guards_to_review
from airflow_provider_vai.crystallizer.gate_question import DeniedArguments, question
from airflow_provider_vai.crystallizer.gates import GateDecision, gate
from airflow_provider_vai.crystallizer.loops import loops
from airflow_provider_vai.crystallizer.order import order
from airflow_provider_vai.crystallizer.parameters.parameters import parameters
from airflow_provider_vai.crystallizer.recorded_savings import recorded_savings
from airflow_provider_vai.crystallizer.redact import redact
from airflow_provider_vai.crystallizer.reported_failures import failures_to_review, with_named_calls
from airflow_provider_vai.crystallizer.run_secrets import with_its_secrets
from airflow_provider_vai.crystallizer.run_title import TITLE_CHARACTERS, run_title
from airflow_provider_vai.crystallizer.select import require_success, select
from airflow_provider_vai.crystallizer.trust import untrusted_arguments, untrusted_derivations
from airflow_provider_vai.crystallizer.wiring.settle import settled
from airflow_provider_vai.crystallizer.wiring.wire import wire
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.identifiers import Names, identifier, loses_letters, slug
from airflow_provider_vai.languages.short_text import cut
from airflow_provider_vai.languages.storable import storable
from airflow_provider_vai.model import review
from airflow_provider_vai.model.automation import Automation, LeftOut, Param, Recorded, Source, Step
from airflow_provider_vai.model.flags import flag
from airflow_provider_vai.model.review_item import review_item
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.model.step_approval import StepApproval, UntrustedValue
from airflow_provider_vai.model.step_graph import gate_step
from airflow_provider_vai.model.tools_file import ToolsFile
from airflow_provider_vai.model.triggers import ManualTrigger, ScheduleTrigger
from airflow_provider_vai.secrets.masking import mask, masked

DAG_ID_PREFIX = "vai_"
NAMELESS = "vai_run"
"""Generated DAG ids start with this prefix, and so do file names: a file `requests.py` in the dags folder would shadow
the module."""

DAG_ID_CHARACTERS = 48  # a longer id is cut at a word


@with_its_secrets
def crystallize(
    run: Run,
    tools: ToolsFile,
    policy: Policy,
    *,
    trace_sha256: str,
    dag_id: str | None = None,
    schedule: str | None = None,
) -> Automation:
    """Turn a recorded run into the spec of a DAG.

    :param run: the recorded run.
    :param tools: the tools file, which maps tools to action kinds.
    :param policy: which calls to use, and what to freeze and guard.
    :param trace_sha256: digest of the trace file, stored as provenance.
    :param dag_id: the DAG's id; ``None`` generates one from the run's title or agent.
    :param schedule: a cron expression or Airflow preset; ``None`` means that the DAG is started manually.
    :raises CrystallizeError: the run failed, no call becomes a step, a tool has no action kind, arguments do not fit
        their kind, or a credential would be frozen.
    """
    require_success(run, policy)
    run = with_named_calls(run, policy)
    chosen, left_out = select(run, policy)
    evidence = Evidence(run, tools)
    assigned = assign(chosen, tools, policy, run.format)
    drafts, notes = redact([expect(draft, evidence, policy) for draft in assigned])
    notes += [*effects_to_review(assigned), *guards_to_review(assigned)]
    notes += failures_to_review(run, drafts, left_out)
    evidence = evidence.with_steps(drafts)
    wired = drafts
    if not policy.freeze_all:
        drafts, wired, evidence = _wired(drafts, evidence, policy)
    decisions = _decisions(drafts, wired, evidence, policy)
    drafts = wired
    params: dict[str, Param] = {}
    if not policy.freeze_all:
        guarded = {key for key, decision in decisions.items() if decision.is_guarded}
        drafts, params, lifted = parameters(drafts, evidence, guarded)
        notes += lifted
    drafts = origins(drafts, evidence)
    steps = _steps(drafts, evidence, policy, decisions)
    flagged = review.flagged(steps)
    title = run_title(run) or "Crystallized run"
    return Automation(
        dag_id=dag_id or derived_dag_id(run, unicode_ids=policy.unicode_ids),
        title=None if dag_id or policy.unicode_ids or not loses_letters(_name(run)) else title,
        description=title,
        source_type="CRYSTALLIZED",
        source=_source(run, trace_sha256),
        non_deterministic=bool(flagged),
        non_deterministic_steps=flagged,
        steps=steps,
        not_crystallized=[_masked(entry) for entry in left_out],
        params=params,
        triggers=[ScheduleTrigger(type="schedule", schedule=schedule)] if schedule else [ManualTrigger(type="manual")],
        connections=review.connections(steps),
        review=review.items(steps, [*notes, *(review_item("trace_note", text=mask(note)) for note in run.notes)]),
        advice=advise(drafts, run),
        savings=recorded_savings(run),
    )


def _wired(drafts: list[Draft], evidence: Evidence, policy: Policy) -> tuple[list[Draft], list[Draft], Evidence]:
    """Return the drafts with loops as one draft each, the same with their wires, and the evidence with these steps."""
    apart: frozenset[str] = frozenset()
    while True:
        looped = loops(drafts, evidence, apart) if policy.loops else drafts
        known = evidence.with_steps(looped) if policy.loops else evidence
        made = wire(looped, known)
        wired, unmappable = settled(looped, made, known)
        if not unmappable and policy.derive == "proposed":
            derived = derive(looped, made, wired, known)
            if any(map(is_not, derived, made)):
                wired, unmappable = settled(looped, derived, known)
        if not unmappable:
            return looped, wired, known
        apart |= unmappable


def _decisions(
    drafts: Sequence[Draft], wired: Sequence[Draft], evidence: Evidence, policy: Policy
) -> dict[str, GateDecision]:
    """Return by each draft's key whether it gets a gate, and why."""
    pairs = zip(drafts, wired, strict=True)
    return {draft.key: gate(draft, policy.gates, _untrusted(draft, made, evidence)) for draft, made in pairs}


def _untrusted(draft: Draft, wired: Draft, evidence: Evidence) -> list[UntrustedValue]:
    """Return the values of a step that outsiders wrote, or that are worked out from what they wrote."""
    found = untrusted_arguments(draft, evidence)
    places = [value.place for value in found]
    return [*found, *(one for one in untrusted_derivations(wired, evidence) if one.place not in places)]


def derived_dag_id(run: Run, *, unicode_ids: bool = False) -> str:
    """Return a DAG id generated from the run's title or agent, else the user's first words, else the run's id.

    :param run: The run.
    :param unicode_ids: Keep letters that are not ASCII, see ``Policy``.
    """
    named = (identifier if unicode_ids else slug)(DAG_ID_PREFIX + (_name(run) or mask(run.id)), NAMELESS)
    if named == DAG_ID_PREFIX.strip("_") and loses_letters(_name(run)):  # no letter of the name is left
        return NAMELESS
    while len(named) > DAG_ID_CHARACTERS and "_" in named.removeprefix(DAG_ID_PREFIX):
        named = named.rpartition("_")[0]
    return named.rstrip("_")


def _name(run: Run) -> str:
    words = run.title or run.agent or next((turn.user_text for turn in run.turns if turn.user_text), "")
    return " ".join(mask(storable(words)).split())


def _steps(
    drafts: Sequence[Draft], evidence: Evidence, policy: Policy, decisions: Mapping[str, GateDecision]
) -> list[Step]:
    """Return the steps with their gates.

    :param decisions: by each draft's key, whether it gets a gate and why.
    """
    waits = order(drafts, parallel=policy.parallel)
    names = Names(frozenset(draft.key for draft in drafts), make=identifier if policy.unicode_ids else slug)
    steps: list[Step] = []
    denied = DeniedArguments(evidence, policy)
    for draft in drafts:
        decision = decisions[draft.key]
        gate_key = names.give(f"approve_{draft.key}") if decision.is_guarded else None
        approval = StepApproval(
            recorded=draft.approval.state, gate=gate_key, reason=decision.reason, untrusted=list(decision.untrusted)
        )
        step = _step(draft, evidence, waits[draft.key], approval)
        tool = mask(storable(draft.call.tool))
        if loses_letters(tool) and not policy.unicode_ids:
            step = step.model_copy(update={"title": cut(tool, TITLE_CHARACTERS)})
        if gate_key:
            steps.append(gate_step(gate_key, step, question(draft, decision.reason, denied)))
            step = step.model_copy(update={"depends_on": [gate_key]})
        steps.append(step)
    return steps


def _step(draft: Draft, evidence: Evidence, depends_on: list[str], approval: StepApproval) -> Step:
    words = authorship(draft, evidence)
    determinism, reason = flag(*draft.kind.determinism_of(draft.values), words)
    return Step(
        key=draft.key,
        task_id=draft.key,
        kind=draft.kind.name,
        operator=draft.kind.operator,
        depends_on=depends_on,
        non_deterministic=reason is not None,
        non_deterministic_reason=reason,
        model_words=words,
        determinism=determinism,
        effect=draft.effect,
        approval=approval,
        arguments=draft.arguments,
        call_ids=[mask(call.id) for call in draft.calls],
        recorded=Recorded.model_construct(  # validated, each step would have a copy of the shape
            result_sha256=json_text.digest(draft.result), result_schema=_schema(draft.result, evidence)
        ),
        each=draft.each,
    )


def _schema(result: Any, evidence: Evidence) -> dict[str, Any]:
    """Return the shape of a result with credentials masked. Most results of a tool have one shape, masked once."""
    schema = json_text.schema(result)
    key = repr(schema)
    if key not in evidence.schemas:
        evidence.schemas[key] = masked(schema)
    return evidence.schemas[key]


def _source(run: Run, trace_sha256: str) -> Source:
    return Source(
        kind=run.source,
        id=mask(run.id),
        format=run.format,
        trace_sha256=trace_sha256,
        agent=mask(run.agent) if run.agent else None,
        model=mask(run.model) if run.model else None,
        captured_at=run.started_at,
    )


def _masked(entry: LeftOut) -> LeftOut:
    return LeftOut(call_id=mask(entry.call_id), tool=mask(entry.tool), code=entry.code, reason=mask(entry.reason))
