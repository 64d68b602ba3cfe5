"""The page where a browser gets its cookie: with a one-time link, or by typing the token."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gatera.core.errors import ArgumentError
from gatera.web.access import Access
from gatera.web.assets import read_static

#: The path of the page; the form is sent to it.
SIGN_IN = "/sign-in"

#: A form is no longer than this (bytes).
LONGEST_FORM = 10_000


class SignIn:
    """An ASGI application: takes `?key=...` of a one-time link or the token of the form, else shows the form.

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
        at_form = request.url.path.endswith(SIGN_IN)
        if request.method == "POST" and at_form:
            token = await _token_of(request)
            return self._let_in(request, "./") if self._access.is_token(token) else _form(wrong=True)
        key = request.query_params.get("key")
        if key is not None and self._access.take_key(key):
            return self._let_in(request, "./")
        return _form(wrong=key is not None, up=at_form)

    def _let_in(self, request: Request, where: str) -> Response:
        # relative, so that it works behind a proxy that adds a prefix to the path
        headers = {
            "Set-Cookie": self._access.cookie(request.url.scheme == "https"),
            "Cache-Control": "no-store",
        }
        return RedirectResponse(where, 303, headers=headers)


async def _token_of(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_FORM:
            raise ArgumentError("the form is too large", expected=f"at most {LONGEST_FORM:,} bytes")
    found = parse_qs(body.decode("latin-1")).get("token", [""])[0]
    return found.strip().encode("utf-8", "replace")


def _form(wrong: bool, up: bool = True) -> Response:
    page = read_static("gatera.web", "sign_in.html").decode()
    page = page.replace('id="wrong" hidden', 'id="wrong"' if wrong else 'id="wrong" hidden')
    headers = {"WWW-Authenticate": 'Bearer realm="gatera"', "Cache-Control": "no-store"}
    return HTMLResponse(page, 401, headers=headers)


def wants_page(scope: Any) -> bool:
    """Whether a request comes from a person's browser, which shows what it gets as a page."""
    headers = dict(scope["headers"])
    navigates = headers.get(b"sec-fetch-mode") == b"navigate" or b"text/html" in headers.get(b"accept", b"")
    return scope["method"] == "GET" and navigates
