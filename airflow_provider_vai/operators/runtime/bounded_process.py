"""A process of its own for work that may hang, need too much memory or crash: it is ended, and the caller goes on.

The caller makes a :class:`BoundedProcess` of a module that calls :func:`serve`. Requests and answers are bytes; the
module decides what they mean. The process serves any number of requests, one after another, so only the first one waits
for its start. It ends with the caller, whatever happens to the caller.
"""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import IO

_REQUEST, _ANSWER = struct.Struct("!dQ"), struct.Struct("!Q")
_GRACE_SECONDS = 2.0
"""How much later than the caller the process ends itself. It does so only if the caller is gone."""


class ProcessEnded(Exception):
    """The process did not answer. It no longer runs."""


class PastDeadline(ProcessEnded):
    """The process was ended because its answer did not come in time."""


class ProcessDied(ProcessEnded):
    """The process ended itself, or somebody else ended it. The message says how: a signal, or an exit code."""


class BoundedProcess:
    """A process that answers requests within a time and memory limit.

    :param module: the module that the process runs, as for ``python -m``.
    :param memory_bytes: the memory that it may allocate. Where the operating system has no such limit, there is none.
    """

    def __init__(self, module: str, memory_bytes: int) -> None:
        path = os.pathsep.join(part for part in sys.path if part)
        self._process = subprocess.Popen(  # noqa: S603 - the caller names one of this package's modules
            [sys.executable, "-m", module, str(memory_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what a crashing library prints
            env={**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"},
        )

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the process can answer a further request."""
        return self._process.poll() is None

    def ask(self, request: bytes, seconds: float) -> bytes:
        """Return the answer to a request.

        :param seconds: how long the answer may take. Then the process is ended.
        :raises PastDeadline: it took longer. :raises ProcessDied: the process ended without an answer.
        """
        if not self.is_running:
            raise self._death()
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        late = threading.Event()

        def end() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(max(seconds, 0), end)
        timer.daemon = True
        timer.start()
        try:
            try:
                self._process.stdin.write(_REQUEST.pack(seconds, len(request)) + request)
                self._process.stdin.flush()
            except BrokenPipeError:
                raise self._death() from None
            answer = _frame(self._process.stdout)
        except BaseException:
            self.end()
            raise
        finally:
            timer.cancel()
            timer.join()  # an answer at the last moment: the process may be ended right now
        if answer is not None:
            return answer
        death = self._death()
        if late.is_set():
            raise PastDeadline(f"no answer within {seconds:g} seconds")
        raise death

    def end(self) -> None:
        """End the process, and wait until it is gone."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                if pipe:
                    pipe.close()
            except OSError:  # the rest of a request that the process did not read
                pass

    def _death(self) -> ProcessDied:
        try:
            code = self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:  # it closed its end of the pipe, and runs
            code = None
        self.end()
        if code is None:
            return ProcessDied("it closed its output")
        if code >= 0:
            return ProcessDied(f"it ended with exit code {code}")
        try:
            return ProcessDied(f"it was ended by {signal.Signals(-code).name}")
        except ValueError:
            return ProcessDied(f"it was ended by signal {-code}")


def serve(answer: Callable[[bytes], bytes]) -> None:
    """Answer the requests of a :class:`BoundedProcess` until the caller closes the pipe.

    :param answer: returns the answer to a request. An error in it ends the process.
    """
    _limit_memory(int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the caller decides
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is not an answer
    while head := requests.read(_REQUEST.size):
        seconds, size = _REQUEST.unpack(head)
        _end_after(seconds + _GRACE_SECONDS)
        content = answer(requests.read(size))
        _end_after(0)
        answers.write(_ANSWER.pack(len(content)) + content)
        answers.flush()


def _frame(pipe: IO[bytes]) -> bytes | None:
    """Return one answer; ``None`` if the pipe ends before or in it."""
    head = pipe.read(_ANSWER.size)
    if len(head) < _ANSWER.size:
        return None
    (size,) = _ANSWER.unpack(head)
    content = pipe.read(size)
    return content if len(content) == size else None


def _end_after(seconds: float) -> None:
    """Let the operating system end this process after a time, even inside C code; 0: no longer."""
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, max(seconds, 0))


def _limit_memory(size: int) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    # Not RLIMIT_AS: JavaScript engines reserve far more addresses than they use memory
    for limit, value in ((resource.RLIMIT_DATA, size), (resource.RLIMIT_CORE, 0)):
        _, most = resource.getrlimit(limit)
        allowed = value if most == resource.RLIM_INFINITY else min(value, most)
        try:
            resource.setrlimit(limit, (allowed, allowed))
        except (OSError, ValueError):  # an operating system without this limit
            continue
