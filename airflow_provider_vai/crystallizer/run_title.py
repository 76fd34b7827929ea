"""The title of a run: what lists of recordings and the automation that is made of it are called."""

from __future__ import annotations

import re

from airflow_provider_vai.languages.storable import storable
from airflow_provider_vai.languages.titles import title_of
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.secrets.masking import mask

TITLE_CHARACTERS = 120
_IDENTIFIER = re.compile(r"[\w.:/-]*[\d_][\w.:/-]*", re.ASCII)


def run_title(run: Run) -> str | None:
    """Return the run's title, else the user's first sentence, else the agent's name; ``None`` if there is none.

    A title that is one identifier, such as ``task_3``, says less than the user's words. Credentials are masked.

    :param run: the run.
    """
    words = (mask(storable(turn.user_text)) for turn in run.turns if turn.user_text)
    said = title_of(next(words, ""), TITLE_CHARACTERS)
    title, agent = (title_of(mask(storable(name or "")), TITLE_CHARACTERS) for name in (run.title, run.agent))
    if _IDENTIFIER.fullmatch(title) or not any(map(str.isalpha, title)):
        return said or title or agent or None
    return title
