"""The argument parser of ``vai``: suggestions for what was mistyped, and examples in each help.

It imports only the standard library, so that ``vai --help`` is fast.
"""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from airflow_provider_vai.cli.command import USAGE, Command
from airflow_provider_vai.languages.short_text import similar_names

WIDTH = 78
EXIT_CODES = "Exit codes: 0 done, 1 refused (nothing was written), 2 wrong usage."


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors name what was probably meant."""

    def __init__(self, *, description: str, epilog: str = EXIT_CODES, **settings: Any) -> None:
        super().__init__(
            description=textwrap.fill(description, WIDTH),
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **settings,
        )

    def refuse_unknown(self, arguments: Sequence[str]) -> NoReturn:
        """Exit, because there are arguments that the command does not take.

        :param arguments: The arguments.
        """
        first = next((text for text in arguments if text.startswith("-")), arguments[0])
        if not first.startswith("-"):
            self.error(f"it takes no further argument: {first!r}")
        name = first.partition("=")[0]
        options = [flag for action in self._actions for flag in action.option_strings]
        self.error(f"there is no option {name!r}{did_you_mean(name, options)}")

    def error(self, message: str) -> NoReturn:
        """Exit with code 2, after the usage, the message, and where help is.

        :param message: What is wrong.
        """
        formatter = self._get_formatter()
        formatter.add_usage(None, self._get_positional_actions(), [])
        usage = re.sub(r"\s+", " ", formatter.format_help()).strip()
        head = f"usage: {self.prog}"
        topic = self.prog.partition(" ")[2]
        usage = f"{head} [OPTIONS]{usage.removeprefix(head)}"
        more = f"Run `{' '.join(filter(None, ['vai help', topic]))}` for more."
        self.exit(USAGE, f"{usage}\n{self.prog}: {message}\n{more}\n")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        known = [str(choice) for choice in action.choices]
        what = (action.metavar if isinstance(action.metavar, str) else None) or "value"
        hint = did_you_mean(str(value), known)
        listed = "" if hint and what == "COMMAND" else f" Choose from: {', '.join(known)}."
        named = f"there is no {what.lower()} {value!r}" if what.isalpha() else f"{value!r} is not possible"
        raise argparse.ArgumentError(None if what == "COMMAND" else action, f"{named}{hint or '.'}{listed}")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``. Did you mean 'lint'?`` for a mistyped word; empty: no known word is like it.

    :param word: The word.
    :param known: The words that could be meant.
    """
    found = similar_names(word, known)
    return f". Did you mean {found[0]!r}?" if found else ""


def parser(description: str, version: str, commands: Sequence[Command]) -> Parser:
    """Return the parser of ``vai``.

    :param description: What the program does.
    :param version: The version of this package.
    :param commands: The table of commands.
    """
    first = "vai help COMMAND shows the options and examples of a command."
    top = Parser(prog="vai", description=description, epilog=f"{first}\n{EXIT_CODES}")
    top.add_argument("--version", action="version", version=f"vai {version}")
    below = top.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    for command in commands:
        sub = below.add_parser(command.name, help=command.help, description=command.help, epilog=_epilog(command))
        for entry in command.options:
            sub.add_argument(*entry.flags, **entry.settings)
        sub.set_defaults(command=command, parser=sub)
    text = "Show the help of vai or of one command."
    helper = below.add_parser("help", help=text, description=text)
    helper.add_argument("topic", metavar="COMMAND", nargs="?", choices=[c.name for c in commands], help="the command")
    helper.set_defaults(command=None, parser=helper, top=top, below=below.choices)
    return top


def show_help(parsed: argparse.Namespace) -> int:
    """Print the help that ``vai help`` asks for, and return the exit code.

    :param parsed: The parsed arguments.
    """
    (parsed.below[parsed.topic] if parsed.topic else parsed.top).print_help(sys.stdout)
    return 0


def _epilog(command: Command) -> str:
    if not command.examples:
        return EXIT_CODES
    widest = max(len(line) for line, _ in command.examples)
    wide = [f"  $ {line:<{widest}}   # {meaning}" for line, meaning in command.examples]
    if max(map(len, wide)) > WIDTH:
        wide = [text for line, meaning in command.examples for text in (f"  # {meaning}", f"  $ {line}")]
    return "\n".join(["examples:", *wide, "", EXIT_CODES])
