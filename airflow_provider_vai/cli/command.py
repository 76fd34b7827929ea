"""What a command of the command line is: its name, its arguments, and the function that runs it.

Nothing but the standard library is imported here: ``airflow`` imports the table of commands at every call.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

DONE, REFUSED, USAGE = 0, 1, 2


@dataclass(frozen=True)
class Option:
    """One argument of a command, in :mod:`argparse`'s words."""

    flags: tuple[str, ...]
    settings: dict[str, Any]


@dataclass(frozen=True)
class Command:
    """One command: its name, help and arguments, and the module of :mod:`cli.commands` in which the
    function of that name runs it."""

    name: str
    module: str
    help: str
    options: tuple[Option, ...]

    def run(self, arguments: argparse.Namespace) -> int:
        """Run the command and return the exit code; errors are printed, never raised."""
        from airflow_provider_vai.cli.terminal import complain
        from airflow_provider_vai.exceptions import VaiError

        function: Callable[[argparse.Namespace], int | None] = getattr(
            import_module(f"airflow_provider_vai.cli.commands.{self.module}"), self.name
        )
        try:
            code = function(arguments)
            sys.stdout.flush()
        except VaiError as error:
            from airflow_provider_vai.secrets.masking import mask

            complain(mask(str(error)))
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
