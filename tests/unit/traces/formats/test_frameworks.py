"""Frameworks' own dumps: other versions, decisions, marks of failures, and what is refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Run
from tests.unit.traces.formats.support import SAMPLES, adapter, one_run, short


def outcomes(run: Run) -> list[tuple[str, str, Any]]:
    """Return each call's outcome, approval and executed arguments."""
    return [(call.outcome, call.approval.state, call.arguments) for call in run.calls]


# --- AutoGen ----------------------------------------------------------------------------------------------------------


def autogen_thread() -> list[dict[str, Any]]:
    """Return the messages of the sample's team."""
    states: Any = SAMPLES["autogen.json"]
    thread: list[dict[str, Any]] = copy.deepcopy(states["agent_states"]["RoundRobinGroupChatManager"]["message_thread"])
    return thread


def test_autogen_results_and_agent_states_are_read_as_the_team() -> None:
    """A list, a result with messages and an agent's own context hold the same calls."""
    calls = [short(call) for call in one_run("autogen", SAMPLES["autogen.json"]).calls]
    thread = autogen_thread()
    types = {"ToolCallRequestEvent": "AssistantMessage", "ToolCallExecutionEvent": "FunctionExecutionResultMessage"}
    context = [{**message, "type": types[message["type"]]} for message in thread if message["type"] in types]
    state = {"type": "AssistantAgentState", "llm_context": {"messages": context}}
    for document in (thread, {"messages": thread, "stop_reason": None}, state):
        assert adapter("autogen").accepts(document)
        assert [short(call) for call in one_run("autogen", document).calls] == calls


def test_autogen_people_are_those_whose_input_was_requested() -> None:
    """A text of another agent is no turn of the user; one of a user proxy is."""
    thread = autogen_thread()
    asked = {"source": "helper", "type": "UserInputRequestedEvent", "request_id": "1", "content": ""}
    texts = [{"source": name, "type": "TextMessage", "content": name} for name in ("planner", "helper")]
    run = one_run("autogen", [*thread, asked, *texts])
    assert [turn.user_text for turn in run.turns] == ["Press the heather honey.", "helper"]
    assert run.outcome == "unknown"


def test_autogen_unmarked_results_may_report_a_failure() -> None:
    """Versions before 0.5 write no mark."""
    thread = autogen_thread()
    for result in thread[3]["content"]:
        result.pop("is_error")
    thread[3]["content"][0]["content"] = "Error: no frame"
    assert [call.outcome for call in one_run("autogen", thread).calls] == ["success", "failed", "success"]


@pytest.mark.parametrize("kind", ["CodeGenerationEvent", "CodeExecutionEvent"])
def test_autogen_code_is_refused(kind: str) -> None:
    """What code did is not in the messages."""
    with pytest.raises(MalformedTrace, match=r"\[8\]: the agent ran code"):
        one_run("autogen", [*autogen_thread(), {"source": "coder", "type": kind, "content": "x"}])


# --- Agent Framework --------------------------------------------------------------------------------------------------


def framework_messages() -> list[dict[str, Any]]:
    """Return the messages of the sample's session."""
    session: Any = SAMPLES["agent_framework.json"]
    messages: list[dict[str, Any]] = copy.deepcopy(session["state"]["in_memory"]["messages"])
    return messages


def test_agent_framework_executed_arguments_are_those_that_the_person_allowed() -> None:
    """An edit, a rejection and an approval."""
    run = one_run("agent_framework", SAMPLES["agent_framework.json"])
    assert outcomes(run)[2:] == [
        ("success", "edited", {"gate": "upper", "cm": 40}),
        ("denied", "denied", None),
        ("success", "approved", {"times": 2}),
    ]
    assert run.calls[2].proposed_arguments == {"gate": "upper", "cm": 90}


@pytest.mark.parametrize(
    "wrap", [lambda m: m, lambda m: {"messages": m}, lambda m: {"chat_message_store_state": {"messages": m}}]
)
def test_agent_framework_lists_and_threads_are_read_as_the_session(wrap: Any) -> None:
    """Older versions keep a thread; a role may be an object; the call may only be in the question."""
    messages = framework_messages()
    expected = [short(call) for call in one_run("agent_framework", messages).calls]
    for message in messages:
        message["role"] = {"type": "role", "value": message["role"]}
    messages[3]["contents"] = [c for c in messages[3]["contents"] if c["type"] == "function_approval_request"]
    assert [short(call) for call in one_run("agent_framework", wrap(messages)).calls] == expected


