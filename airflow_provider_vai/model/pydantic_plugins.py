"""Keeps Pydantic from looking for plugins in the process of a command.

Plugins watch validation, for tracing. To find them, Pydantic reads the metadata of every installed distribution when it
builds its first model. That is a twentieth of the time of a short command, and nobody traces the models of one. Other
processes that the command starts may run code of the user, so they do not inherit the setting.
"""

from __future__ import annotations

import os

VARIABLE = "PYDANTIC_DISABLE_PLUGINS"
_set_here: dict[str, str] = {}


def disable_plugins() -> None:
    """Disable the plugins in this process, unless the user has set the variable. Call it before any model is used."""
    if VARIABLE not in os.environ:
        _set_here[VARIABLE] = os.environ[VARIABLE] = "__all__"


def inherited_environment() -> dict[str, str]:
    """Return the environment variables for another process: those with which this one was started."""
    return {name: value for name, value in os.environ.items() if name not in _set_here}
