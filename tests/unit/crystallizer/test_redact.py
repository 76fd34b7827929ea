"""Secrets never land: they become a connection's password, or the run is refused with the place."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.crystallizer.assign import assign
from airflow_provider_vai.crystallizer.draft import Policy
from airflow_provider_vai.crystallizer.redact import redact
from airflow_provider_vai.crystallizer.run_secrets import knowing_those_of, masked_run
from airflow_provider_vai.exceptions import SecretFound, VaiError
from airflow_provider_vai.model.run import Approval, Run, Turn
from airflow_provider_vai.secrets.masking import mask
from airflow_provider_vai.store.publisher import publish
from tests.unit.support import call, crystallized, review_lines, run, tools

SECRETS = {
    "openai": "sk-" + "aB3" * 10,
    "github": "ghp_" + "aB3" * 10,
    "github fine": "github_pat_" + "aB3" * 10,
    "gitlab": "glpat-" + "aB3" * 8,
    "slack": "xoxb-" + "123-" * 5,
    "aws": "AKIA" + "ABCD" * 4,
    "google": "AIza" + "a" * 35,
    "stripe": "whsec_" + "aB3" * 6,
    "platform": "vai_pat_" + "aB3" * 6,
    "npm": "npm_" + "a" * 36,
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJlLXRleHQ",
    "bearer": "Bearer " + "aB3" * 8,
    "key block": "-----BEGIN RSA PRIVATE KEY-----",
}
IN_TEXT = {
    **SECRETS,
    "url user": "postgres://me:hunter2pass@db/x",
    "url query": "https://x.invalid/?a=1&access_token=abcd1234",
}
PLAIN = "correct horse battery"


def text_of(recorded: Run, tmp_path: Any, **policy: Any) -> tuple[str, str]:
    """Return what lands: the DAG file's text and the sidecar's."""
    automation = crystallized(recorded, dag_id="one", **policy)
    published = publish(automation, tmp_path)
    return published.dag.read_text(), published.sidecar.read_text()


@pytest.mark.parametrize(
    "key",
    [
        "password", "PASSWORD", "db_password", "userPassword", "passwd", "pwd", "passphrase", "secret", "client-secret",
        "clientSecret", "token", "access_token", "auth.token", "apiKey", "api_key", "x-api-key", "apikey", "accessKey",
        "private_key", "credential", "credentials", "Authorization",
    ],
)  # fmt: skip
def test_text_under_a_secret_key_becomes_a_connection(key: str, tmp_path: Any) -> None:
    """Whatever the value looks like; the review item names the connection to create."""
    dag, sidecar = text_of(run(call("send", {"to": "mia", "auth": {key: PLAIN}})), tmp_path)
    assert PLAIN not in dag + sidecar
    assert 'connection_secret("send_' in dag
    assert "looks like a credential and was not kept: create the connection 'send_" in sidecar


@pytest.mark.parametrize(
    "key", ["page_token", "nextPageToken", "cursor_token", "tokens", "max_tokens", "password_hint", "key"]
)
def test_other_keys_are_no_secrets(key: str, tmp_path: Any) -> None:
    """Cursors and token counts are data, not credentials."""
    dag, _ = text_of(run(call("send", {key: PLAIN})), tmp_path)
    assert PLAIN in dag


@pytest.mark.parametrize("value", [7, True, None, [], {"a": "b"}, "", " "])
def test_what_is_no_secret_under_such_a_key(value: Any) -> None:
    """A count, a flag, a schema or an empty text is kept."""
    automation = crystallized(run(call("send", {"token": value})))
    assert [step.arguments["arguments"].secrets for step in automation.steps if step.kind == "mcp_tool"] == [[]]


@pytest.mark.parametrize("value", [[PLAIN], [[PLAIN]], {"value": PLAIN}, [{"value": PLAIN}]])
def test_text_below_a_secret_key_becomes_a_connection(value: Any, tmp_path: Any) -> None:
    """Also in a list, and as the value of an object."""
    dag, sidecar = text_of(run(call("send", {"token": value})), tmp_path)
    assert PLAIN not in dag + sidecar
    assert "connection_secret(" in dag


def test_a_number_that_is_a_password_is_refused() -> None:
    """A connection gives text: the tool would get something else."""
    with pytest.raises(SecretFound, match="a number under a secret-like key") as refusal:
        crystallized(run(call("pay", {"card": {"pin": 48213}})))
    assert "48213" not in str(refusal.value)


def test_known_secrets_are_those_of_the_caller() -> None:
    """Plain words become a connection where the caller knows that they are a password."""
    (drafted,) = assign([call("send", {"text": PLAIN})], tools(), Policy())
    (free,), _ = redact([drafted])
    (bound,), notes = redact([drafted], known=[PLAIN])
    assert free.arguments["arguments"].value == {"text": PLAIN}
    assert bound.arguments["arguments"].value == {"text": None}
    assert PLAIN not in repr(notes)


def test_a_denied_call_shows_no_header_that_was_dropped(tmp_path: Any) -> None:
    """The gate lists denied arguments without the headers that the connection supplies."""
    headers = {"Authorization": PLAIN, "Accept": "text/csv"}
    denied = call("post", {"url": "/x", "method": "POST", "headers": headers}, outcome="denied", approval="denied")
    asked = call("post", {"url": "/y", "method": "POST"}, approval="approved")
    recorded = run(denied, asked)
    automation = crystallized(recorded, {"match": "post", "kind": "http_request", "conn_id": "api"})
    assert "text/csv" in automation.model_dump_json()
    assert PLAIN not in automation.model_dump_json()


def test_a_password_of_one_place_is_known_in_every_other() -> None:
    """Its key tells it in the arguments; in the title nothing else would."""
    recorded = run(call("login", {"password": PLAIN}), title=f"Log in with {PLAIN}")
    assert mask(recorded.title or "") == recorded.title
    with knowing_those_of(recorded):
        assert mask(recorded.title or "") == "Log in with ***"
    assert PLAIN not in masked_run(recorded).model_dump_json()
    assert masked_run(recorded).calls[0].tool == "login"


def test_an_error_that_leaves_is_masked() -> None:
    """Its problem, place and remedy."""
    recorded = run(call("login", {"password": PLAIN}))
    with pytest.raises(VaiError) as refusal, knowing_those_of(recorded):
        raise VaiError(f"not {PLAIN}", where=f"at {PLAIN}", remedy=f"drop {PLAIN}")
    assert str(refusal.value) == "at ***: not ***\n  drop ***"
    assert PLAIN not in repr(refusal.value)


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_text_of_a_known_shape_becomes_a_connection(secret: str, tmp_path: Any) -> None:
    """Under any key, in any place."""
    automation = crystallized(run(call("send", {"a": ["x", {"b": secret}]})), dag_id="one")
    argument = automation.steps[-1].arguments["arguments"]
    assert argument.value == {"a": ["x", {"b": None}]}
    assert [entry.at for entry in argument.secrets] == [["a", 1, "b"]]
    assert argument.origin == "secret"
    assert automation.connections == ["mcp", argument.secrets[0].connection]
    dag, sidecar = text_of(run(call("send", {"a": ["x", {"b": secret}]})), tmp_path)
    assert secret not in dag + sidecar


@pytest.mark.parametrize("secret", IN_TEXT.values(), ids=IN_TEXT)
@pytest.mark.parametrize("where", ["value", "key"])
def test_a_secret_inside_text_is_refused(secret: str, where: str) -> None:
    """The message names the call and the place, and shows the text without the secret."""
    text = f"use {secret} or else"
    with pytest.raises(SecretFound) as refusal:
        crystallized(run(call("send", {"a": [{text: 1} if where == "key" else text]})))
    assert refusal.value.where.startswith("call c1 (send): arguments.a.0")
    assert secret not in str(refusal.value)
    assert "--exclude" in refusal.value.remedy


def test_recorded_auth_headers_are_dropped() -> None:
    """The connection of an HTTP request must supply the headers; a review item says so."""
    names = ["Authorization", "proxy-authorization", "Cookie", "X-API-Key", "X-Auth-Token", "x-client-secret"]
    names += ["X-Auth-Key", "Set-Cookie", "X-Session"]  # the operator refuses these at run time
    headers = {**dict.fromkeys(names, PLAIN), "Accept": "text/csv"}
    automation = crystallized(
        run(call("http_request", {"url": "/x", "headers": headers})),
        {"match": "http*", "kind": "http_request", "conn_id": "api"},
    )
    assert automation.steps[0].arguments["headers"].value == {"Accept": "text/csv"}
    assert PLAIN not in automation.model_dump_json()
    (note,) = [line for line in review_lines(automation) if "headers" in line]
    assert "the connection 'api' must supply them" in note
    assert all(name in note for name in names)


def test_headers_of_nothing_else_are_left_out() -> None:
    """An empty headers object is left out."""
    recorded = run(call("http_request", {"url": "/x", "headers": {"Authorization": PLAIN}}))
    automation = crystallized(recorded, {"match": "*", "kind": "http_request"})
    assert "headers" not in automation.steps[0].arguments


SECRET = SECRETS["openai"]
ELSEWHERE: dict[str, Run] = {
    "title": run(call(), title=f"with {SECRET}"),
    "agent": run(call(), agent=SECRET),
    "model": run(call(), model=SECRET),
    "run id": run(call(), id=SECRET),
    "user's words": run(call(), turns=[Turn(index=0, user_text=f"Use {SECRET}, please")]),
    "instructions": run(call(), system_text=f"Use {SECRET}"),
    "note": run(call(), notes=[f"messages[3]: unknown role {SECRET!r}"]),
    "tool": run(call(SECRET)),
    "call id": run(call(id=SECRET)),
    "approval by": run(call(approval=Approval(state="approved", by=SECRET))),
    "approval note": run(call(approval=Approval(state="approved", note=f"use {SECRET}"))),
    "denial": run(call(), call(outcome="denied", approval=Approval(state="denied", note=f"not {SECRET}"))),
    "error": run(call(), call(outcome="failed", error=f"bad key {SECRET}")),
    "result": run(call(result={"key": SECRET})),
    "result's key": run(call(result={SECRET: 1})),
    "result passed on": run(call(result=SECRET), call("send", {"text": SECRET})),
    "id of a call without a step": run(call(), call(id=SECRET, outcome="failed")),
    "tool without a step": run(call(), call(SECRET, outcome="failed")),
    "retry's id": run(call("look", outcome="failed"), call("look", id=SECRET)),
    "proposed arguments": run(call(proposed_arguments={"q": SECRET})),
}


@pytest.mark.parametrize("recorded", ELSEWHERE.values(), ids=ELSEWHERE)
def test_no_field_of_a_run_carries_a_secret_into_the_files(recorded: Run, tmp_path: Any) -> None:
    """Titles, ids, notes, errors, results: masked, left out or refused; the message masks it, too."""
    try:
        dag, sidecar = text_of(recorded, tmp_path)
    except VaiError as refusal:
        dag, sidecar = str(refusal), ""
    assert SECRET not in dag
    assert SECRET not in sidecar
    assert SECRET.lower() not in dag + sidecar


@pytest.mark.parametrize("cut", range(170, 201, 5))
def test_an_error_that_is_cut_short_shows_no_part_of_a_secret(cut: int, tmp_path: Any) -> None:
    """Masked first, cut then: half a URL is no longer recognised as one with a password."""
    error = "x" * cut + " postgres://me:hunter2pass@db/x " + "y" * 100
    recorded = run(call(), call("drop", outcome="failed", error=error))
    assert "hunter2" not in "".join(text_of(recorded, tmp_path))


@pytest.mark.parametrize("secret", IN_TEXT.values(), ids=IN_TEXT)
def test_mask(secret: str) -> None:
    """Free text stays readable around the stars."""
    masked = mask(f"before {secret} after")
    assert masked.startswith("before ")
    assert masked.endswith(" after")
    assert "***" in masked
    assert not {secret, "hunter2pass", "abcd1234"} & set(masked.split())


@pytest.mark.parametrize(
    "text", ["task-force", "a risk-averse plan", "sk-1", "https://x.invalid/a?page=2", "me@x.invalid", "12:30:45"]
)
def test_mask_leaves_ordinary_text(text: str) -> None:
    """No false alarm."""
    assert mask(text) == text
