"""How much does HTTP cost, how does a server of programs behave under load, and beside what people use instead?

Run from a checkout, on a machine that does nothing else:

    python benchmarks/serve.py --photos FOLDER --program cats.gatera --rows adult.csv --table adult.gatera [--peers VENV] [--seconds 10]

--peers is an environment with fastapi, uvicorn, httptools, python-multipart, litserve, onnxruntime, numpy and pillow. The load generator runs on
the same machine and takes its share of it. Every figure is the median of --rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from serving.load import Outcome, closed_loop, open_loop, request
from serving.servers import Running, free_port, gatera, other

HERE = Path(__file__).parent


class Bench:
    """What every question needs."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.lines: list[str] = []
        self.photos = [path.read_bytes() for path in sorted(Path(options.photos).rglob("*.jpg"))[:64]]
        with Path(options.rows).open(newline="") as file:
            self.rows = (list(csv.DictReader(file)) * 2)[:1000]

    def say(self, question: str, figure: str, must: str, aim: str) -> None:
        self.lines.append(f"| {question} | {figure} | {must} | {aim} |")
        print(self.lines[-1], flush=True)

    def bare(self, program: str, source: str) -> dict[str, float]:
        """The bare program, in a process of its own."""
        command = [sys.executable, HERE / "serving" / "bare.py", program, source, str(self.options.seconds)]
        path = f"{HERE}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
        ran = subprocess.run(
            command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": path}
        )
        return json.loads(ran.stdout)

    def median_of(self, run: Callable[[], float]) -> float:
        return statistics.median(run() for _ in range(self.options.rounds))

    def photo_requests(self, server: Running) -> list[bytes]:
        return [request(server.url, "/predict", photo, "image/jpeg") for photo in self.photos]

    def closed(
        self, server: Running, requests: list[bytes], clients: int, seconds: float | None = None
    ) -> Outcome:
        return asyncio.run(closed_loop(server.url, requests, clients, seconds or self.options.seconds))


@contextmanager
def measured_server(*programs: str, options: tuple[str, ...] = ()) -> Iterator[Running]:
    """A server that has measured its batches."""
    with gatera(*programs, options=options) as server:
        while "1 thread" not in server.said():
            time.sleep(0.05)
        yield server


def starts(bench: Bench) -> None:
    def once() -> float:
        with gatera(bench.options.program) as server:
            return server.seconds

    bench.say("ready to answer after start", f"{bench.median_of(once):.2f} s", "2 s", "0.7 s")


def photos(bench: Bench) -> None:
    costs, shares, rates, memories = [], [], [], []
    with measured_server(bench.options.program) as server:
        requests = bench.photo_requests(server)
        bench.closed(server, requests, 2, 1)
        for _ in range(bench.options.rounds):  # one after the other, so that both see the same machine
            bare = bench.bare(bench.options.program, bench.options.photos)
            costs.append(bench.closed(server, requests, 1).median - bare["alone"])
            rates.append(bench.closed(server, requests, 16).rate)
            shares.append(rates[-1] / bare["rate"])
            memories.append(server.memory_mb - bare["memory"])
    cost, share, rate, more = map(statistics.median, (costs, shares, rates, memories))
    bench.say("HTTP's cost over program.predict, p50", f"{1000 * cost:.2f} ms", "3 ms", "1.5 ms")
    bench.say(
        "16 clients, photos: share of the bare engine's best rate",
        f"{share:.3f} ({rate:.1f}/s)",
        "0.90",
        "0.95",
    )
    bench.say("... memory over the bare process", f"{more:+.0f} MB", "+100 MB", "+60 MB")


def tables(bench: Bench) -> None:
    shares, rates, singles = [], [], []
    with measured_server(bench.options.table) as server:
        many = [request(server.url, "/predict", json.dumps(bench.rows).encode(), "application/json")]
        single = [
            request(server.url, "/predict", json.dumps(row).encode(), "application/json")
            for row in bench.rows[:200]
        ]
        bench.closed(server, single, 16, 1)
        for _ in range(bench.options.rounds):
            bare = bench.bare(bench.options.table, bench.options.rows)
            rates.append(1000 * bench.closed(server, many, 1).rate)
            shares.append(rates[-1] / bare["rate"])
            singles.append(bench.closed(server, single, 16).rate)
    share, rate, alone = map(statistics.median, (shares, rates, singles))
    bench.say(
        "tables: rows/s of 1,000-row requests, share of predict_batch",
        f"{share:.2f} ({rate:,.0f}/s)",
        "0.7",
        "0.85",
    )
    bench.say("single rows/s", f"{alone:,.0f}", "1,000", "2,000")


