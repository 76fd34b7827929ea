"""The command line: one definition of the commands, for ``vai …`` and for ``airflow vai …``.

This module imports nothing but the standard library: ``airflow`` imports it at every call, and ``vai --help`` answers
at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from airflow_provider_vai import __version__

DONE, REFUSED, USAGE = 0, 1, 2
EPILOG = "Exit codes: 0 done, 1 refused (nothing was written), 2 wrong usage."
DESCRIPTION = "Crystallize recorded AI-agent runs into static, reviewed Airflow DAG files."


@dataclass(frozen=True)
class Option:
    """One argument of a command, in :mod:`argparse`'s words."""

    flags: tuple[str, ...]
    settings: dict[str, Any]


@dataclass(frozen=True)
class Command:
    """One command: its name, help, arguments, and the function in :mod:`airflow_provider_vai.commands` that runs it."""

    name: str
    help: str
    options: tuple[Option, ...]

    def run(self, arguments: argparse.Namespace) -> int:
        """Run the command and return the exit code; errors are printed, never raised."""
        from airflow_provider_vai.exceptions import VaiError
        from airflow_provider_vai.terminal import complain

        function: Callable[[argparse.Namespace], int | None] = getattr(
            import_module("airflow_provider_vai.commands"), self.name
        )
        try:
            code = function(arguments)
            sys.stdout.flush()
        except VaiError as error:
            complain(str(error))
            return REFUSED
        except BrokenPipeError:  # the reader has seen enough, as in `vai inspect … | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except KeyboardInterrupt:
            complain("stopped; nothing was written")
            return 130
        else:
            return code or DONE
        return DONE


def option(*flags: str, **settings: Any) -> Option:
    """Return an argument as :meth:`argparse.ArgumentParser.add_argument` takes it."""
    return Option(flags, settings)


TRACES = option(
    "trace",
    metavar="TRACE",
    nargs="+",
    help="the file that the agent framework wrote (archive.zip!member for one in an archive); several files are taken "
    "for exports of one run and merged",
)
JSON = option("--json", action="store_true", help="print JSON for machines instead of a table")
FORMAT = option("--format", metavar="NAME", help="the trace's format; by default it is found by looking (vai formats)")
FORCE = option(
    "--force", action="store_true", help="overwrite a DAG file that was edited by hand or belongs to another run"
)
RUN = option(
    "--run", metavar="ID", help="the run to take, if the trace holds several (an unambiguous beginning will do)"
)

COMMANDS = (
    Command(
        "inspect",
        "Show what happened in a recorded run: each call, its outcome and approval.",
        (
            TRACES,
            RUN,
            option("--all", action="store_true", help="take every run in the trace"),
            FORMAT,
            JSON,
        ),
    ),
    Command(
        "crystallize",
        "Turn a recorded run into a DAG file and its sidecar.",
        (
            TRACES,
            option("--out", metavar="DIR", required=True, help="the folder for <dag_id>.py and <dag_id>.vai.json"),
            option("--dag-id", metavar="ID", help="the DAG's id; by default derived from the run's title"),
            RUN,
            option("--all", action="store_true", help="crystallize every run in the trace, each into its own DAG"),
            FORMAT,
            option(
                "--tools", metavar="FILE", help="maps tools to action kinds; by default vai-tools.toml beside the trace"
            ),
            option(
                "--gates",
                choices=("auto", "recorded"),
                default="auto",
                help="auto: guard recorded approvals and writes of unknown approval; recorded: only the first",
            ),
            option("--freeze-all", action="store_true", help="freeze every argument, wire none to an earlier step"),
            option("--parallel", action="store_true", help="let steps that cannot disturb each other run side by side"),
            option(
                "--turns",
                metavar="N,N-N",
                help="take the calls of these turns only (numbers as vai inspect shows them)",
            ),
            option("--calls", metavar="N,N-N,ID", help="take these calls only, by number or id"),
            option("--exclude", metavar="GLOB,N,ID", help="leave these calls out, by tool name, number or id"),
            option(
                "--schedule", metavar="CRON", help="a cron expression or preset (@daily); by default started by hand"
            ),
            option("--allow-unsuccessful", action="store_true", help="take a run that failed"),
            option("--allow-unmapped", action="store_true", help="render unmapped tools as tasks that fail when run"),
            FORCE,
            JSON,
        ),
    ),
    Command(
        "render",
        "Render the DAG file again from its sidecar, after the sidecar's spec was edited.",
        (option("sidecar", metavar="SIDECAR", help="<dag_id>.vai.json"), FORCE, JSON),
    ),
    Command(
        "verify",
        "Say whether a DAG is still what was rendered and reviewed: its file, its spec, the functions that it calls.",
        (option("dag", metavar="DAG", help="the DAG file or its sidecar"), JSON),
    ),
    Command(
        "approvals",
        "List what people decided at an automation's approval gates, newest first.",
        (
            option("dag", metavar="DAG", help="the DAG's id"),
            option(
                "--artifacts",
                metavar="PATH",
                help="Airflow's [vai] artifacts_path, a folder or URL; by default $AIRFLOW__VAI__ARTIFACTS_PATH, else "
                "$AIRFLOW_HOME/vai/artifacts",
            ),
            option("--gate", metavar="TASK", help="the decisions of this gate only"),
            JSON,
        ),
    ),
    Command(
        "pull",
        "Write the trace of one run of a live source into a file, for vai inspect and vai crystallize.",
        (
            option(
                "source",
                metavar="SOURCE",
                choices=("vai", "mlflow", "phoenix", "langfuse", "langsmith"),
                help="vai (the platform), mlflow, phoenix, langfuse or langsmith",
            ),
            option("id", metavar="ID", nargs="?", help="the run's id, at vai the agent run's or chat thread's"),
            option("--list", action="store_true", help="show the newest runs instead"),
            option("--url", metavar="URL", help="the source's address; its token is read from the environment"),
            option(
                "--conn-id",
                metavar="ID",
                help="an Airflow connection in the environment (AIRFLOW_CONN_<ID>) with address and token",
            ),
            option("--out", metavar="FILE", help="the file to write; by default <source>-<id>.json in this folder"),
            option("--force", action="store_true", help="overwrite the file"),
            JSON,
        ),
    ),
    Command(
        "schema",
        "Print the JSON Schema of a run, an automation or a sidecar.",
        (option("model", choices=("run", "automation", "sidecar"), help="what the schema is of"),),
    ),
    Command("kinds", "List the action kinds that a tool can be mapped to.", (JSON,)),
    Command("formats", "List the trace formats that can be read, and what each can tell of a call.", (JSON,)),
)


def parser() -> argparse.ArgumentParser:
    """Return the parser of ``vai``."""
    top = argparse.ArgumentParser(prog="vai", description=DESCRIPTION, epilog=EPILOG)
    top.add_argument("--version", action="version", version=f"vai {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        sub = commands.add_parser(command.name, help=command.help, description=command.help, epilog=EPILOG)
        for entry in command.options:
            sub.add_argument(*entry.flags, **entry.settings)
        sub.set_defaults(command=command)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``vai``.

    :param arguments: the command line without the program's name; ``None`` takes the process's.
    :return: the exit code.
    """
    parsed = parser().parse_args(arguments)
    command: Command = parsed.command
    return command.run(parsed)


if __name__ == "__main__":
    sys.exit(main())
