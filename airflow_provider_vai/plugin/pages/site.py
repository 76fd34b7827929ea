"""All pages: the table of their routers. The addresses start with ``/ui``."""

from __future__ import annotations

from airflow_provider_vai.plugin.pages import (
    approvals,
    automations,
    derive,
    imports,
    recordings,
    results,
    review,
    runs,
    savings,
    setup,
    static_files,
    step_edit,
    steps,
    tasks,
    triggers,
    versions,
)

ROUTERS = (
    approvals.router,
    automations.router,
    derive.router,
    imports.router,
    recordings.router,
    results.router,
    review.router,
    runs.router,
    savings.router,
    setup.router,
    static_files.router,
    step_edit.router,
    steps.router,
    tasks.router,
    triggers.router,
    versions.router,
)
