"""The check of Airflow's own address, which webhooks and links in messages begin with."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_vai.analysis.doctor.diagnosis import Diagnosis
from airflow_provider_vai.model.airflow_settings import loaded, setting
from airflow_provider_vai.secrets.masking import mask

OPTION = "[api] base_url"


def base_url() -> Iterator[Diagnosis]:
    """Yield the diagnosis about the address under which people and senders of webhooks reach Airflow."""
    given = setting("api", "base_url", loaded())
    if given:
        yield Diagnosis("DOC207", "ok", OPTION, mask(given))
        return
    message = "not set: the addresses of webhooks and the links in messages begin with http://localhost:8080"
    yield Diagnosis("DOC207", "note", OPTION, message, "Set it to the address at which people open Airflow.")
