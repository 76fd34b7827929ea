"""``vai completion``: prints what a shell needs to complete the commands and options of ``vai``."""

from __future__ import annotations

from argparse import Namespace

from argcomplete.shell_integration import shellcode

from airflow_provider_vai.cli.terminal import say


def completion(arguments: Namespace) -> None:
    """Print the lines for a shell's start-up file."""
    say(shellcode(["vai"], shell=arguments.shell).strip())
