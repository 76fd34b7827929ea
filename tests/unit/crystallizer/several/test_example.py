"""The example, recorded on the data of two years: every sentence of its report is worked out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.cli.main import main
from airflow_provider_vai.languages.derivation import evaluate
from airflow_provider_vai.languages.result_path import follow
from tests.paths import ROOT

RECORDINGS = [ROOT / "dev/example" / name for name in ("run.json", "run_2024.json")]


@pytest.fixture(scope="module")
def wires(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The derived places of the report, in a DAG made from both recordings."""
    folder = tmp_path_factory.mktemp("example")
    assert main(["crystallize", *map(str, RECORDINGS), "--out", str(folder), "--dag-id", "report"]) == 0
    sidecar = json.loads((folder / "report.vai.json").read_text())
    assert sidecar["params"] == {}
    report = next(step for step in sidecar["steps"] if step["key"] == "http_request")["arguments"]["json"]
    return list(report["wires"])


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_every_sentence_is_worked_out_in_both_runs(wires: list[dict[str, Any]], recording: Path) -> None:
    """With the rows of a recording, the expressions give exactly what was posted then."""
    parts = [part for message in json.loads(recording.read_text()) for part in message["parts"]]
    tables = [
        part["content"]
        for part in parts
        if part.get("part_kind") == "tool-return"
        and part["tool_name"] == "generate_query"
        and part["outcome"] == "success"
    ]
    results = dict(zip(("generate_query", "generate_query_2"), tables, strict=True))
    (posted,) = (
        part["args"]["json"]
        for part in parts
        if part.get("part_kind") == "tool-call" and part["tool_name"] == "http_request"
    )

    made = {
        tuple(wire["at"]): evaluate(wire["derive"], lambda node: follow(results[node["step"]], node["path"]))
        for wire in wires
    }

    assert made == {
        ("title",): posted["title"],
        ("summary",): posted["summary"],
        **{("highlights", number): text for number, text in enumerate(posted["highlights"])},
    }


def test_the_last_month_is_not_the_strongest(wires: list[dict[str, Any]]) -> None:
    """December is both, in both years: the range's other end and the word "strongest" tell them apart."""
    by = {tuple(wire["at"]): json.dumps(wire["derive"]) for wire in wires}

    assert '"function": "largest"' in by[("title",)]
    assert '"by": "revenue"' not in by[("title",)]
    assert '"by": "revenue"' in by[("highlights", 0)]
