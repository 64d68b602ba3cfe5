"""What waits, what is refused, and what is computed together."""

from __future__ import annotations

import asyncio
import threading
import time

import httpx
import pytest

from gatera.core.errors import ProgramFileError
from gatera.program.network.bounded import refused
from gatera.program.network.operators import NotAllowed
from gatera.serve.batch_size import measure_batches, sentence
from gatera.serve.loaded import load
from gatera.serve.queue import RequestQueue, _for_client, answers_of
from gatera.serve.service import Options
from gatera.web.errors import Refused

NURSE = {"job": "nurse", "age": 41, "since": "2021-05-01"}


@pytest.fixture
def photos(tiny_programs, tmp_path):
    return load("photos", tiny_programs.write("photos", tmp_path / "photos.gatera"))


@pytest.fixture
def rows(tiny_programs, tmp_path):
    return load("rows", tiny_programs.write("rows", tmp_path / "rows.gatera"))


def slowed(loaded, gate: threading.Event, seen: list[int]):
    """Let a program answer only when a gate is open; note how many inputs it got at once."""
    answers = loaded.answers

    def slow(raws, sure):
        seen.append(len(raws))
        assert gate.wait(5)
        return answers(raws, sure)

    loaded.answers = slow
    return loaded


def test_a_request_that_would_wait_too_long_is_refused_at_once(photos, cat):
    async def main() -> None:
        queue, gate = RequestQueue(max_wait=1.0, workers=2), threading.Event()
        slowed(photos, gate, [])
        photos.seconds_each = 0.5
        queue.admit()
        first = queue.submit(photos, [cat] * 5, None)
        assert queue.wait() == pytest.approx(1.25)
        start = time.perf_counter()
        with pytest.raises(Refused) as err:
            queue.admit()
        assert time.perf_counter() - start < 0.01
        assert (err.value.status, err.value.headers) == (429, {"Retry-After": "1"})
        gate.set()
        assert len(await answers_of(first)) == 5
        queue.admit()
        assert queue.owed == 0
        queue.close()

    asyncio.run(main())


def test_whoever_goes_away_leaves_the_queue(photos, cat):
    async def main() -> None:
        queue, gate, seen = RequestQueue(workers=1), threading.Event(), []
        slowed(photos, gate, seen)
        kept = queue.submit(photos, [cat], None)
        gone = queue.submit(photos, [cat] * 3, None)
        later = queue.submit(photos, [cat], None)
        for future in gone:
            future.cancel()
        gate.set()
        await answers_of(kept)
        await answers_of(later)
        assert seen == [1, 1]
        assert (queue.owed, queue.waiting) == (0, 0)
        queue.close()

    asyncio.run(main())


def test_what_came_in_the_meantime_is_computed_together_up_to_the_batch_that_pays(photos, cat, dog):
    async def main() -> None:
        queue, gate, seen = RequestQueue(workers=1), threading.Event(), []
        photos.batch = 4
        slowed(photos, gate, seen)
        waiting = [queue.submit(photos, [photo], None) for photo in (cat, *[dog, cat] * 3)]
        gate.set()
        labels = [(await answers_of(each))[0].found.label for each in waiting]
        assert (seen, labels) == ([1, 4, 2], ["cat", *["dog", "cat"] * 3])
        queue.close()

    asyncio.run(main())


def test_rows_of_one_turn_are_computed_together_without_a_thread(rows):
    async def main() -> None:
        queue = RequestQueue()
        rows.batch, rows.seconds_each = 16, 0.0001
        answers, seen = rows.answers, []
        rows.answers = lambda raws, sure: (
            seen.append((len(raws), threading.current_thread())) or answers(raws, sure)
        )
        waiting = [queue.submit(rows, [NURSE], None) for _ in range(20)]
        assert [(await answers_of(each))[0].found.label for each in waiting] == ["rich"] * 20
        assert seen == [(16, threading.main_thread()), (4, threading.main_thread())]
        large = queue.submit(rows, [NURSE] * 600, None)
        assert len(await answers_of(large)) == 600
        assert [count for count, _ in seen[2:]] == [256, 256, 88]
        assert threading.main_thread() not in [thread for _, thread in seen[2:]]
        queue.close()

    asyncio.run(main())


def test_an_error_of_one_request_is_not_that_of_those_computed_with_it(photos, cat):
    async def main() -> None:
        queue, gate = RequestQueue(workers=1), threading.Event()
        photos.batch = 8
        answers = photos.answers

        def broken(raws, sure):
            assert gate.wait(5)
            if b"bad" in raws:
                raise SystemError("inside")
            return answers(raws, sure)

        photos.answers = broken
        waiting = [queue.submit(photos, [raw], None) for raw in (cat, cat, b"bad", cat)]
        gate.set()
        found = await asyncio.gather(*map(answers_of, waiting), return_exceptions=True)
        assert [type(each).__name__ for each in found] == ["list", "list", "SystemError", "list"]
        queue.close()

    asyncio.run(main())


def test_what_rust_raises_ends_a_request_and_not_the_server(photos, cat):
    class PanicException(BaseException):
        pass

    def panics(raws, sure):
        raise PanicException("index out of bounds")

    async def main() -> None:
        queue = RequestQueue(workers=1)
        photos.answers = panics
        with pytest.raises(RuntimeError, match="PanicException"):
            await answers_of(queue.submit(photos, [cat], None))
        assert queue.owed == 0
        queue.close()

    asyncio.run(main())


def test_bodies_in_memory_have_a_limit():
    queue = RequestQueue()
    queue.hold(500_000_000)
    with pytest.raises(Refused) as err:
        queue.hold(20_000_000)
    assert err.value.status == 429
    queue.release(520_000_000)
    queue.hold(20_000_000)
    queue.close()


def test_the_batch_that_pays_is_measured_and_said(rows, photos):
    # another test may take the processor in the middle of a try
    tries = (measure_batches(rows, 0.5) for _ in range(5))
    measured = next(found for found in tries if found.batch > 1)
    assert measured.batch in measured.seconds
    assert f"in batches of {measured.batch}" in sentence(rows, measured, 2)
    assert "2 run in parallel" in sentence(photos, measure_batches(photos, 0.2), 2)


def test_overload_on_the_wire_is_a_fast_429_and_a_client_that_hangs_up_is_forgotten(made, serving, cat):
    server = made("photos", options=Options(batch_size=1, max_wait=0.05, workers=1, reload=False))
    (loaded,) = server.loaded
    gate = threading.Event()
    slowed(loaded, gate, [])
    loaded.seconds_each = 0.2
    address = serving(server.app) + "predict"
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(address, content=cat, timeout=0.3)  # it is in work, and stays there
    start = time.perf_counter()
    answer = httpx.post(address, content=cat)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert time.perf_counter() - start < 1
    gate.set()
    for _ in range(50):
        if httpx.post(address, content=cat).status_code == 200:
            break
        time.sleep(0.05)
    else:
        pytest.fail("the server did not recover")
    assert 'status="499"} 1.0' in httpx.get(address.replace("predict", "metrics")).text


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (refused("a.gatera", NotAllowed("an input needs 9 GB of memory")), 422),
        (ProgramFileError("a.gatera gives NaN"), 500),
    ],
)
def test_an_input_that_a_program_may_not_compute_is_the_clients_mistake(error, status):
    answer = _for_client(error)
    assert isinstance(answer, Refused) and answer.status == status
