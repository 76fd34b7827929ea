"""The command line: one definition of the commands, for ``vai …`` and for ``airflow vai …``.

This module imports nothing but the standard library: ``airflow`` imports it at every call, and ``vai --help`` answers
at once.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from airflow_provider_vai import __version__
from airflow_provider_vai.cli.command import Command
from airflow_provider_vai.cli.table import COMMANDS

EPILOG = "Exit codes: 0 done, 1 refused (nothing was written), 2 wrong usage."
DESCRIPTION = "Crystallize recorded AI-agent runs into static, reviewed Airflow DAG files."


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
