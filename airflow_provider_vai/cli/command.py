"""The definition of a command: its name, its arguments, and the function that runs it.

This module imports only the standard library, because ``airflow`` imports the table of commands whenever it runs.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from airflow_provider_vai.cli.examples import EXAMPLES

DONE, REFUSED, USAGE = 0, 1, 2


@dataclass(frozen=True)
class Option:
    """One argument of a command.

    :param flags: The positional arguments for :meth:`argparse.ArgumentParser.add_argument`.
    :param settings: Its keyword arguments.
    """

    flags: tuple[str, ...]
    settings: dict[str, Any]


@dataclass(frozen=True)
class Command:
    """One command.

    :param name: The name of the command, and of the function that runs it.
    :param module: The module in :mod:`cli.commands` that contains the function.
    :param help: The help text.
    :param options: The arguments of the command.
    """

    name: str
    module: str
    help: str
    options: tuple[Option, ...]

    @property
    def examples(self) -> tuple[tuple[str, str], ...]:
        """Example command lines, each with what it does."""
        return EXAMPLES.get(self.name, ())

    def run(self, arguments: argparse.Namespace) -> int:
        """Run the command and return the exit code; a :class:`VaiError` is printed, not raised."""
        from airflow_provider_vai.cli.terminal import complain, set_modes
        from airflow_provider_vai.exceptions import VaiError

        function: Callable[[argparse.Namespace], int | None] = getattr(
            import_module(f"airflow_provider_vai.cli.commands.{self.module}"), self.name
        )
        set_modes(quiet=getattr(arguments, "quiet", False), wide=getattr(arguments, "wide", False))
        try:
            code = function(arguments)
            sys.stdout.flush()
        except VaiError as error:
            from airflow_provider_vai.secrets.masking import mask

            complain(mask(str(error)))
            return REFUSED
        except BrokenPipeError:  # the reader stopped reading, as in `vai inspect … | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except KeyboardInterrupt:
            complain("stopped; nothing was written")
            return 130
        else:
            return code or DONE
        return DONE


def option(*flags: str, **settings: Any) -> Option:
    """Return an argument; the parameters are those of :meth:`argparse.ArgumentParser.add_argument`."""
    return Option(flags, settings)
