"""Each source against a server with the documented response shapes; the document goes to its adapter."""

from __future__ import annotations

import json

import pytest

from airflow_provider_vai.cli.table import COMMANDS
from airflow_provider_vai.exceptions import PullError
from airflow_provider_vai.traces.formats import adapters
from airflow_provider_vai.traces.pull import NAMES, source
from airflow_provider_vai.traces.pull.base import PAGES
from airflow_provider_vai.traces.pull.http import Client
from tests.paths import TRACES


def recorded(name):
    return json.loads((TRACES / f"{name}.json").read_text())


def formats(document):
    """Return the names of the adapters that accept a document; the first one would read it."""
    return [adapter.name for adapter in adapters() if adapter.accepts(document)]


def pulled(name, stub, id):
    return source(name).trace(Client(stub.url, {}), id)


def listed(name, stub):
    return [(run.id, run.title, run.at and run.at.isoformat()) for run in source(name).newest(Client(stub.url, {}))]


def paged(all_items, size, respond):
    """Return a function that serves a list page by page; ``respond`` builds a response of items and a next cursor."""

    def serve(request):
        parameters = {**request.query, **(request.body or {})}
        start = int(parameters.get("cursor") or parameters.get("offset") or 0)
        next_start = start + size if start + size < len(all_items) else None
        return respond(all_items[start : start + size], next_start)

    return serve


# --- the platform -----------------------------------------------------------------------------------------------------


def platform(run, actions, **others):
    """Return the platform's responses about one agent run or thread."""
    named = {"/api/v1/agents/runs/run-1": run} if run else {}
    runs = paged(
        actions, 2, lambda items, cursor: {"runs": items, "hasNext": cursor is not None, "total": len(actions)}
    )
    return {**named, "/api/v1/action-runs": runs, **others}


def action(id, **links):
    return {"id": id, "kind": "generate_query", "status": "completed", "definition": {"sql": "SELECT 1"}, **links}


def test_an_agent_run_has_only_its_own_action_runs(serve):
    """Those that name it as their source and those below them, whatever page they are on; no others."""
    actions = [
        action("a3", parentActionRunId="a2"),
        action("a1", triggerSourceId="run-1"),
        action("b1", triggerSourceId="run-2"),
        action("a2", parentActionRunId="a1"),
        action("b2", parentActionRunId="b1"),
    ]
    specs = {"specs": [{"id": "s0"}, {"id": "s1", "slug": "analyst"}], "total": 2}
    run = {"id": "run-1", "status": "completed", "agentSpecId": "s1"}
    stub = serve(platform(run, actions, **{"/api/v1/agents/specs": specs}))

    document = pulled("vai", stub, "run-1")

    assert [entry["id"] for entry in document["actionRuns"]] == ["a3", "a1", "a2"]
    assert document["agentRun"] == run
    assert document["agentSpec"]["slug"] == "analyst"
    assert document["approvals"] == []
    assert formats(document)[0] == "vai"


def test_an_action_run_has_its_approval_requests(serve):
    """Requests about other calls are left out."""
    requests = [{"toolCallId": "a1", "status": "approved"}, {"toolCallId": "b9"}, {"toolCallId": "t1", "id": "q"}]
    actions = [action("a1", triggerSourceId="run-1", toolCallId="t1")]
    stub = serve(platform({"id": "run-1"}, actions, **{"/api/v1/approvals": {"items": requests}}))

    assert pulled("vai", stub, "run-1")["approvals"] == [requests[0], requests[2]]


def test_a_run_that_is_listed_twice_is_one_call(serve):
    """A run that starts while the pages are read moves them."""
    pages = [[action("a2", triggerSourceId="run-1"), action("a1", triggerSourceId="run-1")]] * 2
    stub = serve(platform({"id": "run-1"}, []))
    stub.responses["/api/v1/action-runs"] = lambda request: {"runs": pages.pop(), "hasNext": bool(pages)}

    assert [entry["id"] for entry in pulled("vai", stub, "run-1")["actionRuns"]] == ["a2", "a1"]


@pytest.mark.parametrize("odd", [[], {}, 3, None, ["x"]])
def test_ids_of_another_type_are_ignored(serve, odd):
    """They link nothing and raise nothing."""
    actions = [action("a1", triggerSourceId="run-1", toolCallId=odd), action(odd, triggerSourceId=odd, turnId=odd)]
    stub = serve(platform({"id": "run-1"}, actions, **{"/api/v1/approvals": {"items": [{"toolCallId": odd}]}}))

    document = pulled("vai", stub, "run-1")

    assert (len(document["actionRuns"]), document["approvals"]) == (1, [])


def test_a_thread_that_holds_all_its_lists_is_kept(serve):
    """A thread with its turns, messages and action runs inside becomes the fixture's envelope."""
    export = recorded("vai_chat_thread")
    thread = {**export["thread"], **{name: part for name, part in export.items() if isinstance(part, list)}}
    stub = serve({f"/api/v1/chat/threads/{thread['id']}": {"data": thread, "meta": {}}})

    document = pulled("vai", stub, thread["id"])

    assert document == {**export, "approvals": export.get("approvals", [])}
    assert formats(document)[0] == "vai"


