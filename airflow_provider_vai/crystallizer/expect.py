"""Adds arguments from the recording that let a step check or limit itself when it runs.

A query may read only the tables that it read. An HTTP response must have the recorded status and shape. An agent gets
the tools that it used, and limits of a few times the recorded usage. A function must have the recorded source.
Arguments of the call itself are never replaced.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from airflow_provider_vai.crystallizer.draft import Draft, Policy
from airflow_provider_vai.crystallizer.evidence.evidence import Evidence
from airflow_provider_vai.languages.json_shape import expected_shape
from airflow_provider_vai.languages.python_function import source_sha256
from airflow_provider_vai.languages.sql_tables import is_installed, tables_of, unlisted
from airflow_provider_vai.model.review_item import ReviewItem, review_item
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.secrets.patterns import deferred

DIALECTS = ("duckdb", "postgres", "sqlite", "mysql", "snowflake", "bigquery")
INSTALL = "pip install 'airflow-provider-vai[sql]'"
LLM_CONNECTION = "pydanticai_default"
_NAME = r"[A-Za-z_]\w*"
_VALUE = rf"(?:{_NAME}(?:\.{_NAME})?|\d+|'[^'\\]*')"
_COLUMNS = rf"(?:\*|{_VALUE}(?:\s*,\s*{_VALUE})*)"
_CONDITION = rf"{_VALUE}\s*(?:=|<>|[<>]=?)\s*{_VALUE}"
_SIMPLE = deferred(
    rf"\s*SELECT\s+{_COLUMNS}\s+FROM\s+(?P<table>{_NAME}(?:\.{_NAME})?)(?:\s+WHERE\s+{_CONDITION}(?:\s+AND\s+{_CONDITION})*)?"
    rf"(?:\s+ORDER\s+BY\s+{_COLUMNS}(?:\s+(?:ASC|DESC))?)?(?:\s+LIMIT\s+\d+)?\s*;?\s*",
    re.ASCII | re.IGNORECASE,
)
"""Statements on one table that every dialect reads alike: no function, subquery, join, comment or escape is in them."""
AGENT_ALLOWANCE = 3
"""An agent may use this many times what it used in the recording, since it decides again in every run."""


def expect(draft: Draft, evidence: Evidence, policy: Policy) -> Draft:
    """Return the draft with the arguments that its kind takes from the recording.

    :param draft: a draft of one of the run's calls.
    :param evidence: the evidence of the run.
    :param policy: its ``python_path`` is where functions are looked for.
    """
    draw = DRAWN.get(draft.kind.name)
    if draw is None:
        return draft
    drawn = {name: value for name, value in draw(draft, evidence, policy).items() if value}
    return replace(draft, values={**drawn, **draft.values})


def _query(draft: Draft, evidence: Evidence, policy: Policy) -> dict[str, Any]:
    """Return the tables that the statement reads.

    A trace does not record the database's dialect, so the list covers every common dialect.
    """
    sql = draft.values.get("sql")
    if not sql:
        return {"llm_conn_id": LLM_CONNECTION}
    return {"tables": _tables(sql) or []}


def guards_to_review(drafts: Sequence[Draft]) -> list[ReviewItem]:
    """Return an item for each query that gets no list of tables, because the tables that it reads are unknown.

    :param drafts: the drafts as :func:`~.assign.assign` returned them.
    """
    queries = [draft for draft in drafts if draft.kind.name == "generate_query" and "tables" not in draft.values]
    unknown = [draft for draft in queries if draft.values.get("sql") and _tables(draft.values["sql"]) is None]
    reason = "it cannot be parsed" if is_installed() else f"sqlglot is not installed: {INSTALL}"
    return [review_item("tables_unknown", step=draft.key, reason=reason) for draft in unknown]


def _tables(sql: str) -> list[str] | None:
    """Return the tables that a statement reads in any dialect; ``None`` if they are unknown in all dialects."""
    found = [tables_of(sql, None)]
    tables = found[0] or []
    simple = _SIMPLE.fullmatch(sql)
    for dialect in DIALECTS if not simple or tables != [simple["table"]] else ():
        more = unlisted(sql, dialect, tables)
        found.append(more)
        tables = [*tables, *(more or [])]
    return None if all(part is None for part in found) else tables


def _request(draft: Draft, evidence: Evidence, policy: Policy) -> dict[str, Any]:
    """Return the expected status and shape of an HTTP response.

    Traces record a response as ``{"status", "body"}``, under similar names, or as the body alone.
    """
    result = draft.call.result
    answer: Mapping[str, Any] = result if isinstance(result, dict) else {}
    status = next((answer[name] for name in ("status", "status_code", "statusCode") if name in answer), None)
    known = isinstance(status, int) and not isinstance(status, bool) and 100 <= status < 600
    body = answer.get("body", answer.get("data")) if known else result
    shape = expected_shape(body) if isinstance(body, (dict, list)) else None
    return {"expected_status": status if known else None, "expected_shape": shape}


def _agent(draft: Draft, evidence: Evidence, policy: Policy) -> dict[str, Any]:
    called = evidence.inner_calls.get(draft.call.id, [])
    allowed = []
    for call in called:
        rule = evidence.tools.rule(call.tool, call.server)
        kind = rule.kind if rule else call.tool
        if rule and rule.conn_id and kind == "mcp_tool":
            allowed.append(f"mcp:{rule.conn_id}/{call.tool}")
        elif rule and rule.conn_id and kind in ("generate_query", "explain_schema"):
            allowed.append(f"sql:{rule.conn_id}")
    return {"tools": sorted(set(allowed)), "usage_limits": _limits(draft, evidence.run, len(called))}


def _limits(draft: Draft, run: Run, calls: int) -> dict[str, int]:
    """Return the limits, based on the usage in the agent's result or else on the usage of the whole run."""
    result = draft.call.result
    own = result.get("usage") if isinstance(result, dict) else None
    usage: Mapping[str, Any] = own if isinstance(own, dict) else run.usage.model_dump() if run.usage else {}
    spent = {name: usage.get(name) for name in ("input_tokens", "output_tokens", "requests", "tool_calls")}
    counted = {name: value for name, value in spent.items() if isinstance(value, int) and value > 0}
    limits = {}
    if "input_tokens" in counted or "output_tokens" in counted:
        limits["total_tokens_limit"] = counted.get("input_tokens", 0) + counted.get("output_tokens", 0)
    if "requests" in counted:
        limits["request_limit"] = counted["requests"]
    if made := max(calls, counted.get("tool_calls", 0)):
        limits["tool_calls_limit"] = made
    return {name: AGENT_ALLOWANCE * value for name, value in limits.items()}


def _function(draft: Draft, evidence: Evidence, policy: Policy) -> dict[str, Any]:
    name = draft.values["python_callable"]
    if name not in evidence.digests:
        evidence.digests[name] = source_sha256(name, [*policy.python_path, *sys.path])
    return {"source_sha256": evidence.digests[name]}


DRAWN: dict[str, Callable[[Draft, Evidence, Policy], dict[str, Any]]] = {
    "call_agent": _agent,
    "generate_query": _query,
    "http_request": _request,
    "python_tool": _function,
}