def overload(bench: Bench) -> None:
    with measured_server(bench.options.program, options=("--max-wait", "0.5")) as server:
        requests = bench.photo_requests(server)
        capacity = bench.median_of(lambda: bench.closed(server, requests, 16).rate)
        at70, over = [], []
        for _ in range(bench.options.rounds):
            at70.append(asyncio.run(open_loop(server.url, requests, 0.7 * capacity, bench.options.seconds)))
            over.append(asyncio.run(open_loop(server.url, requests, 3 * capacity, bench.options.seconds)))
    tail = statistics.median(each.percentile(0.99) / each.median for each in at70)
    good = statistics.median(each.rate / capacity for each in over)
    refusals = statistics.median(each.percentile(0.5, 429) for each in over)
    late = statistics.median(each.percentile(0.99, 429) for each in over)
    others = {status for each in over for _, status in each.took} - {200, 429}
    bench.say("p99 at 70 % load, in p50", f"{tail:.1f} x", "3 x", "2 x")
    bench.say("goodput at 3x overload", f"{good:.2f}", "0.9", "0.97")
    bench.say(
        "a 429 within (p50, p99)",
        f"{1000 * refusals:.1f} ms, {1000 * late:.1f} ms{f', also {others}' if others else ''}",
        "50 ms",
        "10 ms",
    )


def growth(bench: Bench) -> None:
    """10,000 requests, of photos as small as they may be: the count matters."""
    with measured_server(bench.options.table) as server:
        single = [
            request(server.url, "/predict", json.dumps(row).encode(), "application/json")
            for row in bench.rows
        ]
        asyncio.run(closed_loop(server.url, single, 16, 600, 2_000))
        before = server.memory_mb
        asyncio.run(closed_loop(server.url, single, 16, 600, bench.options.many))
        after = server.memory_mb
    bench.say(f"{bench.options.many:,} requests: growth of memory", f"{after / before - 1:.1%}", "5 %", "")


def peers(bench: Bench) -> None:
    python = Path(bench.options.peers) / "bin" / "python"
    model = Path(tempfile.mkdtemp(prefix="gatera-bench-"), "model.onnx")
    subprocess.run(
        [sys.executable, "-m", "gatera", "info", bench.options.program, "--onnx", model, "--force"],
        check=True,
        capture_output=True,
    )
    about = {"MODEL": str(model), "SIZE": str(bench.options.size)}
    with measured_server(bench.options.program) as server:
        requests = bench.photo_requests(server)
        ours = bench.median_of(lambda: bench.closed(server, requests, 16).rate), server.memory_mb
    port = free_port()
    command = [
        str(python),
        "-m",
        "uvicorn",
        "--app-dir",
        str(HERE / "serving"),
        "fastapi_side:app",
        "--port",
        str(port),
        "--log-level",
        "error",
    ]
    with other(command, port, "/ready", **about) as server:
        forms = [_form(server.url, photo) for photo in bench.photos]
        hand = bench.median_of(lambda: bench.closed(server, forms, 16).rate), server.memory_mb
    lit = (0.0, 0.0)
    for workers in ("1", "2"):
        port = free_port()
        with other(
            [str(python), str(HERE / "serving" / "litserve_side.py"), str(port)],
            port,
            "/health",
            **about,
            WORKERS=workers,
        ) as server:
            bodies = [
                json.dumps({"photo": base64.b64encode(photo).decode()}).encode() for photo in bench.photos
            ]
            sent = [request(server.url, "/predict", body, "application/json") for body in bodies]
            found = (
                bench.median_of(lambda server=server, sent=sent: bench.closed(server, sent, 16).rate),
                server.memory_mb,
            )
        lit = max(lit, found)
    for name, (rate, memory) in (("FastAPI by hand", hand), ("LitServe", lit)):
        figure = f"{ours[0] / rate:.2f} x the rate ({ours[0]:.1f} against {rate:.1f}/s), {ours[1]:.0f} against {memory:.0f} MB"
        bench.say(f"against {name}", figure, "ahead in both", "1.3 x")


def _form(url: str, photo: bytes) -> bytes:
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    return request(url, "/predict", head + photo + b"\r\n--x--\r\n", "multipart/form-data; boundary=x")


QUESTIONS = {
    "start": starts,
    "photos": photos,
    "tables": tables,
    "overload": overload,
    "growth": growth,
    "peers": peers,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("photos", "program", "rows", "table"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--peers")
    parser.add_argument("--size", type=int, default=320, help="side of the photos that the program computes")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--many", type=int, default=10_000)
    parser.add_argument("--only", choices=QUESTIONS, action="append")
    options = parser.parse_args()
    bench = Bench(options)
    print("| question | measured | must | aim |\n|---|---|---|---|")
    for name, question in QUESTIONS.items():
        if (not options.only or name in options.only) and (name != "peers" or options.peers):
            question(bench)


if __name__ == "__main__":
    main()
