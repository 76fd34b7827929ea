"""One row for each sample trace: the runs and calls that its adapter must find."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.format_table import BUILT_IN
from airflow_provider_vai.traces.formats import adapters, read
from tests.paths import TRACES
from tests.unit.traces.formats.support import NAMES, SAMPLES, runs, short


@dataclass(frozen=True)
class Vector:
    """A sample file, and of each run its id, source, outcome, and calls (tool, turn, batch, outcome, approval)."""

    file: str
    runs: list[tuple[str, str, str, list[tuple[Any, ...]]]]


VECTORS = [
    Vector(
        "cline.json",
        [
            (
                "sha256:c4bf2105af09e361",
                "chat_thread",
                "success",
                [
                    ("execute_command", 0, 0, "success", "unknown"),
                    ("write_to_file", 0, 1, "success", "unknown"),
                    ("print", 0, 2, "success", "unknown"),
                    ("execute_command", 0, 3, "denied", "denied"),
                    ("write_to_file", 0, 4, "success", "edited"),
                    ("execute_command", 0, 5, "failed", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "opencode.json",
        [
            (
                "ses_hive",
                "chat_thread",
                "success",
                [
                    ("bash", 0, 0, "success", "unknown"),
                    ("bash", 0, 0, "failed", "unknown"),
                    ("write", 0, 1, "success", "unknown"),
                    ("hives_mail", 0, 1, "denied", "denied"),
                    ("edit", 0, 1, "failed", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "goose.json",
        [
            (
                "20260304_7",
                "chat_thread",
                "success",
                [
                    ("developer__shell", 0, 0, "success", "unknown"),
                    ("weather__today", 0, 0, "success", "unknown"),
                    ("developer__text_editor", 0, 1, "success", "unknown"),
                    ("saw__cut", 0, 1, "denied", "denied"),
                    ("saw__cut", 0, 1, "failed", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "copilot_cli.json",
        [
            (
                "cop-1",
                "chat_thread",
                "success",
                [
                    ("bash", 0, 0, "success", "unknown"),
                    ("rent", 0, 0, "success", "unknown"),
                    ("bash", 0, 0, "denied", "denied"),
                    ("create", 0, 1, "failed", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "vscode_chat.json",
        [
            (
                "vs-1",
                "chat_thread",
                "success",
                [
                    ("run_in_terminal", 0, 0, "success", "approved"),
                    ("mcp_farm_gate", 0, 0, "success", "not_required"),
                    ("run_in_terminal", 0, 1, "denied", "denied"),
                    ("run_in_terminal", 0, 1, "failed", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "agentdojo.json",
        [
            (
                "garden/sample-pipeline/user_task_3/direct/injection_task_1",
                "agent_run",
                "success",
                [
                    ("read_sensor", 0, 0, "success", "unknown"),
                    ("read_sensor", 0, 0, "failed", "unknown"),
                    ("water", 0, 1, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "anthropic_messages.json",
        [
            (
                "msgs-1",
                "chat_thread",
                "success",
                [
                    ("list_stops", 0, 0, "success", "unknown"),
                    ("road_state", 0, 0, "failed", "unknown"),
                    ("web_search", 0, 1, "success", "unknown"),
                    ("save_route", 0, 2, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "anthropic_managed.json",
        [
            (
                "sesn_1",
                "chat_thread",
                "unknown",
                [
                    ("bash", 0, 0, "success", "not_required"),
                    ("post", 0, 0, "success", "approved"),
                    ("purge", 0, 0, "denied", "denied"),
                    ("write", 0, 1, "denied", "denied"),
                    ("rate", 0, 1, "failed", "unknown"),
                    ("bash", 0, 1, "unknown", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "langchain.json",
        [
            (
                "thread-1",
                "chat_thread",
                "success",
                [
                    ("read_order", 0, 0, "success", "unknown"),
                    ("refund", 0, 1, "success", "edited"),
                    ("close", 0, 1, "denied", "denied"),
                    ("ask", 0, 1, "unknown", "unknown"),
                    ("refund", 0, 1, "success", "approved"),
                ],
            )
        ],
    ),
    Vector(
        "langchain_per_call.json",
        [
            (
                "thread-1",
                "chat_thread",
                "success",
                [
                    ("read_order", 0, 0, "success", "unknown"),
                    ("refund", 0, 1, "success", "edited"),
                    ("close", 0, 1, "denied", "denied"),
                    ("ask", 0, 1, "unknown", "unknown"),
                    ("refund", 0, 1, "success", "approved"),
                ],
            )
        ],
    ),
    Vector(
        "langchain_messages.json",
        [
            (
                "sha256:ac44b5fc07b21f71",
                "chat_thread",
                "success",
                [
                    ("read_order", 0, 0, "success", "unknown"),
                    ("refund", 0, 1, "success", "edited"),
                    ("close", 0, 1, "denied", "denied"),
                    ("ask", 0, 1, "success", "unknown"),
                    ("refund", 0, 1, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "langfuse_chatml.json",
        [
            (
                "sha256:01392b53b98e5f62",
                "agent_run",
                "success",
                [
                    ("weigh", 0, 0, "success", "unknown"),
                    ("weigh", 0, 0, "failed", "unknown"),
                    ("print_label", 0, 1, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "langfuse.json",
        [
            (
                "lf-1",
                "agent_run",
                "success",
                [
                    ("count_cash", 0, 0, "success", "unknown"),
                    ("count_cards", 0, 0, "success", "unknown"),
                    ("print_slip", 0, 1, "failed", "unknown"),
                    ("print_slip", 0, 2, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "langsmith.json",
        [
            (
                "01a203a9-ecd6-7eae-8a87-e5313aa83f25",
                "agent_run",
                "success",
                [
                    ("weigh", 0, 0, "success", "unknown"),
                    ("weigh", 0, 0, "failed", "unknown"),
                    ("label", 0, 1, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "mlflow.json",
        [
            (
                "tr-424230e13b172cc8e57becfd062a858f",
                "agent_run",
                "success",
                [
                    ("find_boat", 0, 0, "success", "unknown"),
                    ("find_boat", 0, 0, "failed", "unknown"),
                    ("book_berth", 0, 1, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "openai_agents.json",
        [
            (
                "trace_0001",
                "agent_run",
                "success",
                [
                    ("find_plots", 0, 0, "success", "unknown"),
                    ("soil_test", 0, 0, "failed", "unknown"),
                    ("ask_weather", 0, 1, "success", "unknown"),
                    ("log_visit", 0, 2, "success", "unknown"),
                    ("water", 0, 3, "success", "approved"),
                    ("fell_tree", 0, 3, "denied", "denied"),
                    ("log_visit", 0, 3, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "openai_run_state.json",
        [
            (
                "sha256:053c6b95c7b08559",
                "agent_run",
                "success",
                [
                    ("find_plots", 0, 0, "success", "unknown"),
                    ("soil_test", 0, 0, "failed", "unknown"),
                    ("ask_weather", 0, 1, "success", "unknown"),
                    ("water", 0, 2, "success", "approved"),
                    ("fell_tree", 0, 2, "denied", "denied"),
                    ("log_visit", 0, 2, "success", "unknown"),
                    ("transfer_to_clerk", 0, 3, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "openai_responses.json",
        [
            (
                "sha256:39d35c61d1f00da2",
                "chat_thread",
                "success",
                [
                    ("free_berths", 0, 0, "success", "unknown"),
                    ("tariff.price", 0, 0, "success", "unknown"),
                    ("web_search", 0, 1, "success", "unknown"),
                    ("logbook", 0, 2, "failed", "unknown"),
                    ("book", 1, 3, "success", "approved"),
                    ("cancel_all", 1, 3, "denied", "denied"),
                    ("bill", 1, 4, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "openai_chat.json",
        [
            (
                "chat-1",
                "chat_thread",
                "success",
                [
                    ("find_item", 0, 0, "success", "unknown"),
                    ("list_sites", 0, 0, "success", "unknown"),
                    ("run_note", 1, 1, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "openinference.json",
        [
            (
                "5ea1",
                "agent_run",
                "success",
                [
                    ("photo", 0, 0, "success", "unknown"),
                    ("photo", 0, 0, "failed", "unknown"),
                    ("book_cleaning", 0, 1, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "otel_genai.json",
        [
            (
                "01a2038a-9ec2-7163-8967-4f4d1dc4b0a7",
                "agent_run",
                "success",
                [
                    ("list_beds", 0, 0, "success", "unknown"),
                    ("list_beds", 0, 0, "success", "unknown"),
                    ("forecast", 0, 1, "failed", "unknown"),
                    ("forecast", 0, 2, "success", "unknown"),
                    ("ask_scout", 0, 3, "success", "unknown"),
                    ("probe", 0, 4, "success", "unknown"),
                    ("water", 0, 5, "success", "approved"),
                    ("water", 0, 5, "success", "edited"),
                    ("water", 0, 5, "denied", "denied"),
                ],
            )
        ],
    ),
    Vector(
        "pydantic_ai.json",
        [
            (
                "run-2",
                "agent_run",
                "success",
                [
                    ("book", 0, 0, "failed", "unknown"),
                    ("book", 0, 1, "success", "unknown"),
                    ("delete_all", 0, 1, "denied", "denied"),
                    ("archive", 0, 1, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "tau2.json",
        [
            (
                "sim-1",
                "chat_thread",
                "success",
                [
                    ("get_line", 0, 0, "success", "unknown"),
                    ("get_plan", 0, 0, "failed", "unknown"),
                    ("toggle_flight_mode", 0, 1, "success", "unknown"),
                ],
            ),
            ("sim-2", "chat_thread", "failed", [("get_line", 0, 0, "unknown", "unknown")]),
        ],
    ),
    Vector(
        "vai_agent_run.json",
        [
            (
                "5f0c1d1e-1111-4a4a-8b8b-000000000001",
                "agent_run",
                "success",
                [
                    ("dlt_extract", 0, 0, "success", "unknown"),
                    ("generate_query", 0, 1, "success", "unknown"),
                    ("build_flashboard", 0, 2, "success", "edited"),
                ],
            )
        ],
    ),
    Vector(
        "vai_chat_thread.json",
        [
            (
                "thread-42",
                "chat_thread",
                "success",
                [
                    ("generate_query", 0, 0, "failed", "unknown"),
                    ("generate_query", 0, 0, "success", "unknown"),
                    ("http_request", 1, 1, "success", "approved"),
                    ("delete_rows", 2, 2, "denied", "denied"),
                ],
            )
        ],
    ),
    Vector(
        "atif.json",
        [
            (
                "well-1",
                "agent_run",
                "success",
                [
                    ("read_level", 0, 0, "success", "unknown"),
                    ("read_level", 0, 0, "failed", "unknown"),
                    ("open_valve", 0, 1, "success", "edited"),
                    ("drain", 0, 1, "denied", "denied"),
                    ("ask_surveyor", 0, 1, "success", "unknown"),
                    ("read_map", 0, 2, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "google_adk.json",
        [
            (
                "session-7",
                "chat_thread",
                "success",
                [
                    ("list_ferries", 0, 0, "success", "unknown"),
                    ("read_tide", 0, 0, "failed", "unknown"),
                    ("hold", 0, 1, "success", "approved"),
                    ("cancel", 0, 1, "denied", "denied"),
                ],
            )
        ],
    ),
    Vector(
        "google_adk_recorded.json",
        [
            (
                "session-7",
                "chat_thread",
                "success",
                [
                    ("list_ferries", 0, 0, "success", "unknown"),
                    ("read_tide", 0, 0, "failed", "unknown"),
                    ("hold", 0, 1, "success", "approved"),
                    ("cancel", 0, 1, "denied", "denied"),
                ],
            )
        ],
    ),
    Vector(
        "inspect_ai.json",
        [
            (
                "LyPyt74oQviRByeGpXZBcH",
                "agent_run",
                "success",
                [
                    ("count_jars", 0, 0, "success", "not_required"),
                    ("count_jars", 0, 0, "failed", "not_required"),
                    ("move_jars", 0, 1, "success", "unknown"),
                    ("move_jars", 0, 2, "denied", "denied"),
                    ("move_jars", 0, 3, "success", "unknown"),
                    ("labeller", 0, 4, "success", "not_required"),
                    ("count_jars", 0, 5, "success", "not_required"),
                ],
            )
        ],
    ),
    Vector(
        "openhands.json",
        [
            (
                "sha256:177878182f1a1c6d",
                "agent_run",
                "success",
                [
                    ("execute_bash", 0, 0, "success", "unknown"),
                    ("execute_bash", 0, 0, "failed", "unknown"),
                    ("str_replace_editor", 0, 1, "success", "approved"),
                    ("execute_bash", 0, 2, "denied", "denied"),
                ],
            )
        ],
    ),
    Vector(
        "swe_agent.json",
        [
            (
                "sha256:2816d319a6f4377f",
                "agent_run",
                "success",
                [
                    ("open", 0, 0, "success", "unknown"),
                    ("edit", 0, 1, "success", "unknown"),
                    ("bash", 0, 2, "failed", "unknown"),
                    ("bash", 0, 3, "success", "unknown"),
                    ("submit", 0, 4, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "vcr_cassette.json",
        [
            (
                "sha256:72f5fbc74db1ae02#1",
                "agent_run",
                "success",
                [
                    ("count_bees", 0, 0, "success", "unknown"),
                    ("count_bees", 0, 0, "failed", "unknown"),
                ],
            ),
            ("sha256:72f5fbc74db1ae02#2", "agent_run", "unknown", [("feed", 0, 0, "unknown", "unknown")]),
        ],
    ),
    Vector(
        "vercel_ui.json",
        [
            (
                "chat-kiln",
                "chat_thread",
                "success",
                [
                    ("list_pots", 0, 0, "success", "unknown"),
                    ("read_kiln", 0, 0, "failed", "unknown"),
                    ("fire", 0, 1, "success", "approved"),
                    ("clear_shelf", 0, 1, "denied", "denied"),
                ],
            )
        ],
    ),
    Vector(
        "chatgpt.json",
        [
            (
                "hive-chat",
                "chat_thread",
                "success",
                [("bees.weigh", 0, 0, "success", "unknown"), ("python", 0, 1, "failed", "unknown")],
            )
        ],
    ),
    Vector(
        "claude_ai.json",
        [
            (
                "orchard-1",
                "chat_thread",
                "success",
                [
                    ("list_trees", 0, 0, "success", "unknown"),
                    ("soil", 0, 1, "failed", "unknown"),
                    ("soil", 0, 1, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "librechat.json",
        [
            (
                "convo-kite",
                "chat_thread",
                "success",
                [
                    ("wind", 0, 0, "success", "unknown"),
                    ("rain", 0, 0, "failed", "unknown"),
                    ("book", 0, 1, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "open_webui.json",
        [
            (
                "owui-1",
                "chat_thread",
                "success",
                [
                    ("tide", 0, 0, "success", "unknown"),
                    ("boats", 0, 0, "failed", "unknown"),
                    ("remind", 1, 1, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "n8n.json",
        [
            (
                "771",
                "agent_run",
                "success",
                [
                    ("Stock_list", 0, 0, "success", "unknown"),
                    ("Stock_list", 0, 1, "failed", "unknown"),
                    ("Send_order", 0, 2, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "codex.json",
        [
            (
                "codex-sample",
                "chat_thread",
                "success",
                [
                    ("shell_command", 0, 0, "success", "unknown"),
                    ("mcp__lab__freezer", 0, 0, "success", "unknown"),
                    ("shell_command", 0, 1, "failed", "unknown"),
                    ("shell_command", 0, 2, "denied", "denied"),
                ],
            )
        ],
    ),
    Vector(
        "codex_exec.json",
        [
            (
                "exec-sample",
                "agent_run",
                "success",
                [
                    ("command_execution", 0, 0, "success", "unknown"),
                    ("count", 0, 1, "success", "unknown"),
                    ("count", 0, 2, "failed", "unknown"),
                    ("command_execution", 0, 3, "denied", "denied"),
                ],
            )
        ],
    ),
    Vector(
        "gemini_cli.json",
        [
            (
                "gem-sample",
                "chat_thread",
                "success",
                [
                    ("read_mill", 0, 0, "success", "unknown"),
                    ("read_mill", 0, 0, "failed", "unknown"),
                    ("run_shell_command", 0, 0, "denied", "denied"),
                ],
            )
        ],
    ),
    Vector(
        "bedrock_converse.json",
        [
            (
                "converse-sample",
                "chat_thread",
                "success",
                [
                    ("seats", 0, 0, "success", "unknown"),
                    ("cars", 0, 0, "failed", "unknown"),
                    ("hold", 0, 1, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "vercel_model.json",
        [
            (
                "model-messages",
                "chat_thread",
                "success",
                [
                    ("hall", 0, 0, "success", "unknown"),
                    ("hall", 0, 0, "failed", "unknown"),
                    ("open", 0, 1, "success", "approved"),
                    ("close", 0, 1, "denied", "denied"),
                ],
            )
        ],
    ),
    Vector(
        "autogen.json",
        [
            (
                "sha256:0d22f8f80c3e34e4",
                "chat_thread",
                "success",
                [
                    ("weigh", 0, 0, "success", "unknown"),
                    ("weigh", 0, 0, "failed", "unknown"),
                    ("press", 0, 1, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "agent_framework.json",
        [
            (
                "lock-session",
                "chat_thread",
                "success",
                [
                    ("level", 0, 0, "success", "unknown"),
                    ("level", 0, 0, "failed", "unknown"),
                    ("open_gate", 0, 1, "success", "edited"),
                    ("open_gate", 0, 1, "denied", "denied"),
                    ("ring_bell", 0, 1, "success", "approved"),
                ],
            )
        ],
    ),
    Vector(
        "semantic_kernel.json",
        [
            (
                "sha256:ca822a4f43d51ab8",
                "chat_thread",
                "success",
                [
                    ("loom-yarn", 0, 0, "success", "unknown"),
                    ("loom-yarn", 0, 0, "failed", "unknown"),
                    ("loom-weave", 0, 1, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "haystack.json",
        [
            (
                "sha256:943c7c05d4635f56",
                "chat_thread",
                "success",
                [
                    ("dough", 0, 0, "success", "unknown"),
                    ("dough", 0, 0, "failed", "unknown"),
                    ("order_flour", 0, 1, "denied", "denied"),
                    ("bake", 0, 2, "success", "edited"),
                ],
            )
        ],
    ),
    Vector(
        "dspy.json",
        [
            (
                "sha256:67e31f380d00dd07",
                "agent_run",
                "success",
                [
                    ("read_clock", 0, 0, "success", "unknown"),
                    ("set_clock", 0, 1, "failed", "unknown"),
                    ("set_clock", 0, 2, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "letta.json",
        [
            (
                "sha256:35daec929a1131dd",
                "chat_thread",
                "success",
                [
                    ("ferry", 0, 0, "success", "unknown"),
                    ("ferry", 0, 0, "failed", "unknown"),
                    ("book", 0, 1, "success", "approved"),
                    ("book_car", 0, 1, "denied", "denied"),
                ],
            )
        ],
    ),
    Vector(
        "smolagents.json",
        [
            (
                "sha256:4ad4d9172559a05e",
                "agent_run",
                "success",
                [
                    ("tank", 0, 0, "success", "unknown"),
                    ("tank", 0, 0, "success", "unknown"),
                    ("feed", 0, 1, "failed", "unknown"),
                    ("feed", 0, 2, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "opik.json",
        [
            (
                "opik-evening",
                "agent_run",
                "success",
                [
                    ("lamp", 0, 0, "success", "unknown"),
                    ("lamp", 0, 0, "failed", "unknown"),
                    ("dim", 0, 1, "success", "unknown"),
                    ("strobe", 0, 1, "denied", "denied"),
                ],
            )
        ],
    ),
    Vector(
        "braintrust.json",
        [
            (
                "s1",
                "agent_run",
                "success",
                [
                    ("lamp", 0, 0, "success", "unknown"),
                    ("lamp", 0, 0, "failed", "unknown"),
                    ("dim", 0, 1, "success", "unknown"),
                    ("strobe", 0, 1, "denied", "denied"),
                ],
            )
        ],
    ),
    Vector(
        "weave.json",
        [
            (
                "weave-evening",
                "agent_run",
                "success",
                [
                    ("lamp", 0, 0, "success", "unknown"),
                    ("lamp", 0, 0, "failed", "unknown"),
                    ("dim", 0, 1, "success", "unknown"),
                    ("strobe", 0, 1, "denied", "denied"),
                ],
            )
        ],
    ),
    Vector(
        "datadog.json",
        [
            (
                "dd-evening",
                "agent_run",
                "success",
                [
                    ("lamp", 0, 0, "success", "unknown"),
                    ("lamp", 0, 0, "failed", "unknown"),
                    ("dim", 0, 1, "success", "unknown"),
                    ("strobe", 0, 1, "denied", "denied"),
                ],
            )
        ],
    ),
]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.file)
def test_sample_is_read_as_its_runs(vector: Vector) -> None:
    """Each sample is recognised, and read into exactly its runs and calls, in order."""
    found = read(TRACES / vector.file)[1]
    assert [(run.id, run.source, run.outcome, [short(call) for call in run.calls]) for run in found] == vector.runs
    assert {run.format for run in found} == {NAMES[vector.file]}


@pytest.mark.parametrize("file", NAMES)
def test_one_adapter_accepts_each_sample(file: str) -> None:
    """No two built-in adapters accept the same sample, so the order of the adapters does not matter for these."""
    built_in = [adapter for adapter in adapters() if adapter.name in BUILT_IN]
    assert [adapter.name for adapter in built_in if adapter.accepts(SAMPLES[file])] == [NAMES[file]]


def test_every_sample_has_a_vector() -> None:
    """A sample without an expectation would test nothing."""
    assert {vector.file for vector in VECTORS} == set(SAMPLES) == set(NAMES)


@pytest.mark.parametrize("file", NAMES)
def test_sample_runs_are_valid_and_repeatable(file: str) -> None:
    """A Run passes its own validation again after JSON, and reading twice has the same result."""
    first, second = runs(NAMES[file], SAMPLES[file]), runs(NAMES[file], SAMPLES[file])
    assert first == second
    assert [Run.model_validate_json(run.model_dump_json()) for run in first] == first


@pytest.mark.parametrize("file", NAMES)
def test_facts_do_not_contradict_each_other(file: str) -> None:
    """A denied call or one without a result has no executed arguments; ids are unique; every call's turn exists."""
    for run in runs(NAMES[file], SAMPLES[file]):
        assert len({call.id for call in run.calls}) == len(run.calls)
        for call in run.calls:
            assert call.turn < len(run.turns)
            assert call.proposed_arguments is not None
            is_transfer = call.tool.startswith("transfer_to_")  # it has a result, but ran nothing
            assert (call.arguments is None) == (call.outcome in ("denied", "unknown") or is_transfer)
