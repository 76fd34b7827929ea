"""The programs of the benchmark of derived values are the same each time, and their truth is true."""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from airflow_provider_vai.languages.text_forms import parse
from airflow_provider_vai.traces.formats import read
from tests.paths import ROOT

sys.path.insert(0, str(ROOT / "dev"))

from bench_derive import altered, generate
from bench_derive.building import Program, places, value_at
from bench_derive.data import VERSIONS
from bench_derive.domains import DOMAINS
from bench_derive.forms import FORMS
from bench_derive.more_tasks import COINCIDENCE, NEGATIVE, POSITIVE
from bench_derive.wordings import WORDINGS
from bench_derive.written import amount, rounded, signed

ROWS: list[dict[str, Any]] = [
    {"id": "A1", "site": "Mill Lane", "kwh": 12.5},
    {"id": "B2", "site": "East Pier", "kwh": 3},
]


@pytest.fixture(scope="module")
def programs() -> list[Program]:
    """A whole set."""
    return list(generate.programs(1))


def leaves(programs: list[Program], class_: str) -> list[tuple[Program, list[Any]]]:
    """Return the values of the leaves of a class, by version, each with its program."""
    return [
        (program, [value_at(arguments, leaf.at) for arguments in program.calls[leaf.call].arguments])
        for program in programs
        for leaf in program.leaves
        if leaf.class_ == class_
    ]


def test_a_set_is_the_same_each_time(tmp_path: Path, programs: list[Program]) -> None:
    """And another set has other programs."""
    first, again = generate.write(tmp_path / "a", 1, 3), generate.write(tmp_path / "b", 1, 3)

    assert [folder.name for folder in first] == ["s1p000", "s1p001", "s1p002"]
    for one, other in zip(first, again, strict=True):
        for name in ("run.json", "truth.json", "answers.json"):
            assert (one / name).read_bytes() == (other / name).read_bytes()
    assert next(generate.programs(2)).run() != programs[0].run()


def test_every_task_domain_form_and_language_occurs(programs: list[Program]) -> None:
    """Three of four programs are English, and enough coincidences are planted."""
    classes = Counter(leaf.class_ for program in programs for leaf in program.leaves)

    assert {program.domain.one for program in programs} == {domain.one for domain in DOMAINS}
    assert {program.form for program in programs} == set(FORMS)
    assert Counter(program.language for program in programs) == {"en": 60, "de": 10, "fr": 10}
    assert classes[COINCIDENCE] >= 190
    assert len(classes) >= 30
    assert set(WORDINGS) == {*POSITIVE, *NEGATIVE}
    assert all(WORDINGS[task].keys() == {"en", "de", "fr"} for task in WORDINGS)


def test_the_product_reads_a_program(tmp_path: Path) -> None:
    """A run is an OpenAI chat file with all its calls and answers."""
    (folder,) = generate.write(tmp_path, 1, 1)
    truth, answers = (json.loads((folder / name).read_text()) for name in ("truth.json", "answers.json"))

    (found,) = read(folder / "run.json", format="openai_chat")[1]

    assert [call.tool for call in found.calls] == [call["tool"] for call in truth["calls"]]
    assert [call.arguments for call in found.calls] == [call["arguments"] for call in truth["calls"]]
    assert len(answers) == VERSIONS
    assert all(len(version) == len(truth["calls"]) for version in answers)


def test_totals_and_picks_are_right_in_each_version(programs: list[Program]) -> None:
    """Worked out again from the rows."""
    for program, values in leaves(programs, "total"):
        columns = [[row[program.domain.amount[0]] for row in data.rows] for data in program.versions]
        assert values == pytest.approx([sum(column) for column in columns])
    for program, values in leaves(programs, "record by a criterion (write)"):
        for value, data in zip(values, program.versions, strict=True):
            latest = max(row[program.domain.date] for row in data.rows)
            assert [row[program.domain.key[0]] for row in data.rows if row[program.domain.date] == latest] == [value]


def test_constants_are_the_same_in_each_version(programs: list[Program]) -> None:
    """A coincidence equals a figure of the recorded data only."""
    for class_ in ("constant", COINCIDENCE, "said by the user", "free prose", "constant date"):
        for _, values in leaves(programs, class_):
            assert all(value == values[0] for value in values)


