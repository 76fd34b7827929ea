# PYTHON_ARGCOMPLETE_OK
"""The command ``vai``. Its commands are defined in :mod:`.table`, which ``airflow vai …`` uses as well.

This module imports only the standard library, because ``airflow`` imports it whenever it runs, and so that ``vai
--help`` is fast.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from airflow_provider_vai import __version__
from airflow_provider_vai.cli.command import USAGE
from airflow_provider_vai.cli.parser import EXIT_CODES, parser, show_help
from airflow_provider_vai.cli.table import COMMANDS
from airflow_provider_vai.model.pydantic_plugins import disable_plugins

EPILOG = EXIT_CODES
DESCRIPTION = "Crystallize recorded AI-agent runs into static, reviewed Airflow DAG files."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``vai``.

    :param arguments: The command-line arguments without the program's name; ``None``: those of this process.
    :return: The exit code.
    """
    if arguments is None:
        disable_plugins()
    given = sys.argv[1:] if arguments is None else list(arguments)
    named = [command for command in COMMANDS if given and command.name == given[0]]
    is_completing = "_ARGCOMPLETE" in os.environ  # the shell asks for completions, see `vai completion`
    top = parser(DESCRIPTION, __version__, COMMANDS if is_completing or not named else named)
    if is_completing:
        import argcomplete

        argcomplete.autocomplete(top)
    if not given:
        top.print_help(sys.stderr)
        return USAGE
    parsed, unknown = top.parse_known_args(given)
    if unknown:
        parsed.parser.refuse_unknown(unknown)
    return show_help(parsed) if parsed.command is None else int(parsed.command.run(parsed))


if __name__ == "__main__":
    sys.exit(main())