def test_a_thread_has_the_action_runs_of_its_turns(serve):
    """If the platform returns the turns, an action run may refer to a turn's id in place of the thread's."""
    actions = [action("a1", turnId="t1"), action("a2", turnId="t9"), action("a3", threadId="run-1")]
    stub = serve(
        platform(
            None, actions, **{"/api/v1/chat/threads/run-1": {"id": "run-1", "turns": [{"id": "t1"}, 3, {"id": []}]}}
        )
    )

    assert [entry["id"] for entry in pulled("vai", stub, "run-1")["actionRuns"]] == ["a1", "a3"]


def test_a_run_without_action_runs_is_refused(serve):
    """An export without calls would claim that there were none."""
    stub = serve(platform({"id": "run-1"}, [action("a1"), action("a2", triggerSourceId=["run-1"])]))

    with pytest.raises(PullError, match="none of 2 action runs refers to 'run-1'"):
        pulled("vai", stub, "run-1")


def test_threads_are_listed_newest_first(serve):
    """By their last message."""
    items = [
        {"id": "old", "title": "Old", "createdAt": "2026-01-01T00:00:00Z"},
        {"id": "new", "title": None, "createdAt": "2026-01-01T00:00:00Z", "lastMessageAt": "2026-02-01T00:00:00Z"},
    ]
    stub = serve({"/api/v1/chat/threads": {"items": items, "nextCursor": None}})

    assert [row[:2] for row in listed("vai", stub)] == [("new", ""), ("old", "Old")]


# --- MLflow -----------------------------------------------------------------------------------------------------------


def test_an_mlflow_trace_is_what_mlflow_exports(serve):
    """Info and spans come from two URLs."""
    export = recorded("mlflow")
    stub = serve({
        "/api/3.0/mlflow/traces/tr-1": {"trace": {"trace_info": export["info"]}},
        "/ajax-api/3.0/mlflow/get-trace-artifact": export["data"],
    })  # fmt: skip

    document = pulled("mlflow", stub, "tr-1")

    assert document == {"info": export["info"], "data": {"spans": export["data"]["spans"]}}
    assert formats(document)[0] == "mlflow"
    assert stub.requests[1].query == {"request_id": "tr-1"}


def test_an_mlflow_without_a_web_page_is_read_by_its_api(serve):
    """From the typed spans of ``traces/get``."""
    spans = [{"name": "s", "span_id": "1", "attributes": []}]
    stub = serve({
        "/api/3.0/mlflow/traces/tr-1": {"trace": {"trace_info": {"trace_id": "tr-1"}}},
        "/api/3.0/mlflow/traces/get": {"trace": {"spans": spans}},
    })  # fmt: skip

    assert pulled("mlflow", stub, "tr-1")["data"] == {"spans": spans}


# --- Phoenix ----------------------------------------------------------------------------------------------------------


def test_a_phoenix_trace_is_found_in_any_project_and_over_pages(serve):
    """A server that does not know the filter returns other traces' spans, too."""
    spans = [
        {"context": {"trace_id": trace, "span_id": str(at)}, "span_kind": kind, "attributes": {"input.value": "x"}}
        for at, (trace, kind) in enumerate([("t", "TOOL"), ("u", "TOOL"), ("t", "LLM"), ("t", "UNKNOWN")])
    ]
    projects = [{"id": "p1"}, {"id": "p/2"}]

    def respond(items, cursor):
        return {"data": items, "next_cursor": cursor and str(cursor)}

    stub = serve({
        "/v1/projects": paged(projects, 1, respond),
        "/v1/projects/p1/spans": {"data": [], "next_cursor": None},
        "/v1/projects/p/2/spans": paged(spans, 2, respond),
    })  # fmt: skip

    document = pulled("phoenix", stub, "t")

    assert [span["context"]["span_id"] for span in document] == ["0", "2", "3"]
    assert [span["attributes"].get("openinference.span.kind") for span in document] == ["TOOL", "LLM", None]
    assert formats(document)[0] == "openinference"


# --- Langfuse ---------------------------------------------------------------------------------------------------------


def test_a_langfuse_trace_becomes_the_export(serve):
    """The API returns the observations inside the trace."""
    export = recorded("langfuse")
    stub = serve({"/api/public/traces/lf-1": {**export["trace"], "observations": export["observations"]}})

    document = pulled("langfuse", stub, "lf-1")

    assert document == export
    assert formats(document)[0] == "langfuse"


