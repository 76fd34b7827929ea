"""Spans as today's instrumentations write them: wrappers, helper spans, content in events and vendor attributes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats.spans.wrappers import ARGUMENTS, HELPERS, RESULTS
from tests.unit.traces.formats.support import one_run, runs
from tests.unit.traces.formats.test_langfuse import export, generation
from tests.unit.traces.formats.test_otel_genai import any_value, chat, otlp, proposal, span

OAK = {"kind": "oak", "height": 12}


def facts(run: Run) -> list[tuple[Any, ...]]:
    """Return each call as id, tool, arguments, result and outcome."""
    return [(call.id, call.tool, call.arguments, call.result, call.outcome) for call in run.calls]


def event(name: str, **attributes: Any) -> dict[str, Any]:
    """Return a span's event; attributes that are not text become JSON."""
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in attributes.items()}
    return {"name": name, "attributes": [{"key": key, "value": any_value(value)} for key, value in texts.items()]}


def inference(id: str, start: int, *calls: tuple[str, str, dict[str, Any]], parent: str = "") -> dict[str, Any]:
    """Return an OpenInference span of a model request: it proposes calls, or answers."""
    attributes: dict[str, Any] = {
        "openinference.span.kind": "LLM",
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "measure the trees",
        "llm.output_messages.0.message.role": "assistant",
    }
    for index, (call_id, tool, arguments) in enumerate(calls):
        place = f"llm.output_messages.0.message.tool_calls.{index}.tool_call"
        attributes |= {f"{place}.id": call_id, f"{place}.function.name": tool}
        attributes[f"{place}.function.arguments"] = json.dumps(arguments)
    if not calls:
        attributes["llm.output_messages.0.message.content"] = "done"
    return span(id, start, parent, attributes=attributes)


def tree_tool(id: str, start: int, input: Any, output: Any, **more: Any) -> dict[str, Any]:
    """Return an OpenInference span of the tool ``measure``."""
    attributes = {"openinference.span.kind": "TOOL", "tool.name": "measure", **more.pop("attributes", {})}
    for name, value in (("input.value", input), ("output.value", output)):
        if value is not None:
            attributes[name] = value if isinstance(value, str) else json.dumps(value)
    return span(id, start, attributes=attributes, **more)


def message(content: Any, call: str, status: str = "success") -> dict[str, Any]:
    """Return LangChain's tool message in its serialised form."""
    fields = {"content": content, "type": "tool", "name": "measure", "tool_call_id": call, "status": status}
    return {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "ToolMessage"], "kwargs": fields}


# --- wrappers of arguments --------------------------------------------------------------------------------------------

INPUTS = {
    "OpenLLMetry, LangChain 0.62.4": {
        "input_str": str(OAK),
        "tags": ["seq:step:1"],
        "metadata": {"langgraph_step": 2},
        "inputs": OAK,
        "kwargs": {"color": "green", "tool_call_id": "t1"},
    },
    "the same without inputs": {"input_str": str(OAK), "tags": None, "metadata": {}, "inputs": None, "kwargs": {}},
    "smolagents": {"args": [], "sanitize_inputs_outputs": True, "kwargs": OAK},
    "LlamaIndex": {"kwargs": OAK},
    "decorators": {"args": [], "kwargs": OAK},
    "CrewAI": {"tool_string": "use measure", "tool": "Tool()", "calling": {"tool_name": "measure", "arguments": OAK}},
    "OpenLLMetry, MCP": {"tool_name": "measure", "arguments": OAK},
    "MCP request": {"method": "tools/call", "params": {"name": "measure", "arguments": OAK}},
    "LangChain's tool call": {"name": "measure", "args": OAK, "id": "t1", "type": "tool_call"},
    "OpenAI's function call": {"name": "measure", "arguments": json.dumps(OAK), "call_id": "t1"},
    "LangSmith": {"input": str(OAK)},
}


@pytest.mark.parametrize("recorded", INPUTS.values(), ids=INPUTS)
@pytest.mark.parametrize("is_proposed", [True, False])
def test_arguments_are_taken_out_of_their_wrapper(recorded: Any, is_proposed: bool) -> None:
    """With the model's proposal and without; the wrapper is never taken for the arguments."""
    spans = [inference("m", 0, ("t1", "measure", OAK))] if is_proposed else []
    (call,) = one_run("openinference", otlp(*spans, tree_tool("x", 9, recorded, "ok"))).calls
    assert (call.arguments, call.result, call.outcome) == (OAK, "ok", "success")
    assert call.approval.state == "unknown"


@pytest.mark.parametrize("recorded", INPUTS.values(), ids=INPUTS)
def test_parameters_named_like_a_wrapper_stay(recorded: Any) -> None:
    """A tool may have parameters with these names: what the model proposed is what ran."""
    (call,) = one_run(
        "openinference", otlp(inference("m", 0, ("t1", "measure", recorded)), tree_tool("x", 9, recorded, "ok"))
    ).calls
    assert call.arguments == recorded


