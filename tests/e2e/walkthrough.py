"""Follows a page of the documentation: runs its commands in one shell, and compares what it says they print."""

from __future__ import annotations

import base64
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

PART = re.compile(r"<!-- ([\w ]+): (.*?) -->|^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
END = "walkthrough-end-of-command"
LIMIT = 600.0
"""Seconds that a command, and what a page waits for, may take."""


@dataclass
class Command:
    """A command of a page, with the lines that the page shows below it."""

    text: str
    shown: list[str] = field(default_factory=list)


def commands(block: str) -> list[Command]:
    """Return the commands of a console block."""
    found: list[Command] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append(Command(line[2:]))
        elif line.startswith("> ") or (found and not found[-1].shown and found[-1].text.endswith("\\")):
            found[-1].text += f"\n{line.removeprefix('> ')}"
        elif line.strip():
            found[-1].shown.append(line)
    return found


class Walkthrough:
    """One shell in which the commands of a page run one after the other.

    :param folder: where it starts. :param environment: the variables that it has. :param waiting: what a page may wait
        for, see :meth:`follow`.
    """

    def __init__(
        self, folder: Path, environment: Mapping[str, str], waiting: Mapping[str, Callable[[str], None]]
    ) -> None:
        self.folder, self.waiting = folder, waiting
        self.background: list[subprocess.Popen[str]] = []
        self.shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def follow(self, page: Path, sections: Sequence[str] = ()) -> int:
        """Run a page's commands; return how many ran.

        A console block is run. Marks before a block, or between blocks, say what else happens:

        - ``<!-- not run: reason -->`` leaves the next block out.
        - ``<!-- file: name -->`` writes the next block to a file, as the page asks the reader to do. The name is one
          of the shell: relative to its folder, with its variables.
        - ``<!-- insert: name: text -->`` inserts the next block into a file, below the line with the text.
        - ``<!-- exits: 1 -->`` says with which code the commands of the next block end, instead of 0.
        - ``<!-- until: command -->`` repeats a command until it ends with 0.
        - ``<!-- background: text -->`` lets the next block go on while the page continues, once it printed the text.
        - ``<!-- sections: page: heading, heading -->`` follows these sections of another page first.
        - ``<!-- wait: name -->``, or another word of ``waiting``, calls what waits for that.

        :param page: the page. :param sections: the headings of the sections to follow; empty: all of the page.
        :raises AssertionError: a command failed, or did not print a line that the page shows.
        """
        ran, mark = 0, ("", "")
        for found in PART.finditer(_text_of(page, sections)):
            if found[3] is None:
                if found[1] in self.waiting:
                    self.waiting[found[1]](found[2])
                elif found[1] == "until":
                    self._repeat(found[2])
                elif found[1] == "sections":
                    name, _, listed = found[2].partition(": ")
                    ran += self.follow(page.parent / name, listed.split(", "))
                mark = (found[1], found[2])
                continue
            kind, text = mark
            mark = ("", "")
            if kind == "file":
                self._write(text, found[4])
            elif kind == "insert":
                self._insert(*text.split(": ", 1), found[4])
            elif found[3] == "console" and kind != "not run":
                for command in commands(found[4]):
                    if kind == "background":
                        self._start(command.text, text)
                    else:
                        self._run(command, int(text) if kind == "exits" else 0)
                    ran += 1
        return ran

    def value(self, name: str) -> str:
        """Return a variable of the shell."""
        return self._output(f'printf "%s" "${name}"')[0]

    def end(self) -> None:
        """End the shell and what runs in the background, with all that it started."""
        for process in self.background:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.background:
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        self.shell.kill()
        self.shell.wait()

    def _run(self, command: Command, expected: int) -> None:
        output, code = self._output(command.text)
        assert code == expected, f"$ {command.text}\n{output}\n\nIt ended with {code}."
        plain = _plain(output)
        for line in command.shown:
            assert _plain(line) in plain, f"$ {command.text}\n{output}\n\nThe page shows: {line}"

    def _repeat(self, command: str) -> None:
        end = time.monotonic() + LIMIT
        while (done := self._output(command))[1] != 0:
            assert time.monotonic() < end, f"$ {command}\n{done[0]}"
            time.sleep(1)

    def _file(self, name: str) -> Path:
        """Return the path of a file whose name is one of the shell."""
        folder, file = (self._output(f'printf "%s" "{part}"')[0] for part in ("$PWD", name))
        return Path(folder) / file

    def _write(self, name: str, content: str) -> None:
        file = self._file(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, "utf-8")

    def _insert(self, name: str, above: str, content: str) -> None:
        """Insert lines into a file, below the only line that contains a text."""
        file = self._file(name)
        lines = file.read_text("utf-8").splitlines(keepends=True)
        (number,) = [number for number, line in enumerate(lines, 1) if above in line]
        file.write_text("".join([*lines[:number], content, *lines[number:]]), "utf-8")

    def _output(self, text: str) -> tuple[str, int]:
        """Return what a command prints, and its exit code."""
        assert self.shell.stdin is not None
        self.shell.stdin.write(f"{text}\nprintf '\\n{END} %s\\n' $?\n")
        self.shell.stdin.flush()
        timer = threading.Timer(LIMIT, self.shell.kill)
        timer.start()
        lines = []
        for line in self._lines():
            if line.startswith(f"{END} "):
                timer.cancel()
                return "\n".join(lines[:-1] if lines and not lines[-1] else lines), int(line.split()[1])
            lines.append(line)
        raise AssertionError(f"the shell ended, or took longer than {LIMIT:.0f} s:\n$ {text}\n" + "\n".join(lines))

    def _lines(self) -> Iterator[str]:
        assert self.shell.stdout is not None
        for line in self.shell.stdout:
            yield line.rstrip("\n")

    def _start(self, text: str, awaited: str) -> None:
        """Start a command with the shell's variables, and wait until it prints a text."""
        listed = self._output("env -0 | base64 -w 0")[0]
        pairs = (pair.partition("=") for pair in base64.b64decode(listed).decode().split("\0") if pair)
        log = self.folder.parent / f"background-{len(self.background)}.log"
        with log.open("w") as out:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {text}"],
                cwd=self._output("pwd")[0],
                env={name: value for name, _, value in pairs},
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        self.background.append(process)
        end = time.monotonic() + LIMIT
        while awaited not in log.read_text(errors="replace"):
            assert process.poll() is None, log.read_text(errors="replace")[-4000:]
            assert time.monotonic() < end, log.read_text(errors="replace")[-4000:]
            time.sleep(0.5)


@dataclass(frozen=True)
class LeftOut:
    """A block of a page that is not executed.

    :param line: its first line. :param reason: what the page's mark says; empty: there is no mark.
    """

    line: str
    reason: str


def left_out(page: Path) -> list[LeftOut]:
    """Return the blocks of a page that :meth:`Walkthrough.follow` neither runs nor writes to a file.

    :param page: the page.
    """
    found: list[LeftOut] = []
    mark = ("", "")
    for part in PART.finditer(page.read_text("utf-8")):
        if part[3] is None:
            mark = (part[1], part[2])
            continue
        kind, text = mark
        mark = ("", "")
        if kind == "not run" or (part[3] != "console" and kind not in ("file", "insert")):
            found.append(LeftOut(part[4].partition("\n")[0], text if kind == "not run" else ""))
    return found


def plain_environment(home: Path, python: Path) -> dict[str, str]:
    """Return the variables of a new user: an empty home, and an environment's commands on the path."""
    keep = ("LANG", "SSL_", "HTTP", "NO_PROXY", "PIP_")
    kept = {name: value for name, value in os.environ.items() if name.startswith(keep)}
    kept.setdefault("PIP_CACHE_DIR", str(Path.home() / ".cache/pip"))  # what was downloaded once is not again
    return {**kept, "HOME": str(home), "PATH": f"{python.parent}:/usr/bin:/bin", "COLUMNS": "200"}


def _text_of(page: Path, sections: Sequence[str]) -> str:
    """Return a page, or the sections of it with these headings."""
    text = page.read_text("utf-8")
    if not sections:
        return text
    parts = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE))
    return "\n".join(parts[heading] for heading in sections)


def _plain(text: str) -> str:
    return " ".join(text.split())
