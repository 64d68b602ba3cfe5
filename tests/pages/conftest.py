"""A browser for the tests of pages: Debian's or the user's own Chromium, driven by Playwright; nothing is downloaded.

Its path is the environment variable CHROMIUM, or what stands in PATH. Without one these tests are skipped, and say so; where CI is
set they fail instead.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from gatera.browser import export_web
from gatera.browser.runtime import runtime_files
from gatera.core.errors import DownloadError

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
WITHOUT = "no Chromium here: the tests of pages are left out (install chromium, or set CHROMIUM to its path)"


def chromium() -> str | None:
    """The path of a browser."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named if Path(named).exists() else None
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@dataclass
class Watched:
    """What a page did: requests that were not to this machine (they are blocked), and what its console complained of."""

    strangers: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def assert_clean(self) -> None:
        """Nothing was asked of another machine, and the console is empty."""
        assert self.strangers == []
        assert self.complaints == []


#: A name of this machine that browsers do not take for it: over plain http, they trust it less than localhost.
ELSEWHERE = "gatera.test"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for a module of tests."""
    path = chromium()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(WITHOUT)
        pytest.skip(WITHOUT)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=path,
            args=[
                *FLAGS,
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1",
            ],
        )
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a page and watch it: `page = open_page(url, width=390, dark=True)`; it has `page.watched`."""
    contexts = []

    def opened(
        url: str | None = None, *, width: int = 1280, height: int = 800, dark: bool = False, **options: Any
    ) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light",
            locale=options.pop("locale", "en-GB"), **options,
        )  # fmt: skip
        context.set_default_timeout(
            30_000
        )  # an explanation takes a second, and ten on a machine with more to do
        contexts.append(context)
        watched = Watched()

        def routed(route: Any) -> None:
            address = route.request.url
            watched.requests.append(address)
            if urlsplit(address).hostname in ("127.0.0.1", "localhost", ELSEWHERE) or address.startswith(
                ("blob:", "data:")
            ):
                route.continue_()
            else:
                watched.strangers.append(address)
                route.abort()

        context.route("**", routed)
        page = context.new_page()
        page.on("pageerror", lambda error: watched.complaints.append(f"error: {error}"))
        page.on(
            "console",
            lambda said: (
                watched.complaints.append(f"{said.type}: {said.text}")
                if said.type in ("error", "warning")
                else None
            ),
        )
        page.watched = watched
        if url is not None:
            page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def runtime() -> Path:
    """The folder of onnxruntime-web, kept in the user's own data home (no test has its private one yet)."""
    try:
        return next(iter(runtime_files().values())).parent
    except DownloadError as err:
        if os.environ.get("CI"):
            pytest.fail(str(err))
        pytest.skip(
            f"no onnxruntime-web here, and no network: the tests of exported pages are left out ({err.problem})"
        )


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass

    def copyfile(self, source: Any, outputfile: Any) -> None:
        """Send a file; a page that is closed meanwhile does not want the rest."""
        with suppress(ConnectionError):
            super().copyfile(source, outputfile)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder and its address: a plain static server, as `python -m http.server` is one."""
    folder = tmp_path_factory.mktemp("site")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def exported(site, runtime, tiny_programs, tmp_path_factory):
    """Export a tiny program below a sub path: returns (program file, address of its page)."""
    folder, address = site
    made = {}

    def export(kind):
        if kind not in made:
            path = tiny_programs.write(kind, tmp_path_factory.mktemp(kind) / f"{kind}.gatera")
            export_web(path, folder / "some" / "path" / kind, runtime=runtime)
            made[kind] = path, f"{address}some/path/{kind}/"
        return made[kind]

    return export


@pytest.fixture(scope="module")
def run_in_a_page(browser: Any, exported: Any) -> Iterator[Callable[[str, Any], Any]]:
    """Run a function, written in JavaScript, on the address of an exported page and some cases; all in one page."""
    address = exported("rows")[1]
    page = browser.new_page()
    page.goto(address)
    yield lambda code, cases: page.evaluate(code, [address, cases])
    page.close()


@pytest.fixture
def comes_to() -> Callable[..., None]:
    """Wait for what the server keeps, which the page shows before: `comes_to(page, lambda: labels["00.jpg"].value, "cat")`."""

    def waited(page: Any, read: Callable[[], Any], expected: Any) -> None:
        for _ in range(100):
            if read() == expected:
                break
            page.wait_for_timeout(50)
        assert read() == expected, page.locator("#problem").inner_text()

    return waited


@pytest.fixture
def drop(browser: Any) -> Callable[..., None]:
    """Drop real files and folders on a page, as a hand does: `drop(page, [path], x, y)`."""

    def dropped(page: Any, paths: list[Path], x: int = 5, y: int = 5) -> None:
        session = page.context.new_cdp_session(page)
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            session.send("Input.dispatchDragEvent", {"type": kind, "x": x, "y": y, "data": data})

    return dropped


@pytest.fixture
def opened(serving: Any, open_page: Any) -> Iterator[Callable[..., Any]]:
    """Open a studio in the browser: `page, studio = opened(folder)`."""
    from gatera.studio.app.app import studio_app
    from gatera.studio.studio import Studio, open_place

    def quiet(text: str) -> None:
        """Say nothing."""

    studios = []

    def make(
        source: Path, classes: Any = ("cat", "dog"), train: Any = None, before: Any = None, **options: Any
    ) -> Any:
        studio = Studio(open_place(source, say=quiet), classes, quiet)
        studios.append(studio)
        if before is not None:
            before(studio)
        page = open_page(serving(studio_app(studio, "Ann", train=train)), **options)
        page.wait_for_selector("html[data-ready]")
        return page, studio

    yield make
    for each in studios:
        each.close()
