"""Sub-agents in a Claude Code file: their lines, and the call of the parent that started each."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.traces.formats.claude_code.lines import Line, blocks
from airflow_provider_vai.traces.reading.values import as_object, text_or_none


def by_agent(lines: list[Line]) -> dict[str, list[int]]:
    """Return the numbers of each agent's lines; the key ``""`` is the main conversation.

    Older files do not name agents: there a sub-agent's lines are those of one tree.
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
    """Return the id of the call that started each sub-agent, if the file records it.

    The link is the call's id itself, the agent's id in the call's result, or the same prompt in both.
    """
    calls = [block for line, _ in lines for block in blocks(line, "tool_use") if text_or_none(block.get("id"))]
    call_of = {block["id"]: block["id"] for block in calls}
    for line, _ in lines:
        results = blocks(line, "tool_result")
        agent = text_or_none(as_object(line.get("toolUseResult")).get("agentId"))
        if agent and len(results) == 1 and text_or_none(results[0].get("tool_use_id")):
            call_of[agent] = results[0]["tool_use_id"]
    for agent, numbers in agents.items():
        if agent and agent not in call_of:
            prompt = _text(lines[numbers[0]][0])
            with_prompt = [call["id"] for call in calls if prompt and _prompt(call) == prompt]
            taken = {call for other, call in call_of.items() if other != call}
            free = [call for call in with_prompt if call not in taken]
            call_of |= {agent: free[0]} if free else {}
    return {agent: call_of[agent] for agent in agents if agent in call_of}


def _prompt(call: dict[str, Any]) -> str | None:
    return text_or_none(as_object(call.get("input")).get("prompt"))


def _text(line: dict[str, Any]) -> str | None:
    content = as_object(line.get("message")).get("content")
    texts = [block.get("text") for block in blocks(line, "text")]
    return text_or_none(content) or next(filter(text_or_none, texts), None)
