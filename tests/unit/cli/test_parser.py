"""The help, its examples, and suggestions for what was mistyped."""

from __future__ import annotations

import shlex

import pytest

from airflow_provider_vai.cli.examples import EXAMPLES
from airflow_provider_vai.cli.main import main
from airflow_provider_vai.cli.parser import WIDTH, parser
from airflow_provider_vai.cli.table import COMMANDS

TOP = parser("About.", "0", COMMANDS)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the message about wrong usage."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("option", ["--dag-id", "--run"])
def test_an_empty_value_is_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A variable that is not set in a script does not choose the default in silence."""
    assert f"argument {option}: it is empty" in refused(capsys, "crystallize", "run.json", option, " ")


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("crystalize run.json", "crystallize"),
        ("LINT dags", "lint"),
        ("help activte", "activate"),
        ("crystallize run.json --dagid x", "--dag-id"),
        ("crystallize run.json --shedule=@daily", "--schedule"),
        ("crystallize run.json --gates atuo", "auto"),
        ("edit sales.py remvoe post", "remove"),
        ("pull langfus 1", "langfuse"),
        ("schema sidcar", "sidecar"),
    ],
)
def test_a_suggestion_is_made(line: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Commands, options and values that were mistyped are recognised."""
    assert f"Did you mean {meant!r}?" in refused(capsys, *shlex.split(line))


def test_without_a_similar_name_the_choices_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is suggested that has little to do with what was typed."""
    message = refused(capsys, "zzz")
    assert "Did you mean" not in message
    assert "inspect, crystallize" in message
    assert "it takes no further argument: 'x'" in refused(capsys, "kinds", "x")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_help_of_a_command_is_its_own(command, capsys: pytest.CaptureFixture[str]) -> None:
    """`vai help COMMAND` prints what `vai COMMAND --help` prints, with an example."""
    assert main(["help", command.name]) == 0
    text = capsys.readouterr().out
    with pytest.raises(SystemExit):
        main([command.name, "--help"])

    assert text == capsys.readouterr().out
    assert "examples:" in text
    assert f"$ {command.examples[0][0]}" in text


def test_help_without_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    """`vai help` lists the commands; so does `vai` alone, as wrong usage."""
    assert main(["help"]) == 0
    text = capsys.readouterr().out
    assert main([]) == 2

    assert text == capsys.readouterr().err
    assert [command.name for command in COMMANDS if command.name not in text] == []


def test_every_command_has_examples() -> None:
    """No example belongs to a command that does not exist."""
    assert set(EXAMPLES) == {command.name for command in COMMANDS}


@pytest.mark.parametrize("line", [line for lines in EXAMPLES.values() for line, _ in lines])
def test_examples_are_accepted(line: str) -> None:
    """Each example is a valid command line, and short."""
    assert len(line) < WIDTH
    words = shlex.split(line.replace('eval "$(', "").replace(')"', "").partition(" | ")[0])

    assert words[0] == "vai"
    TOP.parse_args(words[1:])
