"""Errors of a running step; each says whether anything was sent, and whether the step may be retried."""

from __future__ import annotations

from airflow_provider_vai.operators.runtime.compat import AirflowException, AirflowFailException


class ApprovalMissing(AirflowFailException):
    """The step is guarded and nobody approved what it would do now. It fails without a retry."""


class NothingSent(AirflowFailException):
    """The step failed for good before it sent anything: once the cause is removed, clearing it is enough."""


class MissingExtra(NothingSent):
    """A library that the step needs is not installed; the message holds the command that installs it."""


class NothingSentYet(AirflowException):
    """The step failed before it sent anything (no connection, for one), and may be retried."""


class UnknownOutcome(AirflowFailException):
    """An earlier try began the write and left no word of its end. It fails without a retry."""