def test_agent_framework_decisions_without_results() -> None:
    """A run that ended after the decisions: the rejected call is denied, the approved ones are pending."""
    run = one_run("agent_framework", framework_messages()[:5])
    assert outcomes(run)[2:] == [("unknown", "edited", None), ("denied", "denied", None), ("unknown", "approved", None)]
    assert run.outcome == "unknown"


# --- Semantic Kernel --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spell", [str, lambda key: key[0].lower() + key[1:]], ids=["PascalCase", "camelCase"])
def test_semantic_kernel_of_dotnet(spell: Any) -> None:
    """The same chat as .NET writes it."""

    def message(role: str, *items: dict[str, Any]) -> dict[str, Any]:
        spelled = [{key if key[0] == "$" else spell(key): value for key, value in item.items()} for item in items]
        return {spell("Role"): {spell("Label"): role}, spell("Items"): spelled}

    call = {
        "$type": "FunctionCallContent",
        "Id": "c1",
        "PluginName": "loom",
        "FunctionName": "weave",
        "Arguments": {"m": 2},
    }
    failed = {**call, "Id": "c2"}
    result = {
        "$type": "FunctionResultContent",
        "CallId": "c1",
        "PluginName": "loom",
        "FunctionName": "weave",
        "Result": "ok",
    }
    document = [
        message("user", {"$type": "TextContent", "Text": "Weave."}),
        message("assistant", call, failed),
        message("tool", {**result, "CallId": "c2", "Result": "Error: Exception while invoking function."}),
        message("tool", result),
        message("assistant", {"$type": "TextContent", "Text": "Done."}),
    ]
    assert adapter("semantic_kernel").accepts(document)
    run = one_run("semantic_kernel", document)
    assert [short(call) for call in run.calls] == [
        ("loom-weave", 0, 0, "success", "unknown"),
        ("loom-weave", 0, 0, "failed", "unknown"),
    ]
    assert (run.outcome, run.turns[0].user_text, run.calls[0].arguments) == ("success", "Weave.", {"m": 2})


@pytest.mark.parametrize(
    "text",
    [
        "The tool call with name `x` is not part of the provided tools, please try again",
        "The tool call arguments are malformed. Arguments must be in JSON format. Please try again.",
        "Missing required argument(s): ['m']. Please revise the arguments to match the function signature.",
        "There are `2` tool call arguments required and only `1` received.",
    ],
)
def test_semantic_kernel_texts_of_the_kernel_are_failures(text: str) -> None:
    """The kernel writes them in place of a result."""
    document: Any = copy.deepcopy(SAMPLES["semantic_kernel.json"])
    document["messages"][6]["items"][0]["result"] = text
    assert one_run("semantic_kernel", document).calls[2].outcome == "failed"


# --- Haystack ---------------------------------------------------------------------------------------------------------


def test_haystack_decisions() -> None:
    """A rejection has the person's reason; an edit is the arguments of the call after the note."""
    run = one_run("haystack", SAMPLES["haystack.json"])
    assert outcomes(run)[2:] == [("denied", "denied", None), ("success", "edited", {"loaves": 12})]
    assert run.calls[2].approval.note == "The store is full."
    assert len(run.turns) == 1


def test_haystack_2_has_underscores() -> None:
    """Versions 2.x write the fields of the class."""
    document: Any = [{f"_{key}": value for key, value in message.items()} for message in SAMPLES["haystack.json"]]
    assert adapter("haystack").accepts(document)
    assert one_run("haystack", document).calls == one_run("haystack", SAMPLES["haystack.json"]).calls


def test_haystack_failed_call_with_the_words_of_a_rejection_elsewhere() -> None:
    """Only the whole text is a rejection: a tool's own message about one is a failure."""
    document: Any = copy.deepcopy(SAMPLES["haystack.json"])
    result = document[6]["content"][0]["tool_call_result"]
    result["result"] = "Shop says: " + result["result"]
    assert one_run("haystack", document).calls[2].outcome == "failed"


# --- DSPy -------------------------------------------------------------------------------------------------------------


def test_dspy_bare_trajectory_is_read_as_the_prediction() -> None:
    """The trajectory alone has no question."""
    document: Any = SAMPLES["dspy.json"]
    run = one_run("dspy", document["trajectory"])
    assert [short(call) for call in run.calls] == [short(call) for call in one_run("dspy", document).calls]
    assert run.turns[0].user_text is None


def test_dspy_more_than_ten_calls_are_in_the_order_of_their_numbers() -> None:
    """Keys are numbers, not texts."""
    keys = ("tool_name_", "tool_args_", "observation_")
    values: list[Any] = ["t", {}, "ok"]
    document = {f"{key}{n}": value for n in reversed(range(12)) for key, value in zip(keys, values, strict=True)}
    for n in range(12):
        document[f"tool_args_{n}"] = {"n": n}
    assert [call.arguments for call in one_run("dspy", document).calls] == [{"n": n} for n in range(12)]


