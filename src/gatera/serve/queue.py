"""Where requests wait and are computed: one session for each program, as many runs side by side as there are cores.

How long a request would wait is known before it waits: what is in the queue, times how long each takes. Beyond `max_wait` it is refused at
once (429), with the time after which to come back. Inputs are computed together only where that takes less time for each; of rows of
tables, those that came in the meantime are: nothing ever waits for others to come.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from gatera.core.errors import ProgramFileError, as_value
from gatera.core.threads import usable_processors
from gatera.program.network.bounded import RefusedNetworkError
from gatera.serve.loaded import RATINGS, ROWS, Loaded
from gatera.web.errors import Refused

Answer = TypeVar("Answer")

#: A request that would wait longer is refused (seconds).
MAX_WAIT = 2.0

#: Work of at most this many seconds is done at once, without a thread: going to one and back takes longer.
AT_ONCE = 0.002

#: Rows of a large request that are computed in one piece.
LARGE_PIECE = 256

#: Bytes of bodies that may be in memory at the same time.
BYTES = 512_000_000


class Piece:
    """Some inputs of one request, computed together; `waits` while it is in the queue."""

    __slots__ = ("future", "inputs", "loaded", "seconds", "sure", "waits")

    def __init__(
        self, loaded: Loaded, inputs: list[Any], sure: float | None, future: asyncio.Future[Any]
    ) -> None:
        self.loaded, self.inputs, self.sure, self.future = loaded, inputs, sure, future
        self.seconds = len(inputs) * loaded.seconds_each
        self.waits = False

    def fits(self, other: Piece) -> bool:
        """Whether it can be computed with another one."""
        return self.loaded is other.loaded and self.sure == other.sure


class RequestQueue:
    """Takes inputs, and computes them. Used in the thread of the event loop only.

    Args:
        max_wait: seconds that a request may have to wait.
        workers: runs side by side; None for one per core.
    """

    def __init__(self, max_wait: float = MAX_WAIT, workers: int | None = None) -> None:
        self.max_wait, self.workers = max_wait, workers or usable_processors()
        self._pool = ThreadPoolExecutor(self.workers, thread_name_prefix="gatera-serve")
        self._queue: deque[Piece] = deque()  # those whose client has gone stay until a thread comes by
        self._waiting = self._running = 0
        #: Seconds of work that is waiting or in work.
        self.owed = 0.0
        #: Bytes of bodies in memory.
        self.bytes = 0
        self._soon: list[Piece] = []

    @property
    def waiting(self) -> int:
        """The number of pieces that wait."""
        return self._waiting

    def wait(self) -> float:
        """Return how long a request that comes now will wait, in seconds."""
        return self.owed / self.workers

    def admit(self) -> None:
        """Refuse a request that would wait too long.

        Raises:
            Refused: 429, with Retry-After.
        """
        wait = self.wait()
        if wait > self.max_wait:
            after = max(1, math.ceil(wait - self.max_wait))
            raise Refused(
                429, f"the server is busy: an answer would take {wait:.1f} s", expected=f"at most {self.max_wait:g} s",
                remedy=f"Try again in {after} s.", headers={"Retry-After": str(after)},
            )  # fmt: skip

    def hold(self, size: int) -> None:
        """Count bytes of a body that came.

        Raises:
            Refused: 429, if the bodies in memory are too large together.
        """
        self.bytes += size
        if self.bytes > BYTES:
            raise Refused(
                429, "too many requests are being sent at the same time", remedy="Try again in 1 s.", headers={"Retry-After": "1"}
            )  # fmt: skip

    def release(self, size: int) -> None:
        """Count bytes that are not needed any more."""
        self.bytes -= size

    def submit(self, loaded: Loaded, inputs: Sequence[Any], sure: float | None) -> list[asyncio.Future[Any]]:
        """Take inputs; return futures of lists of `Answered`, together one for each input, in order.

        Cancelled futures leave the queue.
        """
        loop = asyncio.get_running_loop()
        size = loaded.batch if loaded.things not in (ROWS, RATINGS) else max(loaded.batch, LARGE_PIECE)
        pieces = [
            Piece(loaded, list(inputs[start : start + size]), sure, loop.create_future())
            for start in range(0, len(inputs), size)
        ]
        for piece in pieces:
            self.owed += piece.seconds
            if self._at_once(piece):
                if not self._soon:
                    loop.call_soon(self._now)
                self._soon.append(piece)
            else:
                self._append(piece)
        self._start()
        return [piece.future for piece in pieces]

    async def call(self, function: Callable[..., Answer], *arguments: Any) -> Answer:
        """Call a function in one of the threads."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)

    def close(self) -> None:
        """Let the threads end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _at_once(self, piece: Piece) -> bool:
        return piece.loaded.things in (ROWS, RATINGS) and piece.seconds <= AT_ONCE and not self._waiting

    def _append(self, piece: Piece) -> None:
        piece.waits = True
        self._waiting += 1
        self._queue.append(piece)
        piece.future.add_done_callback(lambda _: self._leave(piece))  # where whoever asked goes

    def _leave(self, piece: Piece) -> None:
        """Forget a piece that waits and that nobody wants any more: no one is to wait for it, nor be refused."""
        if piece.waits:
            self._no_longer_waits(piece)
            self.owed -= piece.seconds
            piece.inputs = []

    def _no_longer_waits(self, piece: Piece) -> None:
        piece.waits = False
        self._waiting -= 1

    def _now(self) -> None:
        """Compute what came in this turn of the event loop, right here."""
        waiting, self._soon = self._soon, []
        while waiting:
            together = [waiting.pop(0)]
            count = len(together[0].inputs)
            while (
                waiting
                and waiting[0].fits(together[0])
                and count + len(waiting[0].inputs) <= together[0].loaded.batch
            ):
                count += len(waiting[0].inputs)
                together.append(waiting.pop(0))
            self._deliver(together, *_computed(together))

    def _start(self) -> None:
        """Give the next pieces to threads that are free."""
        while self._queue and self._running < self.workers:
            together = self._next()
            if not together:
                return
            self._running += 1
            self._pool.submit(self._in_thread, together, asyncio.get_running_loop())

    def _next(self) -> list[Piece]:
        together: list[Piece] = []
        count = 0
        while self._queue:
            piece = self._queue[0]
            if piece.future.cancelled():
                self._leave(self._queue.popleft())
                continue
            if together and not (piece.fits(together[0]) and count + len(piece.inputs) <= piece.loaded.batch):
                break
            self._no_longer_waits(piece)
            together.append(self._queue.popleft())
            count += len(piece.inputs)
        return together

    def _in_thread(self, together: list[Piece], loop: asyncio.AbstractEventLoop) -> None:
        found = _computed(together)
        loop.call_soon_threadsafe(self._done, together, *found)

    def _done(self, together: list[Piece], answers: list[Any], seconds: float) -> None:
        self._running -= 1
        self._deliver(together, answers, seconds)
        self._start()

    def _deliver(self, together: list[Piece], answers: list[Any], seconds: float) -> None:
        together[0].loaded.took(seconds, sum(len(piece.inputs) for piece in together))
        for piece, found in zip(together, answers, strict=True):
            self.owed -= piece.seconds
            if piece.future.done():
                continue
            if isinstance(found, BaseException):
                piece.future.set_exception(found)
            else:
                piece.future.set_result(found)
        if not self._waiting and not self._running and not self._soon:
            self.owed = 0.0  # rounding


def _computed(together: list[Piece]) -> tuple[list[Any], float]:
    """Return for each piece its answers, or the error, and the seconds that it took."""
    start = time.perf_counter()
    found = _of_all(together)
    return found, time.perf_counter() - start


def _of_all(together: list[Piece]) -> list[Any]:
    first = together[0]
    try:
        answers = first.loaded.answers([each for piece in together for each in piece.inputs], first.sure)
    except BaseException as err:  # noqa: BLE001 - it belongs to the request; what Rust raises is no Exception
        if len(together) == 1:
            return [as_value(_for_client(err))]
        return [_of_all([piece])[0] for piece in together]  # one of them is to blame
    parts, place = [], 0
    for piece in together:
        parts.append(answers[place : place + len(piece.inputs)])
        place += len(piece.inputs)
    return parts


def _for_client(err: BaseException) -> Exception:
    """Return an error of the program as one of the input, if the input is why: too long a text, say."""
    if isinstance(err, RefusedNetworkError):
        return Refused(422, "the program cannot compute this input", remedy="Send a smaller one.")
    if isinstance(err, ProgramFileError):
        return Refused(500, "the program does not answer this input")
    return err if isinstance(err, Exception) else RuntimeError(f"{type(err).__name__}: {err}")


async def answers_of(futures: Sequence[asyncio.Future[Any]]) -> list[Any]:
    """Return the answers of all pieces, one for each input."""
    if len(futures) == 1:
        return await futures[0]
    found: list[Any] = []
    for future in futures:
        found += await future
    return found
