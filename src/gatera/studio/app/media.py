"""Photos, recordings and pictures of them, by the position of their item."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from gatera.studio.app.listing import check_listing
from gatera.studio.media.photos import Picture, photo_for_page, small_photo, stamp_of, with_points
from gatera.studio.media.sounds import PLAYED, as_wav, spectrogram
from gatera.studio.points import points_in
from gatera.studio.studio import Studio
from gatera.web.errors import Refused

#: For so long a browser need not ask again (seconds): the next items are fetched before they are shown.
FRESH = 60


def media_routes(studio: Studio) -> list[Route]:
    """Return the routes of pictures and sounds."""
    small = studio.folder / "small"

    def path_of(request: Request) -> Path:
        check_listing(request, studio.place)
        kind, position = studio.place.kind, request.path_params["position"]
        if kind not in ("photos", "recordings") or position >= len(studio.place):
            raise Refused(404, "there is no such picture")
        return studio.place.path(position)

    def small_one(path: Path, points: str) -> Picture:
        return with_points(small_photo(path, small), points_in(points)[0])

    def route(url: str, make: Callable[[Path, str], Picture]) -> Route:
        async def endpoint(request: Request) -> Response:
            path, points = path_of(request), request.query_params.get("points", "")
            etag = f'"{hashlib.sha256((url + stamp_of(path) + points).encode("utf-8", "surrogatepass")).hexdigest()[:20]}"'
            headers = {"ETag": etag, "Cache-Control": f"private, max-age={FRESH}"}
            if etag in request.headers.get("if-none-match", ""):
                return Response(status_code=304, headers=headers)
            picture = await run_in_threadpool(make, path, points)
            return Response(picture.data, media_type=picture.media_type, headers=headers)

        return Route(url, endpoint, methods=["GET"])

    async def sound(request: Request) -> Response:
        path = path_of(request)
        media_type = PLAYED.get(path.suffix.lower())
        if media_type is not None and path.is_file():
            return FileResponse(path, media_type=media_type)  # answers requests for parts, too
        made = await run_in_threadpool(as_wav, path)
        return in_part(made, request.headers.get("range", ""))

    return [
        route("/photo/{position:int}", lambda path, _: photo_for_page(path)),
        route("/small/{position:int}", small_one),
        route("/spectrogram/{position:int}", lambda path, _: spectrogram(path)),
        Route("/sound/{position:int}", sound, methods=["GET"]),
    ]


def in_part(made: Picture, wanted: str) -> Response:
    """Return a recording, or the part of it that the header Range names: Safari plays only what it can have in parts.

    Example:
        >>> in_part(Picture(b"recording", "audio/wav"), "bytes=2-4").body
        b'cor'
    """
    data, headers = made.data, {"Accept-Ranges": "bytes"}
    found = re.fullmatch("bytes=([0-9]{0,15})-([0-9]{0,15})", wanted)
    if found is None or found[0] == "bytes=-":  # none, or several, of which the whole is an answer
        return Response(data, media_type=made.media_type, headers=headers)
    begin = int(found[1]) if found[1] else max(0, len(data) - int(found[2]))
    end = min(len(data), int(found[2]) + 1) if found[1] and found[2] else len(data)
    if begin >= end:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{len(data)}"})
    headers["Content-Range"] = f"bytes {begin}-{end - 1}/{len(data)}"
    return Response(data[begin:end], 206, headers, made.media_type)
