"""Remotes of every kind, and a proxy that breaks what passes through it."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from gatera.store.objects import ObjectStore
from gatera.store.remotes import retry

#: What S3 says when it has a problem of its own.
INTERNAL_ERROR = b"<Error><Code>InternalError</Code><Message>We encountered an internal error. Please try again.</Message></Error>"


@pytest.fixture
def make_store(tmp_path: Path) -> Any:
    return lambda name: ObjectStore(tmp_path / name)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "WAIT_SECONDS", 0.001)


class FaultyProxy:
    """Passes requests on to a server, but for those that `faults` names, oldest first.

    Attributes:
        faults: "500", "drop" (no answer), "cut" (half an answer), "lost" (passed on, but the answer is dropped); None passes one on.
        down: whether nothing is answered any more.
        only: the methods that are broken.
        seen: method and path of every request.
    """

    def __init__(self, upstream: str) -> None:
        self.faults: list[str | None] = []
        self.down = False
        self.only, self.seen = ("GET", "PUT", "HEAD", "POST"), []
        proxy, host = self, upstream.removeprefix("http://")

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                proxy.seen.append((self.command, self.path))
                fault = proxy.faults.pop(0) if proxy.faults and self.command in proxy.only else None
                if proxy.down:
                    self.close_connection = True
                elif fault == "500":
                    self.answer(500, [("Content-Type", "application/xml")], INTERNAL_ERROR)
                elif fault == "drop":
                    self.close_connection = True
                else:
                    self.passed_on(host, body, fault)

            def passed_on(self, host: str, body: bytes, fault: str | None) -> None:
                upstream = http.client.HTTPConnection(host, timeout=10)
                upstream.request(self.command, self.path, body, dict(self.headers))
                answer = upstream.getresponse()
                content = answer.read()
                upstream.close()
                self.close_connection = fault is not None
                if fault != "lost":
                    self.answer(answer.status, answer.getheaders(), content, cut=fault == "cut")

            def answer(self, status: int, headers: list[Any], content: bytes, cut: bool = False) -> None:
                self.send_response(status)
                length = next((v for k, v in headers if k.lower() == "content-length"), str(len(content)))
                for name, value in headers:
                    if name.lower() not in (
                        "content-length",
                        "transfer-encoding",
                        "connection",
                        "date",
                        "server",
                    ):
                        self.send_header(name, value)
                self.send_header("Content-Length", length if self.command == "HEAD" else str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content[: len(content) // 2] if cut else content)

            do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = handle_one

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def proxies() -> Iterator[Any]:
    made: list[FaultyProxy] = []

    def make(upstream: str) -> FaultyProxy:
        made.append(FaultyProxy(upstream))
        return made[-1]

    yield make
    for proxy in made:
        proxy.close()
