"""The endpoint /predict: from a request to its answer."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from gatera.core.checks import check_fraction, did_you_mean
from gatera.core.errors import DataError, GateraError, data_error, parts_of
from gatera.program.certain.judged import check_level
from gatera.program.prediction import Prediction
from gatera.serve.answers import PROGRAM_HEADER, as_bytes, as_line, many_answers, one_answer, png_response
from gatera.serve.loaded import RATINGS, ROWS, Answered, Loaded
from gatera.serve.occlusion import as_map, check_allowed, hidden_copies
from gatera.serve.queue import answers_of
from gatera.serve.reading import (
    NDJSON,
    URLENCODED,
    Given,
    content_type,
    inputs_in,
    lines_of,
    one_in_json,
    parsed_line,
    read_body,
)
from gatera.serve.service import Service
from gatera.web.connection import GONE
from gatera.web.errors import JSON_TYPE, Refused
from gatera.web.guard import Receive, Send

One = TypeVar("One")

#: What may stand after "?".
QUERY = ("program", "sure")

#: Labels are counted one by one only where a program has at most this many.
MOST_COUNTED = 100


class Predict:
    """An ASGI application that answers /predict and /programs/NAME/predict.

    Args:
        service: the programs.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer a request."""
        service = self._service
        headers, held = Headers(scope=scope), list[int]()
        with service.metrics.counting() as counted:
            try:
                query = asked(scope["query_string"])
                loaded = service.find(named(scope.get("path_params", {}).get("name"), query.get("program")))
                counted.program = loaded.name
                service.check_ready()
                sure = level(query.get("sure"), loaded, service.options.sure)
                service.queue.admit()
                response = await self._response(loaded, sure, headers, receive, held)
                counted.status = response.status_code
                await response(scope, receive, send)
            finally:
                service.queue.release(sum(held))

    async def _response(
        self, loaded: Loaded, sure: float | None, headers: Headers, receive: Receive, held: list[int]
    ) -> Response:
        kind = content_type(headers)
        if kind == NDJSON:
            return Lines(self._lines(loaded, sure, receive), loaded.version)
        body = await read_body(receive, self._service.queue, held)
        given = await inputs_in(body, kind, headers, loaded)
        accept = headers.get("accept", "")
        if NDJSON in accept and not given.single:
            self._service.queue.admit()
            return Lines(self._answer_lines(loaded, sure, given, receive), loaded.version)
        answers = await self.answers(loaded, given.inputs, sure, receive)
        if given.single and isinstance(answers[0].found, DataError):
            raise _with_hint(answers[0].found, kind) if loaded.files else answers[0].found
        plain = self._noted(loaded, given, answers)
        if given.single and "image/png" in accept and loaded.program.task == "segmentation":
            assert isinstance(answers[0].found, Prediction)  # for the type checker
            return png_response(answers[0].found, loaded.version)
        return (
            one_answer(plain[0], loaded.version)
            if given.single
            else many_answers(plain, loaded.version, given.notes)
        )

    async def answers(
        self, loaded: Loaded, inputs: list[Any], sure: float | None, receive: Receive
    ) -> list[Answered]:
        """Return the answers; if the client goes away, what waits for it leaves the queue.

        Raises:
            ClientDisconnect: if it has gone.
        """
        futures = self._service.queue.submit(loaded, inputs, sure)
        if loaded.things in (ROWS, RATINGS) and len(futures) == 1:
            return await answers_of(futures)  # there before the client could go
        found: asyncio.Future[list[Answered]] = asyncio.ensure_future(answers_of(futures))
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            await asyncio.wait((found, gone), return_when=asyncio.FIRST_COMPLETED)
            if not found.done():
                raise ClientDisconnect
            return found.result()
        finally:
            gone.cancel()
            for future in futures:
                future.cancel()
            if not found.done():
                found.cancel()

    async def where(self, request: Request) -> Response:
        """Answer where in a photo its label comes from."""
        service = self._service
        with service.metrics.counting() as counted:
            loaded = service.find(named(request.path_params.get("name"), request.query_params.get("program")))
            counted.program = loaded.name
            check_allowed(loaded)
            return await self._where(request, loaded)

    async def _where(self, request: Request, loaded: Loaded) -> Response:
        service, held = self._service, list[int]()
        service.check_ready()
        service.queue.admit()
        try:
            body = await read_body(request.receive, service.queue, held)
            given = await inputs_in(body, content_type(request.headers), request.headers, loaded)
            if len(given.inputs) > 1:
                raise Refused(400, "the request has several photos", got=len(given.inputs), expected="one")
            (raw,) = given.inputs
            photo = await service.queue.call(loaded.prepared, raw)
            answers = await self.answers(loaded, hidden_copies(photo), None, request.receive)
        finally:
            service.queue.release(sum(held))
        return Response(
            as_bytes(as_map(photo, answers)), headers={PROGRAM_HEADER: loaded.version}, media_type=JSON_TYPE
        )

    def note(self, loaded: Loaded, inputs: list[Any], answers: list[Answered]) -> None:
        """Count and log answers."""
        self._noted(loaded, Given(inputs), answers)

    def _noted(self, loaded: Loaded, given: Given, answers: list[Answered]) -> list[dict[str, Any]]:
        """Count answers, log them, and add to each its name and id."""
        log, metrics = self._service.log, self._service.metrics
        counted = loaded.program.task == "classification" and len(loaded.program.vocab) <= MOST_COUNTED
        plain = []
        for place, (found, values) in enumerate(answers):
            name = given.names[place] if given.names else ""
            if not isinstance(found, DataError):
                if log is not None:
                    values = {**values, "id": log.note(loaded, given.inputs[place], values, name)}
                if counted:
                    metrics.answered(
                        loaded.name, 1, "(not sure)" if found.label is None else str(found.label)
                    )
            plain.append({"file": name, **values} if name else values)
        if not counted:
            metrics.answered(loaded.name, sum("error" not in each for each in plain))
        return plain

    async def _answer_lines(
        self, loaded: Loaded, sure: float | None, given: Given, receive: Receive
    ) -> AsyncGenerator[bytes, None]:
        async def each() -> AsyncIterator[list[tuple[Any, str]]]:
            yield [*zip(given.inputs, given.names or [""] * len(given.inputs), strict=True)]

        async for answers in self._stream(loaded, sure, _until_gone(each(), receive), lambda one: one):
            yield answers

    async def _lines(
        self, loaded: Loaded, sure: float | None, receive: Receive
    ) -> AsyncGenerator[bytes, None]:
        """Answer each line of a body while it comes."""

        def read(line: tuple[int, bytes]) -> tuple[Any, str]:
            return _input_on(*line, loaded), ""

        each = _until_gone(lines_of(receive, self._service.options.body_limit), receive)
        async for answers in self._stream(loaded, sure, each, read):
            yield answers

    async def _stream(
        self,
        loaded: Loaded,
        sure: float | None,
        each: AsyncIterator[list[One]],
        read: Callable[[One], tuple[Any, str]],
    ) -> AsyncGenerator[bytes, None]:
        """Answer inputs in their order; no more are read than are needed to keep every core at work, and none waits for others to come.

        Args:
            loaded: the program.
            sure: the level at which to be sure.
            each: what came together; see `_until_gone`.
            read: makes an input, or an `_Unread`, and its name of one of those; just before it is computed, since others want to be served too.
        """
        queue = self._service.queue
        size = max(loaded.batch, 64 if loaded.things in (ROWS, RATINGS) else 1)
        ready: deque[One] = deque()
        waiting: deque[tuple[Given, list[Any], list[asyncio.Future[Any]]]] = deque()
        coming: asyncio.Future[list[One] | None] | None = None
        more, failure = True, None

        def send_off(chunk: list[tuple[Any, str]]) -> None:
            good = [(raw, name) for raw, name in chunk if not isinstance(raw, _Unread)]
            names = [name for _, name in good]
            given = Given([raw for raw, _ in good], names if any(names) else [])
            order = [raw if isinstance(raw, _Unread) else None for raw, _ in chunk]
            waiting.append((given, order, queue.submit(loaded, given.inputs, sure) if good else []))

        try:
            while more or ready or waiting:
                while ready and len(waiting) <= 2 * queue.workers:
                    send_off([read(ready.popleft()) for _ in range(min(size, len(ready)))])
                # one list ahead, so that a client that goes is noticed
                if coming is None and failure is None:
                    coming = asyncio.ensure_future(_next_of(each))
                unanswered = [future for future in waiting[0][2] if not future.done()] if waiting else []
                if waiting and not unanswered:
                    yield await self._chunk(loaded, *waiting.popleft())
                else:
                    awaited = unanswered if coming is None or coming.done() else [*unanswered, coming]
                    await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
                if coming is not None and coming.done() and (not ready or coming.exception() is not None):
                    try:
                        found, coming = coming.result(), None
                    except GateraError as err:  # what came before is answered first
                        found, failure, coming = [], err, None
                    more = bool(found)
                    ready.extend(found or ())
            if failure is not None:
                raise failure
        finally:
            if coming is not None:
                coming.cancel()
            for _, _, futures in waiting:
                for future in futures:
                    future.cancel()

    async def _chunk(
        self, loaded: Loaded, given: Given, order: list[Any], futures: list[asyncio.Future[Any]]
    ) -> bytes:
        answers = await answers_of(futures) if futures else []
        found = iter(self._noted(loaded, given, answers))
        return b"".join(as_line({"error": each.parts} if each is not None else next(found)) for each in order)


class Lines(Response):
    """A response that is sent line by line.

    Args:
        lines: parts of the body.
        version: of the program.
    """

    def __init__(self, lines: AsyncGenerator[bytes, None], version: str) -> None:
        super().__init__(media_type=NDJSON, headers={PROGRAM_HEADER: version})
        del self.headers["content-length"]
        self._lines = lines

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Send it."""
        gone = (scope.get("extensions") or {}).get(GONE)
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        last = b""
        try:
            async for part in self._lines:
                await send({"type": "http.response.body", "body": part, "more_body": True})
                if gone is not None and gone():
                    raise ClientDisconnect
        except GateraError as err:  # the beginning is sent: what is wrong is the last line
            last = as_line({"error": parts_of(err)})
        finally:
            await self._lines.aclose()
        await send({"type": "http.response.body", "body": last})