def test_dspy_truncated_trajectory_is_refused() -> None:
    """If the context was full, DSPy removes the first calls from the trajectory."""
    document: Any = copy.deepcopy(SAMPLES["dspy.json"])
    del document["trajectory"]["tool_name_0"]
    with pytest.raises(MalformedTrace, match="the call 0 is missing; the next one is 1"):
        one_run("dspy", document)


def test_dspy_result_that_only_mentions_an_error_is_a_result() -> None:
    """The mark of a failure names the tool that was called."""
    document: Any = copy.deepcopy(SAMPLES["dspy.json"])
    document["trajectory"]["observation_2"] = "Execution error in read_clock: reported yesterday"
    assert one_run("dspy", document).calls[2].outcome == "success"


# --- Letta ------------------------------------------------------------------------------------------------------------


def test_letta_messages_in_either_order_are_the_same_run() -> None:
    """The API lists the newest first, unless it is asked for the other order."""
    document: Any = SAMPLES["letta.json"]
    assert one_run("letta", document[::-1]).calls == one_run("letta", document).calls
    assert one_run("letta", {"messages": document}).calls == one_run("letta", document).calls


def test_letta_decision_of_older_versions() -> None:
    """One decision for the whole question, by the message's id."""
    document: Any = copy.deepcopy(SAMPLES["letta.json"])
    answer = document[2]
    answer |= {"approvals": None, "approval_request_id": "message-6", "approve": False, "reason": "Not today."}
    run = one_run("letta", [document[0], *document[2:]])
    assert [(call.outcome, call.approval.state, call.approval.note) for call in run.calls[2:]] == [
        ("denied", "denied", "Not today.")
    ] * 2


def test_letta_result_of_a_client_tool_is_in_the_answer() -> None:
    """The client ran the tool and sends its result in place of a decision."""
    document: Any = copy.deepcopy(SAMPLES["letta.json"])
    document[2]["approvals"] = [
        {"type": "tool", "tool_call_id": "le-4", "tool_return": "parked", "status": "success"},
        *document[2]["approvals"][:1],
    ]
    assert outcomes(one_run("letta", document))[2:] == [
        ("success", "approved", {"cabin": 4}),
        ("success", "unknown", {"deck": 1}),
    ]


# --- smolagents -------------------------------------------------------------------------------------------------------


def steps() -> list[dict[str, Any]]:
    """Return the sample's steps."""
    found: list[dict[str, Any]] = copy.deepcopy(list(SAMPLES["smolagents.json"]))
    return found


def test_smolagents_results_of_one_step_are_divided_by_the_ids() -> None:
    """The calls are in the order of the proposal, the lines in the order of the ids."""
    first, second = one_run("smolagents", steps()).calls[:2]
    assert (first.id, first.result) == ("sm-b", {"name": "reef", "hungry": True})
    assert (second.id, second.result) == ("sm-a", {"name": "pond", "hungry": False})


@pytest.mark.parametrize(
    "observations",
    ["one\ntwo", "{'a': 1}\n{'b': 2}\n{'c': 3}", "{'a': 1}", "", None],
    ids=["texts", "more", "fewer", "empty", "none"],
)
def test_smolagents_results_that_cannot_be_divided_are_refused(observations: str | None) -> None:
    """A text may have line ends of its own, so only objects are certain."""
    document = steps()
    document[2]["observations"] = observations
    with pytest.raises(MalformedTrace, match=r"\[2\]\.observations: the step has several calls and one text"):
        one_run("smolagents", document)


def test_smolagents_error_of_several_calls_is_refused() -> None:
    """The error does not say which call failed."""
    document = steps()
    document[2]["error"] = {"type": "AgentToolExecutionError", "message": "no"}
    with pytest.raises(MalformedTrace, match="several calls and one error"):
        one_run("smolagents", document)


def test_smolagents_code_is_refused() -> None:
    """The calls that code made are not in the steps."""
    document = steps()
    document[4]["code_action"] = "feed('reef')"
    with pytest.raises(MalformedTrace, match=r"\[4\]: the step runs code"):
        one_run("smolagents", document)


def test_smolagents_succinct_steps_and_parsing_errors() -> None:
    """Steps without the model's messages are read; a step in which the model's answer could not be read has no call."""
    document = steps()
    for step in document:
        step.pop("model_output_message", None)
    document[3] |= {"error": {"type": "AgentParsingError", "message": "no JSON"}, "tool_calls": []}
    run = one_run("smolagents", document)
    assert [call.tool for call in run.calls] == ["tank", "tank", "feed"]
    assert run.outcome == "success"
