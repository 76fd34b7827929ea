"""The metadata of the provider. Airflow reads it without importing the rest of the package."""

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
    "edit_file",
    "explain_schema",
    "fetch_page",
    "file_sync",
    "generate_query",
    "http_request",
    "mcp_tool",
    "python_tool",
    "shell_command",
    "unmapped_tool",
    "web_search",
    "write_file",
)


CONFIG: dict[str, Any] = {
    "vai": {
        "description": "Storage and limits of automations.",
        "options": {
            "artifacts_path": {
                "description": "Folder of flashboards and large results: any URL that Airflow's "
                "ObjectStoragePath accepts. Workers and the API server must be able to reach it. If empty: "
                "$AIRFLOW_HOME/vai/artifacts.",
                "version_added": "0.1.0",
                "type": "string",
                "example": "s3://conn_id@bucket/vai/artifacts",
                "default": "",
            },
            "runs_path": {
                "description": "Folder of traces that the Recorder writes or that are posted to the API: any URL that "
                "Airflow's ObjectStoragePath accepts. If empty: the folder runs under artifacts_path.",
                "version_added": "0.1.0",
                "type": "string",
                "example": "s3://conn_id@bucket/vai/runs",
                "default": "",
            },
            "import_paths": {
                "description": "Folders on the API server, separated by commas, from which everybody who may make "
                "automations can import traces: files such as those of vai pull, and sessions of coding agents. Name "
                "an agent's own folder, such as ~/.claude or ~/.codex, with an absolute path. If empty: none.",
                "version_added": "0.1.0",
                "type": "string",
                "example": "/srv/traces,/srv/agents/claude",
                "default": "",
            },
            "work_path": {
                "description": "Folder on the workers in which the steps of a DAG run that run commands or write files "
                "have their working folder, <dag_id>/<run_id>. It must be a local path. If the steps of one DAG run "
                "may run on several workers, it must be on a file system that they share. Nothing deletes the "
                "folders. If empty: $AIRFLOW_HOME/vai/work.",
                "version_added": "0.1.0",
                "type": "string",
                "example": "/srv/vai/work",
                "default": "",
            },
            "automations_path": {
                "description": "Folder of the automations' DAG files and sidecars: a path, or any URL that "
                "Airflow's ObjectStoragePath accepts. The API server, DAG processor and workers must be able to reach "
                "it. If empty: the folder vai under [core] dags_folder. `vai crystallize` writes to it by default.",
                "version_added": "0.1.0",
                "type": "string",
                "example": "s3://conn_id@bucket/vai/automations",
                "default": "",
            },
            "notifiers": {
                "description": "Notifier classes that automations may name under notifications: dotted names, "
                "separated by commas or spaces, in which * stands for any characters. A DAG file imports its notifiers "
                "and calls them when it is parsed. The command line `vai` reads the environment variable "
                "AIRFLOW__VAI__NOTIFIERS only. If empty: the notifiers of Airflow's providers "
                "(airflow.providers.*.notifications.*Notifier).",
                "version_added": "0.1.0",
                "type": "string",
                "example": "airflow.providers.smtp.notifications.smtp.SmtpNotifier, acme.notices.PagerNotifier",
                "default": "",
            },
            "trace_limit_bytes": {
                "description": "Maximum size of a trace file that is posted to the API, in bytes.",
                "version_added": "0.1.0",
                "type": "integer",
                "example": "67108864",
                "default": "33554432",
            },
            "reading_deadline": {
                "description": "How many seconds the API server may spend on reading and crystallizing what one "
                "request sends or names. It happens in a process of its own, which is ended at the deadline; the "
                "answer is then 422.",
                "version_added": "0.1.0",
                "type": "float",
                "example": "300",
                "default": "120",
            },
            "webhook_limit_bytes": {
                "description": "Maximum size of a webhook's body, in bytes. A larger body is refused with status 413.",
                "version_added": "0.1.0",
                "type": "integer",
                "example": "262144",
                "default": "1048576",
            },
            "result_limit_bytes": {
                "description": "Maximum size of a step's result in XCom, in bytes. A larger result is stored as a file "
                "under artifacts_path.",
                "version_added": "0.1.0",
                "type": "integer",
                "example": "1048576",
                "default": "49152",
            },
            "preload_in_dag_processor": {
                "description": "Whether the DAG processor imports, when it starts, the operators of automations and "
                "the two modules of the standard provider that serializing any DAG needs. Then no DAG file has to "
                "import them again, and every DAG file is parsed faster.",
                "version_added": "0.1.0",
                "type": "boolean",
                "example": "False",
                "default": "True",
            },
            "dag_test_waits": {
                "description": "Whether a gate in a DAG test (`airflow dags test`, `dag.test()`) waits for an answer "
                "on the pages of an API server with the same database. Otherwise it asks on the terminal, and fails at "
                "once if there is none.",
                "version_added": "0.1.0",
                "type": "boolean",
                "example": "True",
                "default": "False",
            },
        },
    }
}
"""The provider's section of Airflow's configuration (``airflow config list``)."""


def get_provider_info() -> dict[str, Any]:
    """Return the provider info, as Airflow's ``provider_info.schema.json`` defines it. Airflow calls it at start."""
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
