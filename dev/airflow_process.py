"""A private Airflow for scripts and end-to-end tests: start it, call it, stop it, and leave nothing behind.

``Airflow`` runs the four components on a free port of 127.0.0.1, in a separate session under ``airflow_supervisor.py``.
Its database is SQLite, or one of its own in the PostgreSQL server whose folder the variable ``VAI_POSTGRESQL`` names
(a setting of the same name wins; empty: SQLite). The supervisor stops the components when the process that started it
ends, however it ends.
``SeparateAirflow`` gives each component a supervisor of its own, so that one can be killed and started again. Standard
library only.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import postgresql

START_LIMIT = 300.0
"""Seconds to wait until every component is healthy; a small machine needs about a minute."""
STOP_LIMIT = 30.0
REQUEST_LIMIT = 120.0  # with SQLite, writers wait for each other
BUSY_LIMIT = 60.0  # seconds for which a request is repeated
REPEATABLE = ("GET", "PUT", "PATCH", "DELETE")
SUPERVISOR = Path(__file__).resolve().with_name("airflow_supervisor.py")
PROC = Path("/proc/self/cmdline")  # Linux; elsewhere `ps` is asked
T = TypeVar("T")


class AirflowError(Exception):
    """Airflow did not start, ended early, refused a request or took too long."""


class Client:
    """Airflow's REST API as one user.

    :param url: the API server's address.
    :param user: the login name.
    :param password: the login's password.
    """

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url, self.user, self.password = url, user, password
        self._token = ""
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Return the JSON answer of ``method /api/v2{path}``; log in if the token is missing or expired.

        A request that may be repeated is repeated while the database is busy: SQLite locks out a writer that waits for
        too long, and the server answers 500.

        :raises AirflowError: the server answered with an error.
        :raises OSError: nothing listens at the address.
        """
        end = time.monotonic() + BUSY_LIMIT
        while True:
            try:
                return self._logged_in(method, path, body)
            except urllib.error.HTTPError as error:
                answer = error.read().decode(errors="replace")
                is_busy = error.code == 500 and "Database error" in answer and method in REPEATABLE
                if not is_busy or time.monotonic() > end:
                    raise AirflowError(f"{error.url} answered {error.code}: {answer[:500]}") from None

    def _logged_in(self, method: str, path: str, body: Any) -> Any:
        if not self._token:
            self._log_in()
        try:
            return self._send(method, f"/api/v2{path}", body)
        except urllib.error.HTTPError as error:
            if error.code != 401:
                raise
        self._log_in()
        return self._send(method, f"/api/v2{path}", body)

    def health(self) -> dict[str, str]:
        """Return each component's status; empty while the API server is not up."""
        try:
            answer = self._send("GET", "/api/v2/monitor/health")
        except OSError:
            return {}
        return {name: str((status or {}).get("status")) for name, status in answer.items()}

    def _log_in(self) -> None:
        self._token = ""
        answer = self._send("POST", "/auth/token", {"username": self.user, "password": self.password})
        self._token = answer["access_token"]

    def _send(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with self._opener.open(request, timeout=REQUEST_LIMIT) as answer:
            content = answer.read()
        return json.loads(content) if content else None


class Airflow:
    """One private Airflow; as a context manager, starts and stops it.

    :param home: its folder (``AIRFLOW_HOME``) for database, logs and password file; created if missing.
    :param python: the interpreter of the environment that has Airflow.
    :param settings: environment variables for it: ``AIRFLOW__SECTION__KEY``, ``AIRFLOW_CONN_*`` and others.
    :param users: login name to role (``admin``, ``op``, ``user``, ``viewer``); :attr:`client` uses the first.
    :param host: the name that browsers use. :param prefix: the path below which it is, with a leading slash.
    """

    def __init__(
        self,
        home: Path,
        python: Path,
        settings: dict[str, str],
        users: dict[str, str] | None = None,
        host: str = "127.0.0.1",
        prefix: str = "",
    ) -> None:
        self.home = home.absolute()
        self.python = python
        self.settings = settings
        self.roles = users or {"admin": "admin"}
        self.passwords = {name: secrets.token_urlsafe(9) for name in self.roles}
        self.log = self.home / "airflow.log"
        self.url = ""
        self._port = 0
        self._host, self._prefix = host, prefix
        self._pid_file = self.home / "airflow.pid"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Airflow:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def seen_at(self) -> str:
        """Return its address for browsers."""
        return f"http://{self._host}:{self._port}{self._prefix}"

    @property
    def client(self) -> Client:
        """Return a REST client for the first user."""
        return self.client_of(next(iter(self.roles)))

    def client_of(self, user: str) -> Client:
        """Return a REST client that logs in as ``user``."""
        return Client(self.url, user, self.passwords[user])

    def start(self) -> None:
        """Start the components and return at once; see :meth:`wait_healthy`."""
        self._prepare()
        self.log.unlink(missing_ok=True)
        process = self._launch("airflow", [str(SUPERVISOR), str(self.home), str(self.python)])
        self._pid_file.write_text(str(process.pid))

    def _prepare(self) -> None:
        end_leftover(self.home)
        self.home.mkdir(parents=True, exist_ok=True)
        if server := self._postgresql():
            postgresql.create_database(server, self._database)
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}{self._prefix}"
        login = self.home / "simple_auth_manager_passwords.json.generated"
        login.touch(mode=0o600)
        login.write_text(json.dumps(self.passwords) + "\n")

    def _launch(self, name: str, arguments: list[str]) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, *arguments],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment(),
                cwd=SUPERVISOR.parent,
                start_new_session=True,
            )
        return self._processes[name]

    def environment(self) -> dict[str, str]:
        """Return the components' environment: the caller's without variables of Airflow and Python, then ours."""
        foreign = ("AIRFLOW_", "_AIRFLOW_", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        direct = ",".join(filter(None, (inherited.get("NO_PROXY"), "127.0.0.1", "localhost")))
        return {
            **inherited,
            "PATH": os.pathsep.join((str(self.python.parent), inherited.get("PATH", os.defpath))),
            "NO_PROXY": direct,
            "no_proxy": direct,
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self._port),
            "AIRFLOW__API__BASE_URL": self.seen_at,
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(":".join(u) for u in self.roles.items()),
            **self._connections(),
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "SCARF_ANALYTICS": "False",
            **self.settings,
        }

    def _postgresql(self) -> Path | None:
        folder = self.settings.get("VAI_POSTGRESQL", os.environ.get("VAI_POSTGRESQL"))
        return Path(folder) if folder else None

    @property
    def _database(self) -> str:
        return "airflow_" + hashlib.sha256(str(self.home).encode()).hexdigest()[:12]

    def _connections(self) -> dict[str, str]:
        if server := self._postgresql():
            names = ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC")
            return dict.fromkeys(names, postgresql.url(server, self._database))
        # SQLite takes one writer at a time: the others wait this long
        return {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.home / 'airflow.db'}?timeout=60"}

    def wait_healthy(self, limit: float = START_LIMIT, report: Callable[[str], None] | None = None) -> None:
        """Wait until every component reports healthy.

        :raises AirflowError: a component ended, or ``limit`` seconds passed.
        """
        self.wait("Airflow to be healthy", self._healthy, limit, report)

    def wait(self, what: str, check: Callable[[], T], limit: float, report: Callable[[str], None] | None = None) -> T:
        """Return ``check()`` once it is true; call it every second.

        :param what: what is waited for, for messages.
        :param report: called about every 15 seconds with a line that says how long it has been.
        :raises AirflowError: Airflow ended, or ``limit`` seconds passed.
        """
        begun = reported = time.monotonic()
        while True:
            if not self._processes or any(process.poll() is not None for process in self._processes.values()):
                raise AirflowError(f"Airflow stopped while waiting for {what}. The end of {self.log}:\n{self._tail()}")
            if found := check():
                return found
            now = time.monotonic()
            if now - begun > limit:
                raise AirflowError(f"Gave up waiting for {what} after {limit:.0f} s. Airflow's log: {self.log}")
            if report and now - reported >= 15:
                report(f"still waiting for {what} ({now - begun:.0f} s)")
                reported = now
            time.sleep(1)

    def stop(self) -> None:
        """Stop every process that :meth:`start` started; does nothing if there is none."""
        for process in self._processes.values():
            if process.stdin:
                process.stdin.close()
        deadline = time.monotonic() + STOP_LIMIT
        while self._processes:
            _, process = self._processes.popitem()
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
            _end_session(process.pid, _session(process.pid))
            process.wait()
        self._pid_file.unlink(missing_ok=True)

    def _tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def _healthy(self) -> bool:
        health = self.client.health()
        wanted = ("metadatabase", "scheduler", "triggerer", "dag_processor")
        return all(health.get(name) == "healthy" for name in wanted)


