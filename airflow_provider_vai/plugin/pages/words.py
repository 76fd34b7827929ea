"""Words for what the pages show: states, triggers, and short forms of long texts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from airflow_provider_vai.languages.schedule import cron_of
from airflow_provider_vai.languages.titles import title_of
from airflow_provider_vai.model.triggers import EventTrigger, ManualTrigger, ScheduleTrigger, Trigger, WebhookTrigger

LEAD_CHARACTERS = 160


def starts(triggers: Sequence[Trigger]) -> str:
    """Return what starts runs, such as ``At 07:00 (UTC), or the webhook shop/orders``."""
    return ", or ".join(map(starts_by, triggers)) or "by hand"


def starts_by(trigger: Trigger) -> str:
    """Return what one trigger is, in words."""
    if isinstance(trigger, ScheduleTrigger):
        zone = f" ({trigger.timezone})" if trigger.timezone else ""
        return f"{schedule_words(trigger.schedule)}{zone}"
    if isinstance(trigger, WebhookTrigger):
        return f"the webhook {trigger.path}"
    if isinstance(trigger, EventTrigger):
        return "an event"
    assert isinstance(trigger, ManualTrigger)  # noqa: S101 - the last of the union
    return "by hand"


def schedule_words(schedule: str) -> str:
    """Return a cron expression or preset in words, as Airflow's own pages say it."""
    from cron_descriptor import Options, get_description

    options = Options()
    options.use_24hour_time_format = True
    try:
        return str(get_description(cron_of(schedule) or schedule, options))
    except Exception:
        return schedule


FIELDS = (
    (re.compile(r"(?:value:|param\.|edit\.)(.+)"), "{}"),
    (re.compile(r"from:(.+)"), "{}: where it comes from"),
    (re.compile(r"given:(.+)"), "{}: name, place or text"),
    (re.compile(r"freeze:(.+)"), "{}: what it has from now on"),
)
"""What the names of form fields begin with, and their words."""


def field_name(name: str) -> str:
    """Return what a page calls a form field, for a page that shows what was sent."""
    for pattern, words in FIELDS:
        if found := pattern.fullmatch(name):
            return words.format(found[1])
    return name.replace("_", " ")


def lead(text: str) -> str:
    """Return the first sentence of a text, or its start."""
    return title_of(text, LEAD_CHARACTERS)


def one_line(text: str) -> str:
    """Return a text with every run of white space as one space."""
    return " ".join(text.split())
