"""Record tests/traces/google_adk_recorded.json: a real ADK session with a scripted model and real tools.

    uv venv VENV; uv pip install --python VENV/bin/python google-adk
    VENV/bin/python dev/record/adk_session.py tests/traces/google_adk_recorded.json

No network is used. Two calls run together, and one of them fails. Two calls ask for a person, and one is refused.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import recording
from google.adk.agents import LlmAgent
from google.adk.models import BaseLlm, LlmRequest, LlmResponse
from google.adk.runners import InMemoryRunner
from google.adk.tools import FunctionTool
from google.genai import types


def list_ferries(day: str) -> dict[str, str]:
    """List the ferries of a day."""
    return {"noon": "F1", "late": "F9"}


def read_tide(port: str) -> dict[str, str]:
    """Read the tide at a port."""
    return {"error": f"no such port: {port}"}


def hold(ferry: str) -> dict[str, str]:
    """Hold a ferry back."""
    return {"held": ferry}


def cancel(ferry: str) -> dict[str, str]:
    """Cancel a ferry."""
    return {"cancelled": ferry}


def asks(**calls: dict[str, str]) -> LlmResponse:
    """Return a model's answer with these calls; keys are the tools' names."""
    parts = [types.Part(function_call=types.FunctionCall(name=name, args=given)) for name, given in calls.items()]
    return LlmResponse(content=types.Content(role="model", parts=parts))


def says(words: str) -> LlmResponse:
    """Return a model's answer as text."""
    return LlmResponse(content=types.Content(role="model", parts=[types.Part(text=words)]))


ANSWERS = [
    asks(list_ferries={"day": "today"}, read_tide={"port": "Nowhere"}),
    asks(hold={"ferry": "F1"}, cancel={"ferry": "F9"}),
    says("Please decide."),
    says("The noon ferry waits."),
]


class Scripted(BaseLlm):
    """A model that returns the answers above, one after the other."""

    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        """Yield the next answer."""
        yield ANSWERS.pop(0)


async def session() -> dict[str, object]:
    """Run the agent, answer its questions, run it again, and return the session."""
    asked = [FunctionTool(tool, require_confirmation=True) for tool in (hold, cancel)]
    agent = LlmAgent(name="ferry_agent", model=Scripted(model="scripted"), tools=[list_ferries, read_tide, *asked])
    runner = InMemoryRunner(agent, app_name="ferry")
    opened = await runner.session_service.create_session(app_name="ferry", user_id="u", session_id="session-7")
    words = types.Content(role="user", parts=[types.Part(text="Hold the noon ferry and cancel the late one.")])
    waiting: dict[str, str] = {}
    async for event in runner.run_async(user_id="u", session_id=opened.id, new_message=words):
        for call in event.get_function_calls():
            if call.name == "adk_request_confirmation":
                waiting[call.args["originalFunctionCall"]["name"]] = call.id
    decisions = [
        types.Part(
            function_response=types.FunctionResponse(
                id=call_id, name="adk_request_confirmation", response={"confirmed": tool == "hold"}
            )
        )
        for tool, call_id in waiting.items()
    ]
    said = types.Content(role="user", parts=decisions)
    async for _ in runner.run_async(user_id="u", session_id=opened.id, new_message=said):
        pass
    found = await runner.session_service.get_session(app_name="ferry", user_id="u", session_id=opened.id)
    return json.loads(found.model_dump_json(by_alias=True, exclude_none=True))


if __name__ == "__main__":
    recording.write(Path(sys.argv[1]), asyncio.run(session()))
