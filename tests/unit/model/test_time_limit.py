"""Work ends within its time limit, or is abandoned."""

from __future__ import annotations

import threading
import time

import pytest

from airflow_provider_vai.model import time_limit


def test_the_value_and_the_error_come_through() -> None:
    """Work that ends in time returns its value or raises its error."""
    assert time_limit.within(60, lambda: 7, stop=lambda: None) == 7
    with pytest.raises(ZeroDivisionError):
        time_limit.within(60, lambda: 1 // 0, stop=lambda: None)


def test_work_is_stopped() -> None:
    """Work that can be stopped ends soon after the time limit, and its result is ignored."""
    stopped = threading.Event()

    with pytest.raises(time_limit.TookTooLong, match=r"longer than 0\.05 seconds"):
        time_limit.within(0.05, lambda: stopped.wait(60), stop=stopped.set)
    assert stopped.is_set()


def test_work_that_cannot_be_asked_is_abandoned() -> None:
    """Without a way to stop the work, the step ends at once."""
    end = threading.Event()

    with pytest.raises(time_limit.TookTooLong):
        time_limit.within(0.05, lambda: end.wait(60), stop=None)
    assert not end.is_set()
    end.set()


def test_work_that_does_not_stop_is_left_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """The step does not wait for work that ignores the request to stop, or that fails when it is stopped."""
    monkeypatch.setattr(time_limit, "GRACE_SECONDS", 0.5)
    end = threading.Event()
    asked = []

    def stop() -> None:
        asked.append(1)
        raise OSError("no")

    begun = time.monotonic()
    with pytest.raises(time_limit.TookTooLong):
        time_limit.within(0.05, lambda: end.wait(60), stop=stop)
    end.set()

    assert len(asked) == 2
    assert time.monotonic() - begun < 30
