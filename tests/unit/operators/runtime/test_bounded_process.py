"""A process of its own is ended at its deadline and memory limit, says how it died, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator

import pytest

from airflow_provider_vai.operators.runtime.bounded_process import BoundedProcess, PastDeadline, ProcessDied

CHILD = "tests.unit.operators.runtime.bounded_child"
MEMORY = 512 * 2**20


@pytest.fixture
def process() -> Iterator[BoundedProcess]:
    """A process of the test's child module."""
    made = BoundedProcess(CHILD, MEMORY)
    yield made
    made.end()


def is_gone(pid: int) -> bool:
    """Return whether no process has this id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_it_answers_one_request_after_another(process: BoundedProcess) -> None:
    """One process serves many requests of any size and content; what it prints is not taken for an answer."""
    pid = process.pid
    for request in (b"", b"one", b"\0\n\xff" * 1_000_000, b"print", b"two"):
        assert process.ask(request, 60) == request
    assert process.is_running
    assert process.pid == pid


def test_it_is_ended_at_the_deadline(process: BoundedProcess) -> None:
    """Work that does not end is ended, and the process is gone when the caller learns of it."""
    with pytest.raises(PastDeadline, match=r"within 0\.5 seconds"):
        process.ask(b"hang", 0.5)
    assert is_gone(process.pid)
    assert not process.is_running


@pytest.mark.parametrize(("request_", "how"), [(b"die 9", "SIGKILL"), (b"die 6", "SIGABRT"), (b"exit 3", "code 3")])
def test_a_death_is_reported(process: BoundedProcess, request_: bytes, how: str) -> None:
    """Whatever ends the process, the caller learns of it; so does a later request."""
    with pytest.raises(ProcessDied, match=how):
        process.ask(request_, 60)
    assert is_gone(process.pid)
    with pytest.raises(ProcessDied, match=how):
        process.ask(b"again", 60)


def test_a_process_killed_between_requests(process: BoundedProcess) -> None:
    """A process that somebody else killed is reported at the next request."""
    assert process.ask(b"one", 60) == b"one"
    os.kill(process.pid, 9)
    with pytest.raises(ProcessDied, match="SIGKILL"):
        process.ask(b"two" * 1_000_000, 60)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit a process's memory")
def test_its_memory_is_limited(process: BoundedProcess) -> None:
    """The process cannot allocate more than its limit."""
    assert process.ask(b"allocate 1000000", 60) == b"1000000 bytes"
    assert process.ask(b"allocate %d" % (2 * MEMORY), 60) == b"no memory"


def test_nothing_stays_behind_a_dead_caller(tmp_path: object) -> None:
    """If the caller is killed, an idle process ends at once, and one at work by its own alarm."""
    caller = textwrap.dedent(
        f"""
        import os
        from airflow_provider_vai.operators.runtime.bounded_process import BoundedProcess
        process = BoundedProcess({CHILD!r}, {MEMORY})
        assert float(process.ask(b"alarm", 30)) > 29
        print(process.pid, flush=True)
        os.kill(os.getpid(), 9)
        """
    )
    ran = subprocess.run([sys.executable, "-c", caller], stdout=subprocess.PIPE, check=False, timeout=60)
    pid = int(ran.stdout)
    for _ in range(200):
        if is_gone(pid):
            return
        subprocess.run([sys.executable, "-c", "pass"], check=True)
    pytest.fail("the process still runs")
