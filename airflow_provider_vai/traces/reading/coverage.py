"""What a trace format can record about a call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Extent = Literal["yes", "partly", "no"]
"""Whether a format records something: always, only in some cases or for some calls, or never."""


@dataclass(frozen=True)
class Coverage:
    """What a trace format can record about a call. What it has no place for is unknown in every Run read from it.

    ``results``: the result, and whether the call failed. ``approvals``: what a person decided. ``edits``: executed
    arguments separate from proposed ones. ``timing``: when the call ran. ``batches``: which calls were proposed
    together.
    """

    results: Extent = "yes"
    approvals: Extent = "no"
    edits: Extent = "no"
    timing: Extent = "no"
    batches: Extent = "yes"
