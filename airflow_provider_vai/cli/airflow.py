"""Registers the commands of :mod:`airflow_provider_vai.cli.main` with Airflow's command line, as ``airflow vai …``.

Airflow imports this module whenever ``airflow`` runs, because the provider info names it under the key ``cli``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from airflow.cli.cli_config import ActionCommand, Arg, GroupCommand
from airflow.configuration import conf

from airflow_provider_vai.cli.command import Command
from airflow_provider_vai.cli.main import DESCRIPTION, EPILOG
from airflow_provider_vai.cli.table import COMMANDS
from airflow_provider_vai.model import notifiers


def get_vai_cli_commands() -> list[GroupCommand]:
    """Return the command group ``vai`` for Airflow's command line."""
    commands = [
        ActionCommand(
            name=command.name,
            help=command.help,
            func=_function(command),
            args=tuple(Arg(entry.flags, **entry.settings) for entry in command.options),
            epilog=EPILOG,
        )
        for command in COMMANDS
    ]
    return [GroupCommand(name="vai", help=DESCRIPTION, subcommands=tuple(commands))]


def _function(command: Command) -> Callable[[argparse.Namespace], None]:
    def run(arguments: argparse.Namespace) -> None:
        notifiers.read_setting(lambda: str(conf.get("vai", "notifiers", fallback="")))
        sys.exit(command.run(arguments))

    return run
