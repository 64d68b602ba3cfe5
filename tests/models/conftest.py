"""What the tests of the models share: small networks, and a server that speaks the Hugging Face hub's protocol."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import timm
import torch
from torch import Tensor

from gatera.models.backbones.architectures import Architecture, get_architecture

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test away from the real hub."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture
def tiny() -> Architecture:
    """A ResNet of timm's made for tests: 96 features, classifier `fc` of 1,000."""
    return get_architecture("test_resnet")


@pytest.fixture(scope="session")
def tiny_weights() -> dict[str, Tensor]:
    """Random weights of the whole `test_resnet`, classifier included; tests copy before they change anything."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return timm.create_model("test_resnet").state_dict()


class Hub(ThreadingHTTPServer):
    """A hub on a free port of this machine.

    Attributes:
        files: "owner/name/file" -> content.
        status: answer everything with this status instead.
        cuts: how many times to break the connection in the middle of a file.
        spoil: send the right length, with one byte changed.
        redirect: answer HEAD with a redirect to another path, as the hub does for large files.
        hidden: leave out the header of this name.
        silent: do not answer until `release` is set.
        requests: what was asked, e.g. "HEAD /owner/name/resolve/main/file".
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), HubHandler)
        self.files: dict[str, bytes] = {}
        self.status: int | None = None
        self.cuts = 0
        self.spoil = self.redirect = self.silent = False
        self.hidden = ""
        self.release = threading.Event()
        self.requests: list[str] = []
        self.address = f"http://127.0.0.1:{self.server_address[1]}"
        self.thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """Go down; nothing answers at the address any more."""
        self.release.set()
        if self.thread.is_alive():
            self.shutdown()
            self.thread.join()
            self.server_close()


class HubHandler(BaseHTTPRequestHandler):
    """Answers HEAD and GET of files the way the hub does."""

    protocol_version = "HTTP/1.1"
    server: Hub

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        hub = self.server
        hub.requests.append(f"{self.command} {self.path}")
        if hub.silent:
            hub.release.wait(10)
        name = self.path.removeprefix("/cdn").lstrip("/")
        name = name.replace("/resolve/main/", "/").replace(f"/resolve/{COMMIT}/", "/")
        content = hub.files.get(name)
        if hub.status is not None or content is None:
            missing = {} if hub.status else {"X-Error-Code": "EntryNotFound"}
            self.head(hub.status or 404, {"Content-Length": "0", **missing})
        elif hub.redirect and not self.path.startswith("/cdn/"):
            digest = hashlib.sha256(content).hexdigest()
            linked = {
                "X-Linked-Etag": f'"{digest}"',
                "X-Linked-Size": str(len(content)),
                "Content-Length": "0",
            }
            self.head(302, {"Location": f"{hub.address}/cdn/{name}", **linked})
        else:
            self.send_file(content)

    def head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"X-Repo-Commit": COMMIT, **headers}.items():
            if name != self.server.hidden:
                self.send_header(name, value)
        self.end_headers()

    def send_file(self, content: bytes) -> None:
        wanted = self.headers.get("Range")
        start = int(wanted.removeprefix("bytes=").split("-")[0]) if wanted and self.command == "GET" else 0
        headers = {
            "ETag": f'"{hashlib.sha256(content).hexdigest()}"', "Accept-Ranges": "bytes",
            "Content-Length": str(len(content) - start),
        }  # fmt: skip
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self.head(206 if start else 200, headers)
        if self.command == "HEAD":
            return
        body = content[start:]
        if self.server.spoil:
            body = body[:-1] + bytes([body[-1] ^ 1])
        if self.server.cuts:
            self.server.cuts -= 1
            body = body[: len(body) // 2]
            self.close_connection = True
        self.wfile.write(body)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A running hub that HF_ENDPOINT points to."""
    hub = Hub()
    monkeypatch.setenv("HF_ENDPOINT", hub.address)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    yield hub
    hub.stop()
