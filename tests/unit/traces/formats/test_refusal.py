"""Documents that no adapter reads: the message says what they look like, which reader is nearest, and what works."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.exceptions import UnknownFormat, UnreadableTrace
from airflow_provider_vai.traces.format_table import BUILT_IN
from airflow_provider_vai.traces.formats import read
from airflow_provider_vai.traces.formats.refusal import MARKS, refusal
from airflow_provider_vai.traces.formats.unread import UNREAD
from tests.unit.traces.formats.support import SAMPLES

EXAMPLES: dict[str, Any] = {
    "LangGraph state": {"messages": ["content='go' additional_kwargs={} response_metadata={}"]},
    "LlamaIndex": {"store": {}, "class_name": "SimpleChatStore"},
    "Cline": [{"role": "assistant", "content": [{"type": "text", "text": "<execute_command>ls</execute_command>"}]}],
    "ReAct": [{"role": "assistant", "content": "Action: f\nAction Input: {}"}],
    "Bedrock agent": [{"trace": {"trace": {"orchestrationTrace": {}}}}],
    "Cursor": [{"role": "user", "message": {"content": []}}, {"role": "assistant", "message": {"content": []}}],
    "Dify": {"data": [{"agent_thoughts": []}]},
    "DSPy": [{"prompt": None, "messages": [], "outputs": ["x"], "kwargs": {}, "timestamp": "t"}],
    "Elasticsearch": {"hits": {"hits": []}},
    "Goose": [{"role": "assistant", "content": [{"type": "toolRequest", "id": "1", "toolCall": {}}]}],
    "Anthropic": [{"type": "message_start"}, {"type": "content_block_start", "index": 0}],
    "OpenAI": [{"object": "chat.completion.chunk", "choices": []}],
    "OpenCode": {"id": "ses_1", "projectID": "p", "time": {"created": 1}},
    "Helicone": [{"request_body": {}, "response_body": {}}],
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_known_formats_are_refused_by_name(name: str, tmp_path: Path) -> None:
    """The message names the format, the nearest reader with the reason, and an export that works."""
    path = tmp_path / "a.json"
    path.write_text(json.dumps(EXAMPLES[name]))
    with pytest.raises(
        UnknownFormat, match=r"^.*a\.json: no adapter recognises the document \(.*\): it looks like "
    ) as refused:
        read(path)
    assert name in refused.value.problem
    assert "; the nearest reader is " in refused.value.problem
    assert refused.value.remedy.split()[0] in ("Record", "Write", "Switch", "Send", "Take", "Export")


def test_every_row_has_an_example_and_a_reader() -> None:
    """No row of the table is untested, the first row that matches is the right one, and the nearest readers exist."""
    found = {name: next(row.name for row in UNREAD if row.matches(document)) for name, document in EXAMPLES.items()}
    assert set(found.values()) == {row.name for row in UNREAD}
    assert {row.nearest for row in UNREAD} | MARKS.keys() <= BUILT_IN.keys()


@pytest.mark.parametrize("sample", SAMPLES)
def test_formats_that_are_read_match_no_row(sample: str) -> None:
    """The table is about other formats."""
    assert not [row.name for row in UNREAD if row.matches(SAMPLES[sample])]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (
            [{"role": "user", "parts": "x"}, {"kind": 1}],
            "the nearest reader is pydantic_ai, but its values have another shape",
        ),
        ({"eval": {}, "status": "x"}, "the nearest reader is inspect_ai, but the keys version, samples are missing"),
        ({"resources": [{"span_id": 1, "trace_id": 2}]}, "the nearest reader is otel_genai, but the keys attributes"),
        ({"q": 1}, "no adapter recognises the document (an object with the keys q)"),
        ([], "no adapter recognises the document (a list of 0 items)"),
        (3, "no adapter recognises the document (a bare int)"),
    ],
)
def test_the_nearest_reader_is_named(document: Any, words: str) -> None:
    """Of any other document, the reader whose keys it shares is named with what is missing."""
    refused = refusal(document, "a.json")
    assert words in refused.problem
    assert "OTLP JSON" in refused.remedy
    if "nearest" in words:
        assert "--format" in refused.remedy


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"# aider chat started at 2026-01-01\n\n#### go\n", "a chat history of Aider"),
        (b"<!DOCTYPE html>\n<html></html>", "a web page or XML"),
        (b"{'messages': [HumanMessage(content='go')]}", r"a Python value.*\n.*messages_to_dict"),
        (b'data: {"a": 1}\n\ndata: [DONE]\n', "a stream of server-sent events"),
        (b"## Run 4\n\nThe agent looked.\n", r"Markdown\n.*Export the run as JSON"),
        (b"SQLite format 3\0\x10\0", "a SQLite database"),
    ],
)
def test_files_that_are_not_json(content: bytes, words: str, tmp_path: Path) -> None:
    """The message says what the file is in place of a parser's error."""
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(UnreadableTrace, match=words):
        read(path)
