from __future__ import annotations

import asyncio
import socket
import sys
import threading
import time
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from gatera.core.errors import ArgumentError
from gatera.web import connection, launch
from gatera.web.app import make_app
from gatera.web.guard import Rules, is_loopback
from gatera.web.launch import WebServer, address_of, listen


async def echo(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


def slowly(seconds: float):
    async def slow(request: Request) -> Response:
        await asyncio.sleep(seconds)
        return PlainTextResponse("done")

    return slow


def app(seconds: float = 0.0):
    return make_app(
        [Route("/", slowly(seconds)), Route("/echo", echo, methods=["POST"])], Rules(body_limit=100_000)
    )


def sent(address: str, data: bytes, wait: float = 5.0) -> bytes:
    """What the server answers to bytes."""
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname, parts.port), timeout=wait) as client:
        client.sendall(data)
        answer = b""
        while part := client.recv(65_536):
            answer += part
        return answer


def test_a_port_that_is_in_use_is_said_in_a_sentence():
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(ArgumentError, match=f"port {port} of 127.0.0.1 is in use.*--port"):
            listen("127.0.0.1", port)
        with listen("127.0.0.1", None, usual=port) as second:
            assert second.getsockname()[1] > port
    for port in (-1, 70_000):
        with pytest.raises(ArgumentError):
            listen("127.0.0.1", port)
    with pytest.raises(ArgumentError, match="no such address"):
        listen("no.such.host.invalid", 0)


def test_addresses():
    with listen("0.0.0.0", 0) as everywhere:
        assert address_of(everywhere).startswith("http://127.0.0.1:")
    assert [is_loopback(host) for host in ("localhost", "::1", "127.0.0.5", "10.0.0.1", "::")] == [
        True, True, True, False, False,
    ]  # fmt: skip


def test_requests_in_work_are_answered_before_the_server_ends():
    listening = listen("127.0.0.1", 0)
    address = address_of(listening)
    stopped = []
    server = WebServer(app(0.4), on_stop=lambda: stopped.append(True), drain=1.5)
    running = threading.Thread(target=server.serve_on, args=(listening,))
    running.start()
    answers: list[str] = []
    asking = threading.Thread(target=lambda: answers.append(httpx.get(address).text))
    asking.start()
    time.sleep(0.2)
    server.stop()
    assert stopped == [True]
    assert httpx.get(address).headers["connection"] == "close"  # while it drains, it goes on
    asking.join()
    running.join(5)
    assert not running.is_alive()
    assert answers == ["done"]
    with pytest.raises(httpx.ConnectError):
        httpx.get(address)


def test_who_has_just_connected_is_answered_before_the_server_ends():
    with listen("127.0.0.1", 0) as listening:
        host, port = listening.getsockname()
        server = WebServer(app(), drain=0.0)
        running = threading.Thread(target=server.serve_on, args=(listening,))
        running.start()
        assert httpx.get(address_of(listening)).text == "done"
        with socket.create_connection((host, port)) as client, socket.create_connection((host, port)):
            time.sleep(0.05)
            begun = time.monotonic()
            server.stop()
            time.sleep(0.4)
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert client.recv(1_000).endswith(b"done")
            running.join(5)  # the other one asks nothing, and is waited for no longer than a second
            assert not running.is_alive() and time.monotonic() - begun < 3


@pytest.fixture(params=["asyncio", "as installed"])
def any_loop(request, monkeypatch):
    """With uvloop, if it is there, and without."""
    if request.param == "asyncio":
        monkeypatch.setitem(sys.modules, "uvloop", None)


def test_a_stop_before_the_start_ends_it(any_loop):
    server = WebServer(app())
    server.stop()
    running = threading.Thread(target=server.serve_on, args=(listen("127.0.0.1", 0),))
    running.start()
    running.join(5)
    assert not running.is_alive()


def test_no_request_that_waited_to_be_accepted_is_lost(any_loop):
    """The system has taken the connection before the server has: it is answered all the same."""
    listening = listen("127.0.0.1", 0)
    address = address_of(listening)
    parts = urlsplit(address)
    waiting = [socket.create_connection((parts.hostname, parts.port)) for _ in range(5)]
    for client in waiting:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    server = WebServer(app())
    server.stop()
    server.serve_on(listening)
    for client in waiting:
        with client:
            assert client.recv(1000).startswith(b"HTTP/1.1 200")


def test_clients_that_come_again_and_again_do_not_keep_the_server_from_ending(any_loop):
    """Each answer brings a further connection, as from a proxy that opens one for each request, under load."""
    listening = listen("127.0.0.1", 0)
    clients: list[socket.socket] = []

    def come() -> None:
        client = socket.create_connection(listening.getsockname())
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        clients.append(client)

    async def again(request: Request) -> Response:
        if listening.fileno() != -1 and len(clients) < 1_000:
            come()
        return PlainTextResponse("done")

    for _ in range(50):
        come()
    server = WebServer(make_app([Route("/", again)], Rules()))
    server.stop()
    server.serve_on(listening)
    assert len(clients) < 200
    for client in clients:
        with client:
            assert client.recv(1000).startswith(b"HTTP/1.1 200")


H2C = b"Host: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n"