def test_what_should_follow_does_change(programs: list[Program]) -> None:
    """A class whose right values hardly change would measure nothing."""
    for class_ in ("total", "list: projection", "record that the user named", "sentence with slots"):
        for _, values in leaves(programs, class_):
            assert any(value != values[0] for value in values[1:])


def test_traps(programs: list[Program]) -> None:
    """A tie, sorted rows, a round largest value: in the recorded data only."""
    traits = Counter(trait for program in programs for trait in program.traits)

    assert min(traits[name] for name in ("tie", "sorted", "round", "named is largest")) >= 4
    for program in programs:
        amounts = [row[program.domain.amount[0]] for row in program.versions[0].rows]
        if "tie" in program.traits:
            assert amounts.count(max(amounts)) == 2
        if "sorted" in program.traits:
            assert amounts == sorted(amounts, reverse=True)
        if "round" in program.traits:
            assert max(amounts) % 10 == 0


@pytest.mark.parametrize("form", FORMS)
def test_each_form_holds_the_rows(form: str) -> None:
    """Text forms are those that the product knows by name."""
    made = FORMS[form](ROWS, "id")
    text = [{name: str(value) for name, value in row.items()} for row in ROWS]
    found = {
        "JSON rows": lambda: made["rows"] == ROWS,
        "page": lambda: made["data"]["items"] == ROWS and made["row_count"] == 2,
        "list": lambda: made == ROWS,
        "YAML": lambda: yaml.safe_load(made) == ROWS,
        "Markdown table": lambda: parse(made, "table") == text,
        "records": lambda: parse(made, "records") == text,
        "object of objects": lambda: made == {"A1": ROWS[0], "B2": ROWS[1]},
    }

    assert found[form]()


def test_numbers_in_texts() -> None:
    """Rounded half up, with the separators of the style."""
    assert [amount(1234.5, style) for style in ("1,234", "1234.5", "1,234.50", "1.234,50", "1234")] == [
        *("1,235", "1234.5", "1,234.50", "1.234,50", "1235")
    ]
    assert (rounded(2.675, 2), rounded(0.5, 0)) == (2.68, 1)
    assert (signed(8.6), signed(-8.4)) == ("+9%", "-8%")


def test_places_stop_at_lists_that_are_made_as_a_whole() -> None:
    """Else each item would count for itself."""
    value = {"a": [1, {"b": 2}], "ids": [1, 2]}

    assert list(places(value, (), {("ids",)})) == [("a", 0), ("a", 1, "b"), ("ids",)]


def test_another_row_takes_the_place_of_a_pick(programs: list[Program]) -> None:
    """In its call, its answer and the calls that follow; the list is the same."""
    program, number = next(
        (program, number)
        for program in programs
        for number, leaf in enumerate(program.leaves)
        if leaf.class_ == "record by a criterion (read)"
    )
    leaf, key = program.leaves[number], program.domain.key[0]

    other = altered.with_other_row(program, number, random.Random(0))

    before, after = (value_at(one.calls[leaf.call].arguments[0], leaf.at) for one in (program, other))
    assert before != after
    assert after in [row[key] for row in program.versions[0].rows]
    assert other.calls[leaf.call].answers[0][key] == after
    assert [call.answers[0] for call in other.calls[: leaf.call]] == [
        call.answers[0] for call in program.calls[: leaf.call]
    ]
    assert program.calls[leaf.call].arguments[0][key] == before


def test_permuted_answers_have_the_same_records(programs: list[Program]) -> None:
    """In another order."""
    program = next(one for one in programs if one.form == "list" and len(one.calls[0].answers[0]) > 5)
    tool = f"{program.domain.verb}_{program.domain.many}"
    number = next(number for number, call in enumerate(program.calls) if call.tool == tool)

    found = altered.permuted(program, random.Random(0))

    recorded = program.calls[number].answers[0]
    assert found[number] != recorded
    assert sorted(map(str, found[number])) == sorted(map(str, recorded))
