"""Whatever comes, goes, is slow or is replaced, in any order: what was taken is answered once, and the wait that is told is that of the work there is."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from typing import Any
from unittest import mock

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gatera.serve.loaded import PHOTOS, ROWS
from gatera.serve.queue import AT_ONCE, LARGE_PIECE, RequestQueue, answers_of
from gatera.web.errors import Refused

MAX_WAIT = 2.0


class Program:
    """A program whose answer to an input is the input with the version of the program."""

    def __init__(self, things: str, version: int, seconds: float, batch: int, clock: Clock) -> None:
        self.things, self.version, self.seconds_each, self.batch = things, version, seconds, batch
        self._clock, self.seen = clock, list[tuple[Any, ...]]()

    def answers(self, raws: list[Any], sure: float | None) -> list[Any]:
        self._clock.now += len(raws) * self.seconds_each
        self.seen.append(tuple(raws))
        if "bad" in raws:
            raise SystemError("inside")
        return [(raw, self.version, sure) for raw in raws]

    def took(self, seconds: float, inputs: int) -> None:
        assert seconds >= inputs * self.seconds_each - 1e-9  # twice where one of several is bad


class Clock:
    """Time that only passes while something is computed."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Hands:
    """Threads that work when they are told to."""

    def __init__(self) -> None:
        self.work: deque[tuple[Any, ...]] = deque()

    def submit(self, *work: Any) -> None:
        self.work.append(work)

    def finish(self) -> None:
        function, *arguments = self.work.popleft()
        function(*arguments)

    def shutdown(self, **_: Any) -> None:
        pass


class Asked:
    """A request in the model: its inputs, who answers, and what became of it."""

    def __init__(
        self, program: Program, inputs: list[Any], sure: float | None, futures: list[Any], answer: Any
    ) -> None:
        self.program, self.inputs, self.sure, self.futures, self.answer = (
            program,
            inputs,
            sure,
            futures,
            answer,
        )
        self.gone = False
        size = program.batch if program.things == PHOTOS else max(program.batch, LARGE_PIECE)
        self.sizes = [len(inputs[start : start + size]) for start in range(0, len(inputs), size)]


class Queues(RuleBasedStateMachine):
    """Requests, people who go away, threads that finish, programs that are replaced, and what should be owed."""

    def __init__(self) -> None:
        super().__init__()
        self.loop, self.clock = asyncio.new_event_loop(), Clock()
        self.timed = mock.patch("gatera.serve.queue.time.perf_counter", self.clock)
        self.timed.start()
        self.queue = RequestQueue(MAX_WAIT, workers=2)
        self.queue._pool.shutdown()
        self.hands = Hands()
        self.queue._pool = self.hands
        self.asked: list[Asked] = []
        self.number, self.programs = 0, dict[str, Program]()
        self.all_programs: list[Program] = []
        for name, things, seconds, batch in (("photos", PHOTOS, 0.3, 3), ("rows", ROWS, AT_ONCE / 4, 16)):
            self.put(name, things, seconds, batch)

    def teardown(self) -> None:
        try:
            while self.hands.work:
                self.finish()
            self.end()
        finally:
            self.timed.stop()
            self.loop.close()

    def end(self) -> None:
        """All who stayed have their answers, nothing is owed, and nothing was computed twice but beside a bad input."""
        for each in self.asked:
            if not each.gone:
                self.check(each)
        assert (self.queue.owed, self.queue.waiting) == (0, 0)
        seen = [raws for program in self.all_programs for raws in program.seen]
        assert max(map(len, seen), default=0) <= LARGE_PIECE
        alone = [raw for raws in seen for raw in raws]
        if "bad" not in alone:
            assert len(alone) == len(set(alone))

    def put(self, name: str, things: str, seconds: float, batch: int) -> None:
        self.programs[name] = Program(things, len(self.all_programs), seconds, batch, self.clock)
        self.all_programs.append(self.programs[name])

    def turn(self) -> None:
        for _ in range(6):
            self.loop.run_until_complete(asyncio.sleep(0))

    def check(self, each: Asked) -> None:
        """It got the answers to its own inputs, of the program that it came to, or its own error."""
        assert each.answer.done()
        if "bad" in each.inputs:
            assert isinstance(each.answer.exception(), SystemError)
        else:
            assert each.answer.result() == [(raw, each.program.version, each.sure) for raw in each.inputs]

    @rule(
        name=st.sampled_from(["photos", "rows"]),
        count=st.sampled_from([1, 1, 1, 2, 5, 300]),
        sure=st.sampled_from([None, 0.9]),
        bad=st.integers(0, 9),
    )
    def ask(self, name: str, count: int, sure: float | None, bad: int) -> None:
        wait = self.queue.wait()
        try:
            self.queue.admit()
        except Refused as err:
            assert err.status == 429
            assert wait > MAX_WAIT
            assert int(err.headers["Retry-After"]) == max(1, math.ceil(wait - MAX_WAIT))
            return
        assert wait <= MAX_WAIT
        count = min(count, 12) if name == "photos" else count
        inputs: list[Any] = list(range(self.number, self.number + count))
        self.number += count
        if bad == 0:
            inputs[-1] = "bad"

        async def submitted() -> tuple[list[Any], Any]:
            futures = self.queue.submit(self.programs[name], inputs, sure)
            return futures, asyncio.ensure_future(answers_of(futures))

        self.asked.append(
            Asked(self.programs[name], inputs, sure, *self.loop.run_until_complete(submitted()))
        )

    @rule()
    def let_it_turn(self) -> None:
        self.turn()

    @precondition(lambda self: self.hands.work)
    @rule()
    def finish(self) -> None:
        """A thread finishes the piece that it got first."""
        self.hands.finish()
        self.turn()

    @precondition(lambda self: any(not each.answer.done() for each in self.asked))
    @rule(place=st.integers(0, 99))
    def go_away(self, place: int) -> None:
        open_ones = [each for each in self.asked if not each.answer.done()]
        each = open_ones[place % len(open_ones)]
        each.gone = True
        for future in each.futures:
            future.cancel()
        each.answer.cancel()
        self.turn()

    @rule(
        name=st.sampled_from(["photos", "rows"]),
        seconds=st.sampled_from([0.1, 0.3, 5.0]),
        batch=st.sampled_from([1, 3]),
    )
    def replace(self, name: str, seconds: float, batch: int) -> None:
        """A reload, or a new measurement."""
        self.put(name, self.programs[name].things, seconds if name == "photos" else AT_ONCE / 4, batch)

    @invariant()
    def owes_what_is_wanted(self) -> None:
        """What is owed is the time of the pieces that somebody waits for, and of those in work; nobody waits while a thread is free."""
        self.turn()
        in_work = [piece for _, together, _ in self.hands.work for piece in together]
        working = {id(piece.future) for piece in in_work}
        waiting = [
            size * each.program.seconds_each
            for each in self.asked
            for future, size in zip(each.futures, each.sizes, strict=True)
            if not future.done() and id(future) not in working
        ]
        assert self.queue.owed == pytest.approx(
            sum(waiting) + sum(piece.seconds for piece in in_work), abs=1e-9
        )
        assert self.queue.waiting == len(waiting)
        assert len(self.hands.work) == 2 or not waiting
        assert self.hands.work or all(each.answer.done() for each in self.asked)


Queues.TestCase.settings = settings(stateful_step_count=30)
TestQueues = Queues.TestCase
