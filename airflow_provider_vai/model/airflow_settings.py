"""Reads Airflow's settings without importing Airflow."""

from __future__ import annotations

import configparser
import os
import sys
from pathlib import Path
from typing import Any


def airflow_home() -> Path:
    """Return ``$AIRFLOW_HOME`` (default: ``~/airflow``), as Airflow finds it."""
    return Path(_expanded(os.environ.get("AIRFLOW_HOME") or "~/airflow"))


def airflow_cfg() -> Path:
    """Return the path of Airflow's configuration file, ``airflow.cfg``, which need not exist."""
    return Path(_expanded(os.environ.get("AIRFLOW_CONFIG") or str(airflow_home() / "airflow.cfg")))


def loaded() -> Any:
    """Return Airflow's configuration if this process has loaded it, so that parsing a DAG file reads no other file."""
    modules = (sys.modules.get(name) for name in ("airflow.sdk.configuration", "airflow.configuration"))
    return next((found for module in modules if (found := getattr(module, "conf", None)) is not None), None)


def setting(section: str, option: str, conf: Any) -> str | None:
    """Return an option of Airflow from the environment or its configuration; ``None``: it is not set, or empty.

    :param section: The section of the option, such as ``core``.
    :param option: The name of the option.
    :param conf: Airflow's configuration if this process has loaded it, see :func:`loaded`; ``None``: ``airflow.cfg`` is
        read.
    """
    if given := os.environ.get(f"AIRFLOW__{section}__{option}".upper()):
        return given
    if conf is not None:
        return conf.get(section, option, fallback=None) or None
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read(airflow_cfg(), encoding="utf-8")
        return parser.get(section, option, fallback=None) or None
    except (configparser.Error, UnicodeDecodeError, OSError):
        return None  # Airflow itself reports a file that it cannot read


def _expanded(path: str) -> str:
    return os.path.expandvars(os.path.expanduser(path))
