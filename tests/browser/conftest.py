"""A small stand-in for onnxruntime-web, and a server that stands for npm's."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gatera.browser import export, runtime
from gatera.browser.runtime import Runtime
from gatera.data.download.http import Expected

FILES = {"ort.mjs": b"export const env = {};", "ort.wasm": b"\0asm and more"}


def package(files: dict[str, bytes]) -> bytes:
    stored = io.BytesIO()
    with tarfile.open(fileobj=stored, mode="w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"package/dist/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return stored.getvalue()


@dataclass
class Npm:
    """npm's registry: what it sends, and what it was asked for."""

    content: bytes
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def npm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Npm]:
    """A registry with a small package, which is the pinned one during the test."""
    state = Npm(package(FILES))

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(state.content)))
            self.end_headers()
            self.wfile.write(state.content)

        def log_message(self, *_: object) -> None:
            pass

    small = Runtime(
        "9.9.9", f"sha512-{base64.b64encode(hashlib.sha512(state.content).digest()).decode()}",
        Expected(len(state.content), hashlib.md5(state.content).hexdigest()), "ort.mjs", "ort.wasm",
        {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()},
    )  # fmt: skip
    for module in (runtime, export):
        monkeypatch.setattr(module, "RUNTIME", small)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv(runtime.REGISTRY_VARIABLE, f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.delenv(runtime.VARIABLE, raising=False)
    yield state
    server.shutdown()
    server.server_close()
