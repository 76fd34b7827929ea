"""Sub-agents in a Claude Code file: which lines are theirs, and which call of the parent started them."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.traces.formats.claude_code.lines import Line, blocks
from airflow_provider_vai.traces.reading.values import text_or_none


def by_agent(lines: list[Line]) -> dict[str, list[int]]:
    """Return the numbers of the lines by the agent that wrote them: empty for the main conversation.

    Older files name no agent: there a sub-agent's lines are those of one tree.
    """
    agents: dict[str, list[int]] = {}
    trees: dict[str, str] = {}
    for number, (line, _) in enumerate(lines):
        agent = text_or_none(line.get("parent_tool_use_id")) or ""  # as the Agent SDK names it
        if not agent and line.get("isSidechain") is True:
            name = text_or_none(line.get("uuid")) or ""
            tree = trees.get(text_or_none(line.get("parentUuid")) or "", name or "sidechain")
            trees[name] = tree
            agent = text_or_none(line.get("agentId")) or tree
        agents.setdefault(agent, []).append(number)
    return agents


def parents(lines: list[Line], agents: dict[str, list[int]]) -> dict[str, str]:
    """Return the id of the call that started each sub-agent, where the file tells.

    It tells by the call's id itself, by the agent's id in the call's result, or by the prompt in both.
    """
    calls = [block for line, _ in lines for block in blocks(line, "tool_use") if text_or_none(block.get("id"))]
    found = {block["id"]: block["id"] for block in calls}
    for line, _ in lines:
        richer, answered = line.get("toolUseResult"), blocks(line, "tool_result")
        agent = text_or_none(richer.get("agentId")) if isinstance(richer, dict) else None
        if agent and len(answered) == 1 and text_or_none(answered[0].get("tool_use_id")):
            found[agent] = answered[0]["tool_use_id"]
    for agent, numbers in agents.items():
        if agent and agent not in found:
            prompt = _words(lines[numbers[0]][0])
            started = [call["id"] for call in calls if prompt and _prompt(call) == prompt]
            taken = {call for other, call in found.items() if other != call}
            free = [call for call in started if call not in taken]
            found |= {agent: free[0]} if free else {}
    return {agent: found[agent] for agent in agents if agent in found}


def _prompt(call: dict[str, Any]) -> str | None:
    asked = call.get("input")
    return text_or_none(asked.get("prompt")) if isinstance(asked, dict) else None


def _words(line: dict[str, Any]) -> str | None:
    message = line.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    texts = [block.get("text") for block in blocks(line, "text")]
    return text_or_none(content) or next(filter(text_or_none, texts), None)
