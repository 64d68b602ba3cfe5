"""What the page shows of the model: its error, which labels it confuses, and pictures of its inside."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gatera.core.lazy import later
from gatera.studio.app.spanish import spoken
from gatera.studio.studio import Studio
from gatera.web.errors import JSON_TYPE, Refused, as_json

#: The most classes of a table of confusions.
MOST_CLASSES = 30


class Panel:
    """The panel about the model.

    Args:
        studio: the studio.
    """

    def __init__(self, studio: Studio) -> None:
        self._studio, self._lock = studio, threading.Lock()
        self._inside: tuple[Any, Any] = None, None
        self._drawn: dict[tuple[str, Any, str], bytes] = {}

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/api/panel", self._summary, methods=["GET"]),
            Route(
                "/panel/occlusion/{position:int}", self._picture("occlusion", self._where), methods=["GET"]
            ),
            Route("/panel/units/{layer:path}", self._picture("units", self._units), methods=["GET"]),
        ]

    async def _summary(self, request: Request) -> Response:
        value = spoken(request, await run_in_threadpool(self.summary))
        return Response(as_json(value), media_type=JSON_TYPE, headers={"Cache-Control": "no-store"})

    def summary(self) -> dict[str, Any]:
        """Return what is known of the model."""
        trained, guesses = self._studio.trained, self._studio.guesses
        if trained is None:
            by = None if guesses is None else guesses.by
            return {"by": None, "words": f"{by} guesses; press Train again to measure labels." if by else ""}
        classes = [str(label) for label in trained.guesses.classes]
        inside = self._of_inside() if trained.pictures is not None else None
        return {
            "by": trained.guesses.by, "n": trained.n, "wrong": trained.wrong, "error": trained.wrong / trained.n,
            "low": trained.interval.low, "high": trained.interval.high, "classes": classes[:MOST_CLASSES],
            "confusion": trained.confusion[:MOST_CLASSES, :MOST_CLASSES].tolist(), "inside": inside is not None,
            "layers": inside.layers if inside is not None else [],
        }  # fmt: skip

    def _of_inside(self) -> Any:
        trained = self._studio.trained
        if trained is None or trained.pictures is None:
            raise Refused(404, "there is no trained network to look into", remedy="Press Train again.")
        with self._lock:
            if self._inside[0] is not trained:
                self._inside = (
                    trained,
                    later("gatera.studio.training.inside", "Inside")(trained, self._check_open),
                )
                self._drawn.clear()
            return self._inside[1]

    def _check_open(self) -> None:
        """Give up a picture that nobody waits for any more: it would keep the process from ending.

        Raises:
            Refused: if the studio is closed.
        """
        if self._studio.closed:
            raise Refused(503, "the studio is closed")

    def _picture(self, name: str, draw: Callable[[Any, Request], bytes]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            def drawn() -> bytes:
                inside = self._of_inside()
                key = (name, id(inside), str(request.path_params))
                with self._lock:  # matplotlib and the network, one picture at a time
                    self._check_open()
                    if key not in self._drawn:
                        self._drawn[key] = draw(inside, request)
                    return self._drawn[key]

            data = await run_in_threadpool(drawn)
            return Response(data, media_type="image/png", headers={"Cache-Control": "no-store"})

        return endpoint

    def _where(self, inside: Any, request: Request) -> bytes:
        position = request.path_params["position"]
        if position >= len(self._studio.place):
            raise Refused(404, "there is no such item")
        found: bytes = inside.occlusion(self._studio.place.path(position))
        return found

    def _units(self, inside: Any, request: Request) -> bytes:
        place = self._studio.place
        found: bytes = inside.units(request.path_params["layer"], [place.path(n) for n in range(len(place))])
        return found
