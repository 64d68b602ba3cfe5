"""Static files of the wheel: pages, styles, scripts. They are read once and sent with an ETag."""

from __future__ import annotations

import functools
import hashlib
import mimetypes
from importlib.resources import files
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gatera.web.errors import Refused

#: Types of the files that we have, so that they do not depend on the machine's table.
TYPES = {".css": "text/css", ".js": "text/javascript", ".html": "text/html", ".svg": "image/svg+xml"}


class Asset(NamedTuple):
    """A static file.

    Attributes:
        content: its bytes.
        media_type: its type.
        etag: stands for its content, as the header ETag has it.
    """

    content: bytes
    media_type: str
    etag: str


@functools.cache
def read_static(package: str, name: str) -> bytes:
    """Return a file of the folder "static" of a package."""
    return files(package).joinpath("static", name).read_bytes()


@functools.cache
def assets_of(package: str) -> dict[str, Asset]:
    """Return the files in the folder "static" of a package, by name."""
    found = {}
    for entry in files(package).joinpath("static").iterdir():
        if entry.is_file() and not entry.name.startswith("."):
            content = read_static(package, entry.name)
            suffix = "." + entry.name.rpartition(".")[2]
            media_type = (
                TYPES.get(suffix) or mimetypes.guess_type(entry.name)[0] or "application/octet-stream"
            )
            found[entry.name] = Asset(content, media_type, f'"{hashlib.sha256(content).hexdigest()[:20]}"')
    return found


def asset_response(request: Request, asset: Asset) -> Response:
    """Return a file, or 304 where the browser has it."""
    headers = {"ETag": asset.etag, "Cache-Control": "no-cache"}
    known = request.headers.get("if-none-match", "")
    if asset.etag in known or known == "*":
        return Response(status_code=304, headers=headers)
    return Response(asset.content, media_type=asset.media_type, headers=headers)


def asset_routes(*packages: str) -> list[Route]:
    """Return the route "/static/NAME" for the files of packages; a later package goes before an earlier one.

    Args:
        packages: e.g. "gatera.web" (the look that all pages share) and "gatera.serve".
    """
    known = {name: asset for package in packages for name, asset in assets_of(package).items()}

    async def static(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in known:
            raise Refused(404, f"there is no file static/{name}")
        return asset_response(request, known[name])

    return [Route("/static/{name}", static, methods=["GET"])]


def page_route(path: str, package: str, name: str) -> Route:
    """Return the route of a page, which is a static file."""

    async def page(request: Request) -> Response:
        return asset_response(request, assets_of(package)[name])

    return Route(path, page, methods=["GET"])
