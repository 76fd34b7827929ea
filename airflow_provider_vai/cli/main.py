"""The command ``vai``. Its commands are defined in :mod:`.table`, which ``airflow vai …`` uses as well.

This module imports only the standard library, because ``airflow`` imports it whenever it runs, and so that ``vai
--help`` is fast.
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
    """Return the argument parser of ``vai``."""
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

    :param arguments: The command-line arguments without the program's name; ``None``: those of this process.
    :return: The exit code.
    """
    parsed = parser().parse_args(arguments)
    command: Command = parsed.command
    return command.run(parsed)


if __name__ == "__main__":
    sys.exit(main())