def test_a_newer_langfuse_has_only_observations(serve):
    """Page by page, with the groups of fields that a run needs."""
    export = recorded("langfuse")
    pages = paged(
        export["observations"], 3, lambda items, cursor: {"data": items, "meta": {"cursor": cursor and str(cursor)}}
    )
    stub = serve({"/api/public/v2/observations": pages})

    document = pulled("langfuse", stub, "lf-1")

    assert document["observations"] == export["observations"]
    assert document["trace"]["id"] == "lf-1"
    assert stub.requests[1].query["fields"] == "core,basic,io,metadata,model,usage,trace_context"
    assert formats(document)[0] == "langfuse"


def test_a_langfuse_trace_without_observations_is_refused(serve):
    """Most likely it is new, so the remedy is to try again later."""
    stub = serve({"/api/public/traces/lf-1": {"id": "lf-1", "observations": []}})

    with pytest.raises(PullError, match="no observations") as caught:
        pulled("langfuse", stub, "lf-1")
    assert "try again later" in caught.value.remedy


def test_langfuse_traces_are_listed(serve):
    """From the list of traces, or from that of observations."""
    older = serve({"/api/public/traces": {"data": [{"id": "x", "name": "till", "timestamp": "2026-05-04T09:00:00Z"}]}})
    root = {"traceId": "y", "name": "till agent", "startTime": "2026-05-04T09:00:00Z"}
    newer = serve({"/api/public/v2/observations": {"data": [root], "meta": {}}})

    assert listed("langfuse", older) == [("x", "till", "2026-05-04T09:00:00+00:00")]
    assert listed("langfuse", newer) == [("y", "till agent", "2026-05-04T09:00:00+00:00")]


# --- LangSmith --------------------------------------------------------------------------------------------------------


def test_a_langsmith_trace_has_all_its_runs_in_order(serve):
    """The API returns the newest run first, and at most a hundred on a page."""
    runs = [{"id": str(at), "trace_id": "0", "run_type": "tool", "dotted_order": f"0.{at}"} for at in range(5)]
    pages = paged(runs[::-1], 2, lambda items, cursor: {"runs": items, "cursors": {"next": cursor and str(cursor)}})
    stub = serve({"/api/v1/runs/query": pages})

    document = pulled("langsmith", stub, "0")

    assert document == {"runs": runs}
    assert [request.body.get("cursor") for request in stub.requests] == [None, "2", "4"]
    assert stub.requests[0].body["trace"] == "0"
    assert formats(document)[0] == "langsmith"


def test_langsmith_traces_are_listed_over_all_projects(serve):
    """A workspace without a project has no traces."""
    roots = [
        {"id": "1", "trace_id": "1", "name": "old", "start_time": "2026-05-04T09:00:00"},
        {"id": "2", "trace_id": "2", "name": "new", "start_time": "2026-05-05T09:00:00"},
    ]
    stub = serve({"/api/v1/sessions": [{"id": "p"}, {"id": "q"}], "/api/v1/runs/query": {"runs": roots}})

    assert [row[0] for row in listed("langsmith", stub)] == ["2", "1"]
    assert stub.requests[1].body["session"] == ["p", "q"]
    assert listed("langsmith", serve({"/api/v1/sessions": []})) == []


# --- all --------------------------------------------------------------------------------------------------------------


def test_the_command_knows_every_source():
    """The command line repeats the names because it must not import the sources; here both lists are compared."""
    (pull,) = [command for command in COMMANDS if command.name == "pull"]

    assert pull.options[0].settings["choices"] == NAMES
    assert [source(name).name for name in NAMES] == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_id_is_refused(serve, name):
    """The message has the id, and the remedy says where to find the known ones."""
    empty = {"/v1/projects": {"data": []}, "/api/v1/runs/query": {"runs": []}}

    with pytest.raises(PullError, match=r"there is no .*'\.\./x'") as caught:
        pulled(name, serve(empty), "../x")
    assert "--list" in caught.value.remedy


ODD = [None, [], {}, 3, "x", [3], {"data": 3}, {"data": [3], "runs": [3], "traces": [3], "items": [3], "trace": [3]}]


@pytest.mark.parametrize("odd", ODD, ids=map(str, range(len(ODD))))
@pytest.mark.parametrize("name", NAMES)
def test_an_unexpected_response_is_refused(serve, name, odd):
    """Whatever JSON a server returns, there is no traceback."""

    class Any(dict):
        def get(self, path, default=None):
            return (200, {}, json.dumps(odd).encode())

    stub = serve()
    stub.responses = Any()
    for request in (lambda: pulled(name, stub, "x"), lambda: listed(name, stub)):
        refused = None
        try:
            request()
        except PullError as error:
            refused = error
        assert refused is None or (refused.where and refused.remedy)


def test_endless_pages_are_refused(serve):
    """A broken server always names a next page."""
    count = iter(range(10_000))
    stub = serve({"/api/v1/runs/query": lambda request: {"runs": [{"id": "1"}], "cursors": {"next": str(next(count))}}})

    with pytest.raises(PullError, match=f"more than {PAGES} pages"):
        pulled("langsmith", stub, "0")
