"""Errors of a running step. The class determines whether anything was sent and whether Airflow may retry the step."""

from __future__ import annotations

from airflow_provider_vai.operators.runtime.compat import AirflowException, AirflowFailException


class ApprovalMissing(AirflowFailException):
    """The step is guarded, and no unused approval covers its current arguments. It fails without a retry."""


class ApprovalImpossible(AirflowFailException):
    """The gate guards no step, cannot show its question, or guards a denied call. It fails without a retry."""


class ApprovalRejected(AirflowFailException):
    """The gate was rejected, by a person or by its timeout. The gate fails without a retry."""


class ApprovalTimeout(AirflowFailException):
    """Nobody answered before the deadline. The gate fails without a retry."""


class NothingSent(AirflowFailException):
    """The step failed before it sent anything, and a retry cannot help. Remove the cause and clear the step."""


class MissingExtra(NothingSent):
    """A library that the step needs is not installed. The message has the command that installs it."""


class NothingSentYet(AirflowException):
    """The step failed before it sent anything, for example because a server is down, and may be retried."""


class UnknownOutcome(AirflowFailException):
    """An earlier try began the write and did not record its end. The step fails without a retry."""
