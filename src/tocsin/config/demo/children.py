"""The processes of a running demo: started together, ended together. No Django here."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

HOST = "127.0.0.1"
# How long a child may take to end by itself before it is killed.
PATIENCE = 12.0
_AFTER_KILL = 2.0
_STEP = 0.1
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class PortTakenError(Exception):
    """Something else listens on the port already."""


class Stopped(KeyboardInterrupt):
    """Someone asked the program to end. Whatever knows how to bear Ctrl-C bears this, and nothing swallows it."""


class ChildEndedError(Exception):
    """A child ended although nobody asked it to."""


def require_free_port(port: int) -> None:
    """Raise PortTakenError where nobody could listen on ``port`` now; OverflowError for a number that is no port."""
    with socket.socket() as probe:
        # As gunicorn does, so that connections that are just closing do not count as a listener.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise PortTakenError(f"port {port}: {error.strerror}") from error


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """Inside, the first Ctrl-C, SIGTERM or closed terminal raises Stopped; later ones do not disturb the clean-up."""

    def stop(*_: int | FrameType | None) -> None:
        _ignore_signals()
        raise Stopped

    before = [signal.signal(number, stop) for number in _SIGNALS]
    try:
        yield
    finally:
        for number, handler in zip(_SIGNALS, before, strict=True):
            signal.signal(number, handler)


class Children:
    """Child processes by name, in one process group of their own.

    A Ctrl-C at the terminal thus reaches only this process, which then asks each child once: two signals at a time can
    hold a server's worker up.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._group = 0

    def start(self, words: Sequence[str]) -> None:
        """Start ``tocsin`` with these words; the first one is the child's name."""
        command = [sys.executable, "-m", "tocsin", *words]
        child = subprocess.Popen(command, env=self._environment, process_group=self._group)  # noqa: S603 - our own
        self._group = self._group or child.pid
        self._running[words[0]] = child

    def check(self) -> None:
        """Raise ChildEndedError where a child has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise ChildEndedError(f"tocsin {name} ended with status {process.returncode}")

    def wait_for_page(self, port: int, *, seconds: float) -> None:
        """Return once the server answers. Raises ChildEndedError, also when it takes longer than ``seconds``."""
        until = time.monotonic() + seconds
        while not _answers(port):
            self.check()
            if time.monotonic() > until:
                raise ChildEndedError(f"no answer on port {port} within {seconds:.0f} s")
            time.sleep(_STEP)
        self.check()

    def watch(self) -> None:
        """Wait until a child ends, which raises ChildEndedError."""
        while True:
            self.check()
            time.sleep(_STEP)

    def stop(self) -> None:
        """End all children: ask, then after ``PATIENCE`` kill. Returns when all of them are gone.

        Call it inside ``stop_on_signals``: from here on, no signal may cut the clean-up short.
        """
        _ignore_signals()
        for process in self._running.values():
            if process.poll() is None:
                process.terminate()
        self._wait_for_group(PATIENCE)
        _kill_group(self._group)
        # Not without end: where nothing collects orphans, a killed one stays a member of its group.
        self._wait_for_group(_AFTER_KILL)
        self._running.clear()

    def _wait_for_group(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while _has_members(self._group) and time.monotonic() < until:
            # Collects children that have ended; until then they count as members.
            for process in self._running.values():
                process.poll()
            time.sleep(_STEP)


def run_once(words: Sequence[str], environment: Mapping[str, str]) -> None:
    """Run ``tocsin`` with these words to its end. Raises ChildEndedError unless it ends well."""
    done = subprocess.run([sys.executable, "-m", "tocsin", *words], env=dict(environment), check=False)  # noqa: S603
    if done.returncode:
        raise ChildEndedError(f"tocsin {' '.join(words)} ended with status {done.returncode}")


def _has_members(group: int) -> bool:
    """Whether a process of the group is left; their children count, such as the server's workers."""
    if not group:
        return False
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _kill_group(group: int) -> None:
    if _has_members(group):
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


def _ignore_signals() -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/charter")
        return connection.getresponse().status < http.HTTPStatus.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