def test_declared_parameters_named_like_a_wrapper_stay() -> None:
    """Without a proposal, the tool's own schema says that they are parameters."""
    schema = {"tool.parameters": json.dumps({"properties": {"kwargs": {"type": "object"}}})}
    (call,) = one_run("openinference", otlp(tree_tool("x", 9, {"kwargs": OAK}, "ok", attributes=schema))).calls
    assert call.arguments == {"kwargs": OAK}


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"kind": {"type": "string"}, "height": {"type": "integer"}}},
        {"kind": {"type": "string", "description": "k"}, "height": {"type": "integer"}},
    ],
    ids=["JSON Schema", "smolagents"],
)
def test_arguments_without_names_get_those_of_the_schema(schema: Any) -> None:
    """Python passes arguments by position, too."""
    attributes = {"tool.parameters": json.dumps(schema)}
    recorded = {"args": ["oak"], "kwargs": {"height": 12}}
    (call,) = one_run("openinference", otlp(tree_tool("x", 9, recorded, "ok", attributes=attributes))).calls
    assert call.arguments == OAK


def test_arguments_without_names_get_those_of_the_proposal() -> None:
    """If the values are the proposed ones, so are the names."""
    recorded = {"args": ["oak", 12], "kwargs": {}}
    document = otlp(inference("m", 0, ("t1", "measure", OAK)), tree_tool("x", 9, recorded, "ok"))
    assert [call.arguments for call in one_run("openinference", document).calls] == [OAK]


UNKNOWN = {
    "around a proposal": {"payload": OAK, "run": {"n": 1}},
    "around a proposal in text": {"payload": json.dumps(OAK), "run": 1},
    "deeper": {"request": {"body": {"payload": OAK}}},
    "in a list": {"calls": [{"name": "other", "payload": OAK}]},
    "a known one with a new key": {"input_str": str(OAK), "inputs": OAK, "kwargs": {}, "run_kind": "x"},
    "without names": {"args": ["ash", 3], "kwargs": {}},
    "CrewAI's in another form": {"tool_string": "use measure", "calling": "ToolCalling(...)"},
}


@pytest.mark.parametrize("recorded", UNKNOWN.values(), ids=UNKNOWN)
def test_an_unknown_wrapper_is_refused_with_its_keys(recorded: Any) -> None:
    """Its keys would become arguments that nobody proposed."""
    document = otlp(inference("m", 0, ("t1", "measure", OAK)), tree_tool("x", 9, recorded, "ok"))
    with pytest.raises(MalformedTrace) as refusal:
        one_run("openinference", document)
    assert f"the input of 'measure' is wrapped in an unknown object with the keys {', '.join(sorted(recorded))}" in str(
        refusal.value
    )
    assert refusal.value.where == "file.json: resourceSpans[0].scopeSpans[0].spans[1]"
    assert "messages" in (refusal.value.remedy or "")


def test_an_unknown_wrapper_is_refused_by_the_declared_parameters() -> None:
    """Without a proposal, the schema tells the arguments from what is around them."""
    attributes = {"tool.parameters": json.dumps({"properties": {"kind": {"type": "string"}}})}
    document = otlp(tree_tool("x", 9, {"payload": {"kind": "oak"}, "n": 1}, "ok", attributes=attributes))
    with pytest.raises(MalformedTrace, match="with the keys n, payload"):
        one_run("openinference", document)


@pytest.mark.parametrize(
    "executed", [{"kind": "ash", "height": 12}, {**OAK, "unit": "m"}, {"species": {"kind": "oak"}}]
)
def test_arguments_that_differ_from_the_proposal_are_no_wrapper(executed: Any) -> None:
    """Frameworks rename and complete arguments."""
    document = otlp(inference("m", 0, ("t1", "measure", OAK)), tree_tool("x", 9, executed, "ok"))
    assert [call.arguments for call in one_run("openinference", document).calls] == [executed]


@pytest.mark.parametrize("mark", ["__REDACTED__", "N/A"])
def test_hidden_content_is_no_argument(mark: str) -> None:
    """OpenInference and ADK write a mark in place of content that is hidden or cannot be written."""
    output = "<not serializable>" if mark == "N/A" else mark
    with pytest.raises(MalformedTrace, match="left out their arguments and results"):
        one_run("openinference", otlp(tree_tool("x", 9, mark, output)))


# --- wrappers of results ----------------------------------------------------------------------------------------------

