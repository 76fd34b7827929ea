"""Run the script in one framework, and write one export of it.

Usage::

    python dev/record/matrix/run.py FRAMEWORK EXPORT FILE

The framework and the tracer must be installed; ``dev/record/all`` does that.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import recording
from server import serving
from shorter import shorter
from tracers import started


def main(framework: str, way: str, target: Path) -> None:
    """Run the agent and write the export.

    :param framework: a row of the matrix.
    :param way: a column of the matrix.
    :param target: the file.
    """
    agent: Any = importlib.import_module(f"with_{framework}")
    export = started(way, agent.TRACERS[way]) if way in agent.TRACERS else None
    with serving(asks=agent.ASKS, final_tool=getattr(agent, "FINAL_TOOL", "")) as url:
        own = agent.run(url)
    document = export() if export else own[way]
    recording.write(target, shorter(document), default=getattr(agent, "plain", str), indent=None)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
