"""Stands before a server and adds to its pages a script that notes what browsers would write on the console."""

from __future__ import annotations

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LISTEN = b"""(() => {
  const key = "noted", note = (text) => sessionStorage.setItem(key, JSON.stringify([...JSON.parse(sessionStorage.getItem(key) || "[]"), text]));
  for (const name of ["error", "warn"]) {
    const usual = console[name];
    console[name] = (...all) => { note(`${name}: ${all.join(" ")}`); usual.apply(console, all); };
  }
  addEventListener("error", ({ message, target }) => note(`error: ${message || `nothing at ${target.src || target.href}`}`), true);
  addEventListener("unhandledrejection", ({ reason }) => note(`rejected: ${reason}`));
  addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => note(`forbidden by ${violatedDirective}: ${blockedURI}`));
})();"""

#: Returns what was noted since the last time.
NOTED = "const found = JSON.parse(sessionStorage.getItem('noted') || '[]'); sessionStorage.removeItem('noted'); return found;"

BETWEEN = ("connection", "transfer-encoding", "content-length", "accept-encoding")


class _Between(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    port = 0

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self) -> None:
        if self.path.endswith("/listen.js"):
            self._send(200, [("Content-Type", "text/javascript")], LISTEN)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kept = {name: value for name, value in self.headers.items() if name.lower() not in BETWEEN}
        server = http.client.HTTPConnection("127.0.0.1", self.port, timeout=180)
        server.request(self.command, self.path, body or None, kept)
        answer = server.getresponse()
        found = answer.read()
        if (answer.getheader("Content-Type") or "").startswith("text/html"):
            found = found.replace(b"<head>", b'<head><script src="/listen.js"></script>', 1)
        self._send(
            answer.status, [pair for pair in answer.getheaders() if pair[0].lower() not in BETWEEN], found
        )

    def _send(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in [*headers, ("Content-Length", str(len(body)))]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _answer


def listening(port: int) -> int:
    """Return a port that passes on what is asked to another, with pages that note errors; it ends with the process."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Between", (_Between,), {"port": port}))
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # a browser that leaves a page hangs up
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port
