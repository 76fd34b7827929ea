"""The setting that keeps Pydantic from looking for plugins: where it applies, and where it does not."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from airflow_provider_vai.model import pydantic_plugins
from airflow_provider_vai.model.pydantic_plugins import VARIABLE, disable_plugins, inherited_environment

PROCESS = """
import pydantic.plugin._loader
from airflow_provider_vai.cli.main import main
main()
from pydantic import BaseModel
class Model(BaseModel): ...
Model()
print(pydantic.plugin._loader._plugins)
"""


@pytest.fixture(autouse=True)
def untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start without the setting, and restore the environment."""
    monkeypatch.setattr(pydantic_plugins, "_set_here", {})
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.delenv(VARIABLE)


def test_other_processes_do_not_inherit_the_setting() -> None:
    """It is set in this process, and left out of the environment for others."""
    disable_plugins()
    assert os.environ[VARIABLE] == "__all__"
    assert VARIABLE not in inherited_environment()
    assert inherited_environment() == {name: value for name, value in os.environ.items() if name != VARIABLE}


def test_what_the_user_has_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value from outside is neither replaced nor kept from other processes."""
    monkeypatch.setenv(VARIABLE, "logfire-plugin")
    disable_plugins()
    assert os.environ[VARIABLE] == inherited_environment()[VARIABLE] == "logfire-plugin"


def test_a_command_looks_for_no_plugins() -> None:
    """Pydantic has not looked for plugins in the process of a command, even after models were built."""
    done = subprocess.run([sys.executable, "-c", PROCESS], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "None"
