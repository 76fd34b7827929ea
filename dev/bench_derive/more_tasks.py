"""Tasks with dates and recipients, and those in which nothing is worked out: settings, targets, prose."""

from __future__ import annotations

import datetime
from typing import Any

from bench_derive.building import Program
from bench_derive.data import Data
from bench_derive.tasks import TASKS, Task, ask

COINCIDENCE = "coincidence: a constant equal to a figure"
KNOBS = ("page_size", "max_retries", "warn_at", "alert_limit", "keep_days", "chunk", "ceiling", "floor")


def due(program: Program) -> None:
    """A date some days after the latest one of the data."""
    weeks = program.dice.choice((2, 3))
    ask(program, "due", days=7 * weeks, weeks=weeks)
    program.list_once()
    field = program.domain.date

    def task(data: Data) -> dict[str, Any]:
        latest = datetime.date.fromisoformat(data.best(field)[field])
        return _task("Look through the list again", (latest + datetime.timedelta(days=7 * weeks)).isoformat())

    program.call("create_task", task, None, {("due_date",): "date from data plus days"})


def recipient(program: Program) -> None:
    """A mail to the contact of the record with the largest amount. By policy, no criterion decides about it."""
    ask(program, "recipient")
    program.list_once()
    field = program.domain.amount[0]

    def mail(data: Data) -> dict[str, Any]:
        return {"to": data.best(field)["contact"], "subject": "A word of thanks", "body": "Thank you for your help."}

    program.call("send_email", mail, None, {("to",): "recipient by a criterion (write)", ("body",): "free prose"})


def settings(program: Program) -> None:
    """Constants, each equal to a figure of the recorded data by chance."""
    ask(program, "settings")
    program.list_once()
    rows, domain = program.versions[0].rows, program.domain
    numbers = [row[domain.number] for row in rows]
    states, groups = ([row[field] for row in rows] for field in (domain.state[0], domain.group[0]))
    figures = [
        len(rows), sum(numbers), max(numbers), min(numbers), states.count(states[0]), groups.count(groups[-1]),
        len(set(groups)), max(numbers) - min(numbers),
    ]  # fmt: skip
    if "round" in program.traits:
        figures += [max(row[domain.amount[0]] for row in rows)] * 3
    knobs = dict(zip(program.dice.sample(KNOBS, 4), program.dice.sample(figures, 4), strict=True))
    content = {"title": "Settings", "summary": "As every month.", "figures": knobs}
    program.call("create_report", lambda data: content, None, {("figures", knob): COINCIDENCE for knob in knobs})


def target(program: Program) -> None:
    """A number that the user said."""
    wanted = 100 * program.dice.randint(11, 60)
    ask(program, "target", target=wanted)
    content = {"title": "Target", "summary": "As agreed.", "figures": {"target": wanted}}
    program.call("create_report", lambda data: content, None, {("figures", "target"): "said by the user"})


def prose(program: Program) -> None:
    """Prose of the agent, with a number of its own."""
    ask(program, "prose", days=program.dice.choice((10, 14, 21)))
    title = f"Review the list within {program.dice.randint(2, 40)} minutes, one by one."
    classes = {("title",): "free prose with a number", ("due_date",): "constant date"}
    program.call("create_task", lambda data: _task(title, "2026-12-18"), None, classes)


def _task(title: str, date: str) -> dict[str, Any]:
    return {"title": title, "priority": "normal", "due_date": date}


POSITIVE: dict[str, Task] = {**TASKS, "due": due, "recipient": recipient}
NEGATIVE: dict[str, Task] = {"settings": settings, "target": target, "prose": prose}
