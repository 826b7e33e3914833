"""The worker process of ``tocsin serve``: gunicorn's threads, with requests gathered before a thread is taken.

gunicorn reads a request in the thread that answers it, and waits there for as long as the peer likes: a few peers who
send half a request each would stop the site. Here the one loop that watches all connections gathers head and body, and
only a whole request takes a thread. A peer has ``PATIENCE`` seconds in all; when too many are on their way, the oldest
has had the longest chance and goes first.

What belongs here: who may hold what for how long. What does not: reading HTTP, which stays gunicorn's.
"""

import errno
import re
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from selectors import EVENT_READ
from typing import Any

from django.conf import settings
from gunicorn import http
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, ThreadWorker

PATIENCE = 15.0  # seconds for a peer to deliver a request, and to take each piece of an answer
ARRIVING = 256  # connections whose request is on its way
LEAVING = 256  # connections that are answered and not yet closed by the peer
IDLE = 128  # connections kept for a next request
CONNECTIONS = 800  # of all kinds: more than the above, and fewer than the files a process may usually open
HEAD_LIMIT = 64 * 1024  # bytes
_LINGER = 2.0
_PIECE = 64 * 1024
_LENGTH = re.compile(rb"\r\ncontent-length[ \t]*:[ \t]*(\d{1,9})[ \t]*\r\n", re.IGNORECASE)
_EXPECTS = re.compile(rb"\r\nexpect[ \t]*:[ \t]*100-continue[ \t]*(?=\r\n)", re.IGNORECASE)


class Peer(socket.socket):
    """A connection that never waits to read, and ``PATIENCE`` seconds for each piece that it writes."""

    def setblocking(self, flag: bool, /) -> None:  # noqa: FBT001 - the standard library's signature
        """Blocking means waiting for ``PATIENCE`` seconds."""
        self.settimeout(PATIENCE if flag else 0.0)

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """As ever in the loop; in a thread raises ConnectionResetError, which gunicorn takes quietly."""
        # The whole request is there before a thread is: whatever gunicorn still misses would be waited for.
        if self.gettimeout() == 0.0:
            return super().recv(size, flags)
        raise ConnectionResetError(errno.ECONNRESET, "no whole request")

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """As ever. Raises BrokenPipeError where the peer does not take it."""
        try:
            super().sendall(data, flags)
        except TimeoutError as late:
            raise BrokenPipeError(errno.EPIPE, "the peer does not read") from late


@dataclass(slots=True)
class Arrival:
    """What has come of a request. ``needed``: bytes of head and body, once the head is there."""

    deadline: float
    data: bytearray = field(default_factory=bytearray)
    needed: int | None = None
    wants_word: bool = False

    def add(self, piece: bytes, body_limit: int) -> None:
        """Take a piece. A body over the limit is not waited for: it is refused unread."""
        seen = max(0, len(self.data) - 3)
        self.data += piece
        if self.needed is not None:
            return
        end = self.data.find(b"\r\n\r\n", seen)
        if end < 0:
            return
        self.needed = end + 4
        declared = _LENGTH.search(self.data, 0, self.needed)
        length = int(declared[1]) if declared else 0
        if length > body_limit:
            return
        if length and self.data.find(b" HTTP/1.1\r\n", 0, self.needed) >= 0:
            self._take_expectation()
        self.needed += length

    @property
    def whole(self) -> bool:
        """Whether all of it is there."""
        return self.needed is not None and len(self.data) >= self.needed

    @property
    def endless(self) -> bool:
        """Whether the head is longer than any honest one."""
        return self.needed is None and len(self.data) > HEAD_LIMIT

    def _take_expectation(self) -> None:
        # The loop answers it: taken out, so that gunicorn does not answer it again.
        found = _EXPECTS.search(self.data, 0, self.needed or 0)
        if found:
            del self.data[found.start() : found.end()]
            self.needed = (self.needed or 0) - (found.end() - found.start())
            self.wants_word = True


class PatientWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn carries no types
    """gunicorn's threads, which see whole requests only."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.max_keepalived = IDLE
        # Both in the order in which they came, which is the order in which their time is up.
        self._arriving: dict[Any, Arrival] = {}
        self._leaving: dict[Any, float] = {}

    def enqueue_req(self, conn: Any) -> None:
        """Called by gunicorn where a connection may have a request: a new one, a kept one, and one with leftovers."""
        arrival = Arrival(time.monotonic() + PATIENCE)
        if conn.parser is None:
            conn.sock = Peer(fileno=conn.sock.detach())
            conn.parser = http.get_parser(self.cfg, conn.sock, conn.client)
            conn.initialized = True
        else:
            arrival.add(conn.parser.unreader.take_buffered(), settings.REQUEST_BODY_LIMIT)
        if arrival.whole:
            self._hand_over(conn, arrival)
            return
        if len(self._arriving) >= ARRIVING:
            self._drop(next(iter(self._arriving)))
        self._arriving[conn] = arrival
        self._watch(conn, self._on_arriving)

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Called by gunicorn after an answer: keep the connection, or close it without waiting for the peer here."""
        if not fs.cancelled() and fs.exception() is None and fs.result():
            super().finish_request(conn, fs)
            return
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(conn)
            return
        if len(self._leaving) >= LEAVING:
            self._drop(next(iter(self._leaving)))
        # Closed at once, what the peer still sends would make the system throw the end of the answer away.
        self._leaving[conn] = time.monotonic() + _LINGER
        self._watch(conn, self._on_leaving)

    def murder_pending(self) -> None:
        """Called by gunicorn once a second: whose time is up goes."""
        super().murder_pending()
        now = time.monotonic()
        if not self.alive:
            for arrival in self._arriving.values():
                arrival.deadline = min(arrival.deadline, now + STOP_KEEPALIVE_LINGER)
        for conn in [each for each, arrival in self._arriving.items() if arrival.deadline <= now]:
            self._drop(conn)
        for conn in [each for each, deadline in self._leaving.items() if deadline <= now]:
            self._drop(conn)

    def _on_arriving(self, conn: Any) -> None:
        arrival = self._arriving.get(conn)
        if arrival is None:
            return
        piece = _piece_of(conn.sock)
        if piece is None:
            return
        arrival.add(piece, settings.REQUEST_BODY_LIMIT)
        if arrival.whole:
            del self._arriving[conn]
            self.poller.unregister(conn.sock)
            self._hand_over(conn, arrival)
        elif not piece or arrival.endless:
            self._drop(conn)
        elif arrival.wants_word:
            arrival.wants_word = False
            with suppress(OSError):
                conn.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _on_leaving(self, conn: Any) -> None:
        if conn in self._leaving and _piece_of(conn.sock) == b"":
            self._drop(conn)

    def _hand_over(self, conn: Any, arrival: Arrival) -> None:
        conn.parser.unreader.unread(bytes(arrival.data))
        super().enqueue_req(conn)

    def _watch(self, conn: Any, callback: Callable[[Any], None]) -> None:
        conn.sock.settimeout(0.0)
        self.poller.register(conn.sock, EVENT_READ, lambda _: callback(conn))

    def _drop(self, conn: Any) -> None:
        self._arriving.pop(conn, None)
        self._leaving.pop(conn, None)
        with suppress(KeyError, ValueError):
            self.poller.unregister(conn.sock)
        self._close(conn)

    def _close(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.close()


def _piece_of(peer: Peer) -> bytes | None:
    """What has come: nothing where it has ended, None where it was a false alarm."""
    try:
        return peer.recv(_PIECE)
    except BlockingIOError:
        return None
    except OSError:
        return b""
