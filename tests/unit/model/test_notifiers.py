"""A spec may name only notifiers of the allow-list; names are compared, and nothing is imported."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from airflow_provider_vai.model import notifiers
from airflow_provider_vai.model.notifiers import notifier_problem


@pytest.fixture(autouse=True)
def from_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Read the list from the environment, where it is not set."""
    monkeypatch.setattr(notifiers, "_setting", notifiers._from_environment)
    monkeypatch.delenv(notifiers.OPTION, raising=False)
    return


@pytest.mark.parametrize(
    "name",
    [
        "airflow.providers.smtp.notifications.smtp.SmtpNotifier",
        "airflow.providers.slack.notifications.slack_webhook.SlackWebhookNotifier",
        "airflow.providers.amazon.aws.notifications.chime.ChimeNotifier",
    ],
)
def test_notifiers_of_airflows_providers_are_allowed(name: str) -> None:
    """They need not be installed here: nothing is imported."""
    assert notifier_problem(name) is None
    assert not any(module.startswith("airflow.providers.slack") for module in sys.modules)


@pytest.mark.parametrize(
    "name",
    [
        "subprocess.getoutput",
        "os.system",
        "builtins.exec",
        "mine.notices.BellNotifier",
        "airflow.providers.smtp.hooks.smtp.SmtpHook",
        "airflow.providers.smtp.notifications.smtp.SmtpHook",  # a module's own imports are no notifiers
        "airflow.providers.smtp.notifications.smtp.BaseNotifier",  # abstract: the DAG file would not load
        "airflow.providers.notifications.smtp.SmtpNotifier",
        "evil.airflow.providers.smtp.notifications.smtp.SmtpNotifier",
        "airflow.providers.smtp.notifications.smtp.Notifier\n",
        "airflow.providers.smtp.notifications.smtp:SmtpNotifier",
        "airflow.providers.\u017fmtp.notifications.smtp.SmtpNotifier",  # Python reads another name
        "",
    ],
)
def test_other_names_are_refused(name: str) -> None:
    """The message has the name and the list."""
    assert "is not an allowed notifier: the list has airflow.providers.*" in str(notifier_problem(name))


def test_the_option_replaces_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are separated by commas or spaces."""
    monkeypatch.setenv(notifiers.OPTION, "mine.notices.Bell, mine.sirens.*\nother.Notifier")

    assert notifier_problem("mine.notices.Bell") is None
    assert notifier_problem("mine.sirens.loud.Siren") is None
    assert notifier_problem("other.Notifier") is None
    assert notifier_problem("mine.notices.Bells")
    assert notifier_problem("airflow.providers.smtp.notifications.smtp.SmtpNotifier")


def test_airflows_configuration_can_be_handed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """The value is read each time; an empty one is the default."""
    monkeypatch.setenv(notifiers.OPTION, "from.environment")
    setting = {"notifiers": "from.airflow_cfg"}
    monkeypatch.setattr(notifiers, "_setting", None)  # so that what the API server set before comes back
    notifiers.read_setting(lambda: setting["notifiers"])

    assert notifiers.allowed() == ["from.airflow_cfg"]
    setting["notifiers"] = ""
    assert notifiers.allowed() == [notifiers.DEFAULT]