@pytest.mark.parametrize("cut", [0, 40, 190, 196])
def test_a_client_that_offers_http2_is_answered_with_its_body(serving, cut):
    """As every Java client does that is told nothing else; also the next requests on its connection are answered."""
    length = b"POST /echo HTTP/1.1\r\n" + H2C + b"Content-Length: 6\r\n\r\nlength"
    chunks = (
        b"POST /echo HTTP/1.1\r\n"
        + H2C
        + b"Transfer-Encoding: chunked\r\n\r\n3\r\nchu\r\n4\r\nnks!\r\n0\r\n\r\n"
    )
    none = b"GET / HTTP/1.1\r\n" + H2C + b"\r\n"
    last = b"POST /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 5\r\n\r\nplain"
    parts = urlsplit(serving(app()))
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as client:
        said = length + chunks + none + length + last
        for piece in (said[:cut], said[cut:]):
            client.sendall(piece)
            time.sleep(0.05 if cut else 0)
        answer = b"".join(iter(lambda: client.recv(65_536), b""))
    bodies = [each.partition(b"\r\n\r\n")[2] for each in answer.split(b"HTTP/1.1 200 OK")[1:]]
    assert bodies == [b"6", b"7", b"done", b"6", b"5"]  # the lengths of what came


def test_what_is_no_http_is_refused_in_a_sentence(serving):
    address = serving(app())
    assert b"400 Bad Request" in sent(address, b"\x16\x03\x01 hello\r\n\r\n")
    assert b"not a valid HTTP request" in sent(address, b"GET\r\n\r\n")
    assert b"431 " in sent(address, b"GET / HTTP/1.1\r\nX: " + b"a" * 200_000)
    long = b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999999\r\n\r\n"
    assert b"HTTP/1.1 4" in sent(address, long)
    assert httpx.get(address).text == "done"


def test_slow_senders_are_cut_off(serving, monkeypatch):
    monkeypatch.setattr(connection, "HEADER_SECONDS", 0.2)
    monkeypatch.setattr(connection, "BODY_SECONDS", 0.2)
    monkeypatch.setattr(connection, "LINGER_SECONDS", 0.1)
    address = serving(app())
    start = time.perf_counter()
    assert b"408 Request Timeout" in sent(address, b"GET / HTTP/1.1\r\nHost: loc")
    assert b"408 " in sent(address, b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\nab")
    assert time.perf_counter() - start < 5
    assert httpx.post(address + "echo", content=b"x" * 90_000).text == "90000"


@pytest.mark.slow
def test_a_client_that_waits_for_a_slow_program_is_not_cut_off(serving, monkeypatch):
    async def late(request: Request) -> Response:
        await asyncio.sleep(2.5)
        return PlainTextResponse(str(len(await request.body())))

    monkeypatch.setattr(connection, "BODY_SECONDS", 0.1)
    monkeypatch.setattr(connection, "SLOWEST", 10**9)
    address = serving(make_app([Route("/", late, methods=["POST"])], Rules()))
    assert httpx.post(address, content=b"x" * 8_000_000).text == "8000000"


@pytest.mark.slow
def test_a_client_that_reads_nothing_is_broken_off(serving, monkeypatch):
    async def much(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(600):
            await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    monkeypatch.setattr(connection, "STALLED_SECONDS", 0.5)
    parts = urlsplit(serving(make_app([Mount("/", much)], Rules())))
    received = 0
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as client:
        client.sendall(b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(4)
        while part := client.recv(1 << 20):
            received += len(part)
    assert 0 < received < 60_000_000


def test_a_client_that_sends_too_much_reads_why(serving):
    address = serving(app())
    answer = httpx.post(address + "echo", content=b"x" * 3_000_000)
    assert (answer.status_code, answer.json()["error"]["expected"]) == (413, "at most 100.0 kB")


def test_connections_have_a_limit(serving, monkeypatch):
    address = serving(app())
    assert httpx.get(address).text == "done"
    monkeypatch.setattr(connection.Connection, "most_connections", 2)
    parts = urlsplit(address)
    monkeypatch.setattr(connection, "LINGER_SECONDS", 0.1)
    held = [socket.create_connection((parts.hostname, parts.port)) for _ in range(2)]
    assert b"503 " in sent(address, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    for client in held:
        client.close()


def test_where_few_files_may_be_open_some_requests_are_answered_all_the_same(serving, monkeypatch):
    monkeypatch.setattr(connection.Connection, "most_connections", 0)  # put back afterwards
    monkeypatch.setattr(launch, "_file_limit", lambda: 64)
    assert httpx.get(serving(app())).text == "done"


def test_a_request_after_another_on_one_connection(serving):
    with httpx.Client(base_url=serving(app())) as client:
        assert [client.post("/echo", content=b"x" * n).text for n in (1, 70_000, 5)] == ["1", "70000", "5"]


def test_what_is_written_to_a_client_that_has_gone_is_dropped():
    class Gone:
        written = b""
        closing = False

        def is_closing(self) -> bool:
            return self.closing

        def write(self, data: bytes) -> None:
            assert not self.closing, "uvloop raises here"
            self.written += data

    class Loop:
        def call_soon(self, function):
            self.later = function

    transport, loop = Gone(), Loop()
    gathered = connection.Gathered(transport, loop)
    gathered.write(b"head")
    gathered.write(b"body")
    assert transport.written == b""
    loop.later()
    assert transport.written == b"headbody"
    gathered.write(b"more")
    transport.closing = True
    loop.later()
    assert transport.written == b"headbody"


def test_a_proxy_may_leave_the_prefix_or_take_it_off(serving):
    address = serving(app(), prefix="/cats").rstrip("/")
    for path, status in (("/echo", 200), ("/cats/echo", 200), ("/catsecho", 404), ("/dogs/echo", 404)):
        assert httpx.post(f"{address}{path}", content=b"abc").status_code == status, path
    assert httpx.get(f"{address}/cats/").text == "done"
    assert httpx.get(f"{address}/cats", follow_redirects=True).text == "done"
