"""One value that a Run cannot hold, such as NaN, spoils the call that holds it, and no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from airflow_provider_vai.crystallizer.draft import Policy
from airflow_provider_vai.crystallizer.select import select
from airflow_provider_vai.exceptions import UnreadableTrace
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.traces import formats
from airflow_provider_vai.traces.formats import opened, read
from airflow_provider_vai.traces.reading import window

PLACE = "messages[3].tool_calls[0].function.arguments"
BAD = [
    ('{"n": NaN}', "NaN is not JSON", f"{PLACE}.n"),
    ('{"n": [1, -Infinity]}', "-Infinity is not JSON", f"{PLACE}.n[1]"),
    ('{"n": 1e999}', "too large for a 64-bit float", f"{PLACE}.n"),
    ('{"n": 1e-999}', "would become 0", f"{PLACE}.n"),
    ('{"n": 1, "m": 2, "n": 3}', "the key 'n' occurs twice", PLACE),
    ('{"o": {"ü": 1, "ü": 2}}', "occurs twice", f"{PLACE}.o"),
    ('{"n": "a\\ud83d"}', "half a surrogate pair", f"{PLACE}.n"),
    ('{"\\ud83d": 1}', "half a surrogate pair", PLACE),
]


def chat(arguments: str, content: str = '"done"', further: str = "") -> str:
    """Return a chat with a good call, and one with these arguments and this result, all as JSON text."""
    call = '{"id": "%s", "type": "function", "function": {"name": "%s", "arguments": %s}}'
    return (
        '{"messages": [{"role": "user", "content": "go"}, {"role": "assistant", "tool_calls": ['
        + call % ("a", "look", '{"q": 1}')
        + ']}, {"role": "tool", "tool_call_id": "a", "content": "seen"}, {"role": "assistant", "tool_calls": ['
        + call % ("b", "send", arguments)
        + ']}, {"role": "tool", "tool_call_id": "b", "content": '
        + content
        + "}, "
        + further
        + '{"role": "assistant", "content": "ready"}]}'
    )


def run_of(path: Path, text: str) -> Run:
    """Return the one run of a text in a file."""
    path.write_text(text, encoding="utf-8")
    (run,) = read(path)[1]
    return run


@pytest.mark.parametrize(("arguments", "problem", "place"), BAD)
def test_only_the_call_that_holds_the_value_is_left_out(
    arguments: str, problem: str, place: str, tmp_path: Path
) -> None:
    """The arguments are kept as text, a note names the place, and the other call becomes a step."""
    run = run_of(tmp_path / "a.json", chat(arguments))

    good, bad = (call.arguments for call in run.calls)
    assert good == {"q": 1}
    assert isinstance(bad, str)
    assert json.loads(bad, object_pairs_hook=repr) == json.loads(arguments, object_pairs_hook=repr)
    assert run.notes == [note for note in run.notes if note.startswith(f"{place}: ") and problem in note] != []
    kept, left_out = select(run, Policy())
    assert [call.tool for call in kept] == ["look"]
    assert [(one.call_id, problem in one.reason) for one in left_out] == [("b", True)]
    assert Run.model_validate_json(run.model_dump_json()) == run


def test_of_a_result_the_text_is_kept(tmp_path: Path) -> None:
    """The arguments of the call are whole, so it becomes a step; the value is shown as it stands in the file."""
    use = {"type": "tool_use", "id": "t", "name": "look", "input": {"q": 1}}
    result = {"type": "tool_result", "tool_use_id": "t", "content": "x"}
    lines = [
        json.dumps({"type": kind, "sessionId": "s", "uuid": kind, "message": {"role": kind, "content": [part]}})
        for kind, part in (("assistant", use), ("user", result))
    ]
    lines[1] = lines[1][:-1] + ', "toolUseResult": {"mean": NaN, "n": 2}}\n'
    run = run_of(tmp_path / "a.jsonl", "\n".join(lines))

    assert (run.calls[0].arguments, run.calls[0].result) == ({"q": 1}, '{"mean": NaN, "n": 2}')
    assert run.notes == ["line 2: toolUseResult.mean: NaN is not JSON"]


@pytest.mark.parametrize(("more", "place"), [('"score": NaN', "messages[5].score"), ('"role": "user"', "messages[5]")])
def test_outside_the_calls_it_is_only_noted(more: str, place: str, tmp_path: Path) -> None:
    """A value that no call depends on changes nothing."""
    further = f'{{"role": "user", {more}, "content": "so?"}},'
    run = run_of(tmp_path / "a.json", chat('{"n": 1}', further=further))

    assert [call.arguments for call in run.calls] == [{"q": 1}, {"n": 1}]
    assert [note.partition(":")[0] for note in run.notes] == [place]


def test_what_decides_about_the_calls_is_refused(tmp_path: Path) -> None:
    """If it depends on one of two equal keys which calls there are, the file is refused with the place."""
    further = '{"role": "assistant", "tool_calls": [], "tool_calls": [{"id": "c", "type": "function", "function": '
    further += '{"name": "send", "arguments": "{}"}}]},'
    with pytest.raises(UnreadableTrace, match="'tool_calls' occurs twice") as caught:
        run_of(tmp_path / "a.json", chat("{}", further=further))
    assert caught.value.where.endswith("a.json: messages[5]")
    assert "correct the file" in caught.value.remedy


@pytest.mark.parametrize("manner", ["attribute", "arguments"])
def test_json_in_a_text(manner: str, tmp_path: Path) -> None:
    """The same holds for JSON in the text of an attribute; arguments in a text of their own are kept as they are."""
    if manner == "arguments":
        run = run_of(tmp_path / "a.json", chat(json.dumps('{"n":NaN}')))
        assert (run.calls[1].arguments, run.notes) == ('{"n":NaN}', [])
        return
    parts = (
        '[{"role": "assistant", "parts": [{"type": "tool_call", "id": "a", "name": "look", "arguments": {"q": 1}}, '
        '{"type": "tool_call", "id": "b", "name": "send", "arguments": {"n": NaN}}]}]'
    )
    all_attributes = [{"gen_ai.operation.name": "chat", "gen_ai.output.messages": parts}]
    all_attributes += [
        {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool, "gen_ai.tool.call.id": call_id}
        for call_id, tool in (("a", "look"), ("b", "send"))
    ]
    spans = [
        {"name": "s", "trace_id": "t", "span_id": str(n), "attributes": found, "start_time": n, "end_time": n + 1}
        for n, found in enumerate(all_attributes, 1)
    ]
    run = run_of(tmp_path / "a.json", json.dumps(spans))

    assert [(call.tool, call.proposed_arguments) for call in run.calls] == [("look", {"q": 1}), ("send", '{"n": NaN}')]


def test_in_a_large_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of a large file is read in the same way, and so is a line in an archive."""
    monkeypatch.setattr(formats, "LARGE", 10)
    monkeypatch.setattr(window, "CHUNK", 64)
    for number, name in enumerate(("a.jsonl", "a.json")):
        call = '{"id": "x", "type": "function", "function": {"name": "send", "arguments": {"n": VALUE}}}'
        message = f'{{"role": "assistant", "tool_calls": [{call}]}}'
        line = f'{{"task_id": "VALUE", "trial": 0, "reward": 1, "traj": [{message}]}}'
        runs = [line.replace("VALUE", value) for value in ("1", "NaN")]
        path = tmp_path / name
        path.write_text("\n".join(runs) if number == 0 else f"[{', '.join(runs)}]")
        with opened(path) as found:
            assert [call.proposed_arguments for run in found for call in run.calls] == [{"n": 1}, '{"n": NaN}']


def test_a_nul_leaves_out_one_call() -> None:
    """Airflow's database cannot store NUL; the call is left out with that reason."""
    calls = [
        ToolCall(id=name, tool=name, arguments=arguments, proposed_arguments=arguments, outcome="success")
        for name, arguments in (("a", {"q": "x\0"}), ("b", {"q\0": 1}), ("c", {"q": 1}))
    ]
    kept, left_out = select(Run(id="r", source="agent_run", format="vai", outcome="success", calls=calls), Policy())

    assert [call.id for call in kept] == ["c"]
    assert [(one.call_id, "U+0000 (NUL)" in one.reason) for one in left_out] == [("a", True), ("b", True)]
