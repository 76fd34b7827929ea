"""Examples in the help of each command: a command line, and what it does."""

from __future__ import annotations

EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "inspect": (
        ("vai inspect run.json", "the calls of a run, or the runs of a trace"),
        ("vai inspect runs.jsonl --run 01a2", "one run, by the start of its id"),
        ("vai inspect run.json --json", "the run for other programs"),
    ),
    "crystallize": (
        ("vai crystallize run.json", "into the folder that Airflow serves"),
        ("vai crystallize run.json --out dags --title 'Daily sales'", "with a title of yours"),
        ("vai crystallize monday.json tuesday.json", "one DAG of two runs of one task"),
        ("vai crystallize run.json --schedule '0 6 * * *'", "every day at six"),
    ),
    "init": (
        ("vai init run.json", "writes vai-tools.toml beside the trace"),
        ("vai init run.json --out -", "shows it without writing"),
    ),
    "render": (
        ("vai render nightly.vai.yaml --out dags/vai", "from a spec written by hand"),
        ("vai render dags/vai/sales.vai.json", "again, after you edited the sidecar"),
    ),
    "lint": (
        ("vai lint dags/vai", "a folder"),
        ("vai lint sales.vai.json --connections shop,mail", "and whether connections exist"),
    ),
    "edit": (
        ("vai edit sales.py set query --set limit=10", "an argument of a step"),
        ("vai edit sales.py guard post", "a gate before a step"),
        ('vai edit sales.py triggers \'{"type": "schedule", "schedule": "@daily"}\'', "when it runs"),
        ("vai edit sales.py remove notify --dry-run", "what would change"),
    ),
    "derive": (
        ("vai derive sales.py send json.total --trace run.json", "what gives the recorded total"),
        ("vai derive sales.py send json.total --say 'total of revenue'", "what you mean comes first"),
        ("vai derive sales.py send json.total --accept 1", "the first one, as a new version"),
    ),
    "diff": (
        ("vai diff dags/vai/sales.py", "what was edited since it was written"),
        ("vai diff sales.py@1 sales.py@3", "two versions"),
    ),
    "explain": (
        ("vai explain dags/vai/sales.py", "every value"),
        ("vai explain dags/vai/sales.py:post", "the values of one step"),
    ),
    "versions": (
        ("vai versions dags/vai/sales.py", "the history"),
        ("vai versions dags/vai/sales.py --show 2", "the DAG file of version 2"),
    ),
    "restore": (("vai restore dags/vai/sales.py 2", "version 2 becomes the newest one"),),
    "repair": (
        ("vai repair dags/vai/sales.py", "one automation"),
        ("vai repair dags/vai", "every automation in a folder"),
    ),
    "activate": (
        ("vai activate dags/vai/sales.py --reviewed all", "you looked at every review item"),
        ("vai activate dags/vai/sales.py --reviewed 1,3-5", "you looked at these"),
    ),
    "pause": (("vai pause dags/vai/sales.py", "no run starts until you activate it"),),
    "delete": (("vai delete dags/vai/sales.py", "vai restore brings it back"),),
    "verify": (
        ("vai verify dags/vai/sales.py", "is it what was rendered and reviewed?"),
        ("vai verify dags/vai/sales.py --replay --here", "run it, and compare its results"),
    ),
    "savings": (("vai savings dags/vai/sales.py", "tokens, cost and time saved"),),
    "approvals": (("vai approvals sales", "who decided what, newest first"),),
    "pull": (
        ("vai pull langfuse --list", "the newest runs"),
        ("vai pull mlflow tr-1a2b --out run.json", "one run, into a file"),
    ),
    "doctor": (
        ("vai doctor", "this installation, and what your automations need"),
        ("vai doctor dags/vai --json", "another folder, for other programs"),
    ),
    "sessions": (
        ("vai sessions --since 7d", "the sessions of the last week"),
        ("vai crystallize claude-code:1f2e", "a DAG of one of them"),
    ),
    "completion": (
        ('eval "$(vai completion bash)"', "in ~/.bashrc"),
        ('eval "$(vai completion zsh)"', "in ~/.zshrc"),
        ("vai completion fish | source", "in ~/.config/fish/config.fish"),
    ),
    "schema": (("vai schema sidecar", "the JSON Schema of <dag_id>.vai.json"),),
    "kinds": (("vai kinds", "the action kinds"),),
    "formats": (("vai formats", "the trace formats"),),
}
"""Command -> its examples. The first part is what to type, the second what it does."""