DONE = {"metres": 12.5}
OUTPUTS = {
    "OpenLLMetry, LangChain": {"output": message(json.dumps(DONE), "t1"), "kwargs": {"color": "green"}},
    "a plain output": {"output": DONE, "kwargs": {}},
    "LlamaIndex": {
        "blocks": [{"text": str(DONE)}],
        "tool_name": "measure",
        "raw_input": {"args": [], "kwargs": OAK},
        "raw_output": DONE,
        "is_error": False,
    },
    "Google ADK": {"id": "t1", "name": "measure", "response": DONE},
    "MCP": {"content": [{"type": "text", "text": "12.5 m"}], "structuredContent": DONE, "isError": False},
    "MCP as text": {"content": [{"type": "text", "text": json.dumps(DONE)}], "isError": False},
    "AutoGen": {"name": "measure", "content": json.dumps(DONE), "call_id": "t1", "is_error": False},
    "LangGraph's command": {"graph": None, "update": {"messages": [message(json.dumps(DONE), "t1")]}, "goto": []},
    "LangGraph's handoff": {
        "update": {"messages": [{"type": "human", "data": {"content": "go"}}, message(json.dumps(DONE), "t1")]},
        "goto": ["next"],
    },
    "LangChain's message as text": f"content='{json.dumps(DONE)}' name='measure' tool_call_id='t1'",
    "LangGraph's node": {"messages": [message(json.dumps(DONE), "t1")]},
    "LangChain": {"type": "tool", "data": message(json.dumps(DONE), "t1")["kwargs"]},
    "Bedrock": {"toolResult": {"toolUseId": "t1", "status": "success", "content": [{"json": DONE}]}},
    "another object": DONE,
}


@pytest.mark.parametrize("recorded", OUTPUTS.values(), ids=OUTPUTS)
def test_results_are_taken_out_of_their_wrapper(recorded: Any) -> None:
    """What the tool returned, as data."""
    document = otlp(inference("m", 0, ("t1", "measure", OAK)), tree_tool("x", 9, OAK, recorded))
    assert facts(one_run("openinference", document)) == [("t1", "measure", OAK, DONE, "success")]


FAILED = {
    "OpenLLMetry, LangChain": {"output": message("no such tree", "t1", "error"), "kwargs": {}},
    "LlamaIndex": {
        "content": "no such tree",
        "tool_name": "measure",
        "raw_input": {},
        "raw_output": "no such tree",
        "is_error": True,
    },
    "MCP": {"content": [{"type": "text", "text": "no such tree"}], "isError": True},
    "AutoGen": {"name": "measure", "content": "no such tree", "call_id": "t1", "is_error": True},
    "LangGraph's command": {"update": {"messages": [message("no such tree", "t1", "error")]}, "goto": []},
    "Bedrock": {"toolUseId": "t1", "status": "error", "content": [{"text": "no such tree"}]},
    "LangChain's message as text": "content='no such tree' name='measure' tool_call_id='t1' status='error'",
}


@pytest.mark.parametrize("recorded", FAILED.values(), ids=FAILED)
def test_failures_inside_a_wrapper_are_failures(recorded: Any) -> None:
    """The span's status is OK: only the wrapper says that the call failed."""
    document = otlp(inference("m", 0, ("t1", "measure", OAK)), tree_tool("x", 9, OAK, recorded))
    (call,) = one_run("openinference", document).calls
    assert (call.outcome, call.error, call.result, call.failed_by_result) == ("failed", "no such tree", None, False)


@pytest.mark.parametrize("text", ["content='a", "content=open('x') tool_call_id='t1'", "content='a' name='b'"])
def test_text_that_is_no_message_stays_text(text: str) -> None:
    """Nothing is run, and nothing is guessed."""
    (call,) = one_run("openinference", otlp(tree_tool("x", 9, OAK, text))).calls
    assert (call.result, call.outcome) == (text, "success")


def test_an_mcp_result_is_unwrapped_beside_an_mcp_call_only() -> None:
    """Any tool may return an object with the one key ``result``."""
    called = {"tool_name": "measure", "arguments": OAK}
    document = otlp(tree_tool("x", 1, called, {"result": "12.5"}), tree_tool("y", 9, OAK, {"result": "12.5"}))
    assert [call.result for call in one_run("openinference", document).calls] == ["12.5", {"result": "12.5"}]


def test_a_result_in_an_unknown_wrapper_is_refused() -> None:
    """The tool message of this very call is inside; that of another call is data."""
    spans = [inference("m", 0, ("t1", "measure", OAK))]
    with pytest.raises(
        MalformedTrace, match="the result of 'measure' is wrapped in an unknown object with the keys n, v"
    ):
        one_run("openinference", otlp(*spans, tree_tool("x", 9, OAK, {"v": message("ok", "t1"), "n": 1})))
    (call,) = one_run("openinference", otlp(*spans, tree_tool("x", 9, OAK, {"v": message("ok", "z"), "n": 1}))).calls
    assert call.outcome == "success"


