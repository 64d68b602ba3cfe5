"""What stays in memory, and how much of it photos take at the same time."""

from __future__ import annotations

import gc
import io
import socket
import struct
import subprocess
import sys
import threading
import time
import warnings
from urllib.parse import urlsplit

import pytest
from PIL import Image

from gatera.core.errors import PhotoError, as_value
from gatera.program.program import load_program
from gatera.program.raw.photo import read_photo
from gatera.serve.loaded import load
from gatera.serve.server import MOST_NOTES, _warnings_said
from gatera.web.memory import Pixels


@pytest.fixture
def cut() -> bytes:
    """A PNG whose end is missing: Pillow has made room for its pixels when it finds out."""
    file = io.BytesIO()
    Image.effect_noise((400, 300), 50).save(file, "PNG")
    return file.getvalue()[:9_000]


@pytest.fixture
def no_cycles():
    """Python does not look for cycles: what is only part of one stays."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def pictures() -> int:
    return sum(issubclass(type(each), Image.Image) and each.size == (400, 300) for each in gc.get_objects())


def test_photos_that_cannot_be_read_do_not_stay(client, tmp_path, cut, cat, no_cycles):
    asked = client("photos")
    for _ in range(3):
        assert asked.post("/predict", content=cut).status_code == 422
        files = [("file", ("one.jpg", cat)), ("file", ("two.png", cut))]
        assert asked.post("/predict", files=files).json()["failed"] == 1
        assert asked.post("/where", content=cut).status_code == 422
    assert pictures() == 0


def test_errors_that_a_program_returns_hold_no_photo(tmp_path, tiny_programs, cut, no_cycles):
    program = load_program(tiny_programs.write("photos", tmp_path / "photos.gatera"))
    kept = program.predict_batch([cut] * 3, on_error="return")
    assert [type(each) for each in kept] == [PhotoError] * 3
    assert pictures() == 0
    assert isinstance(kept[0].__cause__, OSError)  # why is still known


def test_an_error_forgets_its_frames_and_those_of_its_causes_even_in_a_circle():
    try:
        try:
            raise KeyError("one")
        except KeyError as first:
            raise ValueError("two") from first
    except ValueError as second:
        found = second
    assert found.__cause__ is not None
    found.__cause__.__context__ = found
    assert as_value(found) is found
    assert found.__traceback__ is None
    assert found.__cause__.__traceback__ is None


def png(size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("L", size).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(("side", "together"), [(100, 1), (70, 2)])
def test_photos_are_decoded_side_by_side_up_to_the_limit(tiny_programs, tmp_path, side, together):
    loaded = load("photos", tiny_programs.write("photos", tmp_path / "a.gatera"), pixels=Pixels(10_000))
    predict, running, most = loaded.program.predict_together, [], []

    def watched(*arguments):
        running.append(1)
        most.append(len(running))
        time.sleep(0.03)
        found = predict(*arguments)
        running.pop()
        return found

    loaded.program.predict_together = watched
    photo = png((side, side))
    threads = [threading.Thread(target=loaded.answers, args=([photo], None)) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert max(most) == together
    assert loaded.prepared(photo).ndim == 3  # nothing is held any more


def test_what_counts_is_what_is_decoded(tiny_programs, tmp_path):
    loaded = load("photos", tiny_programs.write("photos", tmp_path / "a.gatera"))
    loaded._side = 20
    assert loaded.size_checked(png((300, 200))) == 60_000
    sizes = []
    for progressive in (False, True):
        file = io.BytesIO()
        Image.new("RGB", (800, 400)).save(file, "JPEG", progressive=progressive)
        sizes.append(loaded.size_checked(file.getvalue()))
    assert sizes == [100 * 50, 320_000]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mallopt is of the GNU C library")
def test_large_blocks_go_back_to_the_system():
    code = """
import threading
from PIL import Image
from gatera.serve.metrics import resident_bytes
from gatera.core.memory import give_memory_back
kept = []
def work():
    for _ in range(4):
        photo = Image.new("RGB", (4_000, 3_000), "red")
        kept.append(bytearray(50_000))  # behind its pixels
def run():
    threads = [threading.Thread(target=work) for _ in range(2)]
    [each.start() for each in threads]
    [each.join() for each in threads]
done, before = give_memory_back(), resident_bytes()
run()
print(done, (resident_bytes() - before) / 1e6)
"""
    done, kept = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    if done == "True":  # not another C library, and nobody has set it
        assert float(kept) < 10


def test_clients_cannot_fill_the_terminal_with_warnings():
    said: list[str] = []
    with _warnings_said(said.append):
        for number in range(20):
            warnings.warn(f"value {number}", stacklevel=1)
            warnings.warn(f"value {number}", stacklevel=1)
            file = io.BytesIO(
                png((9, 9)).replace(b"\x00\x00\x00\x09" * 2, struct.pack(">II", 10_000, 9_000 + number))
            )
            with pytest.raises(PhotoError):
                read_photo(file)
    assert len(said) == MOST_NOTES * 2
    assert said[0] == "Note: value 0"
    assert said[-1] == "Note: value 4 Further notes of this kind are not shown."


def test_a_connection_that_is_gone_leaves_nothing_and_says_nothing(made, serving, no_cycles, caplog):
    server = made("photos")
    address = serving(server.app)
    host, port = urlsplit(address).hostname, urlsplit(address).port
    bodies = [(b"image/png", b"no photo"), (b"multipart/form-data; boundary=x", b"no form")]
    for kind, body in bodies * 2:
        head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n"
        with socket.create_connection((host, port)) as client:
            client.sendall((head % (kind, len(body)) + body) * 2)
            assert client.recv(100).startswith(b"HTTP/1.1 4")
    time.sleep(0.1)
    assert not [
        each for each in gc.get_objects() if type(each).__name__ in ("RequestResponseCycle", "FormParser")
    ]
    assert not [each for each in caplog.records if each.name.startswith("python_multipart")]
