"""What a server of programs survives: SIGTERM and changed files under load, and requests that mean harm. All on this machine.

    python benchmarks/serve_faults.py --program cats.gatera --photos FOLDER [--sigterm 100] [--reload 100] [--hostile 5000] [--seed 0]

Prints how many accepted requests were lost, and what hostile requests did: crashes, tracebacks, answers of 5xx, growth of memory.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import random
import shutil
import signal
import socket
import struct
import sys
import tempfile
import threading
import time
import urllib.request
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image
from serving.load import Client, request
from serving.servers import Running, free_port, gatera, peak_mb, wait_for

from gatera.program.package import read_package, write_package


class Clients:
    """Clients that ask one request after the other until they are told to stop, in a thread."""

    def __init__(self, url: str, sent: bytes, count: int = 4) -> None:
        self.results: Counter[str] = Counter()
        self._url, self._sent, self._count = url, sent, count
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()

    async def _run(self) -> None:
        await asyncio.gather(*(self._ask() for _ in range(self._count)))

    async def _ask(self) -> None:
        client = Client(self._url)
        while not self._stop.is_set():
            try:
                status, _ = await client.asked_once(self._sent)
                self.results[str(status)] += 1
            except ConnectionRefusedError:
                self.results["refused"] += 1  # nobody accepted it
                await asyncio.sleep(0.01)
            except (OSError, asyncio.IncompleteReadError) as err:
                self.results["lost"] += 1
                self.results[f"lost: {type(err).__name__}"] += 1
                client.close()

    def stop(self) -> Counter[str]:
        self._stop.set()
        self._thread.join()
        return self.results


def sigterm(program: str, photo: bytes, times: int) -> None:
    total: Counter[str] = Counter()
    for _ in range(times):
        port = free_port()
        command = [sys.executable, "-m", "gatera", "serve", program, "--port", str(port), "--drain", "0.3"]
        server = Running(command, port, "/health/ready")
        clients = Clients(server.url, request(server.url, "/predict", photo, "image/jpeg"))
        time.sleep(random.uniform(0.1, 0.6))
        server.process.send_signal(signal.SIGTERM)
        total[f"exit {server.process.wait(40)}"] += 1
        total += clients.stop()
        total["tracebacks"] += "Traceback" in server.said()
    print(
        f"| SIGTERM x{times} under load: accepted requests lost | {total['lost']} of {total['200']:,} | 0 | 0 |  {dict(total)}",
        flush=True,
    )


def reload(program: str, photo: bytes, times: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "cats.gatera")
        shutil.copy(program, path)
        package = read_package(path)
        entries = {
            name: package.read(name)
            for name in package.names
            if name != "program.json" and not name.startswith("weights")
        }
        described = {
            name: value for name, value in package.program.items() if name not in ("format", "entries")
        }
        with gatera(str(path)) as server:
            clients = Clients(server.url, request(server.url, "/predict", photo, "image/jpeg"))
            seen = Counter[str]()
            for number in range(times):
                if number % 5 == 4:  # a bad one between
                    (Path(folder) / "bad").write_bytes(path.read_bytes()[: 1_000 + number])
                    (Path(folder) / "bad").replace(path)
                    time.sleep(1.3)
                    continue
                write_package(
                    path, {**described, "created": f"2026-01-01T00:00:{number:04d}Z"}, entries, force=True
                )
                wanted = read_package(path).sha256
                end = time.perf_counter() + 10
                while time.perf_counter() < end:
                    with urllib.request.urlopen(f"{server.url}/programs") as answer:
                        if json.load(answer)[0]["sha256"] == wanted:
                            seen["used"] += 1
                            break
                    time.sleep(0.05)
            total = clients.stop()
            total["tracebacks"] += "Traceback" in server.said()
            total["bad refused"] = server.said().count("is not used")
    print(
        f"| reload x{times} under load: accepted requests lost | {total['lost']} of {total['200']:,} | 0 | 0 |  {dict(total + seen)}",
        flush=True,
    )


# ---- hostile requests


def png(width: int, height: int, data: bytes) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def bodies(photo: bytes, chance: random.Random) -> list[Callable[[], tuple[bytes, str]]]:
    """Makers of (body, type)."""
    bomb = png(9_000, 8_000, zlib.compress(bytes(3 * 9_000 * 200), 9))
    huge = png(60_000, 60_000, zlib.compress(bytes(1_000), 9))
    gif = io.BytesIO()
    Image.new("P", (500, 500)).save(
        gif, "GIF", save_all=True, append_images=[Image.new("P", (500, 500))] * 20
    )

    def fuzzed() -> bytes:
        found = bytearray(photo)
        for _ in range(chance.randint(1, 40)):
            found[chance.randrange(len(found))] = chance.randrange(256)
        return bytes(found[: chance.randint(1, len(found))])

    return [
        lambda: (fuzzed(), "image/jpeg"),
        lambda: (chance.randbytes(chance.randint(0, 3_000)), "application/octet-stream"),
        lambda: (bomb, "image/png"),
        lambda: (huge, "image/png"),
        lambda: (gif.getvalue()[: chance.randint(1, 3_000)], "image/gif"),
        lambda: (b"[" * chance.randint(1, 100_000), "application/json"),
        lambda: (b'{"inputs":[' + b'"AAAA",' * chance.randint(0, 5_000) + b'"A"]}', "application/json"),
        lambda: (b"9" * chance.randint(1, 20_000), "application/json"),
        lambda: (b'{"b64":"' + b"A" * chance.randint(0, 90_000) + b'"}', "application/json"),
        lambda: (chance.randbytes(500), "multipart/form-data; boundary=x"),
        lambda: (b"--x\r\n" * 5_000, "multipart/form-data; boundary=x"),
        lambda: (
            b'--x\r\nContent-Disposition: form-data; name="f"; filename="'
            + b"a" * 9_000
            + b'"\r\n\r\n'
            + fuzzed()
            + b"\r\n--x--",
            "multipart/form-data; boundary=x",
        ),
        lambda: (b"\n" * 5_000 + b'{"b64":', "application/x-ndjson"),
        lambda: (b'"AAAA"\n' * 300, "application/x-ndjson"),
        lambda: (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
        lambda: (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "application/postscript"),
    ]


def raw_requests(url: str, photo: bytes, chance: random.Random) -> list[Callable[[], bytes]]:
    """Makers of whole requests."""
    host = urlsplit(url).netloc
    made = bodies(photo, chance)
    paths = ["/predict", "/programs/x/predict", "/predict?sure=nan", "/predict?" + "a=1&" * 500, "/..%2f..%2fetc/passwd", "/static/../../x",
             "/v2/models/cats/infer", "/answers/" + "x" * 3_000, "/%00", "/%ff%fe", "//", "/predict%0d%0aX: y"]  # fmt: skip

    def usual() -> bytes:
        body, kind = chance.choice(made)()
        return request(
            url,
            chance.choice([*paths, "/predict", "/predict", "/predict"]),
            body,
            kind,
            chance.choice(["POST"] * 8 + ["GET", "PUT", "DELETE", "FOO"]),
        )

    def head(*lines: str) -> bytes:
        return (
            f"POST /predict HTTP/1.1\r\nHost: {host}\r\n".encode()
            + "".join(f"{line}\r\n" for line in lines).encode("latin-1")
            + b"\r\n"
        )

    return [
        usual, usual, usual, usual, usual,
        lambda: chance.randbytes(chance.randint(1, 2_000)),
        lambda: b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        lambda: b"GET / HTTP/1.0\r\n\r\n",
        lambda: head("Content-Length: -5"),
        lambda: head("Content-Length: 99999999999999999999"),
        lambda: head("Content-Length: 5", "Content-Length: 7") + b"hello",
        lambda: head("Transfer-Encoding: chunked") + b"zz\r\nhello\r\n0\r\n\r\n",
        lambda: head("Transfer-Encoding: chunked") + b"fffffffffffffff\r\nhello",
        lambda: head("Transfer-Encoding: chunked", "Content-Length: 3") + b"0\r\n\r\n",
        lambda: head("Content-Length: 500") + b"short",
        lambda: head("Origin: https://evil.example", "Content-Length: 0"),
        lambda: head("Content-Type: multipart/form-data; boundary=" + "x" * 3_000, "Content-Length: 3") + b"--x",
        lambda: head("Content-Type: \xff\xfe", "Cookie: " + "a=b;" * 500, "Content-Length: 0"),
        lambda: head(*(f"X-{n}: {'y' * 50}" for n in range(500)), "Content-Length: 0"),
        lambda: head("X: " + "a" * 300_000),
        lambda: head("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x", "Content-Length: 0"),
        lambda: head("Expect: 100-continue", "Content-Length: 40000000"),
        lambda: request(url, "/predict", photo, "image/jpeg") * 10,  # all at once on one connection
        lambda: head("Content-Length: 33000000") + bytes(3_000_000),
    ]  # fmt: skip


def send(url: str, content: bytes, slow: bool) -> str:
    """Send bytes; return the status of the answer, or what happened instead."""
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname, parts.port), timeout=3) as client:
            if slow:
                for place in range(0, min(len(content), 300), 30):
                    client.sendall(content[place : place + 30])
                    time.sleep(0.02)
                return "hung up"
            client.sendall(content)
            client.settimeout(0.3)
            answer = client.recv(100)
            return answer[9:12].decode("latin-1") if answer.startswith(b"HTTP/1.1 ") else "no answer"
    except TimeoutError:
        return "waiting"
    except OSError:
        return "reset"


def usual_request(url: str, make: Callable[[], tuple[bytes, str]]) -> Callable[[], bytes]:
    """A maker of requests to /predict."""
    return lambda: request(url, "/predict", *make())


def idle_memory(server: Running) -> float:
    """Resident memory when nothing is in work: a photo that is being decoded is not growth."""
    time.sleep(3)
    return server.memory_mb


def hostile(program: str, photo: bytes, count: int, seed: int) -> None:
    chance = random.Random(seed)
    with gatera(program) as server:
        while "1 thread" not in server.said():
            time.sleep(0.1)
        makers = raw_requests(server.url, photo, chance)
        loris = []
        for number in range(min(200, count)):  # clients that send a byte now and then, all the while
            held = socket.create_connection((urlsplit(server.url).hostname, urlsplit(server.url).port))
            held.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nX-" + str(number).encode())
            loris.append(held)
        results: Counter[str] = Counter()
        before = 0.0
        start = server.memory_mb
        every = [*makers, *(usual_request(server.url, make) for make in bodies(photo, chance))]
        for number in range(count):
            # each kind once at the beginning: what is large and rare must not come first after the base was read
            make = every[number] if number < len(every) else chance.choice(makers)
            results[send(server.url, make(), slow=number >= len(every) and chance.random() < 0.02)] += 1
            if number == max(count // 5, len(every)):
                before = idle_memory(server)
        alive = server.process.poll() is None
        wait_for(server.url + "/health/ready", 10)
        code, _ = asyncio.run(Client(server.url).ask(request(server.url, "/predict", photo, "image/jpeg")))
        said = server.said()
        after, peak = idle_memory(server), peak_mb(server.process.pid)
        growth = after / before - 1 if before else 0.0
        for held in loris:
            held.close()
    bad = sum(n for status, n in results.items() if status.startswith("5"))
    print(
        f"| {count:,} hostile requests: crashes, tracebacks, answers of 5xx | {int(not alive or code != 200)}, {said.count('Traceback')}, {bad} | 0 | 0 |  "
        f"memory {growth:+.1%} since the first fifth: {start:.0f} MB at the start, {before:.0f}, {after:.0f} at the end, {peak:.0f} at most; {dict(results)}",
        flush=True,
    )
    for line in [
        line for line in said.splitlines() if "failed (" in line or "Error" in line or "File" in line
    ][:30]:
        print("   ", line)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--program", required=True)
    parser.add_argument("--photos", required=True)
    parser.add_argument("--sigterm", type=int, default=100)
    parser.add_argument("--reload", type=int, default=100)
    parser.add_argument("--hostile", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    photo = next(iter(sorted(Path(options.photos).rglob("*.jpg")))).read_bytes()
    print("| question | measured | must | aim |\n|---|---|---|---|")
    if options.sigterm:
        sigterm(options.program, photo, options.sigterm)
    if options.reload:
        reload(options.program, photo, options.reload)
    if options.hostile:
        hostile(options.program, photo, options.hostile, options.seed)


if __name__ == "__main__":
    main()
