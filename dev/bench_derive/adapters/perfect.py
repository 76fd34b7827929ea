"""An adapter that knows the truth, and must score 100 %: it proves the scorer."""

from __future__ import annotations

import copy
import json
from pathlib import Path

from bench_derive.adapters import Perform


class Automation:
    """Reads the right arguments from the truth."""

    def __init__(self, program: Path, work: Path) -> None:
        """Read the truth of a program."""
        self.truth = json.loads((program / "truth.json").read_text(encoding="utf-8"))

    def run(self, version: int, perform: Perform) -> None:
        """Make the right calls of a version."""
        for number, call in enumerate(self.truth["calls"]):
            arguments = copy.deepcopy(call["arguments"])
            for leaf in self.truth["leaves"]:
                if leaf["call"] == number:
                    place = arguments
                    for key in leaf["at"][:-1]:
                        place = place[key]
                    place[leaf["at"][-1]] = leaf["values"][version]
            perform(call["tool"], arguments)
