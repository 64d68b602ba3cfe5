"""Exported pages, the page of a server and the studio in Firefox and WebKit: their answers, keys, and what they say on the console.

    xvfb-run -a python benchmarks/browsers.py PROGRAM INPUTS [--count 50] [--only firefox|webkit]

INPUTS is a folder of photos or recordings, a table (CSV) of rows, or a text file with a text on each line. Firefox needs `apt-get install
firefox-esr` and `pip install websockets`; WebKit `apt-get install webkit2gtk-driver xvfb`. Prints a line for each figure.
"""

from __future__ import annotations

import argparse
import base64
import csv
import json
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from browsing.driven import Browser, Firefox, WebKit
from browsing.listening import NOTED, listening
from PIL import Image

import gatera
from gatera.browser import export_web

PREDICT = """
  const { loadProgram } = await import("./js/program.js");
  self.program ??= await loadProgram(new URL("./", document.baseURI));
  const [raw] = given, bytes = raw?.bytes && Uint8Array.from(atob(raw.bytes), (character) => character.charCodeAt(0));
  const begin = performance.now();
  try {
    const answer = await self.program.predict(bytes ?? raw);
    return { answer, seconds: (performance.now() - begin) / 1000 };
  } catch (error) {
    return { refused: String(error) };
  }
"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def inputs_of(source: Path, count: int) -> list[Any]:
    """Return paths of files, rows or texts, at most so many, from all of the source."""
    if source.is_dir():
        kinds = (".jpg", ".jpeg", ".png", ".wav")
        found: list[Any] = sorted(
            path for path in source.resolve().rglob("*") if path.suffix.lower() in kinds
        )
    elif source.suffix == ".csv":
        lines = source.read_text(encoding="utf-8").splitlines()
        found = list(csv.DictReader(lines, dialect=csv.Sniffer().sniff(lines[0], ",;\t|")))
    else:
        found = source.read_text(encoding="utf-8").splitlines()
    return found[:: max(1, len(found) // count)][:count]


def farthest(found: Any, wanted: Any) -> float:
    """Return the largest difference of two answers' numbers, relative to those above 1; infinite where something else differs."""
    if isinstance(wanted, dict):
        return max(
            (
                farthest(found.get(name), value)
                for name, value in wanted.items()
                if name not in ("notes", "reason")
            ),
            default=0.0,
        )
    if isinstance(wanted, list) and isinstance(found, list) and len(found) == len(wanted):
        return max((farthest(*pair) for pair in zip(found, wanted, strict=True)), default=0.0)
    if isinstance(wanted, float) and isinstance(found, int | float):
        return abs(found - wanted) / max(1.0, abs(wanted))
    return 0.0 if found == wanted else float("inf")


def exported(browser: Browser, program: Path, inputs: list[Any]) -> None:
    """Compare an exported page's answers with the program's."""
    with tempfile.TemporaryDirectory() as folder:
        export_web(program, Path(folder) / "page")
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        begin = time.perf_counter()
        browser.open(f"http://127.0.0.1:{listening(server.server_port)}/page/")
        browser.wait("document.body.dataset.ready", 120)
        print(f"{browser.name}: seconds until an exported page answers: {time.perf_counter() - begin:.1f}")
        own, differences, seconds = gatera.load_program(program, threads=1), [], []
        for raw in inputs:
            sent = {"bytes": base64.b64encode(raw.read_bytes()).decode()} if isinstance(raw, Path) else raw
            found = browser.run(PREDICT, sent)
            try:
                wanted = json.loads(json.dumps(own.predict(raw).to_dict()))
            except gatera.core.errors.GateraError:
                differences.append(0.0 if "refused" in found else float("inf"))
                continue
            differences.append(farthest(found.get("answer", {}), wanted))
            seconds.append(found.get("seconds", 0.0))
        server.shutdown()
    print(f"{browser.name}: largest difference of {len(inputs)} answers: {max(differences):.2g} (must: 1e-3)")
    print(
        f"{browser.name}: of these answered: {len(seconds)}; seconds for one, one thread: median {statistics.median(seconds or [0]):.3f}"
    )


@contextmanager
def command(*words: str) -> Iterator[tuple[int, str]]:
    """Run `gatera` with a server; yields its port, and what follows it in the address that was said."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gatera", *words, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:(\d+)(/\S*)", line):
                threading.Thread(
                    target=process.stdout.read, daemon=True
                ).start()  # what else it says is not waited for
                yield int(found[1]), found[2]
                return
        raise SystemExit(f"gatera {words[0]} did not start")
    finally:
        process.terminate()
        process.wait(30)


def served(browser: Browser, program: Path, inputs: list[Any]) -> None:
    """Try the page of a server: files, a text, or the form as it stands."""
    with command("serve", str(program)) as (port, _):
        browser.open(f"http://127.0.0.1:{listening(port)}/")
        browser.wait("document.querySelector('#about').textContent")
        files = [each for each in inputs[:3] if isinstance(each, Path)]
        if files:
            browser.choose("#file", files)
        else:
            browser.run("document.querySelector('#text').value = given[0]", str(inputs[0]))
            browser.run(
                "document.querySelector('#text-input:not([hidden]), #row-input:not([hidden])').requestSubmit()"
            )
        browser.wait(f"document.querySelectorAll('.answer .label').length === {len(files) or 1}", 60)
        print(f"{browser.name}: answers on the page of a server: {len(files) or 1}, as asked")


def studio(browser: Browser, labels: int = 20) -> None:
    """Label photos by keys; one is undone, one is skipped, a page of the grid is confirmed."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(30):
            colours = np.random.default_rng(number).integers(0, 256, (48, 64, 3), dtype=np.uint8)
            Image.fromarray(colours).save(Path(folder) / f"{number:02}.jpg")
        with command("studio", folder, "--labels", "cat,dog", "--by", "Ann") as (port, path):
            browser.open(f"http://127.0.0.1:{listening(port)}{path}")
            browser.wait("document.documentElement.dataset.ready")
            for number in range(labels):
                browser.press("12"[number % 2])
                browser.wait(f"document.querySelector('#progress').textContent.startsWith('{number + 1} ')")
            browser.press("u")
            browser.wait(f"document.querySelector('#progress').textContent.startsWith('{labels - 1} ')")
            browser.press("Space", "g")
            browser.wait("document.querySelector('#cell-0')")
            browser.press("1", "Enter")
            browser.wait("document.querySelector('#progress').textContent.startsWith('29 ')")
    print(
        f"{browser.name}: {labels} labels by keys, one undone, one skipped, the rest on a page of the grid: all kept"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("program", type=Path)
    parser.add_argument("inputs", type=Path)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--only", choices=("firefox", "webkit"))
    given = parser.parse_args()
    inputs = inputs_of(given.inputs, given.count)
    for kind in (Firefox, WebKit):
        if given.only not in (None, kind.name.lower()):
            continue
        browser = kind()
        try:
            for walk in (
                partial(exported, browser, given.program, inputs),
                partial(served, browser, given.program, inputs),
                partial(studio, browser),
            ):
                walk()
                said = browser.run(NOTED)
                print(f"{browser.name}: errors on the console: {len(said)}", *said, sep="\n  ")
        finally:
            browser.close()


if __name__ == "__main__":
    main()