class SeparateAirflow(Airflow):
    """An Airflow with separate components, each of which can be killed and restarted.

    :param components: the ones to run: ``api-server``, ``scheduler``, ``dag-processor``, ``triggerer``.
    """

    def __init__(self, *args: Any, components: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.components = components

    def start(self) -> None:
        """Create the database and start the components."""
        self._prepare()
        with self.log.open("ab") as log:
            migrate = [str(self.python), "-m", "airflow", "db", "migrate"]
            subprocess.run(migrate, stdout=log, stderr=log, env=self.environment(), check=True)
        for component in self.components:
            self.restart(component)

    def restart(self, component: str) -> None:
        """Start a component that is not running, and return at once."""
        quiet = ["--skip-serve-logs"] if component in ("scheduler", "triggerer") else []
        self._launch(component, [str(SUPERVISOR), str(self.home), str(self.python), component, *quiet])

    def kill(self, component: str) -> None:
        """Kill a component and all its processes with SIGKILL, as if the machine lost power."""
        process = self._processes.pop(component)
        for pid in _session(process.pid):
            _signal(pid, signal.SIGKILL)
        process.wait()

    def _healthy(self) -> bool:
        health = self.client.health()
        wanted = {"metadatabase", *(name.replace("-", "_") for name in self.components)} - {"api_server"}
        return all(health.get(name) == "healthy" for name in wanted)


def free_port() -> int:
    """Return a free port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def end_leftover(home: Path) -> bool:
    """Stop what an earlier run that was killed left running in ``home``; return whether there was anything.

    Only processes of the recorded session are stopped, and only if their command line shows that they are Airflow's.
    """
    pid_file = home / "airflow.pid"
    try:
        session = int(pid_file.read_text())
    except (OSError, ValueError):
        return False
    members = {pid: _command(pid) for pid in _session(session)}
    if session in members and str(home.absolute()) not in members[session]:
        return False  # the process id has been reused
    ours = [pid for pid, command in members.items() if "airflow" in command]
    _end_session(session, ours)
    pid_file.unlink(missing_ok=True)
    return bool(ours)


def _session(session: int) -> list[int]:
    """Return the processes of a session, including those in a process group of their own."""
    return [pid for pid in _processes() if _session_of(pid) == session]


def _processes() -> list[int]:
    if PROC.exists():
        return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    listing = subprocess.run(["ps", "-A", "-o", "pid="], capture_output=True, text=True, check=True)
    return [int(pid) for pid in listing.stdout.split()]


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def _command(pid: int) -> str:
    if PROC.exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    asked = ["ps", "-ww", "-p", str(pid), "-o", "command="]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout


def _end_session(session: int, pids: list[int]) -> None:
    """Ask the processes to stop, then kill those that are left."""
    for ask, limit in ((signal.SIGTERM, STOP_LIMIT), (signal.SIGKILL, 5.0)):
        deadline = time.monotonic() + limit
        for pid in pids:
            _signal(pid, ask)
        while pids and time.monotonic() < deadline:
            time.sleep(0.1)
            pids = [pid for pid in pids if pid in _session(session)]


def _signal(pid: int, number: int) -> None:
    with suppress(OSError):
        os.kill(pid, number)
