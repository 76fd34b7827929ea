"""Every planted credential is found, and no harmless value is."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from airflow_provider_vai.secrets import find, visit
from airflow_provider_vai.secrets.masking import mask, masked
from tests.unit.secrets.innocent_samples import innocent
from tests.unit.secrets.secret_samples import Plant, planted

PLANTED = planted()
INNOCENT = innocent()


def as_shown(value: Any) -> str:
    """Return a value as a file or page may show it, with characters plain and escaped."""
    return json.dumps(value) + json.dumps(value, ensure_ascii=False) + repr(value)


def test_the_tables_are_large_enough() -> None:
    """The tables are large enough for a meaningful detection rate."""
    assert len(PLANTED) >= 300
    assert len(INNOCENT) >= 150
    assert len({plant.name for plant in PLANTED}) == len(PLANTED)


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.name)
def test_planted(plant: Plant) -> None:
    """The value is shown without any of its credentials, and masking it again changes nothing."""
    shown = masked(plant.value)
    assert not [secret for secret in plant.secrets if secret in as_shown(shown)]
    assert masked(plant.value) == shown
    assert masked(shown) == shown


@pytest.mark.parametrize(
    ("name", "value"), INNOCENT, ids=[f"{number} {name}" for number, (name, _) in enumerate(INNOCENT)]
)
def test_innocent(name: str, value: Any) -> None:
    """The value passes unchanged, and no sighting is reported."""
    seen: list[Any] = []
    visit(value, [], lambda sighting: seen.append(sighting) or sighting.shown)
    assert seen == []
    assert masked(value) == value


@pytest.mark.parametrize(
    "plant", [plant for plant in PLANTED if isinstance(plant.value.get("note"), str)], ids=lambda plant: plant.name
)
def test_places_of_a_text_are_in_order_and_apart(plant: Plant) -> None:
    """The text around a credential is kept."""
    text = plant.value["note"]
    spans = find(text)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(before.end < after.start for before, after in itertools.pairwise(spans))
    assert mask(f"before\n{text}\nafter").startswith("before\n")


@pytest.mark.parametrize(
    "plant",
    [plant for plant in PLANTED if isinstance(plant.value.get("note"), str) and find(plant.value["note"])],
    ids=lambda plant: plant.name,
)
def test_planted_in_a_long_text(plant: Plant) -> None:
    """Only the long words, and each word once, are searched for hints in a long text; nothing is missed by that."""
    before = "the weather is fine and the invoice is on its way to you\n" * 8
    shown = mask(f"{before}\n{plant.value['note']}")
    assert not [secret for secret in plant.secrets if secret in as_shown(shown)]
