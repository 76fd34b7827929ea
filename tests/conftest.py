"""One throw-away Airflow home for every test; it must stand before Airflow is imported anywhere."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest
from hypothesis import settings

settings.register_profile(
    "no deadline", deadline=None
)  # the first example also pays for imports; times are in dev/bench
settings.load_profile("no deadline")

HOME = Path(tempfile.mkdtemp(prefix="vai-tests-"))
os.environ.update(
    {
        "AIRFLOW_HOME": str(HOME),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__API_AUTH__JWT_SECRET": token_hex(64),
        "AIRFLOW__CORE__DAGS_FOLDER": str(HOME / "dags"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{HOME}/airflow.db",
    }
)


@pytest.fixture(scope="session", autouse=True)
def airflow_home() -> Iterator[Path]:
    """The home of this test session."""
    yield HOME
    shutil.rmtree(HOME, ignore_errors=True)
