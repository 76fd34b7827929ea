"""The words by which people pick one of several records, and whether a sentence has one: one rule for both searches.

A sentence with such a word never asks for a position, and only such a sentence lets a record be picked by a criterion.
"""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_vai.secrets.patterns import deferred

LARGE = r"largest|biggest|highest|most|maximum|max|top|greatest|longest|strongest|best|priciest|peak|heaviest|busiest"
SMALL = r"smallest|lowest|least|minimum|min|cheapest|fewest|shortest|weakest|worst|lightest|slowest"
PICKING: Mapping[str, str] = {
    "largest": LARGE,
    "smallest": SMALL,
    "latest": r"latest|newest|most recent|last|recent",
    "earliest": r"earliest|oldest|first",
}
"""The words of each criterion that a function of derived values stands for."""

COMPARING = r"more|less|fewer|than|over|under|above|below|exceed\w*|between|worse|[a-z]{2,}est"
"""Words that compare, and superlatives of which no function is known."""

CRITERION = deferred(rf"\b(?:{'|'.join(PICKING.values())}|{COMPARING})\b")
NO_CRITERION = frozenset({
    "test", "contest", "protest", "detest", "attest", "request", "quest", "guest", "conquest", "interest", "rest",
    "forest", "harvest", "arrest", "everest", "west", "northwest", "southwest", "midwest", "manifest", "digest",
    "suggest", "invest", "honest", "dishonest", "modest", "nest", "vest", "chest", "pest", "bequest",
})  # fmt: skip
"""Words that end like a superlative."""


def has_criterion(sentence: str) -> bool:
    """Return whether a sentence, in lower case, holds a word that picks or compares, such as "highest" or "over".

    :param sentence: the sentence.
    """
    return any(found[0] not in NO_CRITERION for found in CRITERION.finditer(sentence))
