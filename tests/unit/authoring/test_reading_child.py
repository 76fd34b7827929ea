"""What the reading process answers: results, errors of ours with all their fields, and tracebacks of faults."""

from __future__ import annotations

import json
from typing import Any

from airflow_provider_vai.authoring.reading_child import answer
from airflow_provider_vai.exceptions import SecretFound, SpecError, VaiError, from_data


def asked(task: str, **arguments: Any) -> Any:
    """Return the answer to one request."""
    return json.loads(answer(json.dumps({"task": task, "notifiers": "", **arguments}).encode()))


def test_errors_keep_their_class_and_fields() -> None:
    """An error comes back with its class, its own fields and the errors inside it."""
    inner = SpecError("b", where="y", remedy="do b")
    for error in (SecretFound("a", place="p", where="x", remedy="do a"), SpecError("a", where="x", others=[inner])):
        back = from_data(json.loads(json.dumps(error.as_data())))
        assert (type(back), str(back), back.args) == (type(error), str(error), error.args)
        assert getattr(back, "place", "") == getattr(error, "place", "")
        assert [str(one) for one in getattr(back, "others", ())] == [str(one) for one in getattr(error, "others", ())]
    unknown = {"kind": "open", "fields": {"problem": "a", "where": "", "remedy": ""}, "others": []}
    assert type(from_data(unknown)) is VaiError


def test_a_refusal_and_a_fault() -> None:
    """A wrong spec is refused with its place; a fault is a traceback."""
    refused = asked("automation", document={"steps": 1}, automations="/tmp/a", secret_conn_id=None)["refused"]
    assert refused["kind"] == "SpecError"
    assert refused["fields"]["remedy"]
    assert "FileNotFoundError" in asked("summaries", trace="/no/such", format=None, ending=".json")["failed"]
