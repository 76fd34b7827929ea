"""The kind ``shell_command``: runs a recorded command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators.arguments import TaskArgument, argument
from airflow_provider_vai.operators.base import VaiOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_vai.operators.shell.local import LocalCommand

DEFAULT_SECONDS = 3600.0


class ShellCommandOperator(VaiOperator):
    """Runs a command line with bash in the working folder of the DAG run, or on a host through SSH.

    The command sees ``PATH`` and ``HOME`` of the worker and the variables of ``environment``, nothing else. The result
    is ``{"exit_code", "output", "truncated"}``: the last 32,000 characters of standard output and standard error. An
    exit code other than 0 fails the step. When the command ends, or its time is over, all processes of its group are
    ended.

    :param command: The command line. It must be written out in the DAG file: put what varies into ``environment``.
    :param cwd: A folder below the working folder. Default: the working folder itself.
    :param environment: Variables for the command, such as ``{"TOKEN": connection_secret("shop")}``.
    :param max_seconds: How long the command may take. Default: one hour.
    :param conn_id: An SSH connection. Default: the command runs on the worker.
    """

    kind = "shell_command"
    template_fields: Sequence[str] = ("command", "cwd", "environment", "max_seconds", "conn_id")
    effect = "write"

    def __init__(
        self,
        *,
        command: str,
        cwd: str | None = None,
        environment: dict[str, str] | None = None,
        max_seconds: float | None = None,
        conn_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        for name, value in {"command": command, "cwd": cwd, "conn_id": conn_id}.items():
            plain = value.value if isinstance(value, TaskArgument) else value
            if plain is not None and not isinstance(plain, str):
                raise ValueError(
                    f"{name} decides what runs, so it must be a plain text in the DAG file, not {plain!r}. Put what"
                    " varies between runs into environment"
                )
        self.command = argument(command)
        self.cwd = argument(cwd)
        self.environment = argument(environment)
        self.max_seconds = argument(max_seconds)
        self.conn_id = argument(conn_id)
        self._running: LocalCommand | None = None

    def perform(self, context: Context) -> dict[str, Any]:
        """Run the command and return how it ended.

        :raises AirflowException: it ended with an error, or took too long. Airflow may retry it only if the step reads.
        """
        from airflow_provider_vai.model.time_limit import TookTooLong
        from airflow_provider_vai.operators.runtime.compat import AirflowException, AirflowFailException
        from airflow_provider_vai.operators.runtime.masking import masked
        from airflow_provider_vai.operators.shell import local

        failure = AirflowFailException if self.effect == "write" else AirflowException
        seconds = float(self.max_seconds or DEFAULT_SECONDS)
        try:
            ended = self._ended(context, self._variables(), seconds)
        except TookTooLong as error:
            raise failure(f"{error}. Raise max_seconds if it needs longer") from None
        if ended.exit_code != 0:
            raise failure(f"the command ended with exit code {ended.exit_code}; its output is in the log above")
        output = masked(ended.output)
        return {"exit_code": 0, "output": output, "truncated": ended.characters > local.KEPT_CHARACTERS + 1}

    def on_kill(self) -> None:
        """End the command and everything that it started, because Airflow ends the task."""
        if self._running is not None:
            self._running.end()

    def _ended(self, context: Context, variables: dict[str, str], seconds: float) -> Any:
        from airflow_provider_vai.operators.files import working_folder
        from airflow_provider_vai.operators.shell import local, remote

        if self.conn_id:
            below = working_folder.parts_below(self.cwd) if self.cwd else ()
            place = remote.RemotePlace(self.conn_id, str(working_folder.name_of(context)), "/".join(below))
            return remote.run(self.command, place, variables, seconds, self.log)
        folder = working_folder.folder_below(working_folder.working_folder(context), self.cwd)
        self.log.info("Working folder: %s", folder)
        self._running = local.LocalCommand(self.log)
        return self._running.run(self.command, folder, variables, seconds)

    def _variables(self) -> dict[str, str]:
        """Return the variables for the command.

        :raises NothingSent: a name or value cannot be one of a variable.
        """
        from airflow_provider_vai.operators.runtime.errors import NothingSent

        variables = self.environment or {}
        for name, value in variables.items():
            if not isinstance(value, str) or "\0" in value or not name.isidentifier():
                raise NothingSent(f"nothing was run: the variable {name!r} must have an identifier as name and a text")
        return variables
