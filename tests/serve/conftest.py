"""Servers of tiny programs: asked in the same process, without a network, unless a test says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from gatera.serve.loaded import load
from gatera.serve.server import Made, Place
from gatera.serve.service import Options
from gatera.serve.watch import named_sources


def jpeg(colour: tuple[int, int, int], size: tuple[int, int] = (20, 12)) -> bytes:
    """A photo of one colour as the bytes of a file; size is (width, height)."""
    import io

    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "JPEG", quality=95)
    return file.getvalue()


@pytest.fixture(scope="session")
def cat() -> bytes:
    return jpeg((220, 20, 20))


@pytest.fixture(scope="session")
def dog() -> bytes:
    return jpeg((20, 20, 220))


@pytest.fixture(scope="session")
def grey() -> bytes:
    return jpeg((120, 120, 120))


@pytest.fixture(scope="session")
def tone() -> bytes:
    import io
    import wave

    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes((9000 * np.sin(np.arange(4000) / 3)).astype("<i2").tobytes())
    return file.getvalue()


@pytest.fixture
def made(tmp_path: Path, tiny_programs: Any) -> Callable[..., Made]:
    """Make the application of a server: `made("photos", "rows", options=Options(...))`."""

    def make(*kinds: str, options: Options | None = None, **more: Any) -> Made:
        paths = [str(tiny_programs.write(kind, tmp_path / f"{kind}.gatera")) for kind in kinds]
        sources = named_sources(paths)
        said: list[str] = more.pop("said", [])
        loaded = [load(name, source.path()) for name, source in sources.items()]
        return Made(
            loaded,
            sources,
            options or Options(batch_size=4, reload=False),
            Place(),
            None,
            said.append,
            **more,
        )

    return make


@pytest.fixture
def client(made: Callable[..., Made]) -> Iterator[Callable[..., TestClient]]:
    """A client of a server of tiny programs: `client("photos").post("/predict", content=...)`."""
    with ExitStack() as stack:

        def make(*kinds: str, **more: Any) -> TestClient:
            server = made(*kinds, **more)
            found = TestClient(server.app, base_url="http://127.0.0.1:8000")
            stack.enter_context(found)
            found.service = server.service
            return found

        yield make