def test_serialised_objects_in_results_are_plain_data() -> None:
    """LangChain's constructors are how it writes objects, not what a tool returned."""
    page = {"lc": 1, "type": "constructor", "id": ["langchain", "Document"], "kwargs": {"page_content": "oak"}}
    other = {"lc": 1, "type": "not_implemented", "id": ["x"], "repr": "Tree()"}
    (call,) = one_run("openinference", otlp(tree_tool("x", 9, OAK, [page, {"tree": other}]))).calls
    assert call.result == [{"page_content": "oak"}, {"tree": "Tree()"}]


def test_parallel_calls_in_another_order_are_paired_by_id() -> None:
    """LangGraph: one argument is recorded without its name, and the tools finish in another order."""
    calls = [("t1", "measure", {"kind": "oak"}), ("t2", "measure", {"kind": "ash"})]
    document = otlp(
        inference("m", 0, *calls),
        tree_tool("x", 9, "ash", {"type": "tool", "data": message("gone", "t2", "error")["kwargs"]}),
        tree_tool("y", 12, {"input": "oak"}, {"type": "tool", "data": message("tall", "t1")["kwargs"]}),
    )
    assert facts(one_run("openinference", document)) == [
        ("t1", "measure", {"kind": "oak"}, "tall", "success"),
        ("t2", "measure", {"kind": "ash"}, None, "failed"),
    ]


def test_a_traceback_in_the_status_is_shortened_to_the_exception() -> None:
    """LangChain's tracer writes the whole traceback as the status message."""
    raised = event("exception", **{"exception.type": "ValueError", "exception.message": "no such tree"})
    status = {"code": 2, "message": "ValueError('no such tree')Traceback (most recent call last):\n  File x"}
    (call,) = one_run("openinference", otlp(tree_tool("x", 9, OAK, None, events=[raised], status=status))).calls
    assert call.error == "ValueError: no such tree"


# --- helper spans -----------------------------------------------------------------------------------------------------


def test_a_span_of_merged_results_is_no_call() -> None:
    """Google ADK adds one for parallel calls, and the tracer of its model numbers the calls in place of their ids."""

    def executed(id: str, start: int, call: str, arguments: Any, result: Any) -> dict[str, Any]:
        attributes = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "(merged tools)" if arguments is None else "measure",
            "gen_ai.tool.call.id": call,
        }
        if arguments is not None:
            attributes |= {
                "gen_ai.tool.call.arguments": json.dumps(arguments),
                "gen_ai.tool.call.result": json.dumps(result),
            }
        return span(id, start, attributes=attributes)

    ash = {"kind": "ash", "height": 3}
    calls = [proposal("measure_0", "measure", **OAK), proposal("measure_1", "measure", **ash)]
    results = [{"type": "tool_call_response", "id": f"measure_{at}", "response": {"metres": at}} for at in (0, 1)]
    history = [{"role": "assistant", "parts": calls}, {"role": "user", "parts": results}]
    document = otlp(
        chat("m", 0, *calls),
        executed("x", 9, "adk-b", ash, {"metres": 1}),
        executed("y", 9, "adk-a", OAK, {"metres": 0}),
        executed("z", 15, "merged", None, None),
        chat("n", 20, proposal("measure_0", "measure", **ash), messages=history),
        executed("w", 30, "adk-c", ash, {"metres": 2}),
        chat("o", 40, messages=history),
    )
    run = one_run("otel_genai", document)
    assert facts(run) == [
        ("adk-a", "measure", OAK, {"metres": 0}, "success"),
        ("adk-b", "measure", ash, {"metres": 1}, "success"),
        ("adk-c", "measure", ash, {"metres": 2}, "success"),
    ]
    assert (run.notes, run.outcome) == ([], "success")


def test_a_graphs_node_named_after_its_tool_is_no_call() -> None:
    """LangGraph's node is a span around the tool's."""
    node = {"openinference.span.kind": "CHAIN", "input.value": json.dumps({"state": 1}), "output.value": "{}"}
    document = otlp(
        inference("m", 0, ("t1", "measure", OAK)),
        span("k", 5, name="measure", attributes=node),
        tree_tool("x", 6, OAK, DONE, parentSpanId="k"),
    )
    assert facts(one_run("openinference", document)) == [("t1", "measure", OAK, DONE, "success")]


def smolagents(**more: Any) -> list[dict[str, Any]]:
    """Return spans of smolagents: one call, and the answer as a call of a tool of its own."""
    answer = {"args": [], "sanitize_inputs_outputs": True, "kwargs": {"answer": "12 m"}}
    task = json.dumps({"task": "measure the trees", "stream": False, "reset": True})
    root = {"openinference.span.kind": "AGENT", "input.value": task}
    named = {"tool.name": "final_answer"}
    return [
        span("r", 0, name="ToolCallingAgent.run", attributes=root),
        tree_tool("x", 2, INPUTS["smolagents"], "12", name="SimpleTool", parentSpanId="r"),
        tree_tool("y", 9, answer, "12 m", attributes=named, parentSpanId="r", **{"name": "FinalAnswerTool", **more}),
    ]


