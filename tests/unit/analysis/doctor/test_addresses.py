"""The address of Airflow, which a sender of webhooks needs."""

from __future__ import annotations

import pytest

from airflow_provider_vai.analysis.doctor import addresses


def test_the_address_of_airflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it, webhooks have an address that only works on the same machine; credentials in it are masked."""
    monkeypatch.setattr(addresses, "setting", lambda *option: None)
    (one,) = addresses.base_url()
    assert (one.code, one.level) == ("DOC207", "note")
    assert one.remedy
    monkeypatch.setattr(addresses, "setting", lambda *option: "https://ann:hunter2-x@airflow.example.com")
    (one,) = addresses.base_url()
    assert one.level == "ok"
    assert "hunter2-x" not in one.message
