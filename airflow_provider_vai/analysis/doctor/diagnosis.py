"""What the doctor finds: one diagnosis for each thing that was checked, good or bad."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["ok", "note", "warning", "error"]

CODES = {
    "DOC101": "The version of Python.",
    "DOC102": "The version of this package.",
    "DOC103": "The version of Airflow.",
    "DOC104": "A newer version of this package wrote an automation.",
    "DOC201": "Where Airflow's home is.",
    "DOC202": "The folder `[core] dags_folder`.",
    "DOC203": "The folder `[vai] automations_path`.",
    "DOC204": "The folder `[vai] artifacts_path`.",
    "DOC205": "The folder `[vai] runs_path`.",
    "DOC206": "Whether Airflow reads DAG files in the folder of the automations.",
    "DOC207": "The option `[api] base_url`: the address of webhooks and of links in messages.",
    "DOC301": "Whether the libraries of an extra are installed.",
    "DOC401": "Whether a connection that an automation needs exists.",
    "DOC501": "Whether a function or class that an automation names can be imported.",
    "DOC601": "Whether Airflow can be asked.",
    "DOC602": "Whether Airflow knows this provider.",
    "DOC603": "Whether Airflow loads the plugin of this provider.",
    "DOC604": "Whether Airflow's database can be reached and is migrated.",
    "DOC605": "Whether Airflow reads the DAG file of an automation without an error.",
    "DOC701": "Whether the file of an automation can be read.",
}
"""Code -> what it is about. Codes are stable: a new check gets a new code."""


@dataclass(frozen=True)
class Diagnosis:
    """The outcome of one check.

    :param code: The code of the check, such as ``DOC103``; see :data:`CODES`.
    :param level: ``ok``; ``note``: nothing to do unless you want it; ``warning``: something may not work; ``error``:
        something does not work.
    :param subject: What was checked, such as ``connection warehouse``.
    :param message: What was found.
    :param remedy: What to do about it; empty if there is nothing to do.
    """

    code: str
    level: Severity
    subject: str
    message: str
    remedy: str = ""


def is_healthy(found: Iterable[Diagnosis]) -> bool:
    """Return whether no diagnosis is an error.

    :param found: The diagnoses.
    """
    return not any(one.level == "error" for one in found)