@pytest.mark.parametrize("name", ["FinalAnswerTool", "MyAnswer"])
def test_the_answer_of_smolagents_is_no_call(name: str) -> None:
    """It ends the run; the task is the user's request."""
    run = one_run("openinference", otlp(*smolagents(name=name)))
    assert facts(run) == [("call-1", "measure", OAK, "12", "success")]
    assert ([turn.user_text for turn in run.turns], run.outcome) == (["measure the trees"], "success")


def test_another_frameworks_tool_may_be_called_final_answer() -> None:
    """Only smolagents' own tool is the answer."""
    named = {"tool.name": "final_answer"}
    (call,) = one_run("openinference", otlp(tree_tool("x", 9, {"answer": "12"}, "sent", attributes=named))).calls
    assert (call.tool, call.arguments) == ("final_answer", {"answer": "12"})


def test_a_proposed_answer_of_smolagents_is_no_call() -> None:
    """If the model's requests are traced too, the answer is proposed there."""
    spans = [inference("m", 1, ("a1", "measure", OAK)), inference("n", 5, ("a2", "final_answer", {"answer": "12 m"}))]
    assert facts(one_run("openinference", otlp(*spans, *smolagents()))) == [("a1", "measure", OAK, "12", "success")]


def chat_message(role: str, text: str, extra: str = "{}") -> str:
    """Return the repr of a LlamaIndex message."""
    block = f"TextBlock(block_type='text', text={text!r})"
    return f"ChatMessage(role=<MessageRole.{role.upper()}: '{role}'>, additional_kwargs={extra}, blocks=[{block}])"


def llama_model(id: str, start: int, history: list[str], output: Any, name: str = "Stub.achat") -> dict[str, Any]:
    """Return the span of a model request of LlamaIndex."""
    attributes = {
        "openinference.span.kind": "LLM",
        "input.value": json.dumps({"messages": history}),
        "output.value": json.dumps(output),
    }
    return span(id, start, name=name, attributes=attributes)


def test_llama_index_repeats_no_turn() -> None:
    """Messages are reprs, in every later request again, and once more in a helper span."""
    user = chat_message("user", "measure 'the' trees\nnow")
    result = chat_message("tool", '{"metres": 12.5}', "{'tool_call_id': 'c1'}")
    history = [user, chat_message("assistant", ""), result]
    selection = [{"tool_id": "c1", "tool_name": "measure", "tool_kwargs": OAK}]
    proposed = {"message": {"role": "assistant", "blocks": [{"text": ""}]}, "raw": selection}
    answer = {"message": {"role": "assistant", "blocks": [{"text": "done"}]}, "raw": []}
    prepared = "Stub._prepare_chat_with_tools"
    run = one_run(
        "openinference",
        otlp(
            llama_model("p", 0, [user], {"messages": [user]}, prepared),
            llama_model("m", 1, [user], proposed),
            tree_tool("x", 9, {"kwargs": OAK}, OUTPUTS["LlamaIndex"], name="FunctionTool.acall"),
            llama_model("q", 15, history, {"messages": history}, prepared),
            llama_model("n", 20, history, answer),
        ),
    )
    assert facts(run) == [("c1", "measure", OAK, DONE, "success")]
    assert ([turn.user_text for turn in run.turns], run.outcome) == (["measure 'the' trees\nnow"], "success")
    assert run.notes == []


def test_preparing_an_agent_is_no_run() -> None:
    """OpenLLMetry writes a trace of its own for the agent's creation."""
    made = {"gen_ai.operation.name": "create_agent", "gen_ai.agent.name": "forester"}
    task = {"traceloop.span.kind": "task", "gen_ai.operation.name": "execute_task"}
    (run,) = runs(
        "otel_genai",
        otlp(
            span("c", 0, trace="bb", attributes=made),
            chat("m", 1, proposal("t1", "measure", **OAK)),
            span("k", 2, attributes=task),
            span("d", 3, attributes=made),
            chat("n", 9),
        ),
    )
    assert (run.id, run.notes) == ("aa", [])


def test_results_in_a_users_message_are_no_turn() -> None:
    """smolagents writes calls and results as text for models that have no calls of their own."""
    texts = [
        ("user", "measure the trees"),
        ("assistant", "Calling tools:\n[{'id': 'x'}]"),
        ("user", "Observation:\n12"),
        ("user", "Observation: the oak is tall"),
    ]
    attributes = {"openinference.span.kind": "LLM", "llm.output_messages.0.message.content": "done"}
    for number, (role, text) in enumerate(texts):
        place = f"llm.input_messages.{number}.message"
        attributes |= {f"{place}.role": role, f"{place}.content": text}
    run = one_run("openinference", otlp(span("m", 1, attributes=attributes)))
    assert [turn.user_text for turn in run.turns] == ["measure the trees", "Observation: the oak is tall"]


