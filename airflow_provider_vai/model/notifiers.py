"""The allow-list of notifiers: the classes that an automation's ``notifications`` may name.

A DAG file imports its notifiers and calls them when Airflow parses it, so a spec must not name any callable. Names are
compared with the list; nothing is imported. Specs, edits, ``vai lint``, the HTTP API and the renderer all ask
:func:`notifier_problem`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from fnmatch import fnmatchcase

from airflow_provider_vai.languages.printable import shown

OPTION = "AIRFLOW__VAI__NOTIFIERS"
"""The environment variable of Airflow's option ``[vai] notifiers``."""

DEFAULT = "airflow.providers.*.notifications.*Notifier"
"""The notifiers of Airflow's own providers: they are in packages called ``notifications``, and so named."""

REMEDY = (
    "Use a notifier of an Airflow provider, such as airflow.providers.smtp.notifications.smtp.SmtpNotifier; or have "
    f"whoever runs Airflow add the class to the option [vai] notifiers ({OPTION} for `vai`)."
)

_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", re.ASCII)
_ABSTRACT = "BaseNotifier"


def _from_environment() -> str:
    return os.environ.get(OPTION, "")


_setting: Callable[[], str] = _from_environment


def read_setting(setting: Callable[[], str]) -> None:
    """Set where the allow-list is read from in this process. Default: the environment variable :data:`OPTION`.

    :param setting: Returns the value of ``[vai] notifiers``. Code that runs inside Airflow hands in Airflow's own
        configuration, which knows ``airflow.cfg`` as well.
    """
    global _setting  # noqa: PLW0603
    _setting = setting


def allowed() -> list[str]:
    """Return the allow-list: dotted class names, in which ``*`` stands for any characters."""
    return (_setting() or DEFAULT).replace(",", " ").split()


def notifier_problem(name: str) -> str | None:
    """Return why an automation must not use a notifier; ``None`` if it may.

    :param name: The dotted name of a class.
    """
    listed = allowed()
    is_name = _NAME.fullmatch(name) and name.rpartition(".")[2] != _ABSTRACT
    if is_name and any(fnmatchcase(name, pattern) for pattern in listed):
        return None
    return f"{shown(name)} is not an allowed notifier: the list has {', '.join(listed)}"
