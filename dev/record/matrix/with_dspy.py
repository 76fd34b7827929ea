"""The script's agent in DSPy: ``ReAct``, which makes one call at a time."""

from __future__ import annotations

import json
from typing import Any

import dspy
from dspy.utils import DummyLM
from script import ANSWER, REQUEST, TOOLS, rounds

ASKS = False
TRACERS = {
    "openinference": "openinference.instrumentation.dspy:DSPyInstrumentor",
    "mlflow": "mlflow.dspy:autolog",
}


def run(url: str) -> dict[str, Any]:
    """Run the agent; its model is DSPy's own fake one."""
    calls = [call for found in rounds(asks=False) for call in found]
    answers = [
        {
            "next_thought": "Next.",
            "next_tool_name": call["tool"],
            "next_tool_args": json.dumps(call["arguments"], ensure_ascii=False),
        }
        for call in [*calls, {"tool": "finish", "arguments": {}}]
    ]
    dspy.configure(lm=DummyLM([*answers, {"reasoning": "Done.", "answer": ANSWER}]))
    done = dspy.ReAct("request -> answer", tools=TOOLS)(request=REQUEST)
    return {"trajectory": done.toDict()}
