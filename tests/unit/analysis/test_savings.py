"""What a DAG run saves; an amount that is not known is reported as unknown, never as 0."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.analysis.prices import price
from airflow_provider_vai.analysis.savings import Cost, as_json, ledger, residual
from airflow_provider_vai.cli.airflow_command import printed
from airflow_provider_vai.cli.main import main
from airflow_provider_vai.cli.savings_runs import dag_runs
from airflow_provider_vai.cli.savings_table import show_savings
from airflow_provider_vai.crystallizer.recorded_savings import recorded_savings
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.model.automation import Savings
from airflow_provider_vai.model.run import Run, Usage
from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.store.sidecar_files import read_sidecar

START = datetime(2026, 1, 5, 8, tzinfo=timezone.utc)
TRACE = {
    "agentRun": {"id": "r1", "status": "completed", "input": {"prompt": "Look"}},
    "actionRuns": [
        {"id": "c1", "kind": "look", "status": "completed", "definition": {}, "result": {"n": 1}},
        {"id": "c2", "kind": "call_agent", "status": "completed", "definition": {"question": "Why?"}, "result": "So."},
    ],
}
RULES = '[[tools]]\nmatch = "look"\nkind = "python_tool"\ncallable = "m:look"\neffect = "read"\n'


@pytest.fixture
def sidecar(tmp_path: Path) -> Sidecar:
    """The sidecar of a DAG with two steps, the second of which asks a model; the recorded run had a cost."""
    (tmp_path / "run.json").write_text(json.dumps(TRACE))
    (tmp_path / "vai-tools.toml").write_text(RULES)
    assert main(["crystallize", str(tmp_path / "run.json"), "--out", str(tmp_path), "--dag-id", "look"]) == 0
    found = read_sidecar(tmp_path / "look.vai.json")
    kept = Savings(input_tokens=1000, output_tokens=200, cost_usd=0.5, duration_seconds=60.0)
    return found.model_copy(update={"savings": kept})


def static(sidecar: Sidecar) -> Sidecar:
    """Return the sidecar without the step that asks a model."""
    return sidecar.model_copy(update={"steps": [s for s in sidecar.steps if s.kind == "python_tool"]})


def ran(state: str = "success", seconds: float = 5, **more: Any) -> dict[str, Any]:
    """Return a DAG run as plain data."""
    ended = (START + timedelta(seconds=seconds)).isoformat()
    return {"run_id": f"{state}_{seconds}", "state": state, "started": START.isoformat(), "ended": ended, **more}


def test_runs_without_a_model_save_all_of_it(sidecar: Sidecar) -> None:
    """Each success saves the recorded tokens and dollars and the difference in time; a failure saves nothing."""
    found = ledger(static(sidecar), [ran(), ran(seconds=10), ran("failed"), ran("running", ended=None)])

    assert found.saved == Cost(2000, 400, 1.0, 105.0)
    assert [row.saved for row in found.rows if row.state != "success"] == [Cost(0, 0, 0.0, 0.0)] * 2
    assert found.notes == []
    assert found.recorded == Cost(1000, 200, 0.5, 60.0)


def test_steps_that_ask_a_model_are_counted(sidecar: Sidecar) -> None:
    """What these steps used is subtracted, even if the DAG run failed afterwards."""
    used = [{"step": "call_agent", "model": "gpt-4o", "input_tokens": 100, "output_tokens": 20, "cost_usd": 0.1}]
    found = ledger(sidecar, [ran(residual=used), ran("failed", residual=used)])

    assert found.model_steps == ["call_agent"]
    assert {row.state: row.saved for row in found.rows} == {
        "success": Cost(900, 180, 0.4, 55.0),
        "failed": Cost(-100, -20, -0.1, 0.0),
    }
    assert found.saved.input_tokens == 800


def test_unknown_is_not_nothing(sidecar: Sidecar) -> None:
    """The savings of a DAG run without token counts are unknown, and so is the total."""
    found = ledger(sidecar, [ran(), ran(residual=[{"step": "call_agent", "input_tokens": 1, "output_tokens": None}])])

    assert [(row.saved.output_tokens, row.saved.cost_usd) for row in found.rows] == [(None, None)] * 2
    assert found.saved == Cost(None, None, None, 110.0)
    assert "still ask a model (call_agent), and the token counts of 1 DAG runs are missing" in found.notes[0]
    assert as_json(found)["saved"]["output_tokens"] is None


def test_a_recording_without_costs(sidecar: Sidecar) -> None:
    """If the recording has no costs, all savings are unknown, and the notes give the reason."""
    found = ledger(static(sidecar).model_copy(update={"savings": None}), [ran()])

    assert found.saved == Cost(None, None, None, None)
    assert len(found.notes) == 3


def test_no_runs(sidecar: Sidecar, capsys: pytest.CaptureFixture[str]) -> None:
    """Without DAG runs, the savings are known to be zero."""
    show_savings(ledger(sidecar, []))
    assert "saved by 0 DAG runs: 0 tokens, 0.0000 USD, 0.0 seconds" in capsys.readouterr().out


def test_residual(sidecar: Sidecar) -> None:
    """Usage is read from XCom; a step without usage in its result is unknown, and a skipped one used nothing."""
    usage = {"input_tokens": 7, "output_tokens": 3, "cost": "0.25"}
    left = {"call_agent": {"answer": "So.", "usage": usage, "model": "gpt-4o"}}
    entry = {"step": "call_agent", "model": "gpt-4o", "input_tokens": 7, "output_tokens": 3, "cost_usd": 0.25}

    assert residual(sidecar, left) == [entry]
    assert residual(sidecar, {}, skipped=["call_agent"]) == []
    for broken in ({}, {"call_agent": "So."}, {"call_agent": {"usage": {"input_tokens": -1, "cost": "nan"}}}):
        assert [part["input_tokens"] for part in residual(sidecar, broken)] == [None]
        assert [part["cost_usd"] for part in residual(sidecar, broken)] == [None]


@pytest.mark.parametrize(
    "entry", [ran(started="yesterday"), ran(residual="much"), ran(residual=["much"])], ids=["time", "text", "list"]
)
def test_runs_of_another_form_are_refused(sidecar: Sidecar, entry: dict[str, Any]) -> None:
    """A value that cannot be read is an error; it is not counted as 0."""
    with pytest.raises(SpecError):
        ledger(sidecar, [entry])


@pytest.mark.parametrize("model", ["gpt-4o", "openai:gpt-4o", "openai/gpt-4o", "nobody:gpt-4o"])
def test_prices(model: str) -> None:
    """The price list is named, and a provider prefix of the model is understood or ignored."""
    pytest.importorskip("genai_prices")
    found = price(model, 1_000_000, 100_000, START)

    assert found.usd == pytest.approx(3.5)
    assert found.by.startswith("genai-prices ")


def test_unknown_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a model, token counts, a listed model or the price list, the price is unknown, with the reason."""
    assert price(None, 1, 1).usd is None
    assert price("gpt-4o", None, 1).usd is None
    assert price("scripted:no-such-model", 1, 1).usd is None
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    assert "[prices]" in price("gpt-4o", 1, 1).by


