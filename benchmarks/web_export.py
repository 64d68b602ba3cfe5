"""How near a page exported with `gatera export --web` comes to its program on real photos, and how long it takes.

    python benchmarks/web_export.py PROGRAM PHOTOS [--count 200]

Chromium (from CHROMIUM or PATH) opens the page, served as `python -m http.server` does, and predicts the same photos as the program.
"""

from __future__ import annotations

import argparse
import base64
import os
import shutil
import statistics
import tempfile
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

import gatera
from gatera.browser import export_web

FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]

LOAD = "async () => { const { loadProgram } = await import('./js/program.js'); window.program = await loadProgram(new URL('./', document.baseURI)); }"
PREDICT = """async (file) => {
  const bytes = Uint8Array.from(atob(file), (character) => character.charCodeAt(0)), begin = performance.now();
  const answer = await program.predict(bytes);
  return [answer.probabilities, performance.now() - begin];
}"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def compared(page: Page, program: gatera.program.program.Program, photos: list[Path]) -> None:
    """Print the largest difference of a probability, and the seconds per photo."""
    differences, seconds, own = [], [], []
    for photo in photos:
        found, took = page.evaluate(PREDICT, base64.b64encode(photo.read_bytes()).decode())
        begin = time.perf_counter()
        wanted = program.predict(photo).to_dict()["probabilities"]
        own.append(time.perf_counter() - begin)
        seconds.append(took / 1000)
        differences.append(max(abs(found[label] - wanted[label]) for label in wanted))
    print(f"photos: {len(photos)}")
    print(f"largest difference of a probability: {max(differences):.2g} (must: 1e-3)")
    print(
        f"seconds per photo in the browser, one thread: median {statistics.median(seconds):.3f}, longest {max(seconds):.3f}"
    )
    print(f"seconds per photo by the program, one thread: median {statistics.median(own):.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("program", type=Path)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--count", type=int, default=200)
    given = parser.parse_args()
    every = sorted(
        path for path in given.photos.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png")
    )
    photos = every[:: max(1, len(every) // given.count)][: given.count]
    browser_path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        export_web(given.program, Path(folder) / "page")
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = playwright.chromium.launch(executable_path=browser_path, args=FLAGS).new_page()
        begin = time.perf_counter()
        page.goto(f"http://127.0.0.1:{server.server_port}/page/")
        page.wait_for_selector("body[data-ready]", timeout=60_000)
        print(f"seconds until the page answers: {time.perf_counter() - begin:.1f}")
        page.evaluate(LOAD)
        compared(page, gatera.load_program(given.program, threads=1), photos)


if __name__ == "__main__":
    main()
