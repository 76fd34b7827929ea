"""The Airflow releases that the project is tested with, as data. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass

PYTHONS = ("3.10", "3.11", "3.12", "3.13")
"""The Pythons that the project supports."""

USUAL = "3.11"
"""The Python of each Airflow in a local run of the matrix."""

AGENTS = ("agent", "mcp")
"""Extras that need a provider younger than the oldest supported Airflow. Therefore ``all`` does not contain them."""


@dataclass(frozen=True)
class Airflow:
    """One Airflow release, and what is installed with it.

    :param name: the name in the matrix: ``3.1``.
    :param version: the release.
    :param day: the last day of the releases of other packages, ``2025-09-27``. Airflow's constraint files are not on a
        package index; a day or two after the release, the index has what those files name. ``None``: no limit.
    :param options: further options of ``uv pip install``.
    :param extras: the extras that can be installed beside it.
    :param is_optional: whether failures are reported and allowed.
    """

    name: str
    version: str
    day: str | None
    options: tuple[str, ...] = ()
    extras: tuple[str, ...] = ("all",)
    is_optional: bool = False

    @property
    def packages(self) -> list[str]:
        """The arguments of ``uv pip install`` that choose this release and what suits it."""
        limit = ["--exclude-newer", self.day] if self.day else []
        return [*limit, *self.options, f"apache-airflow=={self.version}"]


LOWEST = Airflow("3.1", "3.1.0", "2025-09-27", ("--resolution", "lowest-direct"))
"""The oldest supported Airflow, with each dependency that we name at its lower bound."""

NEWEST = Airflow("3.3", "3.3.2", None, ("-c", "dev/constraints.txt"), ("all", *AGENTS))
"""What developers have."""

NEXT = Airflow("3.4", "3.4.0b2", None, ("--prerelease", "allow"), ("all", *AGENTS), is_optional=True)
"""The newest pre-release."""

MATRIX = {row.name: row for row in (LOWEST, Airflow("3.2", "3.2.2", "2026-05-31"), NEWEST, NEXT)}
"""The rows of the matrix."""

RELEASES = (
    ("3.1.0", "2025-09-27"),
    ("3.1.8", "2026-03-13"),
    ("3.2.0", "2026-04-09"),
    ("3.2.2", "2026-05-31"),
    ("3.3.0", "2026-07-08"),
    ("3.3.1", "2026-08-14"),
    ("3.3.2", "2026-09-19"),
)
"""Supported releases and the last day of the packages beside them, for ``dev/package --resolve``."""
