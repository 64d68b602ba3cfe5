"""The pages where a browser gets its cookie: of a one-time link, or by typing the token.

To look at a link does not use it up: chat programs, scanners of mail and browsers that load ahead fetch it before its person does. They
get a page whose form sends the key back (POST), by itself once a person sees the page, or by its button without JavaScript.
"""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gatera.core.errors import ArgumentError
from gatera.web.access import Access
from gatera.web.assets import read_static

#: The path that the forms are sent to.
SIGN_IN = "/sign-in"

#: A form is no longer than this (bytes).
LONGEST_FORM = 10_000


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
        if request.method == "POST" and request.url.path.endswith(SIGN_IN):
            return self._let_in(request) if await self._may_enter(request) else _form(wrong=True)
        key = request.query_params.get("key")
        return _form(wrong=key is not None) if key is None or not self._access.has_key(key) else _link(key)

    async def _may_enter(self, request: Request) -> bool:
        form = await _read_form(request)
        key = form.get("key")
        if key is None:
            return self._access.is_token(form.get("token", "").strip().encode("utf-8", "replace"))
        # a link that was opened twice in one browser: the first gave it the cookie
        return self._access.take_key(key) or self._access.allows(
            b"", request.headers.get("cookie", "").encode("latin-1")
        )

    def _let_in(self, request: Request) -> Response:
        headers = {
            "Set-Cookie": self._access.cookie(request.url.scheme == "https"),
            "Cache-Control": "no-store",
        }
        # relative, so that it works behind a proxy that adds a prefix to the path
        return RedirectResponse("./", 303, headers=headers)


async def _read_form(request: Request) -> dict[str, str]:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_FORM:
            raise ArgumentError("the form is too large", expected=f"at most {LONGEST_FORM:,} bytes")
    return {name: values[0] for name, values in parse_qs(body.decode("latin-1")).items()}


def _link(key: str) -> Response:
    page = read_static("gatera.web", "link.html").decode().replace("KEY", escape(key))
    return HTMLResponse(page, headers={"Cache-Control": "no-store"})


def _form(wrong: bool) -> Response:
    page = read_static("gatera.web", "sign_in.html").decode()
    page = page.replace('id="wrong" hidden', 'id="wrong"' if wrong else 'id="wrong" hidden')
    headers = {"WWW-Authenticate": 'Bearer realm="gatera"', "Cache-Control": "no-store"}
    return HTMLResponse(page, 401, headers=headers)


def wants_page(scope: Any) -> bool:
    """Whether a request comes from a person's browser, which shows what it gets as a page."""
    headers = dict(scope["headers"])
    navigates = headers.get(b"sec-fetch-mode") == b"navigate" or b"text/html" in headers.get(b"accept", b"")
    return scope["method"] == "GET" and navigates
