"""OpenHands trajectories, of the application and of the SDK."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Usage
from airflow_provider_vai.traces.formats import read
from tests.recordings import recording
from tests.unit.traces.formats.support import SAMPLES, adapter, one_run, short

SAMPLE = SAMPLES["openhands.json"]


def test_sample_values() -> None:
    """The model's own arguments come first; a confirmation repeats the call; usage is counted once."""
    run = one_run("openhands", SAMPLE)
    listed, failed, edited, removed = run.calls
    assert (listed.id, listed.arguments, listed.result) == ("t1", {"command": "ls maps"}, "north.map")
    assert (failed.error, failed.result) == ("cat: nowhere: No such file", None)
    assert edited.arguments == {"path": "maps/north.map", "command": "create", "file_text": "hills"}
    assert (removed.arguments, removed.proposed_arguments) == (None, {"command": "rm maps/south.map"})
    assert removed.approval.note == "Keep the south map."
    assert run.usage == Usage(input_tokens=70, output_tokens=9)
    assert (run.model, run.system_text, run.notes) == ("model-sample", "You tend a repository of maps.", [])
    assert [turn.user_text for turn in run.turns] == ["Redraw the north map."]


@pytest.mark.parametrize("key", ["history", "trajectory", "events"])
def test_events_in_an_object(key: str) -> None:
    """Evaluations and the server put the events into an object; older files pair them."""
    holder = {"instance_id": "maps-1", key: SAMPLE}
    assert adapter("openhands").accepts(holder)
    run = one_run("openhands", holder)
    assert (run.id, run.calls) == ("maps-1", one_run("openhands", SAMPLE).calls)
    paired = {"instance_id": "maps-1", key: [SAMPLE[:3], *([event] for event in SAMPLE[3:])]}
    assert adapter("openhands").accepts(paired)
    assert one_run("openhands", paired).calls == run.calls


def test_confirmed_alone_is_not_an_approval() -> None:
    """Every action is marked as confirmed, even if nobody was asked."""
    assert [call.approval.state for call in one_run("openhands", SAMPLE).calls[:2]] == ["unknown", "unknown"]


def test_old_events_without_metadata() -> None:
    """Actions of known kinds are calls; the user's own actions have the actor user; others are noted."""
    document = [
        {"id": 0, "source": "agent", "action": "run", "args": {"command": "ls", "thought": "look"}},
        {"id": 1, "source": "agent", "cause": 0, "observation": "error", "content": "no shell"},
        {"id": 2, "source": "user", "action": "run", "args": {"command": "pwd"}},
        {
            "id": 3,
            "source": "agent",
            "action": "read",
            "args": {"path": "a", "confirmation_state": "awaiting_confirmation"},
        },
        {"id": 4, "source": "agent", "action": "dance", "args": {}},
        {"id": 5, "source": "agent", "cause": 99, "observation": "run", "content": "lost"},
    ]
    run = one_run("openhands", document)
    assert [(*short(call), call.actor) for call in run.calls] == [
        ("run", 0, 0, "failed", "unknown", "agent"),
        ("run", 0, 1, "unknown", "unknown", "user"),
        ("read", 0, 2, "unknown", "unknown", "agent"),
    ]
    assert run.calls[0].proposed_arguments == {"command": "ls"}
    assert run.notes == ["[4]: unknown action 'dance'", "[5]: an observation 'run' without a known call"]


def sdk(kind: str, **more: Any) -> dict[str, Any]:
    """Return one of the SDK's events."""
    return {"kind": kind, "id": f"e-{kind}", "source": "agent", "timestamp": "2026-02-01T10:00:00", **more}


def action(name: str, response: str, arguments: Any = '{"command": "ls"}', **more: Any) -> dict[str, Any]:
    """Return an action of the SDK."""
    call = {"id": name, "name": "terminal", "arguments": arguments}
    about = {"tool_name": "terminal", "tool_call_id": name, "tool_call": call, "llm_response_id": response}
    return sdk("ActionEvent", action={"kind": "TerminalAction", "command": "ls"}, **about, **more)


def test_sdk_events() -> None:
    """Calls of one response are a batch; a rejection is a denial, and the SDK's own error is a call that never ran."""
    text = [{"type": "text", "text": '{"files": 2}'}]
    document = [
        sdk("SystemPromptEvent", system_prompt={"type": "text", "text": "You tend maps."}),
        sdk(
            "MessageEvent", source="user", llm_message={"role": "user", "content": [{"type": "text", "text": "List."}]}
        ),
        action("s1", "r1"),
        action("s2", "r1"),
        sdk("ObservationEvent", tool_name="terminal", tool_call_id="s1", observation={"kind": "T", "content": text}),
        sdk(
            "ObservationEvent", tool_name="terminal", tool_call_id="s2", observation={"content": "no", "is_error": True}
        ),
        action("s3", "r2"),
        sdk("UserRejectObservation", tool_call_id="s3", rejection_reason="Not now.", rejection_source="user"),
        action("s4", "r3", arguments='{"command"'),
        sdk("AgentErrorEvent", tool_name="terminal", tool_call_id="s4", error="bad arguments"),
        sdk("PauseEvent"),
        sdk("TeaEvent"),
        sdk("MessageEvent", llm_message={"role": "assistant", "content": [{"type": "text", "text": "Two."}]}),
    ]
    assert adapter("openhands").accepts(document)
    run = one_run("openhands", document)
    assert [short(call) for call in run.calls] == [
        ("terminal", 0, 0, "success", "unknown"),
        ("terminal", 0, 0, "failed", "unknown"),
        ("terminal", 0, 1, "denied", "denied"),
        ("terminal", 0, 2, "failed", "unknown"),
    ]
    assert run.calls[0].result == {"files": 2}
    assert (run.calls[2].approval.by, run.calls[2].approval.note) == ("user", "Not now.")
    assert (run.calls[3].proposed_arguments, run.calls[3].arguments) == ('{"command"', None)
    assert (run.outcome, run.system_text) == ("success", "You tend maps.")
    assert run.notes == ["[11]: unknown event 'TeaEvent'"]


def test_broken_events_name_their_place() -> None:
    """An event that is neither an action nor an observation is malformed."""
    broken = copy.deepcopy(SAMPLE)
    del broken[3]["action"]
    with pytest.raises(MalformedTrace, match=r"\[3\]\.action: expected text"):
        one_run("openhands", broken)


def test_recorded_trajectory() -> None:
    """One edit with the model's own arguments, and the final action, which has no result."""
    (run,) = read(recording("openhands/basic.json"))[1]
    assert (run.format, run.outcome, run.notes) == ("openhands", "success", [])
    assert [short(call) for call in run.calls] == [
        ("str_replace_editor", 0, 0, "success", "unknown"),
        ("finish", 0, 1, "unknown", "unknown"),
    ]
    assert isinstance(run.calls[0].arguments, dict)
    assert run.calls[0].arguments["path"] == "/workspace/game_2048.py"
    assert run.usage == Usage(input_tokens=8132, output_tokens=1312)