class _Unread:
    """A line that is no input."""

    def __init__(self, parts: dict[str, Any]) -> None:
        self.parts = parts


def _with_hint(error: DataError, kind: str) -> DataError:
    """Return the error of a file, with a word on what damages files on their way: curl -d."""
    if kind != URLENCODED:
        return error
    remedy = "If you sent it with curl -d, use --data-binary instead, because -d removes line breaks from files; for JSON, use --json."
    return data_error(error, remedy=remedy)


def _input_on(number: int, line: bytes, loaded: Loaded) -> Any:
    """Return the input on a line, or what is wrong with it."""
    try:
        return one_in_json(parsed_line(line), loaded)
    except GateraError as err:
        return _Unread({**parts_of(err), "line": number})


async def _until_gone(each: AsyncIterator[list[One]], receive: Receive) -> AsyncIterator[list[One]]:
    """Yield the lists, then an empty one; raise ClientDisconnect when the client goes after that."""
    async for came in each:
        yield came
    yield []
    await _disconnected(receive)
    raise ClientDisconnect


async def _next_of(each: AsyncIterator[One]) -> One | None:
    """Return the next one, None behind the last."""
    async for one in each:
        return one
    return None


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def asked(query_string: bytes) -> dict[str, str]:
    """Return what stands after "?".

    Raises:
        Refused: 400, if something there is unknown.
    """
    if not query_string:
        return {}
    pairs = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)
    query = dict(pairs)
    if len(query) < len(pairs):
        raise Refused(400, "the address has a parameter twice", got=query_string.decode("latin-1"))
    for name in query:
        if name not in QUERY:
            raise Refused(
                400,
                f"unknown parameter {name!r}",
                available=", ".join(QUERY),
                remedy=did_you_mean(name, QUERY),
            )
    return query


def named(in_path: str | None, in_query: str | None) -> str | None:
    """Return the program that a request names in its path, or behind "?".

    Raises:
        Refused: 400, if it names one in each.
    """
    if in_path is not None and in_query not in (None, in_path):
        raise Refused(400, f"the address names two programs, {in_path!r} and {in_query!r}")
    return in_path or in_query


def level(given: str | None, loaded: Loaded, usual: float | None) -> float | None:
    """Return the level at which to be sure.

    Raises:
        Refused: 400, if it is not a number from 0 to 1.
        ArgumentError: if the program cannot be asked for it; said before the first line of an answer is sent.
    """
    if given is None:
        value = usual if loaded.can_be_unsure else None
    else:
        try:
            value = float(given)
            check_fraction("sure", value)
        except ValueError as err:
            raise Refused(
                400, "sure is not a level", got=given, expected="a number from 0 to 1, such as 0.95"
            ) from err
    if value is not None:
        check_level(loaded.program.certainty, loaded.program.task, value)
    return value
