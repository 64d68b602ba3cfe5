"""A web server on this machine, to test downloads without the network."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class Web:
    """What the server answers with, and what it was asked for.

    `cut` maps a path to how many bytes of each answer are sent before the connection breaks, one number per request.
    """

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    cut: dict[str, list[int]] = field(default_factory=dict)
    ranges: bool = True
    length: bool = True
    content_type: str = "application/octet-stream"
    requests: list[tuple[str, str | None]] = field(default_factory=list)

    def url(self, name: str) -> str:
        return f"{self.address}/{name}"


def _handler(web: Web) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.lstrip("/").split("?")[0]
            wanted = self.headers["Range"]
            web.requests.append((name, wanted))
            if name not in web.files:
                self.send_error(404)
                return
            body, tag, start = web.files[name], web.tags.get(name), 0
            if wanted and web.ranges and self.headers["If-Range"] == tag:
                start = int(wanted.removeprefix("bytes=").removesuffix("-"))
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            else:
                self.send_response(200)
            if tag:
                self.send_header("ETag", tag)
            if web.length:
                self.send_header("Content-Length", str(len(body) - start))
            self.send_header("Content-Type", web.content_type)
            self.end_headers()
            cuts = web.cut.get(name)
            self.wfile.write(body[start:][: cuts.pop(0)] if cuts else body[start:])

        def log_message(self, *arguments: object) -> None: ...

    return Handler


@pytest.fixture
def web() -> Iterator[Web]:
    """An empty web server; give it `files`."""
    web = Web()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(web))
    web.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield web
    server.shutdown()
    thread.join()
    server.server_close()
