"""The script's agent in LlamaIndex: a ``FunctionAgent`` and its memory."""

from __future__ import annotations

import asyncio
from typing import Any

from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.llms.openai_like import OpenAILike
from script import REQUEST, SYSTEM, TOOLS

ASKS = False
TRACERS = {
    "openinference": "openinference.instrumentation.llama_index:LlamaIndexInstrumentor",
    "openllmetry": "opentelemetry.instrumentation.llamaindex:LlamaIndexInstrumentor",
    "mlflow": "mlflow.llama_index:autolog",
}


async def _run(url: str) -> dict[str, Any]:
    llm = OpenAILike("scripted", api_base=url, api_key="none", is_chat_model=True, is_function_calling_model=True)
    agent = FunctionAgent(name="gardener", tools=TOOLS, llm=llm, system_prompt=SYSTEM)
    memory = ChatMemoryBuffer.from_defaults(token_limit=90_000, tokenizer_fn=list)
    await agent.run(REQUEST, memory=memory)
    return {"memory": [message.model_dump(mode="json") for message in memory.get_all()]}


def run(url: str) -> dict[str, Any]:
    """Run the agent."""
    return asyncio.run(_run(url))
