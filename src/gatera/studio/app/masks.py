"""Masks for a page: the class of each pixel as one byte, packed by gzip both ways, so that no browser changes a value.

The guard undoes what a page packed, as it does for every body (`gatera.web.compressed`).
"""

from __future__ import annotations

import gzip
import json
import threading
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gatera.core.errors import ArgumentError, DataError
from gatera.studio.app.after import after
from gatera.studio.app.listing import check_listing
from gatera.studio.masks.overlay import overlay
from gatera.studio.masks.page_requests import draw, mask_seen, masks_of
from gatera.studio.media.photos import small_photo
from gatera.studio.page_requests import asked
from gatera.studio.studio import Studio
from gatera.web.errors import JSON_TYPE, Refused, as_json

#: How hard masks are packed: they go to this machine, and are nearly all the same.
LEVEL = 1


class MaskApi:
    """The answers about masks.

    Args:
        studio: the studio.
        by: who asks if a request does not say.
    """

    def __init__(self, studio: Studio, by: str) -> None:
        self._studio, self._by = studio, by
        self._small = threading.Lock()

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/mask/{position:int}", self._mask, methods=["GET"]),
            Route("/over/{position:int}", self._over, methods=["GET"]),
            Route("/api/mask/{position:int}", self._draw, methods=["POST"]),
        ]

    def _asked(self, request: Request) -> tuple[str, int, str]:
        """Return who asks, the position of the photo, and its name."""
        masks_of(self._studio)
        check_listing(request, self._studio.place)
        position = request.path_params["position"]
        if position >= len(self._studio.place):
            raise Refused(404, "there is no such item")
        return request.query_params.get("as") or self._by, position, self._studio.place.names[position]

    async def _mask(self, request: Request) -> Response:
        """Answer one line of JSON, then a byte for each pixel."""
        by, _, name = self._asked(request)

        def made() -> bytes:
            with self._studio.lock:
                desk = self._studio.people.desk(by)
            seen = mask_seen(self._studio, desk, by, name)
            height, width = seen.positions.shape
            head = {
                "width": width, "height": height, "base": seen.base, "classes": seen.classes.shown(), "ground": seen.classes.ground, "drawing": seen.drawing,
            }  # fmt: skip
            return gzip.compress(json.dumps(head).encode() + b"\n" + seen.positions.tobytes(), LEVEL)

        headers = {"Content-Encoding": "gzip", "Cache-Control": "no-store"}
        return Response(await run_in_threadpool(made), media_type="application/octet-stream", headers=headers)

    async def _over(self, request: Request) -> Response:
        """Answer a small picture of the photo with its mask over it."""
        by, position, name = self._asked(request)

        def made() -> bytes:
            with self._studio.lock:
                desk = self._studio.people.desk(by)
            photo = self._studio.place.path(position)
            try:
                with self._small:  # a page asks for 24: what is seen large waits for one of them at most
                    seen = mask_seen(self._studio, desk, by, name)
            except DataError:  # the photo alone; seen large, it says what is wrong with its mask
                return small_photo(photo, self._studio.folder / "small").data
            return overlay(photo, seen)

        data = await run_in_threadpool(made)
        return Response(data, media_type="image/jpeg", headers={"Cache-Control": "no-store"})

    async def _draw(self, request: Request) -> Response:
        """Keep a drawing; what is answered is on the disk."""
        by, position, _ = self._asked(request)
        body = await request.body()
        given = request.query_params

        def kept() -> dict[str, Any]:
            studio = self._studio
            try:
                more = asked(
                    {"what": "undo", "seconds": float(given.get("seconds", 0)), "id": given.get("id", "")}, 1
                )
            except ValueError as err:
                raise ArgumentError("seconds must be a number", got=given.get("seconds")) from err
            with studio.lock:
                changed = draw(
                    studio,
                    by,
                    position,
                    body,
                    given.get("base", ""),
                    more.seconds,
                    more.id,
                    given.get("drawing"),
                )
                desk = studio.people.desk(by)
                return {**after(studio, desk, by, changed), "classes": None}

        return Response(
            as_json(await run_in_threadpool(kept)),
            media_type=JSON_TYPE,
            headers={"Cache-Control": "no-store"},
        )
