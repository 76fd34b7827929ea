"""The argument values of a generated task in Airflow's template fields."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.operators.arguments import argument


@pytest.mark.parametrize("value", [None, True, 0, 7, 2.5, -(2**62)])
def test_values_that_no_template_can_be_in_stay_plain(value: Any) -> None:
    """Airflow 3.1 calls ``len`` on a wrapped value when it serializes the DAG."""
    assert argument(value) is value


def test_an_integer_beyond_the_workers_protocol_is_wrapped() -> None:
    """It is shown as text, but the step gets the integer."""
    assert argument(2**64).serialize() == str(2**64)
    assert argument(2**64).value == 2**64
