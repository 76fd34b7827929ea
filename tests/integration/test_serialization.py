"""Airflow serializes a DAG file to the same bytes in every process, so parsing makes no new DAG version."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from tests.paths import GOLDEN, ROOT

pytestmark = pytest.mark.integration

FILES = sorted(GOLDEN.glob("*/expected/*.py"))
SCRIPT = """
import hashlib, json, sys
from tests.airflow_names import DagBag
from tests.airflow_names import DagSerialization

made = {}
for file in sys.argv[1:]:
    bag = DagBag(file)
    assert not bag.import_errors, bag.import_errors
    for dag_id, dag in bag.dags.items():
        made[dag_id] = json.dumps(DagSerialization.to_dict(dag), sort_keys=True)
print("MADE" + json.dumps(made))
"""


def _serialized(seed: int) -> dict[str, str]:
    """Return each golden's serialized DAG as text, from a process with this hash seed."""
    environment = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", SCRIPT, *map(str, FILES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr
    made: dict[str, str] = json.loads(done.stdout.rpartition("MADE")[2])
    return made


def test_every_parse_gives_the_same_dag() -> None:
    """Two processes with different hash seeds serialize all goldens equally, including mapped steps."""
    first, second = _serialized(1), _serialized(2)

    assert len(first) == len(FILES)
    assert any('"_is_mapped": true' in text for text in first.values())
    assert first == second
    assert not [dag_id for dag_id, text in first.items() if re.search(r"[\w.]+ object at 0x", text)]
