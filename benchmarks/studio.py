"""The studio under a driven browser: key to next item, labels lost at 20 a second and with kill -9, 100,000 items, training again.

    python benchmarks/studio.py [--only keys|kill|open|train] [--chromium /usr/bin/chromium]

Everything is made here, in a temporary folder. Prints one line for each figure, with what must and should be reached.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

TOKEN = "benchmark-of-the-studio"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}

#: Notes in the page, for each key, the time until the item after it is painted.
WATCH = """
window.waits = [];
addEventListener("keydown", () => { window.pressed = performance.now(); }, true);
new MutationObserver(() => {
  const pressed = window.pressed;
  const done = () => requestAnimationFrame(() => setTimeout(() => window.waits.push(performance.now() - pressed)));
  const image = document.querySelector("#item img");
  if (!image || image.complete) done(); else image.addEventListener("load", done, { once: true });
}).observe(document.getElementById("place"), { childList: true });
"""

#: Whether the page shows an item, by its place.
SHOWN = "(place) => document.getElementById('place').textContent.replaceAll(',', '').startsWith(place)"


@contextmanager
def studio(source: Path, *more: str) -> Iterator[tuple[str, float, subprocess.Popen[str]]]:
    """Run the command; yields its address, the seconds until it answered the first window of items, and the process."""
    command = [
        sys.executable,
        "-m",
        "gatera",
        "studio",
        str(source),
        "--by",
        "Ann",
        "--port",
        "0",
        "--labels",
        "cat,dog",
        *more,
    ]
    start = time.perf_counter()
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, "GATERA_TOKEN": TOKEN}
    )
    try:
        assert process.stderr is not None
        address = ""
        for line in process.stderr:
            found = re.search(r"http://[^?\s]+", line)
            if found:
                address = found[0]
                break
        with httpx.Client(base_url=address, headers=HEADERS, timeout=60) as client:
            client.get("/api/state").raise_for_status()
            order = client.get("/api/order").json()
            client.get("/api/items", params={"order": order["order"], "n": 4}).raise_for_status()
        yield address, time.perf_counter() - start, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def made_photos(folder: Path, n: int, size: tuple[int, int] = (500, 375)) -> Path:
    """Make photos of noise on colours, as large as those of pets usually are."""
    folder.mkdir(parents=True)
    draw = np.random.default_rng(0)
    few = [draw.integers(0, 255, (size[1] // 5, size[0] // 5, 3), np.uint8) for _ in range(20)]
    for number in range(n):
        Image.fromarray(few[number % 20]).resize(size).save(folder / f"{number:05}.jpg", quality=85)
    return folder


def kept_in(source: Path) -> dict[str, str]:
    """Return the labels in Ann's journal."""
    found: dict[str, str] = {}
    for line in (source / ".gatera/studio/people/Ann.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if entry["what"] == "label":
            found |= entry["items"]
    return found


def keys(base: Path, chromium: str) -> None:
    """Press 1,000 keys, 20 a second."""
    from playwright.sync_api import sync_playwright

    source = made_photos(base / "keys", 1001)
    with studio(source) as (address, _, _), sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        page = browser.new_page(viewport={"width": 1280, "height": 800}, extra_http_headers=HEADERS)
        page.goto(address)
        page.wait_for_selector("html[data-ready]")
        page.evaluate(WATCH)
        start = time.perf_counter()
        for number in range(1000):
            page.wait_for_function(SHOWN, arg=f"{number + 1} ")  # a key before that is for no item
            page.keyboard.press("12"[number % 2])
            time.sleep(max(0.0, start + (number + 1) * 0.05 - time.perf_counter()))
        pressing = time.perf_counter() - start
        page.wait_for_function(SHOWN, arg="1001 ", timeout=60_000)
        waits = sorted(page.evaluate("window.waits"))
        browser.close()
    kept = kept_in(source)
    right = sum(kept.get(f"{number:05}.jpg") == ("cat", "dog")[number % 2] for number in range(1000))
    print(
        f"key to next item painted: p50 {statistics.median(waits):.1f} ms, p95 {waits[int(0.95 * len(waits))]:.1f} ms (must 50, aim 25), {len(waits)} keys"
    )
    print(f"1,000 labels at {1000 / pressing:.1f} a second: {1000 - right} lost (must 0)")


def kill(base: Path, kills: int) -> None:
    """Label at 20 a second and kill the process at random times; count what was answered and is not there."""
    source, draw = base / "kill", random.Random(7)
    source.mkdir()
    for number in range(1000):
        (source / f"{number:04}.txt").write_text(f"text {number}")
    answered: dict[str, str] = {}
    number = 0
    for turn in range(kills):
        with (
            studio(source) as (address, _, process),
            httpx.Client(base_url=address, headers=HEADERS) as client,
        ):
            end = time.perf_counter() + draw.uniform(0.2, 1.6)
            last = turn == kills - 1
            while number < 1000 and (last or time.perf_counter() < end):
                began = time.perf_counter()
                label = draw.choice(("cat", "dog"))
                body = {"what": "label", "items": {str(number): label}, "seconds": 0.05, "id": f"{number}"}
                if client.post("/api/act", json=body).status_code == 200:
                    answered[f"{number:04}.txt"] = label
                number += 1
                time.sleep(max(0.0, 0.05 - (time.perf_counter() - began)))
            if not last:
                process.kill()
    kept = kept_in(source)
    lost = sum(kept.get(name) != label for name, label in answered.items())
    print(f"{len(answered):,} labels answered over {kills - 1} kill -9: {lost} lost (must 0)")


def opening(base: Path) -> None:
    """Open 100,000 items: a plain folder, and a data repository."""
    folder = base / "many"
    for part in range(100):
        (folder / f"{part:02}").mkdir(parents=True)
        for number in range(1000):
            (folder / f"{part:02}" / f"{number:03}.jpg").touch()
    seconds = []
    for _ in range(3):
        with studio(folder) as (_, waited, _):
            seconds.append(waited)
    print(
        f"100,000 files of a folder: {statistics.median(seconds):.2f} s from start to the first items (must 2, aim 1)"
    )
    data = base / "repository"
    data.mkdir()
    run = [sys.executable, "-m", "gatera", "data"]
    subprocess.run([*run, "init", str(data)], check=True, capture_output=True)
    rows = "".join(
        f"{part:02}/{number:03}.jpg,{'0' * 64},{'cat' if number % 2 else ''},,,,,,\n"
        for part in range(100)
        for number in range(1000)
    )
    (data / "labels.csv").write_text("file,sha256,label,split,group,source,by,at,note\n" + rows)
    for command in (
        ["add", "--all"],
        ["-c", "user.name=Ann", "-c", "user.email=a@b.c", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", "-C", str(data), *command], check=True, capture_output=True)
    seconds = []
    for _ in range(3):
        with studio(data) as (_, waited, _):
            seconds.append(waited)
    print(
        f"100,000 items of a data repository: {statistics.median(seconds):.2f} s from start to the first items (must 2, aim 1)"
    )


def training(base: Path) -> None:
    """Train again on 5,000 photos whose features are kept, and read the order of what is uncertain."""
    from gatera.studio.media.photos import stamp_of
    from gatera.studio.training.pictures import Pictures

    source, n, draw = made_photos(base / "train", 5000, (40, 30)), 5000, np.random.default_rng(0)
    names = sorted(path.name for path in source.iterdir())
    means = draw.normal(size=(2, 1280))
    features = (draw.normal(size=(n, 1280)) * 3 + means[np.arange(n) % 2]).astype(np.float32)
    file = source / ".gatera/studio/features-efficientnet_lite0-224.npz"
    file.parent.mkdir(parents=True)
    stamps = np.array([f"{name} {stamp_of(source / name)}" for name in names])
    np.savez(
        file.open("wb"), stamps=stamps, features=features, made_by=np.array(Pictures(sounds=False).made_by)
    )
    labels = "".join(
        f"{name},,{('cat', 'dog')[place % 2]},,,,,,\n" for place, name in enumerate(names[:4000])
    )
    (source / "labels.csv").write_text("file,sha256,label,split,group,source,by,at,note\n" + labels)
    with (
        studio(source) as (address, _, _),
        httpx.Client(base_url=address, headers=HEADERS, timeout=120) as client,
    ):
        for turn in ("the first time, PyTorch is imported", "again"):
            start = time.perf_counter()
            client.post("/api/train", json={}).raise_for_status()
            while (job := client.get("/api/job").json())["state"] == "running":
                time.sleep(0.02)
            assert job["state"] == "done", job
            order: dict[str, Any] = client.get("/api/order", params={"queue": "uncertain"}).json()
            print(
                f"5,000 photos on kept features, 4,000 labels, trained and ranked: {time.perf_counter() - start:.1f} s (must 10, aim 5; {turn}); "
                f"{order['total']:,} in the queue"
            )


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("keys", "kill", "open", "train"))
    parser.add_argument("--chromium", default=os.environ.get("CHROMIUM", "/usr/bin/chromium"))
    parser.add_argument("--kills", type=int, default=12)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        if options.only in (None, "keys"):
            keys(base, options.chromium)
        if options.only in (None, "kill"):
            kill(base, options.kills)
        if options.only in (None, "open"):
            opening(base)
        if options.only in (None, "train"):
            training(base)


if __name__ == "__main__":
    main()
