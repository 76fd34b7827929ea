"""Machines for tests: each is a set of Linux namespaces with a host name, an address and a folder of its own.

:class:`Network` puts the calling thread, and what it starts from then on, on the machine ``hub``. Every machine sees
its own folder at the same path, and nothing of the other machines' folders but ``volume``, which stands for a file
system that all of them mount. All of it vanishes with the process that made it. Needs root on Linux, ``ip`` and
``unshare``.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

SUBNET = "10.77.0"
HUB = f"{SUBNET}.1"
"""The hub's address. The network is not connected to any other."""
_NEW_NETWORK = 0x40000000  # CLONE_NEWNET of sched.h
_NAMESPACES = ("--net", "--mount", "--uts")
_BOOT = """
set -e
mkdir -p "$1/volume" "$1/$2/volume"
mount --bind "$1/volume" "$1/$2/volume"
mount --bind "$1/hosts" /etc/hosts
mount --rbind "$1/$2" "$1"
hostname "$2"
ip link set lo up
echo up
exec cat
"""


class NotPossibleError(Exception):
    """Machines cannot be had here; the message says why."""


class Machine:
    """One machine; see the module's text.

    :param name: its host name.
    :param address: its address.
    :param root: the folder in which all machines have their folders; on the machine, its own folder.
    """

    def __init__(self, name: str, address: str, root: Path) -> None:
        self.name, self.address, self.root = name, address, root
        self.disk = root / name
        self.disk.mkdir(parents=True)
        self._holder = subprocess.Popen(
            ["unshare", *_NAMESPACES, "sh", "-c", _BOOT, "sh", str(root), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self._holder.stdout is not None
        assert self._holder.stderr is not None
        if self._holder.stdout.readline() != b"up\n":
            raise NotPossibleError(f"no namespaces: {self._holder.stderr.read().decode().strip()}")
        _ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", str(self._holder.pid))
        _ip("link", "set", name, "master", "lan", "up")
        for words in (f"address add {address}/24 dev eth0", "link set eth0 up"):
            subprocess.run(self.command("ip", *words.split()), check=True)

    def command(self, *arguments: str) -> list[str]:
        """Return the command that runs a command on this machine."""
        return ["nsenter", "--target", str(self._holder.pid), *_NAMESPACES, "--", *arguments]

    def cut_off(self) -> None:
        """Pull the network cable: what is sent is lost without an error."""
        _ip("link", "set", self.name, "down")

    def join(self) -> None:
        """Plug the network cable in again."""
        _ip("link", "set", self.name, "up")

    def end(self) -> None:
        """End the machine; its processes must have ended before."""
        self._holder.communicate()


class Network:
    """Machines and the hub, as a context manager.

    :param root: an empty folder for the machines' folders.
    :param names: the machines' host names, each at most 15 letters.
    :ivar machines: the machines, by name.
    """

    def __init__(self, root: Path, names: Sequence[str]) -> None:
        self.root, self.names = root, names
        self.machines: dict[str, Machine] = {}
        self._outside = -1

    def __enter__(self) -> Network:
        """Move the calling thread to the hub, and start the machines.

        :raises NotPossibleError: this system has no namespaces, or no right to them.
        """
        addresses = {name: f"{SUBNET}.{number}" for number, name in enumerate(self.names, start=11)}
        lines = [f"{address} {name}\n" for name, address in {"localhost": "127.0.0.1", "hub": HUB, **addresses}.items()]
        (self.root / "hosts").write_text("".join(lines))
        self._outside = _enter_new_network()
        try:
            _ip("link", "set", "lo", "up")
            _ip("link", "add", "lan", "type", "bridge")
            _ip("address", "add", f"{HUB}/24", "dev", "lan")
            _ip("link", "set", "lan", "up")
            for name, address in addresses.items():
                self.machines[name] = Machine(name, address, self.root)
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        for machine in self.machines.values():
            machine.end()
        with suppress(OSError):
            _libc().setns(self._outside, _NEW_NETWORK)
            os.close(self._outside)


def _enter_new_network() -> int:
    """Move the calling thread to a new network namespace; return a handle of the one that it left."""
    missing = [program for program in ("ip", "nsenter", "unshare") if shutil.which(program) is None]
    if missing or not os.path.exists("/proc/thread-self/ns/net"):
        raise NotPossibleError(f"needs Linux with the programs ip, nsenter and unshare; missing: {', '.join(missing)}")
    outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    if _libc().unshare(_NEW_NETWORK):
        os.close(outside)
        raise NotPossibleError(f"no network namespace: {os.strerror(ctypes.get_errno())}; run it as root")
    return outside


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotPossibleError(f"ip {' '.join(words)}: {done.stderr.strip()}")
