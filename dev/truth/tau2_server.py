"""Run τ²-bench's retail tools for the bench; ``tau2.py`` starts this with the interpreter of an environment of its own.

One JSON request per line on stdin, one JSON answer per line on stdout. The first argument is a checkout of
github.com/sierra-research/tau2-bench: its tools and its data are used unchanged. This file imports nothing from the
project.

* ``keep``: keep ``data``, in the form of the checkout's ``db.json``, for the next requests; without it, that file.
* ``open``: create a shop of the kept data.
* ``call``: run ``tool`` with ``arguments`` in it; the answer is its ``value``, or the ``error``.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

TREE = Path(sys.argv[1]).resolve()
os.environ["TAU2_DATA_DIR"] = str(TREE / "data")
package = ModuleType("tau2")  # the package's own __init__ imports the clients of model vendors, which no tool needs
package.__path__ = [str(TREE / "src" / "tau2")]
sys.modules["tau2"] = package

from tau2.domains.retail.data_model import RetailDB  # type: ignore[import-not-found]  # noqa: E402
from tau2.domains.retail.tools import RetailTools  # type: ignore[import-not-found]  # noqa: E402


class Server:
    """One shop at a time, with the state after the calls so far."""

    def __init__(self) -> None:
        self.data: Any = None
        self.tools: Any = None

    def keep(self, data: Any = None) -> dict[str, Any]:
        """Keep the data of the next shops, and return it."""
        self.data = data or json.loads((TREE / "data/tau2/domains/retail/db.json").read_text(encoding="utf-8"))
        return {"data": self.data}

    def open(self) -> dict[str, Any]:
        """Create a new shop."""
        self.tools = RetailTools(RetailDB.model_validate(self.data))
        return {}

    def call(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Run one tool."""
        try:
            return {"value": _plain(self.tools.use_tool(tool, **arguments)), "error": None}
        except Exception as error:  # whatever a tool refuses is its answer
            return {"value": None, "error": f"{type(error).__name__}: {error}"}


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value


def main() -> None:
    """Answer requests until stdin ends; the first output line lists the versions."""
    server = Server()
    print(json.dumps({"python": sys.version.split()[0]}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(getattr(server, request.pop("op"))(**request)), flush=True)


if __name__ == "__main__":
    main()
