"""The table of trace formats: the name of each, its reader's module, what it can record, and what tells it.

It is data, so that listing the formats imports no reader, and reading a file imports only the readers that may accept
it. Each reader declares its description and coverage as well, as a reader of another distribution does; a test keeps
both equal.
"""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_vai.traces.reading.coverage import Coverage


@dataclass(frozen=True)
class Format:
    """A built-in trace format.

    :param module: the module of its reader below :mod:`airflow_provider_vai.traces.formats`.
    :param description: one line for people.
    :param coverage: what the format can record.
    :param tells: words that a JSON file of this format holds: all of those before a ``|``, or all before the next one.
        They only exclude: what a file is, its reader decides.
    """

    module: str
    description: str
    coverage: Coverage
    tells: str


BUILT_IN = {  # by name; tried in this order, the most specific shapes first
    "vai": Format(
        "vai.adapter",
        "the platform's agentRun or thread with its actionRuns (the envelope is this package's own)",
        Coverage(approvals="yes", edits="yes", timing="yes", batches="partly"),
        "agentRun | agent_run | thread actionRuns | thread action_runs | thread turns",
    ),
    "agentdojo": Format(
        "agentdojo",
        "AgentDojo run: an object with suite_name, user_task_id and messages, or a list of them",
        Coverage(),
        "suite_name user_task_id messages",
    ),
    "tau2": Format(
        "tau2",
        "tau2-bench simulations (tasks, simulations), or a tau-bench list (task_id, traj, reward)",
        Coverage(timing="partly"),
        "tasks simulations | task_id traj reward",
    ),
    "atif": Format(
        "atif.adapter",
        "ATIF trajectory (Harbor and others; schema_version ATIF-v1.x)",
        Coverage(results="partly", approvals="partly", edits="partly", timing="partly"),
        "schema_version ATIF-",
    ),
    "inspect_ai": Format(
        "inspect_ai.adapter",
        "Inspect AI log (.json, or .eval): each sample is a run",
        Coverage(approvals="yes", edits="yes", timing="yes"),
        '"eval" "status" "version" "samples"',
    ),
    "swe_agent": Format(
        "swe_agent",
        "SWE-agent trajectory (.traj: trajectory, history, info)",
        Coverage(results="partly", batches="no"),
        '"trajectory" "history"',
    ),
    "openhands": Format(
        "openhands.adapter",
        "OpenHands trajectory: a list of actions and observations, or the SDK's events",
        Coverage(approvals="partly", timing="yes"),
        '"source" "action" | "source" "observation" | "source" "kind"',
    ),
    "google_adk": Format(
        "google_adk.adapter",
        "Google ADK session (id, events) or its list of events",
        Coverage(approvals="partly", timing="partly"),
        "author invocationId | author invocation_id",
    ),
    "vcr_cassette": Format(
        "vcr.adapter",
        "VCR cassette (YAML or JSON) of OpenAI, Anthropic or Gemini traffic",
        Coverage(results="partly"),
        "interactions version",
    ),
    "openai_run_state": Format(
        "openai.run_state",
        "OpenAI Agents SDK RunState JSON, of Python or JavaScript: items and decisions",
        Coverage(results="partly", approvals="partly"),
        "$schemaVersion current_agent | $schemaVersion currentAgent",
    ),
    "openai_agents": Format(
        "openai.agents",
        "OpenAI Agents SDK traces: exported trace and span objects",
        Coverage(results="partly", approvals="partly", timing="yes"),
        '"object" "trace" | "object" "trace.span"',
    ),
    "openai_responses": Format(
        "openai.responses",
        "OpenAI Responses: Response objects, a log, batch or stream of them, or a list of items",
        Coverage(results="partly", approvals="partly"),
        '"response" "output" | "response. | _call" | _call_output" | "reasoning"'
        " | mcp_list_tools | mcp_approval_re | tool_search_output",
    ),
    "mlflow": Format(
        "spans.mlflow",
        "MLflow traces (info, data.spans): one, a list, or one a line",
        Coverage(approvals="partly", edits="partly", timing="yes", batches="partly"),
        '"data" "spans" "info"',
    ),
    "langfuse": Format(
        "spans.langfuse",
        "Langfuse export (trace, observations), of any framework; also lists or lines of them",
        Coverage(edits="partly", timing="yes", batches="partly"),
        "observations trace",
    ),
    "langfuse_chatml": Format(
        "spans.langfuse_chatml",
        "Langfuse's ChatML of a trace: input and output by observation",
        Coverage(),
        '"success" "input" | "success" "output"',
    ),
    "langsmith": Format(
        "spans.langsmith",
        "LangSmith runs: a list, lines, a tree of child_runs, or an upload batch (post, patch)",
        Coverage(approvals="partly", edits="partly", timing="yes", batches="partly"),
        "run_type",
    ),
    "opik": Format(
        "spans.opik",
        "Opik spans (JSON of its API): a list, or one a line",
        Coverage(approvals="partly", edits="partly", timing="yes", batches="partly"),
        "trace_id start_time input output type",
    ),
    "braintrust": Format(
        "spans.braintrust",
        "Braintrust spans (rows of its logs): a list, lines, or an object with events",
        Coverage(approvals="partly", edits="partly", timing="yes", batches="partly"),
        "span_attributes root_span_id",
    ),
    "weave": Format(
        "spans.weave",
        "Weave calls (JSON of its API): a list, or one a line",
        Coverage(approvals="partly", edits="partly", timing="yes", batches="partly"),
        "op_name inputs weave",
    ),
    "datadog": Format(
        "spans.datadog",
        "Datadog LLM Observability spans (JSON of its export API)",
        Coverage(approvals="partly", edits="partly", timing="yes", batches="partly"),
        "span_kind span_id attributes",
    ),
    "openinference": Format(
        "spans.openinference",
        "OpenInference spans (Arize, Phoenix and its API): OTLP JSON, or spans with nested or flat attributes",
        Coverage(approvals="partly", edits="partly", timing="yes", batches="partly"),
        "openinference | span_kind | spanKind",
    ),
    "otel_genai": Format(
        "spans.otel_genai",
        "OpenTelemetry GenAI spans (OTLP JSON, also lines): pydantic-ai, OpenLLMetry, Vercel, Strands, ADK",
        Coverage(approvals="partly", edits="yes", timing="yes"),
        "gen_ai | traceloop | operationId | pydantic_ai | mcp | logfire | langfuse",
    ),
    "pydantic_ai": Format(
        "pydantic_ai.adapter",
        "pydantic-ai messages (request and response parts), also as Airflow's message_history",
        Coverage(approvals="partly", timing="partly"),
        "kind parts request | kind parts response",
    ),
    "vercel_ui": Format(
        "vercel.adapter",
        "Vercel AI SDK UIMessages: a list, an object with messages, or the stream's chunks",
        Coverage(approvals="partly"),
        'toolInvocations | "parts" | "start" | "start-step" | "tool-input-start"'
        ' | "tool-input-available" | "text-start" | "message-start"',
    ),
    "vercel_model": Format(
        "vercel.model_messages",
        "Vercel AI SDK ModelMessages (CoreMessages): a list, or an object with messages",
        Coverage(approvals="partly"),
        '"tool-call" | "tool-result" | "tool-approval-request" | "tool-approval-response"',
    ),
    "claude_code": Format(
        "claude_code.adapter",
        "Claude Code session (JSONL, its folder, or loglines), or the Claude Agent SDK's messages",
        Coverage(approvals="partly", timing="partly"),
        'loglines | "sessionId" "message" | "session_id" "message"',
    ),
    "anthropic_managed": Format(
        "anthropic.managed",
        "Anthropic managed agents: a session's events, or recorded client calls",
        Coverage(approvals="yes", timing="yes"),
        "agent. | user.custom_tool_result | user.tool_result | session.status_idle",
    ),
    "langchain": Format(
        "langchain.adapter",
        "LangChain messages, or LangGraph states, histories and checkpoints",
        Coverage(approvals="partly", edits="partly"),
        '"human" | "ai" | HumanMessage | AIMessage | "values" "messages" | channel_values | configurable',
    ),
    "mcp_log": Format(
        "mcp_log.adapter",
        "MCP messages (JSON-RPC lines or list): tools/call requests and their responses",
        Coverage(timing="partly", batches="partly"),
        "method tools | method resources | method prompts | method elicitation | method sampling | method roots",
    ),
    "chatgpt": Format(
        "chats.chatgpt",
        "ChatGPT data export (conversations.json): the current branch of each conversation",
        Coverage(results="partly", timing="partly", batches="no"),
        "mapping current_node",
    ),
    "claude_ai": Format(
        "chats.claude_ai",
        "claude.ai data export (conversations.json): each conversation",
        Coverage(batches="partly"),
        '"uuid"',
    ),
    "librechat": Format(
        "chats.librechat",
        "LibreChat export of a conversation (JSON)",
        Coverage(results="partly", batches="partly"),
        "conversationId messageId isCreatedByUser",
    ),
    "open_webui": Format(
        "chats.open_webui",
        "Open WebUI export of chats (JSON): the current branch of each chat",
        Coverage(results="partly", batches="partly"),
        "history messages currentId",
    ),
    "n8n": Format(
        "chats.n8n",
        "n8n execution of a workflow (JSON, with its data): the agent's tool calls, and plain nodes",
        Coverage(timing="yes", batches="no"),
        "workflowId mode startedAt",
    ),
    "codex": Format(
        "chats.codex",
        "Codex CLI session (rollout-*.jsonl)",
        Coverage(results="partly", approvals="partly", timing="partly", batches="partly"),
        "payload session_meta | payload response_item",
    ),
    "codex_exec": Format(
        "chats.codex_exec",
        "Events of codex exec --json (JSONL)",
        Coverage(approvals="partly", batches="no"),
        "thread.started thread_id | item.completed",
    ),
    "gemini_cli": Format(
        "chats.gemini_cli",
        "Gemini CLI session (chats/session-*.json or .jsonl)",
        Coverage(approvals="partly", timing="partly"),
        "sessionId projectHash",
    ),
    "opencode": Format(
        "coding.opencode",
        "OpenCode session (opencode export)",
        Coverage(approvals="partly", timing="yes"),
        '"info" "messages"',
    ),
    "goose": Format(
        "coding.goose",
        "Goose session (goose session export, or *.jsonl)",
        Coverage(approvals="partly", timing="partly"),
        "working_dir",
    ),
    "copilot_cli": Format(
        "coding.copilot_cli",
        "GitHub Copilot CLI session (events.jsonl)",
        Coverage(results="partly", approvals="partly", edits="partly", timing="partly"),
        "data session.start | data tool.execution_start | data user.message",
    ),
    "vscode_chat": Format(
        "coding.vscode_chat",
        "GitHub Copilot chat in VS Code (chat export, chatSessions/*.json)",
        Coverage(results="partly", approvals="partly"),
        "responderUsername",
    ),
    "cline": Format(
        "coding.cline",
        "Cline or Roo Code task with XML calls (api_conversation_history.json)",
        Coverage(results="partly", approvals="partly", edits="partly", batches="no"),
        "Result:",
    ),
    "autogen": Format(
        "frameworks.autogen",
        "AutoGen messages (AgentChat) or the saved state of an agent or team",
        Coverage(timing="partly"),
        '"source"',
    ),
    "agent_framework": Format(
        "frameworks.agent_framework",
        "Microsoft Agent Framework session, thread or messages",
        Coverage(approvals="partly", edits="partly"),
        '"role" "contents"',
    ),
    "semantic_kernel": Format(
        "frameworks.semantic_kernel",
        "Semantic Kernel chat history (ChatHistory), of Python or .NET",
        Coverage(results="partly"),
        "content_type | $type | Content_Type | $Type | CONTENT_TYPE | $TYPE",
    ),
    "haystack": Format(
        "frameworks.haystack",
        "Haystack chat messages (ChatMessage.to_dict): a list, or an object with messages",
        Coverage(approvals="partly", edits="partly"),
        '"tool_call" | "tool_call_result"',
    ),
    "dspy": Format(
        "frameworks.dspy",
        "DSPy trajectory of ReAct, alone or in a prediction (Prediction.toDict)",
        Coverage(batches="no"),
        "tool_name_",
    ),
    "letta": Format(
        "frameworks.letta",
        "Letta messages of an agent (JSON of its API): a list, or an object with messages",
        Coverage(approvals="yes", timing="partly"),
        "message_type",
    ),
    "smolagents": Format(
        "frameworks.smolagents",
        "smolagents steps of a ToolCallingAgent (agent.memory.get_full_steps())",
        Coverage(),
        "step_number tool_calls observations",
    ),
    "bedrock_converse": Format(
        "chats.converse",
        "Amazon Bedrock Converse messages, also of Strands agents: a list, or an object with messages",
        Coverage(),
        '"role" "content"',
    ),
    "anthropic_messages": Format(
        "anthropic.messages",
        "Anthropic Messages with tool blocks: a list, or an object with messages",
        Coverage(),
        "role tool_use | role tool_result | role server_tool_use | role mcp_tool_use | role _tool_result",
    ),
    "openai_chat": Format(
        "openai.chat",
        "OpenAI Chat Completions messages: a list, or an object with messages",
        Coverage(results="partly", approvals="partly"),
        '"role"',
    ),
}
