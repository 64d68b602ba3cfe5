"""Fixtures that several rooms share: small photos made on the spot, and a home folder for each test."""

from __future__ import annotations

import importlib.util
import os
import random
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from PIL import Image

# What is computed in tests is tiny: a second thread would only wait, and make the other test process wait. Set before torch
# is imported, and inherited by the processes that tests start.
for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"

# Tests over generated inputs try the same ones in each run, and keep no folder of them beside the tests. Others, and more of them:
# `pytest --hypothesis-profile=search` (the seed is printed where one fails).
settings.register_profile(
    "fixed",
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=True,
    max_examples=50,
    suppress_health_check=list(HealthCheck),
)
settings.register_profile("search", settings.get_profile("fixed"), derandomize=False, max_examples=1000)
settings.load_profile("fixed")

#: Colour (RGB) that tells the classes of the generated photos apart.
CLASS_COLOURS = {"cat": (200, 120, 40), "dog": (40, 90, 200)}


def pytest_xdist_auto_num_workers() -> int | None:
    """Return one test process more than processors: some wait for a browser, a server or a clock. pytest-xdist's own variable wins."""
    return None if os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS") else (os.cpu_count() or 1) + 1


def make_photo(path: Path, colour: tuple[int, int, int], seed: int, size: tuple[int, int] = (40, 32)) -> Path:
    """Write a noisy JPEG of one colour; `size` is (width, height)."""
    noise = np.random.default_rng(seed).integers(-30, 30, (size[1], size[0], 3))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)).save(path, quality=90)
    return path


@pytest.fixture(scope="session")
def photo_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder `cat/` and `dog/` of 12 generated JPEGs each, easy to tell apart. Tests share it: one that writes takes a copy."""
    folder = tmp_path_factory.mktemp("photos")
    for label, colour in CLASS_COLOURS.items():
        for number in range(12):
            make_photo(folder / label / f"{label}_{number}.jpg", colour, seed=number)
    made = sorted(folder.rglob("*"))
    yield folder
    assert sorted(folder.rglob("*")) == made, "a test wrote into the folder of photos that all share"


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield the path of a new folder each time. pytest's own `mktemp` lists all earlier ones every time it makes one."""
    base = tmp_path_factory.mktemp("homes")
    return (base / str(number) for number in count())


@pytest.fixture(autouse=True)
def private_home(homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point GATERA_HOME at an empty folder, so that no test sees or touches the user's cache."""
    folder = next(homes)
    folder.mkdir()
    monkeypatch.setenv("GATERA_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def same_random_numbers() -> None:
    """Begin every test with the same random numbers, whatever ran before it: a network that begins anywhere fails now and then."""
    random.seed(1130)  # not 0: a test looks for what sets that
    np.random.seed(1130)
    if "torch" in sys.modules:
        sys.modules["torch"].default_generator.manual_seed(1130)


@pytest.fixture
def serving() -> Iterator[Callable[..., str]]:
    """Run ASGI applications in threads until the test ends: `address = serving(app)`, such as "http://127.0.0.1:41234/"."""
    from gatera.web.launch import WebServer, address_of, listen

    running = []

    def started(app: Any, **options: Any) -> str:
        socket = listen("127.0.0.1", 0)
        address = address_of(socket)
        server = WebServer(app, **options)
        thread = threading.Thread(target=server.serve_on, args=(socket,), daemon=True)
        running.append((server, thread))
        thread.start()
        return address

    yield started
    for server, _ in running:
        server.stop(0)
    for _, thread in running:
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture(scope="session")
def tiny_programs() -> Any:
    """The module of tiny programs of every kind: `tiny_programs.write("photos", tmp_path / "cats.gatera")`."""
    spec = importlib.util.spec_from_file_location("tiny_programs", Path(__file__).parent / "tiny_programs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
