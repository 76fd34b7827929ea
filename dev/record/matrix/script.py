"""The script of the matrix: what the model answers, and the tools that the agent of every framework has.

``truth.json`` beside the fixtures lists the calls. The model's answers are made from it, and the test of the matrix
compares every reading with it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TRUTH = json.loads((Path(__file__).resolve().parents[3] / "tests/traces/matrix/truth.json").read_text("utf-8"))
REQUEST, ANSWER, SYSTEM = TRUTH["request"], TRUTH["answer"], "Keep the beds alive."
FAILURE = "no hours given: 0"
DENIAL = "Øst is wet."


def read_soil(bed: str) -> dict[str, Any]:
    """Read the moisture of a bed.

    Args:
        bed: The bed's name.
    """
    time.sleep(0.05 if bed == "Øst" else 0)  # the first call of the batch ends last
    return {"bed": bed, "moisture": {"Øst": 71, "Süd": 12}[bed]}


def book_pump(hours: int) -> dict[str, Any]:
    """Book the pump; fails without hours.

    Args:
        hours: For how long.
    """
    if hours < 1:
        raise ValueError(f"{FAILURE}")
    return {"pump": "P-7", "hours": hours}


def water(bed: str, litres: int) -> dict[str, Any]:
    """Water a bed.

    Args:
        bed: The bed's name.
        litres: How much.
    """
    return {"bed": bed, "litres": litres, "done": True}


def write_note(text: str) -> str:
    """Write a note.

    Args:
        text: The note.
    """
    return f"noted: {text}"


TOOLS: list[Callable[..., Any]] = [read_soil, book_pump, water, write_note]


def rounds(*, asks: bool) -> list[list[dict[str, Any]]]:
    """Return the calls of each answer of the model.

    :param asks: whether the framework asks a person, so that a call can be denied.
    """
    found: dict[int, list[dict[str, Any]]] = {}
    for call in TRUTH["calls"]:
        if asks or call["outcome"] != "denied":
            found.setdefault(call["batch"], []).append(call)
    return list(found.values())


def is_denied(arguments: dict[str, Any]) -> bool:
    """Return whether the person of the script denies a call with these arguments."""
    return any(call["arguments"] == arguments for call in TRUTH["calls"] if call["outcome"] == "denied")
