"""Carries out a form once, however often it is sent, and opens the page that shows the result."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from fastapi import Request, Response

from airflow_provider_vai.plugin.api.idempotency import once
from airflow_provider_vai.plugin.pages.forms import PageForm
from airflow_provider_vai.plugin.pages.frame import redirect


def carried_out(request: Request, user: Any, form: PageForm, do: Callable[[], str]) -> Response:
    """Carry out a form, unless it was sent before with the same key, and redirect to the page that ``do`` names.

    Somebody who goes back and types or chooses something else sends another form, although its key is the same.

    :param do: does what the form asks for, and returns an address below ``/ui``.
    :raises HTTPException: see :class:`~airflow_provider_vai.plugin.api.idempotency.Once`; and what ``do`` raises.
    """
    # The answer of a redirect is not kept for a second click; one with the address is.
    key = f"{form.key} {hashlib.sha256(form.content).hexdigest()}" if form.key else None
    answer = once(request, user, key)(form.content, lambda: Response(do().encode("ascii")))
    return redirect(request, bytes(answer.body).decode("ascii"))
