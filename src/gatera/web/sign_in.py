"""The pages where a browser gets its cookie: of a one-time link, or by typing the token.

To look at a link does not use it up: chat programs, scanners of mail and browsers that load ahead fetch it before its person does. They
get a page whose form sends the key back (POST), by itself once a person sees the page, or by its button without JavaScript.

Who signs in comes to the page that was asked for: an address may name a person of the studio, or a program of the server.
"""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gatera.core.errors import ArgumentError
from gatera.web.access import Access
from gatera.web.assets import read_static

#: The path that the forms are sent to.
SIGN_IN = "/sign-in"

#: A form is no longer than this (bytes): the address that was asked for comes with it, up to three times as long as headers may be.
LONGEST_FORM = 200_000


class SignIn:
    """An ASGI application: shows the page of a one-time link or the form for the token, and takes what they send.

    Args:
        access: knows the token.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request."""
        request = Request(scope, receive)
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        if request.method == "POST" and path == SIGN_IN:
            return await self._entered(request)
        key = request.query_params.get("key")
        wanted = _wanted(request, path)
        if key is not None and self._access.has_key(key):
            return _page(path, wanted, key)
        return _page(path, wanted, wrong=key is not None)

    async def _entered(self, request: Request) -> Response:
        form = await _read_form(request)
        wanted = form.get("wanted", "")
        if not self._may_enter(request, form):
            return _page(SIGN_IN, wanted, wrong=True)
        headers = {
            "Set-Cookie": self._access.cookie(request.url.scheme == "https"),
            "Cache-Control": "no-store",
        }
        # relative, so that it works behind a proxy that adds a prefix to the path, and so that it leads to no other site
        return RedirectResponse(f"./{wanted}", 303, headers=headers)

    def _may_enter(self, request: Request, form: dict[str, str]) -> bool:
        key = form.get("key")
        if key is None:
            return self._access.is_token(form.get("token", "").strip().encode("utf-8", "replace"))
        # a link that was opened twice in one browser: the first gave it the cookie
        return self._access.take_key(key) or self._access.allows(
            b"", request.headers.get("cookie", "").encode("latin-1")
        )


async def _read_form(request: Request) -> dict[str, str]:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_FORM:
            raise ArgumentError("the form is too large", expected=f"at most {LONGEST_FORM:,} bytes")
    return {name: values[0] for name, values in parse_qs(body.decode("latin-1")).items()}


def _wanted(request: Request, path: str) -> str:
    """Return the address that was asked for, as it is written behind that of the first page."""
    query = urlencode([pair for pair in parse_qsl(request.url.query, True) if pair[0] != "key"])
    return quote(path.removeprefix(SIGN_IN).lstrip("/")) + (f"?{query}" if query else "")


def _page(path: str, wanted: str, key: str | None = None, wrong: bool = False) -> Response:
    """Return the page of a link, or where there is no key the form for the token, for a browser that is at a path."""
    page = read_static("gatera.web", "sign_in.html" if key is None else "link.html").decode()
    up = "../" * path.count("/", 1)
    for name in ("static/", "sign-in"):
        page = page.replace(f'="{name}', f'="{up}{name}')
    page = page.replace("KEY", escape(key or "")).replace("WANTED", escape(wanted))
    if wrong:
        page = page.replace('id="wrong" hidden', 'id="wrong"')
    headers = {"Cache-Control": "no-store"}
    if key is None:
        headers["WWW-Authenticate"] = 'Bearer realm="gatera"'
    return HTMLResponse(page, 200 if key is not None else 401, headers=headers)


def wants_page(scope: Any) -> bool:
    """Whether a request comes from a person's browser, which shows what it gets as a page."""
    headers = dict(scope["headers"])
    navigates = headers.get(b"sec-fetch-mode") == b"navigate" or b"text/html" in headers.get(b"accept", b"")
    return scope["method"] == "GET" and navigates