@pytest.mark.parametrize("is_error", [False, True])
def test_autogen_has_calls_and_results_in_messages_only(is_error: bool) -> None:
    """The tool's span has no content; results are beside the message, and calls are the model's whole content."""
    call = {"id": "a1", "name": "measure", "arguments": json.dumps(OAK)}
    result = {"name": "measure", "content": "tall", "call_id": "a1", "is_error": is_error}
    user = {"llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.content": "measure"}
    place = "llm.input_messages.1.message.tool_calls.0.tool_call"
    history = {
        **user,
        "llm.input_messages.1.message.role": "assistant",
        f"{place}.id": "a1",
        f"{place}.function.name": "measure",
        f"{place}.function.arguments": json.dumps(OAK),
        "llm.input_messages.2.message.role": "function",
        "llm.input_messages.2.function.0": json.dumps(result),
    }
    proposed = json.dumps({"finish_reason": "function_calls", "content": [call]})
    model = {"openinference.span.kind": "LLM"}
    run = one_run(
        "openinference",
        otlp(
            span("m", 0, attributes={**model, **user, "output.value": proposed}),
            span("n", 9, attributes={**model, **history, "output.value": json.dumps({"content": "done"})}),
        ),
    )
    expected = ("a1", "measure", OAK, None, "failed") if is_error else ("a1", "measure", OAK, "tall", "success")
    assert facts(run) == [expected]
    assert (len(run.turns), run.outcome, run.notes) == (1, "success", [])


def test_a_method_after_the_tools_name_is_left_out() -> None:
    """CrewAI's tools may have no name but their span's."""
    attributes = {"openinference.span.kind": "TOOL", "tool.name": "", "input.value": json.dumps(OAK)}
    (call,) = one_run("openinference", otlp(span("x", 1, name="measure._use", attributes=attributes))).calls
    assert call.tool == "measure"


# --- the same in Langfuse ---------------------------------------------------------------------------------------------


def test_wrappers_in_langfuse() -> None:
    """An observation is named after the tool's class; the tool's name is an attribute, or in the result."""
    attributes = {"attributes": {"tool.name": "measure"}}
    document = export(
        {"type": "AGENT", "name": "agent", "input": {"task": "measure the trees"}},
        {"type": "TOOL", "name": "SimpleTool", "input": INPUTS["smolagents"], "output": "12", "metadata": attributes},
        {"type": "TOOL", "name": "FunctionTool.acall", "input": {"kwargs": OAK}, "output": OUTPUTS["LlamaIndex"]},
        {
            "type": "TOOL",
            "name": "FinalAnswerTool",
            "input": {"args": [], "sanitize_inputs_outputs": True, "kwargs": {"answer": "12"}},
            "output": "12",
        },
    )
    run = one_run("langfuse", document)
    assert facts(run) == [
        ("call-1", "measure", OAK, "12", "success"),
        ("call-2", "measure", OAK, DONE, "success"),
    ]
    assert ([turn.user_text for turn in run.turns], run.outcome) == (["measure the trees"], "success")


@pytest.mark.parametrize(
    "results",
    [
        [
            {"role": "tool", "tool_call_id": "h1", "content": "tall"},
            {"role": "tool", "tool_call_id": "h2", "content": "wide"},
        ],
        [
            {
                "_role": "tool",
                "_content": [
                    {
                        "tool_call_result": {
                            "result": text,
                            "origin": {"tool_name": "measure", "arguments": {}, "id": call},
                            "error": False,
                        }
                    }
                ],
            }
            for call, text in (("h1", "tall"), ("h2", "wide"))
        ],
    ],
    ids=["OpenAI", "Haystack"],
)
def test_haystack_runs_all_calls_in_one_span(results: Any) -> None:
    """The span is not a call: the calls and their results are messages in it."""
    calls = (("h1", "measure", OAK), ("h2", "measure", {"kind": "ash"}))
    proposed = generation(*calls)["output"]
    user = {"role": "user", "content": "measure the trees"}
    document = export(
        generation(*calls, input=[user]),
        {
            "type": "TOOL",
            "name": "tool_invoker - ['measure', 'measure']",
            "input": {"messages": [user, proposed]} if results[0].get("role") else [user, proposed],
            "output": {"tool_messages": results},
        },
        {"type": "GENERATION", "input": [user, proposed], "output": {"role": "assistant", "content": "done"}},
    )
    run = one_run("langfuse", document)
    assert facts(run) == [
        ("h1", "measure", OAK, "tall", "success"),
        ("h2", "measure", {"kind": "ash"}, "wide", "success"),
    ]
    assert [call.batch for call in run.calls] == [0, 0]
    assert ([turn.user_text for turn in run.turns], run.outcome, run.notes) == (["measure the trees"], "success", [])


