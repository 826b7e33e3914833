"""Slow, silent and odd peers against a real server: nobody holds what others need."""

import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from tests.installation import installation

from tocsin.config.patience import HEAD_LIMIT, PATIENCE, Arrival

pytestmark = [pytest.mark.xdist_group("browser")]
LIMIT = 1000
HEAD = b"POST /check HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n"
CHARTER = b"GET /charter HTTP/1.1\r\nHost: localhost\r\n\r\n"
Connect = Callable[[bytes], socket.socket]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running server."""
    with installation(tmp_path_factory.mktemp("patience") / "home") as made, made.served() as served:
        yield served


@pytest.fixture
def connect(address: str) -> Iterator[Connect]:
    """Open connections that have sent something; they stay open until the test ends."""
    with ExitStack() as opened:

        def connected(first: bytes) -> socket.socket:
            peer = opened.enter_context(socket.create_connection(("127.0.0.1", urlsplit(address).port), timeout=30))
            peer.sendall(first)
            return peer

        yield connected


def seconds_to_charter(address: str) -> float:
    started = time.monotonic()
    with urllib.request.urlopen(f"{address}/charter", timeout=60) as answer:
        assert answer.status == 200
    return time.monotonic() - started


def answers_of(peer: socket.socket, count: int) -> bytes:
    """What comes until there are so many answers, or the end."""
    came = b""
    while came.count(b"HTTP/1.1 200 OK") < count or not came.endswith(b"</html>\n"):
        piece = peer.recv(65536)
        if not piece:
            break
        came += piece
    return came


def test_half_sent_requests_hold_no_thread_and_are_dropped_in_time(address: str, connect: Connect) -> None:
    started = time.monotonic()
    slow = [connect(b"GET /charter HTTP/1.1\r\nHost: lo") for _ in range(40)]
    slow += [connect(HEAD.replace(b"10", b"100") + b"text=") for _ in range(20)]
    slow += [connect(b"") for _ in range(20)]
    assert seconds_to_charter(address) < 10
    for peer in slow:
        try:
            while time.monotonic() - started < PATIENCE - 3:
                time.sleep(1)
                slow[0].sendall(b"c")  # a trickle buys no time
                slow[40].sendall(b"t")
        except OSError:
            pytest.fail("dropped before its time")
        assert peer.recv(100) == b""
    assert time.monotonic() - started < PATIENCE + 15


def test_more_slow_peers_than_may_arrive_do_not_keep_others_out(address: str, connect: Connect) -> None:
    for _ in range(400):
        connect(b"GET /charter HTTP/1.1\r\n")
    assert seconds_to_charter(address) < 10


def test_answered_peers_that_do_not_hang_up_stop_nobody(address: str, connect: Connect) -> None:
    for _ in range(30):
        connect(CHARTER.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert seconds_to_charter(address) < 10


def test_a_body_that_nobody_reads_holds_no_thread(address: str, connect: Connect) -> None:
    chunked = b"GET /charter HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n400\r\nx"
    for _ in range(40):
        connect(chunked)
        connect(b"\r\n\r\n")
        connect(HEAD.replace(b"10", b"999999"))
    assert seconds_to_charter(address) < 10


def test_whole_requests_in_any_pieces_are_answered(connect: Connect) -> None:
    peer = connect(b"")
    for number in range(len(CHARTER)):
        peer.sendall(CHARTER[number : number + 1])
    assert answers_of(peer, 1).count(b"HTTP/1.1 200 OK") == 1
    peer.sendall(CHARTER)
    assert answers_of(peer, 1).count(b"HTTP/1.1 200 OK") == 1
    peer.sendall(CHARTER + CHARTER + CHARTER[:30])
    assert answers_of(peer, 2).count(b"HTTP/1.1 200 OK") == 2
    peer.sendall(CHARTER[30:])
    assert answers_of(peer, 1).count(b"HTTP/1.1 200 OK") == 1


def test_a_peer_that_waits_for_a_word_gets_it_once(connect: Connect) -> None:
    peer = connect(HEAD.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"))
    came = peer.recv(100)
    assert came == b"HTTP/1.1 100 Continue\r\n\r\n"
    peer.sendall(b"text=hello")
    while piece := peer.recv(65536):
        came += piece
    assert came.count(b"100 Continue") == 1
    assert b"HTTP/1.1 403 Forbidden" in came  # no CSRF token


def gathered(*pieces: bytes) -> Arrival:
    arrival = Arrival(deadline=0.0)
    for piece in pieces:
        arrival.add(piece, LIMIT)
    return arrival


def test_a_request_is_whole_when_its_body_is_there() -> None:
    assert gathered(CHARTER).whole
    assert not gathered(CHARTER[:-1]).whole
    assert gathered(CHARTER[:-2], b"\r", b"\n").whole
    assert not gathered(HEAD, b"123456789").whole
    assert gathered(HEAD, b"12345", b"67890").whole
    assert gathered(HEAD.lower().replace(b": ", b":\t "), b"1234567890").whole
    assert not gathered(HEAD.lower(), b"").whole


def test_a_body_over_the_limit_is_not_waited_for() -> None:
    assert not gathered(HEAD.replace(b"10", b"1000")).whole
    assert gathered(HEAD.replace(b"10", b"1001")).whole
    assert gathered(HEAD.replace(b"10", b"9" * 30)).whole


def test_a_length_in_the_body_is_not_believed() -> None:
    assert gathered(CHARTER + b"\r\nContent-Length: 500\r\n").whole


def test_a_head_without_end_is_noticed() -> None:
    assert not gathered(b"x" * HEAD_LIMIT).endless
    assert gathered(b"x" * HEAD_LIMIT, b"x").endless
    assert not gathered(HEAD.replace(b"10", b"1000"), b"x" * HEAD_LIMIT).endless
