"""The golden cases, and the one command that writes them anew: ``python -m tests.golden.regenerate``.

A case is a folder here: its trace (or one of ``tests/traces``), its ``vai-tools.toml`` if it needs one, and
``expected/`` with the DAG file and the sidecar, byte for byte. ``api/`` holds what the HTTP API answers; its own test
writes it. Read the difference before you commit it.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from airflow_provider_vai.cli import main as cli

HERE = Path(__file__).parent
FIXED = {"SOURCE_DATE_EPOCH": "1740992400", "VAI_AUTHOR": "golden"}


@dataclass(frozen=True)
class Case:
    """A crystallization: the folder's name, the trace, further options, and edits of the result.

    :param trace: path from ``tests``; without one, the folder's ``trace.json``.
    :param tools: the folder whose tools file counts; without one, the case's own, if it has one.
    :param edits: arguments of ``vai edit`` after the DAG id, which is the folder's name.
    """

    name: str
    trace: str = ""
    options: tuple[str, ...] = ()
    tools: str = ""
    edits: tuple[tuple[str, ...], ...] = ()

    @property
    def expected(self) -> Path:
        """The folder of the files as they should be."""
        return HERE / self.name / "expected"

    def arguments(self, out: Path) -> list[str]:
        """Return the command line."""
        trace = HERE.parent / self.trace if self.trace else HERE / self.name / "trace.json"
        tools = HERE / (self.tools or self.name) / "vai-tools.toml"
        mapped = ["--tools", str(tools)] if tools.exists() else []
        return ["crystallize", str(trace), "--out", str(out), *mapped, *self.options]


BEST = "largest(wired(generate_query, 'rows'), by='revenue')"
OPEN = "where(wired(generate_query_2, 'rows'), status='open')"
SENTENCES = (
    "text('EUR {revenue} in all. {month} was the strongest month with EUR {most}, {share} of it."
    " {open} orders are open, worth EUR {worth}.',"
    " revenue=shown(total(wired(generate_query, 'rows'), 'revenue'), ',.2f'),"
    f" month=month_of({BEST}['month']), most=shown({BEST}['revenue'], ',.2f'),"
    f" share=percent(ratio({BEST}['revenue'], total(wired(generate_query, 'rows'), 'revenue'))),"
    f" open=count({OPEN}), worth=shown(total({OPEN}, 'amount'), ',.2f'))"
)
"""The text of the case ``derived``, as a person would type it."""

ANTHROPIC = "traces/anthropic_messages.json"
CASES = (
    Case("seed"),
    Case("example", "../dev/example/seed.json", ("--dag-id", "monthly_revenue_dashboard")),
    Case("demo", "../dev/example/run.json", ("--dag-id", "monthly_revenue_report")),
    Case("every_kind", options=("--dag-id", "every_kind", "--parallel", "--gates", "recorded")),
    Case(
        "derived",
        options=("--dag-id", "derived"),
        edits=(
            (
                *("set", "create_flashboard"),
                *("--derive", f"description={SENTENCES}"),
                *("--derive", f"datasets.open=project({OPEN}, 'order_id', 'amount')"),
                *("--derive", "datasets.best=top(wired(generate_query, 'rows'), 1, by='revenue')"),
                *("--derive", f"charts.1.title=month_of({BEST}['month'])"),
            ),
        ),
    ),
    Case("mapped", options=("--dag-id", "vai_order_reminders", "--loops")),
    Case("vai_chat_thread", "traces/vai_chat_thread.json"),
    Case("openai_chat", "traces/openai_chat.json", ("--gates", "recorded", "--schedule", "@daily")),
    Case("anthropic_messages", ANTHROPIC, ("--dag-id", "vai_route")),
    Case("anthropic_parallel", ANTHROPIC, ("--dag-id", "vai_route_parallel", "--parallel"), "anthropic_messages"),
    Case("anthropic_frozen", ANTHROPIC, ("--dag-id", "vai_route_frozen", "--freeze-all"), "anthropic_messages"),
    Case("pydantic_ai", "traces/pydantic_ai.json", ("--schedule", "0 6 * * 1")),
    Case("agentdojo", "traces/agentdojo.json", ("--dag-id", "vai_garden")),
    Case("tau2", "traces/tau2.json", ("--run", "sim-1", "--dag-id", "vai_phone_help")),
)


def make(case: Case, out: Path) -> None:
    """Crystallize a case into a folder.

    :raises RuntimeError: it was refused; the message is the command's own.
    """
    before = {name: os.environ.get(name) for name in FIXED}
    os.environ.update(FIXED)
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = cli.main(case.arguments(out))
            for edit in () if code else case.edits:
                code = code or cli.main(["edit", str(out / f"{case.name}.py"), *edit])
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            os.environ.update({name: value} if value is not None else {})
    if code:
        raise RuntimeError(f"{case.name}: {said.getvalue()}")
    shutil.rmtree(out / ".vai")  # its log says the same again


if __name__ == "__main__":
    for one in CASES:
        shutil.rmtree(one.expected, ignore_errors=True)
        make(one, one.expected)
    answers = [sys.executable, "-m", "pytest", "-q", "tests/unit/plugin/test_answers.py"]
    subprocess.run(answers, cwd=HERE.parents[1], env={**os.environ, "VAI_WRITE_GOLDEN": "1"}, check=True)