def test_a_failed_result_of_haystack() -> None:
    """The tool's result has a mark of its own."""
    origin = {"tool_name": "measure", "arguments": OAK, "id": "h1"}
    failed = {"tool_call_result": {"result": "no such tree", "origin": origin, "error": True}}
    invoker = {"type": "TOOL", "name": "my tools", "input": []}
    document = export(
        generation(("h1", "measure", OAK)),
        {**invoker, "output": {"tool_messages": [{"_role": "tool", "_content": [failed]}]}},
    )
    (call,) = one_run("langfuse", document).calls
    assert (call.outcome, call.error) == ("failed", "no such tree")


# --- content in events and vendor attributes --------------------------------------------------------------------------


def strands_model(id: str, start: int, history: list[tuple[str, Any]], output: Any) -> dict[str, Any]:
    """Return the span of a model request of Strands, with all content in events."""
    events = [event(f"gen_ai.{role}.message", content=parts) for role, parts in history]
    choice = event("gen_ai.choice", finish_reason="x", message=output)
    return span(id, start, attributes={"gen_ai.operation.name": "chat"}, events=[*events, choice])


@pytest.mark.parametrize("is_failed", [False, True])
@pytest.mark.parametrize("form", ["events", "details"])
def test_content_in_events(form: str, is_failed: bool) -> None:
    """Strands: a tool's arguments and result are events, in its own form or in that of the conventions."""
    use = {"toolUse": {"toolUseId": "u1", "name": "measure", "input": OAK}}
    content = [{"text": "no such tree"}] if is_failed else [{"json": DONE}]
    status = "error" if is_failed else "success"
    result = {"toolResult": {"toolUseId": "u1", "status": status, "content": content}}
    if form == "events":
        events = [
            event("gen_ai.tool.message", role="tool", content=OAK, id="u1"),
            event("gen_ai.choice", message=content, id="u1"),
        ]
    else:
        call = {"type": "tool_call", "id": "u1", "name": "measure", "arguments": OAK}
        response = {"type": "tool_call_response", "id": "u1", "response": content}
        details = {
            "gen_ai.input.messages": [{"role": "tool", "parts": [call]}],
            "gen_ai.output.messages": [{"role": "tool", "parts": [response]}],
        }
        events = [event("gen_ai.client.inference.operation.details", **details)]
    attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "measure",
        "gen_ai.tool.call.id": "u1",
        "gen_ai.tool.status": status,
    }
    user = ("user", [{"text": "measure the trees"}])
    run = one_run(
        "otel_genai",
        otlp(
            span("c", 0, attributes={"gen_ai.operation.name": "execute_event_loop_cycle"}),
            strands_model("m", 1, [user], [use]),
            span("x", 9, attributes=attributes, events=events, status={"code": 2} if is_failed else {"code": 1}),
            strands_model("n", 20, [user, ("assistant", [use]), ("tool", [result])], [{"text": "done"}]),
        ),
    )
    (call,) = run.calls
    expected = ("u1", OAK, None, "failed", "no such tree") if is_failed else ("u1", OAK, DONE, "success", None)
    assert (call.id, call.arguments, call.result, call.outcome, call.error) == expected
    assert ([turn.user_text for turn in run.turns], run.outcome, run.notes) == (["measure the trees"], "success", [])


def test_an_events_body_in_one_attribute() -> None:
    """Azure's agents write an event's content as JSON in one attribute."""
    call = {"id": "z1", "type": "function", "function": {"name": "measure", "arguments": json.dumps(OAK)}}
    asked = event("gen_ai.user.message", **{"gen_ai.event.content": {"content": "measure the trees"}})
    choice = event(
        "gen_ai.choice", **{"gen_ai.event.content": {"message": {"role": "assistant", "tool_calls": [call]}}}
    )
    answered = event("gen_ai.tool.message", **{"gen_ai.event.content": {"content": "tall", "id": "z1"}})
    ended = event("gen_ai.choice", **{"gen_ai.event.content": {"message": {"role": "assistant", "content": "done"}}})
    attributes = {"gen_ai.operation.name": "chat"}
    first = event("gen_ai.assistant.message", **{"gen_ai.event.content": {"tool_calls": [call]}})
    run = one_run(
        "otel_genai",
        otlp(
            span("m", 0, attributes=attributes, events=[asked, choice]),
            span("n", 9, attributes=attributes, events=[asked, first, answered, ended]),
        ),
    )
    assert facts(run) == [("z1", "measure", OAK, "tall", "success")]
    assert ([turn.user_text for turn in run.turns], run.outcome) == (["measure the trees"], "success")