def test_recorded_savings() -> None:
    """Tokens, dollars and time are taken from the trace; nothing that is computed is stored in the spec."""
    run = Run(id="r", source="agent_run", format="vai", model="gpt-4o", started_at=START)
    timed = run.model_copy(update={"usage": Usage(input_tokens=9), "ended_at": START + timedelta(seconds=41)})
    backwards = timed.model_copy(update={"ended_at": START - timedelta(seconds=1), "usage": Usage(cost_usd=0.01)})

    assert recorded_savings(run) is None
    assert recorded_savings(timed) == Savings(input_tokens=9, duration_seconds=41.0)
    assert recorded_savings(backwards) == Savings(cost_usd=0.01)
    assert recorded_savings(run.model_copy(update={"usage": Usage()})) is None


def test_a_cost_is_the_traces_or_computed(sidecar: Sidecar) -> None:
    """If the trace has no amount, it is computed from tokens and model at the prices of that day, and marked so."""
    pytest.importorskip("genai_prices")
    source = sidecar.source.model_copy(update={"model": "openai:gpt-4o", "captured_at": START})  # type: ignore[union-attr]
    tokens = Savings(input_tokens=1_000_000, output_tokens=100_000)
    computed = ledger(static(sidecar).model_copy(update={"source": source, "savings": tokens}), [ran()])

    assert ledger(static(sidecar), []).priced_by == "the trace"
    assert str(computed.priced_by).startswith("genai-prices ")
    assert computed.saved.cost_usd == pytest.approx(3.5)
    unlisted = source.model_copy(update={"model": "scripted"})
    found = ledger(static(sidecar).model_copy(update={"source": unlisted, "savings": tokens}), [ran()])
    assert (found.priced_by, found.saved.cost_usd, found.saved.input_tokens) == (None, None, 1_000_000)


def test_runs_from_a_file(tmp_path: Path) -> None:
    """The file is Airflow's own list or one with token counts; runs of other DAGs are ignored."""
    file = tmp_path / "runs.json"
    listed = {"dag_id": "look", "run_id": "a", "state": "success", "start_date": "2026-01-05T08:00:00+00:00"}
    file.write_text(json.dumps([{**listed, "end_date": ""}, {**listed, "dag_id": "other"}, ran(residual=[])]))

    assert [(run["run_id"], run["ended"] is None, run["residual"]) for run in dag_runs("look", file)] == [
        ("a", True, None),
        ("success_5", False, []),
    ]
    for text in ("{}", "[1]", "no", '[{"a": NaN}]'):
        file.write_text(text)
        with pytest.raises(SpecError):
            dag_runs("look", file)
    with pytest.raises(SpecError):
        dag_runs("look", tmp_path / "missing.json")


def test_what_airflow_prints() -> None:
    """The list is found even if log lines, which also begin with a bracket, precede it."""
    assert printed('[2026-01-05T08:00:00] {a.py:1} INFO - x\n[{"run_id": "a"}]\n') == [{"run_id": "a"}]
    assert printed("[2026]\nNo data found\n") == []
    assert printed("") == []
