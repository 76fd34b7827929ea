"""What Airflow knows of this provider without importing it."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai import __version__

OPERATORS = (
    "call_agent",
    "call_automation",
    "conditional_branch",
    "conditions",
    "create_flashboard",
    "dlt_extract",
    "duckdb_transform",
    "each",
    "explain_schema",
    "fetch_page",
    "file_sync",
    "generate_query",
    "http_request",
    "mcp_tool",
    "python_tool",
    "unmapped_tool",
    "web_search",
)


CONFIG: dict[str, Any] = {
    "vai": {
        "description": "Where crystallized automations keep what they make.",
        "options": {
            "artifacts_path": {
                "description": "Folder for flashboards and large results: any URL that Airflow's "
                "ObjectStoragePath takes. Workers and API server must reach it. Empty: "
                "$AIRFLOW_HOME/vai/artifacts.",
                "version_added": "0.1.0",
                "type": "string",
                "example": "s3://bucket/vai/artifacts",
                "default": "",
            },
            "runs_path": {
                "description": "Folder for recordings that the Recorder makes or that are posted: any URL that "
                "Airflow's ObjectStoragePath takes. Empty: the folder runs under artifacts_path.",
                "version_added": "0.1.0",
                "type": "string",
                "example": "s3://bucket/vai/runs",
                "default": "",
            },
            "automations_path": {
                "description": "Folder of the automations' DAG files and sidecars: a path, or any URL that "
                "fsspec takes. API server, DAG processor and workers must reach it. Empty: the folder vai "
                "under [core] dags_folder.",
                "version_added": "0.1.0",
                "type": "string",
                "example": "s3://bucket/vai/automations",
                "default": "",
            },
            "trace_limit_bytes": {
                "description": "The largest trace file that may be posted to the API.",
                "version_added": "0.1.0",
                "type": "integer",
                "example": None,
                "default": "33554432",
            },
            "webhook_limit_bytes": {
                "description": "A webhook's body up to this size is taken; a larger one is refused with 413.",
                "version_added": "0.1.0",
                "type": "integer",
                "example": None,
                "default": "1048576",
            },
            "result_limit_bytes": {
                "description": "A step's result up to this size stays in XCom; a larger one is an artifact.",
                "version_added": "0.1.0",
                "type": "integer",
                "example": None,
                "default": "49152",
            },
        },
    }
}
"""The section of Airflow's configuration (`airflow config list`)."""


def get_provider_info() -> dict[str, Any]:
    """Return the provider info (`airflow/provider_info.schema.json`): plain data, made at every start of Airflow."""
    package, name = "airflow_provider_vai", "VirtuousAI"
    return {
        "package-name": "airflow-provider-vai",
        "name": name,
        "description": "Crystallize recorded AI-agent runs into static, reviewed Airflow DAG files",
        "versions": [__version__],
        "integrations": [{"integration-name": name, "external-doc-url": "", "tags": ["software"]}],
        "operators": [
            {
                "integration-name": name,
                "python-modules": [f"{package}.operators.{module}" for module in OPERATORS],
            }
        ],
        "sensors": [{"integration-name": name, "python-modules": [f"{package}.sensors.approval"]}],
        "hooks": [{"integration-name": name, "python-modules": [f"{package}.hooks.duckdb", f"{package}.hooks.vai"]}],
        "connection-types": [
            {"connection-type": "duckdb", "hook-class-name": f"{package}.hooks.duckdb.DuckDBHook"},
            {"connection-type": "vai", "hook-class-name": f"{package}.hooks.vai.VaiHook"},
        ],
        "extra-links": [
            f"{package}.operators.flashboard.link.FlashboardLink",
            f"{package}.sensors.approval_answers.RequiredActionLink",
        ],
        "cli": [f"{package}.cli.airflow.get_vai_cli_commands"],
        "config": CONFIG,
    }