def test_content_in_vendor_attributes() -> None:
    """Google ADK 1.18 has names of its own for everything; its request holds the instructions, too."""

    def model(id: str, start: int, contents: list[Any], parts: list[Any]) -> dict[str, Any]:
        request = {"model": "stub", "config": {"system_instruction": "Be exact."}, "contents": contents}
        attributes = {
            "gen_ai.system": "gcp.vertex.agent",
            "gen_ai.request.model": "stub",
            "gcp.vertex.agent.llm_request": json.dumps(request),
            "gcp.vertex.agent.llm_response": json.dumps({"content": {"role": "model", "parts": parts}}),
        }
        return span(id, start, attributes=attributes)

    user = {"role": "user", "parts": [{"text": "measure the trees"}]}
    call = {"function_call": {"name": "measure", "args": OAK}}
    answer = {"role": "user", "parts": [{"function_response": {"name": "measure", "response": DONE}}]}
    tool = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "measure",
        "gen_ai.tool.call.id": "adk-1",
        "gcp.vertex.agent.llm_request": "{}",
        "gcp.vertex.agent.llm_response": "{}",
        "gcp.vertex.agent.tool_call_args": json.dumps(OAK),
        "gcp.vertex.agent.tool_response": json.dumps(DONE),
    }
    run = one_run(
        "otel_genai",
        otlp(
            model("m", 0, [user], [call]),
            span("x", 9, "m", attributes=tool),
            model("n", 20, [user, {"role": "model", "parts": [call]}, answer], [{"text": "done"}]),
        ),
    )
    assert facts(run) == [("adk-1", "measure", OAK, DONE, "success")]
    assert (run.system_text, [turn.user_text for turn in run.turns]) == ("Be exact.", ["measure the trees"])
    assert (run.outcome, run.notes) == ("success", [])


def test_vendor_attributes_that_are_switched_off_are_no_arguments() -> None:
    """ADK then writes empty objects: a call without arguments would be a different call."""
    empty = {f"gcp.vertex.agent.{name}": "{}" for name in ("tool_call_args", "tool_response")}
    tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "measure", **empty}
    with pytest.raises(MalformedTrace, match="left out their arguments and results"):
        one_run("otel_genai", otlp(span("x", 9, attributes=tool)))


@pytest.mark.parametrize(("key", "kind"), [("span_kind", "TOOL"), ("spanKind", "tool")])
def test_the_kind_beside_the_attributes(key: str, kind: str) -> None:
    """Phoenix's API takes the kind out of the attributes."""
    item = {
        "context": {"trace_id": "t", "span_id": "s"},
        "name": "measure",
        key: kind,
        "parent_id": None,
        "start_time": "2026-02-03T04:05:06+00:00",
        "status_code": "OK",
        "attributes": {"input.value": json.dumps(OAK), "output.value": json.dumps(DONE)},
    }
    (run,) = runs("openinference", {"data": [item], "next_cursor": None})
    assert facts(run) == [("call-1", "measure", OAK, DONE, "success")]


def test_every_row_names_where_it_was_seen() -> None:
    """A name, and the version if the shape changed with one."""
    assert all(row.seen for row in (*ARGUMENTS, *RESULTS, *HELPERS))


# --- the same in MLflow and LangSmith ---------------------------------------------------------------------------------


def in_mlflow(recorded: Any, output: Any) -> dict[str, Any]:
    """Return an MLflow trace with one tool's span."""
    attributes = {
        "mlflow.spanType": '"TOOL"',
        "mlflow.spanInputs": json.dumps(recorded),
        "mlflow.spanOutputs": json.dumps(output),
    }
    return {
        "info": {"trace_id": "t"},
        "data": {"spans": [{"span_id": "a", "name": "measure", "attributes": attributes}]},
    }


def in_langsmith(recorded: Any, output: Any) -> list[dict[str, Any]]:
    """Return LangSmith's run of one tool."""
    run = {"id": "a", "trace_id": "a", "dotted_order": "1", "run_type": "tool", "name": "measure"}
    return [{**run, "inputs": recorded, "outputs": {"output": output}, "start_time": "2026-02-03T04:05:06"}]


def in_langfuse(recorded: Any, output: Any) -> dict[str, Any]:
    """Return a Langfuse export of one tool's observation."""
    return export({"type": "TOOL", "name": "measure", "input": recorded, "output": output})


@pytest.mark.parametrize(
    ("format", "made"), [("mlflow", in_mlflow), ("langsmith", in_langsmith), ("langfuse", in_langfuse)]
)
def test_every_platform_unwraps(format: str, made: Any) -> None:
    """The wrappers are the framework's, whoever keeps its spans; an unknown one is refused with its place."""
    run = one_run(format, made(INPUTS["OpenLLMetry, LangChain 0.62.4"], OUTPUTS["OpenLLMetry, LangChain"]))
    assert facts(run) == [("t1", "measure", OAK, DONE, "success")]
    assert facts(one_run(format, made({"kwargs": OAK}, OUTPUTS["LlamaIndex"])))[0][2:] == (OAK, DONE, "success")
    with pytest.raises(MalformedTrace, match="unknown object with the keys input_str, new") as refusal:
        one_run(format, made({"input_str": "x", "new": 1}, "ok"))
    assert refusal.value.where.startswith("file.json: ")
