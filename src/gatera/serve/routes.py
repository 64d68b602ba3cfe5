"""Every address of the server but /predict and the Open Inference Protocol."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from gatera.core.checks import whole_number
from gatera.core.escape import UNSAFE
from gatera.serve.answers import as_bytes
from gatera.serve.loaded import Loaded, described
from gatera.serve.metrics import TYPE
from gatera.serve.openapi import document
from gatera.serve.predict import Predict, named
from gatera.serve.protocol.inference import inference_routes
from gatera.serve.service import Service
from gatera.web.assets import asset_routes, page_route
from gatera.web.errors import JSON_TYPE, Refused
from gatera.web.json_body import read_json

#: The longest body that gives a label (bytes).
LONGEST_LABEL = 20_000


def routes_of(service: Service) -> list[BaseRoute]:
    """Return all routes, the busy ones first."""
    predict = Predict(service)
    return [
        Route("/predict", predict, methods=["POST"]),
        Route("/programs/{name}/predict", predict, methods=["POST"]),
        Route("/where", predict.where, methods=["POST"]),
        Route("/programs/{name}/where", predict.where, methods=["POST"]),
        *inference_routes(service, predict),
        *_Routes(service).all(),
        page_route("/", "gatera.serve", "index.html"),
        page_route("/docs", "gatera.serve", "docs.html"),
        *asset_routes("gatera.web", "gatera.serve"),
    ]


class _Routes:
    def __init__(self, service: Service) -> None:
        self._service = service

    def all(self) -> list[BaseRoute]:
        return [
            Route("/health/live", self.live),
            Route("/health/ready", self.ready),
            Route("/metrics", self.metrics),
            Route("/programs", self.programs),
            Route("/card", self.card),
            Route("/programs/{name}/card", self.card),
            Route("/recommend", self.recommend),
            Route("/programs/{name}/recommend", self.recommend),
            Route("/answers/{id}", self.label, methods=["POST"]),
            Route("/openapi.json", self.openapi),
        ]

    async def live(self, request: Request) -> Response:
        return PlainTextResponse("live\n")

    async def ready(self, request: Request) -> Response:
        ready = self._service.state == "ready"
        headers = {} if ready else {"Retry-After": "1"}
        return PlainTextResponse(f"{self._service.state}\n", 200 if ready else 503, headers)

    async def metrics(self, request: Request) -> Response:
        return Response(self._service.metrics.text(), headers={"content-type": TYPE})

    async def programs(self, request: Request) -> Response:
        logs = self._service.log is not None
        return _json([described(loaded, logs) for loaded in self._service.programs])

    async def card(self, request: Request) -> Response:
        loaded = self._service.find(_name(request))
        return Response(
            loaded.program.card, media_type="text/markdown", headers={"gatera-program": loaded.version}
        )

    async def openapi(self, request: Request) -> Response:
        return _json(document(self._service))

    async def recommend(self, request: Request) -> Response:
        with self._service.metrics.counting() as counted:
            loaded = self._service.find(_name(request))
            counted.program = loaded.name
            return await self._recommended(request, loaded)

    async def _recommended(self, request: Request, loaded: Loaded) -> Response:
        self._service.check_ready()
        self._service.queue.admit()
        user, n = request.query_params.get("user"), request.query_params.get("n", "10")
        if user is None:
            raise Refused(400, "the request names no user", expected="/recommend?user=7&n=5")
        number = whole_number(n)
        if number is None or not 1 <= number <= 10_000:
            raise Refused(400, "n is not a number of items", got=n, expected="1 to 10,000")
        found = await self._service.queue.call(loaded.program.recommend, user, number)
        return _json(
            {"user": user, "items": [{"item": each.item, "rating": round(each.rating, 6)} for each in found]}
        )

    async def label(self, request: Request) -> Response:
        log = self._service.log
        if log is None:
            raise Refused(404, "this server does not log answers", remedy="Start it with --log FOLDER.")
        value = _label_in(await _beginning_of(request))
        # not in a thread of the queue: it may wait for another command that writes labels.csv, and answers are not to wait with it
        found = await asyncio.to_thread(
            log.label,
            request.path_params["id"],
            value.get("label"),
            value.get("by", ""),
            self._service.programs,
        )
        return _json(found)


async def _beginning_of(request: Request) -> bytes:
    """Return the body; of one too long for a label only enough to see that."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_LABEL:
            break
    return body


def _label_in(body: bytes) -> dict[str, Any]:
    expected = '{"keep": true}, or {"label": "..."}, several with semicolons between; and "by": "..." for who says so'
    value = read_json(body) if len(body) <= LONGEST_LABEL else None
    if not isinstance(value, dict) or not (value.get("keep") is True or isinstance(value.get("label"), str)):
        raise Refused(400, "the body says no label", expected=expected)
    if set(value) - {"keep", "label", "by"} or ("keep" in value and "label" in value):
        raise Refused(400, "the body says something else, too", got=sorted(value), expected=expected)
    if not all(isinstance(value.get(key, ""), str) for key in ("label", "by")):
        raise Refused(400, "the label is not a text", expected=expected)
    found = {key: each.strip() if isinstance(each, str) else each for key, each in value.items()}
    if found.get("label") == "" or any(UNSAFE.search(found.get(key, "")) for key in ("label", "by")):
        raise Refused(400, "the label is not a text of one line", expected=expected)
    return found


def _name(request: Request) -> str | None:
    return named(request.path_params.get("name"), request.query_params.get("program"))


def _json(value: Any) -> Response:
    return Response(as_bytes(value), media_type=JSON_TYPE)
