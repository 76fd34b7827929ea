"""The rounds of a loop of Airflow 3.4 are told apart in its database, in the API and on the pages."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy
from airflow.models.taskinstance import TaskInstance
from sqlalchemy import Integer, String, create_engine, select
from sqlalchemy.orm import Session

if not hasattr(sqlalchemy, "Uuid"):
    pytest.skip("Airflow 3.1.0 has SQLAlchemy 1.4, and no loops", allow_module_level=True)
from sqlalchemy import Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from airflow_provider_vai.operators.runtime import results
from airflow_provider_vai.operators.runtime.instance import region_query, round_of
from airflow_provider_vai.plugin.api import task_places
from airflow_provider_vai.plugin.api.task_places import OUTSIDE, InstancePlace, is_task, is_task_in_any_round, places
from tests.unit.plugin.api_support import has_artifact, made, ran
from tests.unit.plugin.questions import in_two_rounds

LOOP, MAPPED, IN_FIRST, IN_SECOND = (UUID(int=number) for number in (1, 2, 3, 4))
HAS_LOOPS = hasattr(TaskInstance, "region_id")


class Base(DeclarativeBase):
    """The tables of this test."""


class Row(Base):
    """A row of a task instance or of its result, as Airflow 3.4 has them."""

    __tablename__ = "row"
    name: Mapped[str] = mapped_column(String, primary_key=True)
    dag_id: Mapped[str] = mapped_column(String, default="d")
    task_id: Mapped[str] = mapped_column(String)
    map_index: Mapped[int] = mapped_column(Integer)
    region_id: Mapped[UUID] = mapped_column(Uuid)
    region_index: Mapped[int] = mapped_column(Integer)


class Made(Base):
    """A region, as Airflow 3.4 has it."""

    __tablename__ = "region"
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    node_id: Mapped[str] = mapped_column(String)
    parent_region_id: Mapped[UUID | None] = mapped_column(Uuid)


ROWS = {
    "alone": ("alone", OUTSIDE, -1, InstancePlace(-1, None)),
    "mapped 1": ("mapped", MAPPED, 1, InstancePlace(1, None)),
    "mapped before 3.4": ("older", OUTSIDE, 1, InstancePlace(1, None)),
    "round 0": ("step", LOOP, 0, InstancePlace(-1, f"{LOOP.hex}.0")),
    "round 1": ("step", LOOP, 1, InstancePlace(-1, f"{LOOP.hex}.1")),
    "round 0, 1": ("each", IN_FIRST, 1, InstancePlace(1, IN_FIRST.hex)),
    "round 1, 1": ("each", IN_SECOND, 1, InstancePlace(1, IN_SECOND.hex)),
}
"""Name -> the task, the region, the index in it, and where the step itself knows that it is."""

REGIONS = [(LOOP, "loop", None), (MAPPED, "mapped", None), (IN_FIRST, "each", LOOP), (IN_SECOND, "each", LOOP)]


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A database with rows in loops, which Airflow itself has since 3.4."""
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    monkeypatch.setattr(task_places, "_regions_model", lambda: Made)
    with Session(engine) as opened:
        for name, (task_id, region, index, _) in ROWS.items():
            opened.add(Row(name=name, task_id=task_id, map_index=index, region_id=region, region_index=index))
        opened.add_all(Made(id=region, node_id=node, parent_region_id=parent) for region, node, parent in REGIONS)
        opened.flush()
        yield opened


def test_each_row_has_one_place(session: Session) -> None:
    """A row is found by the place that it has, and by no other row's; rows that are alike differ by their round."""
    rows = list(session.scalars(select(Row)))

    assert {row.name: place for row, place in zip(rows, places(session, rows), strict=True)} == {
        name: place for name, (*_, place) in ROWS.items()
    }
    for name, (task_id, _, _, place) in ROWS.items():
        found = session.scalars(select(Row.name).where(*is_task(Row, "d", task_id, *place)))
        assert list(found) == [name]


@pytest.mark.parametrize(
    ("task_id", "map_index", "loop_round"),
    [
        ("step", 0, None), ("step", -1, None), ("step", 1, ""), ("each", 1, None), ("step", -1, f"{LOOP.hex}.2"),
        ("step", -1, LOOP.hex), ("step", -1, f"{MAPPED.hex}.1"), ("step", -1, "nonsense"),
        ("alone", -1, f"{LOOP.hex}.0"),
    ],
)  # fmt: skip
def test_no_row(session: Session, task_id: str, map_index: int, loop_round: str | None) -> None:
    """Without its round, a task of a loop is not found; neither is a round that there is not."""
    assert not list(session.scalars(select(Row).where(*is_task(Row, "d", task_id, map_index, loop_round))))


