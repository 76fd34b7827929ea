"""Reads Airflow's settings without importing Airflow."""

from __future__ import annotations

import configparser
import os
import sys
from pathlib import Path
from typing import Any

from airflow_provider_vai.exceptions import ConfigurationError


def airflow_home() -> Path:
    """Return ``$AIRFLOW_HOME`` (default: ``~/airflow``), as Airflow finds it."""
    return Path(_expanded(os.environ.get("AIRFLOW_HOME") or "~/airflow"))
