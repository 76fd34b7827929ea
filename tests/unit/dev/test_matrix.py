"""`dev/test --matrix` chooses cells, and reports what their tests came to."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.paths import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

sys.path.insert(0, str(ROOT / "dev"))
import airflows
import environment
import matrix

REPORT = """<testsuites><testsuite>
<testcase classname="tests.unit.a" name="one"/>
<testcase classname="tests.unit.a" name="two"><failure message="no"/></testcase>
<testcase classname="tests.unit.a" name="three"><error message="no"/><failure message="no"/></testcase>
<testcase classname="tests.unit.a" name="four"><skipped/></testcase>
</testsuite></testsuites>"""
GOOD = matrix.Outcome(matrix.Cell(airflows.NEWEST, "3.11"), passed=3)
BAD = matrix.Outcome(matrix.Cell(airflows.NEWEST, "3.12"), passed=3, failed=1, remark="a::two")
ABSENT = matrix.Outcome(matrix.Cell(airflows.NEWEST, "3.13"), remark="not available: no Python 3.13 on this machine")
EARLY = matrix.Outcome(matrix.Cell(airflows.NEXT, "3.11"), failed=1, remark="a::two")


def names(*given: str) -> list[str]:
    """Return the names of the cells that these arguments choose."""
    return [cell.name for cell in matrix.chosen(given)]


def test_cells() -> None:
    """Without a name, each Airflow runs once and each Python once; an Airflow without a Python runs on all of them."""
    assert names() == ["3.1-3.11", "3.2-3.11", "3.3-3.11", "3.4-3.11", "3.3-3.10", "3.3-3.12", "3.3-3.13"]
    assert names("3.2") == ["3.2-3.10", "3.2-3.11", "3.2-3.12", "3.2-3.13"]
    assert names("3.4-3.12", "3.1-3.10") == ["3.4-3.12", "3.1-3.10"]


@pytest.mark.parametrize("name", ["3.0", "3.2-3.9", "newest", "3.2-"])
def test_a_cell_that_is_not_there(name: str) -> None:
    """The message names the value, and what there is."""
    with pytest.raises(SystemExit, match=rf"no cell '{name}' .*Airflow 3\.1, 3\.2.*Python 3\.10"):
        names(name)


def test_the_tests_of_a_cell_are_there() -> None:
    """Every named file exists, and only the newest Airflow runs what needs none."""
    for row in airflows.MATRIX.values():
        tests = matrix.Cell(row, "3.11").tests()
        assert all((ROOT / test).exists() for test in tests)
        assert ("tests/unit/languages" in tests) == (row is airflows.NEWEST)
        assert "tests/unit/operators" in tests


def test_a_report_is_counted(tmp_path: Path) -> None:
    """A test with an error and a failure counts once, and failed tests are named."""
    report = tmp_path / "report.xml"
    report.write_text(REPORT)

    outcome = matrix.counted(GOOD.cell, report)

    assert (outcome.passed, outcome.failed, outcome.skipped) == (1, 2, 1)
    assert outcome.remark == "a::two, a::three"


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ({"3.3-3.11": GOOD}, 0),
        ({"3.3-3.11": GOOD, "3.3-3.12": BAD}, 1),
        ({"3.3-3.11": GOOD, "3.4-3.11": EARLY}, 0),
        ({"3.3-3.11": GOOD, "3.3-3.13": ABSENT}, 1),
        ({"3.3-3.13": ABSENT}, 1),
    ],
)
def test_the_exit_code(outcomes: dict[str, matrix.Outcome], code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure counts unless its Airflow is a pre-release; a cell that was named must be there."""
    monkeypatch.setattr(matrix, "run", lambda cell, arguments: outcomes[cell.name])

    assert matrix.main(list(outcomes)) == code


def test_absent_pythons_are_reported_only(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A run of the whole matrix says which Python is missing, and does not fail for it."""
    monkeypatch.setattr(matrix, "run", lambda cell, _: ABSENT if cell.python == "3.13" else GOOD)

    assert matrix.main([]) == 0
    assert "not available: no Python 3.13 on this machine" in capsys.readouterr().out


def test_the_table() -> None:
    """A pre-release's failures are marked as allowed."""
    shown = matrix.table([GOOD, EARLY, ABSENT]).splitlines()

    assert shown[1].split() == ["3.3.2", "3.11", "3", "0", "0"]
    assert shown[2].endswith("allowed to fail; a::two")
    assert shown[3].split()[2:5] == ["-", "-", "-"]


def test_a_missing_python() -> None:
    """A Python that is not there is not an error of its own."""
    assert environment.interpreter("3.1") is None


def test_the_data_agree() -> None:
    """The lowest row is the lower bound of the extra `airflow`, and `all` has no extra that it cannot have."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    floor = next(line for line in extras["airflow"] if line.startswith("apache-airflow>=")).partition(">=")[2]
    everything = set(extras["all"][0].partition("[")[2].rstrip("]").split(","))

    assert airflows.LOWEST.version == f"{floor}.0"
    assert everything == set(extras) - {"all", *airflows.AGENTS}
    assert f"apache-airflow=={airflows.NEWEST.version}\n" in (ROOT / "dev/constraints.txt").read_text("utf-8")
    assert {version.rpartition(".")[0] for version, _ in airflows.RELEASES} == {"3.1", "3.2", "3.3"}
