"""Finds the automation with a webhook path, and the secret of its sender."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from airflow.exceptions import AirflowNotFoundException
from airflow.models.connection import Connection

from airflow_provider_vai.exceptions import SpecError, VaiError
from airflow_provider_vai.model.sidecar import SUFFIX, parse_sidecar
from airflow_provider_vai.model.triggers import WebhookTrigger
from airflow_provider_vai.plugin.api.configured_folders import automations_folder
from airflow_provider_vai.plugin.webhooks.signatures import UnusableSecret, key_of
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.file_cache import FileCache
from airflow_provider_vai.store.shared_files import AnyPath

log = logging.getLogger(__name__)


class Misconfigured(VaiError):
    """The server is set up wrongly. The message is for the log, not for the sender."""


@dataclass(frozen=True)
class Webhook:
    """A webhook of an automation, and whether that automation's status is ``active``."""

    dag_id: str
    is_active: bool
    trigger: WebhookTrigger


def find(path: str) -> Webhook | None:
    """Return the webhook with this path, ``None`` if no automation has it.

    If several automations have the path, the active one counts: a draft may be its successor.

    :raises Misconfigured: several active automations have it.
    :raises PublishError: the folder cannot be read.
    """
    folder = automations_folder()
    found = [webhook for webhook in _served(folder) if webhook.trigger.path == path]
    active = [webhook for webhook in found if webhook.is_active]
    if len(active) > 1:
        named = " and ".join(webhook.dag_id for webhook in active)
        raise Misconfigured(
            f"{named} have the same webhook path {path!r}", where=str(folder), remedy="Pause all but one of them."
        )
    return next(iter([*active, *found]), None)


def secret(trigger: WebhookTrigger) -> str:
    """Return the password of the trigger's connection, from any place where Airflow keeps connections.

    :raises Misconfigured: the connection does not exist, or has no password.
    """
    remedy = f"Make the connection {trigger.conn_id!r} with the sender's secret as its password."
    try:
        password: Any = Connection.get_connection_from_secrets(trigger.conn_id).password
    except AirflowNotFoundException:
        raise Misconfigured("the connection is missing", where=f"webhook {trigger.path}", remedy=remedy) from None
    if not password:
        raise Misconfigured("the connection has no password", where=f"webhook {trigger.path}", remedy=remedy)
    return str(password)


def secret_problem(trigger: WebhookTrigger) -> str:
    """Return what is wrong with the secret of a webhook and what to do, without the secret; empty: nothing is.

    :param trigger: the webhook.
    """
    try:
        key_of(trigger.signature, secret(trigger))
    except (Misconfigured, UnusableSecret) as error:
        return f"{error.problem[0].upper()}{error.problem[1:]}. {error.remedy}"
    except Exception as error:  # each secrets backend has its own errors
        log.warning("The connection of the webhook %s cannot be looked up", trigger.path, exc_info=True)
        return f"The connection cannot be looked up ({type(error).__name__}); the server's log says more."
    return ""


def _served(folder: AnyPath) -> list[Webhook]:
    """Return the webhooks of all sidecars.

    Anybody can make the server look for a path, and each read from an object store is a request. So a sidecar is read,
    and an error in it logged, once for each change that the listing of its folder shows.
    """
    return [webhook for webhooks in _read_before.contents(folder).values() for webhook in webhooks]


def _webhooks(path: AnyPath) -> list[Webhook]:
    content = shared_files.read(path)
    if content is None or b'"webhook"' not in content:
        return []
    try:
        sidecar = parse_sidecar(content, str(path))
    except SpecError as error:
        log.error("The webhooks of this sidecar are not served, because it cannot be read. %s", error)
        return []
    webhooks = [trigger for trigger in sidecar.triggers if isinstance(trigger, WebhookTrigger)]
    return [Webhook(sidecar.dag_id, sidecar.status == "active", trigger) for trigger in webhooks]


_read_before = FileCache(_webhooks, SUFFIX)