def test_all_rounds(session: Session) -> None:
    """The rows of all rounds, for what shows the newest one; outside a loop, the one row."""

    def found(task_id: str, map_index: int) -> list[str]:
        query = select(Row.name).where(*is_task_in_any_round(Row, "d", task_id, map_index))
        return sorted(session.scalars(query))

    assert found("step", -1) == ["round 0", "round 1"]
    assert found("each", 1) == ["round 0, 1", "round 1, 1"]
    assert (found("alone", -1), found("mapped", 1), found("older", 1)) == (
        ["alone"],
        ["mapped 1"],
        ["mapped before 3.4"],
    )
    assert (found("step", 0), found("mapped", -1)) == ([], [])


@pytest.mark.parametrize("name", [name for name in ROWS if name.startswith("round")])
def test_the_step_and_the_database_agree(name: str) -> None:
    """What a step calls its round, and what its row is called, is the same; and an address in Airflow names the row."""
    _, region, index, place = ROWS[name]
    group = SimpleNamespace(max_iterations=3)
    ti = SimpleNamespace(
        region_id=region, region_index=index, map_index=place.map_index, task=SimpleNamespace(task_group=group)
    )

    assert round_of(ti) == place.loop_round
    assert region_query(round_of(ti), ti.map_index) == f"region_id={region}&region_index={index}"


@pytest.mark.skipif(HAS_LOOPS, reason="this Airflow has loops")
@pytest.mark.parametrize("path", ["artifacts/nightly/{run}/look", "flashboards/nightly/{run}/look"])
def test_a_round_before_there_were_loops(op: Any, read_by_airflow: Any, path: str) -> None:
    """There is none, so nothing is found; without a round, everything is as it was."""
    made(op)
    run = ran(op, read_by_airflow)
    has_artifact("nightly", run, "look", b"<main></main>", "html")
    address = f"/{path.format(run=run)}"

    assert op.get(address).status_code == 200
    assert op.get(address, params={"loop_round": f"{LOOP.hex}.0"}).status_code == 404
    assert op.get("/api/v1/automations/nightly/artifacts").json()["items"][0]["round"] is None


@pytest.mark.skipif(not HAS_LOOPS, reason="loops are new in Airflow 3.4")
def test_results_of_two_rounds(op: Any, read_by_airflow: Any) -> None:
    """Each round has its own file, and the newest flashboard is that of the round that ended last."""
    from airflow.utils.session import create_session

    from tests.airflow_names import store_result

    made(op)
    run = ran(op, read_by_airflow)
    region = in_two_rounds("nightly", run, "look")
    for index in (0, 1):
        content = f"<main>round {index}</main>".encode()
        path = results.path_of("nightly", run, "look", -1, "html", loop_round=f"{region.hex}.{index}")
        results.write(path, content)
        facts = {"path": str(path), "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        facts |= {"title": "Board", "charts": 1, "broken": 0, "rows": {}}
        with create_session() as session:
            names = {"dag_id": "nightly", "task_id": "look", "run_id": run, "map_index": index, "region_id": region}
            store_result(session, facts, **names)

    items = op.get("/api/v1/automations/nightly/artifacts").json()["items"]

    rounds = [f"{region.hex}.{index}" for index in (0, 1)]
    assert [(item["mapIndex"], item["round"]) for item in items] == [(-1, name) for name in rounds]
    for index, name in enumerate(rounds):
        for kind in ("artifacts", "flashboards"):
            answer = op.get(f"/{kind}/nightly/{run}/look", params={"loop_round": name})
            assert (answer.status_code, f"round {index}" in answer.text) == (200, True)
    assert op.get(f"/artifacts/nightly/{run}/look").status_code == 404
    latest = op.get("/flashboards/nightly/look/latest")
    assert (latest.status_code, "round 1" in latest.text) == (200, True)
    shown = op.get("/ui/automations/nightly/results").text
    assert "round 0" in shown
    assert f"loop_round={rounds[1]}" in shown
