"""The script's agent in Google's ADK, with a model of its own class."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator
from typing import Any

os.environ |= {
    "ADK_CAPTURE_MESSAGE_CONTENT_IN_SPANS": "true",
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "SPAN_ONLY",
    "OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental",
}

from google.adk.agents import LlmAgent
from google.adk.models import BaseLlm, LlmRequest, LlmResponse
from google.adk.runners import InMemoryRunner
from google.adk.tools import FunctionTool
from google.genai import types
from script import ANSWER, REQUEST, SYSTEM, book_pump as pump, is_denied, read_soil, rounds, water, write_note

ASKS = True
TRACERS = {
    "otel_genai": "",
    "openinference": "openinference.instrumentation.google_adk:GoogleADKInstrumentor",
}
ANSWERS = iter([*rounds(asks=True), [], []])


def book_pump(hours: int) -> dict[str, Any]:
    """Book the pump; fails without hours."""
    try:
        return pump(hours)
    except ValueError as error:
        return {"error": str(error)}


class Scripted(BaseLlm):
    """A model that returns the answers of the script, one after the other."""

    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        """Yield the next answer; while calls wait, the words that ask for a decision."""
        last = llm_request.contents[-1].parts or []
        waits = any("confirmation" in str(part.function_response.response) for part in last if part.function_response)
        calls = [] if waits else next(ANSWERS)
        parts = [
            types.Part(function_call=types.FunctionCall(id=call["id"], name=call["tool"], args=call["arguments"]))
            for call in calls
        ]
        words = "Please decide." if waits else ANSWER
        yield LlmResponse(content=types.Content(role="model", parts=parts or [types.Part(text=words)]))


async def _run() -> dict[str, Any]:
    tools = [read_soil, book_pump, FunctionTool(water, require_confirmation=True), write_note]
    agent = LlmAgent(name="gardener", model=Scripted(model="scripted"), instruction=SYSTEM, tools=tools)
    runner = InMemoryRunner(agent, app_name="garden")
    await runner.session_service.create_session(app_name="garden", user_id="u", session_id="session-7")
    said = types.Content(role="user", parts=[types.Part(text=REQUEST)])
    decisions: list[types.Part] = []
    async for event in runner.run_async(user_id="u", session_id="session-7", new_message=said):
        for call in event.get_function_calls():
            if call.name == "adk_request_confirmation":
                confirmed = not is_denied(call.args["originalFunctionCall"]["args"])
                answer = types.FunctionResponse(id=call.id, name=call.name, response={"confirmed": confirmed})
                decisions.append(types.Part(function_response=answer))
    decided = types.Content(role="user", parts=decisions)
    async for _ in runner.run_async(user_id="u", session_id="session-7", new_message=decided):
        pass
    found = await runner.session_service.get_session(app_name="garden", user_id="u", session_id="session-7")
    return {"session": json.loads(found.model_dump_json(by_alias=True, exclude_none=True))}


def run(url: str) -> dict[str, Any]:
    """Run the agent up to its pause, decide, and run it to its end."""
    return asyncio.run(_run())
