"""A load generator: requests as bytes over kept connections, so that it takes little of the machine it shares with the server."""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Outcome:
    """What became of requests: (seconds it took, status), in the order of their ends; status 0 for a broken connection."""

    took: list[tuple[float, int]] = field(default_factory=list)
    seconds: float = 0.0

    def times(self, *statuses: int) -> list[float]:
        return sorted(each for each, status in self.took if status in (statuses or (200,)))

    def count(self, status: int = 200) -> int:
        return sum(each == status for _, each in self.took)

    @property
    def rate(self) -> float:
        """Answered requests a second."""
        return self.count() / self.seconds

    def percentile(self, share: float, *statuses: int) -> float:
        times = self.times(*statuses)
        return times[min(len(times) - 1, int(share * len(times)))] if times else float("nan")

    @property
    def median(self) -> float:
        return statistics.median(self.times() or [float("nan")])


def request(
    url: str, path: str, body: bytes, kind: str = "application/octet-stream", method: str = "POST"
) -> bytes:
    host = urlsplit(url).netloc
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Client:
    """One connection, opened again when the server closes it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname, parts.port
        self._reader: asyncio.StreamReader | None = None

    async def ask(self, sent: bytes) -> tuple[int, bytes]:
        """Send a request; return status and body. A kept connection that was closed in the meantime is opened again."""
        again = self._reader is not None
        try:
            return await self.asked_once(sent)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.close()
            if not again:
                raise
            return await self.asked_once(sent)

    async def asked_once(self, sent: bytes) -> tuple[int, bytes]:
        """The same, without a second try."""
        if self._reader is None:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        self._writer.write(sent)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head[9:12])
        length = head.find(b"content-length: ")
        body = (
            await self._reader.readexactly(int(head[length + 16 :].split(b"\r\n", 1)[0]))
            if length >= 0
            else b""
        )
        if b"connection: close" in head:
            self.close()
        return status, body

    def close(self) -> None:
        if self._reader is not None:
            self._writer.close()
            self._reader = None


async def closed_loop(
    url: str, requests: list[bytes], clients: int, seconds: float, most: int | None = None
) -> Outcome:
    """`clients` that each send the next request when they have the answer to the one before."""
    outcome = Outcome()
    start = time.perf_counter()
    sent = 0

    async def one(number: int) -> None:
        nonlocal sent
        client = Client(url)
        while time.perf_counter() - start < seconds and (most is None or sent < most):
            sent += 1
            began = time.perf_counter()
            try:
                status, _ = await client.ask(requests[(number + sent) % len(requests)])
            except (OSError, asyncio.IncompleteReadError):
                status = 0
            outcome.took.append((time.perf_counter() - began, status))
        client.close()

    await asyncio.gather(*map(one, range(clients)))
    outcome.seconds = time.perf_counter() - start
    return outcome


async def open_loop(url: str, requests: list[bytes], rate: float, seconds: float) -> Outcome:
    """Requests that come at a steady rate, whether the ones before are answered or not. A request's time begins when it is due."""
    outcome = Outcome()
    idle: list[Client] = []
    start = time.perf_counter()

    async def one(number: int, due: float) -> None:
        client = idle.pop() if idle else Client(url)
        try:
            status, _ = await client.ask(requests[number % len(requests)])
        except (OSError, asyncio.IncompleteReadError):
            status = 0
        outcome.took.append((time.perf_counter() - due, status))
        idle.append(client)

    tasks = []
    for number in range(int(rate * seconds)):
        due = start + number / rate
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.ensure_future(one(number, due)))
    await asyncio.gather(*tasks)
    outcome.seconds = time.perf_counter() - start
    for client in idle:
        client.close()
    return outcome
