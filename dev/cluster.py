"""An Airflow on several machines, for tests: Celery on Redis, PostgreSQL, and logins of FAB.

The machines are those of ``machines.py``. The hub has PostgreSQL and Redis; ``web`` the API server and the DAG
processor; ``control`` the scheduler and the triggerer; ``one`` and ``two`` are workers, which have no access to the
database. Each has an ``AIRFLOW_HOME`` of its own.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import postgresql
from airflow_process import SUPERVISOR, SeparateAirflow
from machines import HUB, SUBNET, Machine, Network, NotPossibleError

WORKERS = ("one", "two")
PORT = 8080
REDIS_PORT = 6379
COMPONENTS = {
    "api-server": ("web", ("api-server",)),
    "dag-processor": ("web", ("dag-processor",)),
    "scheduler": ("control", ("scheduler", "--skip-serve-logs")),
    "triggerer": ("control", ("triggerer", "--skip-serve-logs")),
    **{name: (name, ("celery", "worker", "--concurrency", "2", "--queues", name)) for name in WORKERS},
}
"""Component -> its machine, and its command."""
_DATABASE = "AIRFLOW__DATABASE__"
_FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
_POLICY = '''"""Which worker gets which task."""
ON_TWO = {on_two!r}


def task_policy(task):
    task.queue = "two" if f"{{task.dag_id}}.{{task.task_id}}" in ON_TWO else "one"
'''


class Cluster(SeparateAirflow):
    """An Airflow on several machines; as a context manager, starts and stops it.

    :param network: the machines ``web``, ``control``, ``one`` and ``two``.
    :param python: the interpreter of the environment that has Airflow.
    :param settings: environment variables for every component.
    :param users: login name to FAB's role.
    :param connections: Airflow's connections, by id; they are stored in the database.
    :param on_two: the tasks that run on the worker ``two``, as ``dag_id.task_id``; the others run on ``one``.
    :param prefix: the path below which Airflow is, with a leading slash.
    """

    def __init__(
        self,
        network: Network,
        python: Path,
        settings: dict[str, str],
        users: dict[str, str],
        *,
        connections: dict[str, dict[str, Any]],
        on_two: set[str],
        prefix: str = "",
    ) -> None:
        self.machines = network.machines
        web = self.machines["web"].address
        shared = _shared_settings()
        super().__init__(network.root, python, shared | settings, users, web, prefix, components=tuple(COMPONENTS))
        self.connections, self.on_two = connections, on_two
        self._port = PORT
        self.url = self.seen_at

    def start(self) -> None:
        """Create the database, the users and the connections, and start the components."""
        for machine in self.machines.values():
            for folder in ("config", "tmp"):
                (machine.disk / folder).mkdir(exist_ok=True)
            (machine.disk / "config/airflow_local_settings.py").write_text(_POLICY.format(on_two=self.on_two))
        (self.machines["web"].disk / "connections.json").write_text(json.dumps(self.connections))
        self.airflow("db", "migrate")
        self.airflow("connections", "import", str(self.home / "connections.json"))
        for component in self.components:
            self.restart(component)
        for name, role in self.roles.items():
            words = f"--username {name} --role {role} --firstname {name} --lastname {name} --email {name}@example.com"
            self.airflow("users", "create", *words.split(), "--password", self.passwords[name])

    def airflow(self, *arguments: str) -> None:
        """Run a command of Airflow on the machine ``web``.

        :raises subprocess.CalledProcessError: it failed; the log has its output.
        """
        web = self.machines["web"]
        command = web.command(str(self.python), "-m", "airflow", *arguments)
        with self.log.open("ab") as log:
            subprocess.run(command, stdout=log, stderr=log, env=self.environment_on(web), check=True)

    def restart(self, component: str) -> None:
        """Start a component that is not running, and return at once."""
        name, command = COMPONENTS[component]
        machine = self.machines[name]
        wrapped = [sys.executable, str(SUPERVISOR), str(self.home), str(self.python), *command]
        with (self.home / f"{component}.log").open("ab") as log:
            self._processes[component] = subprocess.Popen(
                machine.command(*wrapped),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment_on(machine),
                start_new_session=True,
            )

    def environment_on(self, machine: Machine) -> dict[str, str]:
        """Return the environment of a machine's components; a worker's does not have the database."""
        here = {"HOME": str(self.home), "TMPDIR": str(self.home / "tmp"), "AIRFLOW__API__HOST": machine.address}
        everywhere = self.environment() | here | {"NO_PROXY": "*", "no_proxy": "*"}
        hidden = _DATABASE if machine.name in WORKERS else "-"
        return {name: value for name, value in everywhere.items() if not name.startswith(hidden)}

    def _tail(self) -> str:
        logs = sorted(self.home.glob("*.log"))
        ends = ("\n".join(log.read_text(errors="replace").splitlines()[-15:]) for log in logs)
        return "\n".join(f"--- {log.name}\n{end}" for log, end in zip(logs, ends, strict=True))

    def _healthy(self) -> bool:
        health = self.client.health()
        return all(
            health.get(name) == "healthy" for name in ("metadatabase", "scheduler", "triggerer", "dag_processor")
        )


def _shared_settings() -> dict[str, str]:
    """Return the settings that every machine must have alike."""
    database = postgresql.url(HUB, "airflow")
    return {
        "VAI_POSTGRESQL": "",
        f"{_DATABASE}SQL_ALCHEMY_CONN": database,
        f"{_DATABASE}SQL_ALCHEMY_CONN_ASYNC": database,
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__CORE__AUTH_MANAGER": _FAB,
        "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__CELERY__BROKER_URL": f"redis://{HUB}:{REDIS_PORT}/0",
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{database}",
    }


@contextmanager
def services(folder: Path) -> Iterator[None]:
    """Run PostgreSQL with the database ``airflow``, and Redis, on the hub's address as long as the ``with`` block runs.

    :param folder: an empty folder for Redis.
    :raises NotPossibleError: one of them is not installed.
    """
    redis = shutil.which("redis-server")
    if redis is None:
        raise NotPossibleError("Redis is not installed (Debian: the package `redis-server`)")
    command = [redis, "--bind", HUB, "--port", str(REDIS_PORT), "--protected-mode", "no", "--save", ""]
    with contextlib.ExitStack() as stack:
        try:
            database = stack.enter_context(postgresql.server(HUB, f"{SUBNET}.0/24"))
        except postgresql.NotInstalledError as error:
            raise NotPossibleError(str(error)) from None
        postgresql.create_database(database, "airflow")
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=folder)
        stack.callback(process.wait)
        stack.callback(process.terminate)
        yield


@contextmanager
def git_daemon(folder: Path, host: str) -> Iterator[str]:
    """Commit a folder to a repository and serve it read-only as long as the ``with`` block runs; yield its address.

    :param folder: the folder.
    :param host: the address to listen on, at Git's own port.
    """
    git = ["git", "-c", "user.name=mia", "-c", "user.email=mia@example.com", "-c", "init.defaultBranch=main"]
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "Add the DAGs"]):
        subprocess.run([*git, *words], cwd=folder, check=True)
    served = ["git", "daemon", "--export-all", f"--base-path={folder}", f"--listen={host}", str(folder)]
    with subprocess.Popen(served, stderr=subprocess.DEVNULL, process_group=0) as daemon:
        try:
            yield f"git://{host}/.git"
        finally:
            os.killpg(daemon.pid, signal.SIGTERM)
