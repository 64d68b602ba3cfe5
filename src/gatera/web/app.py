"""An application of routes behind a guard. Nothing of Starlette's own error pages is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Router

from gatera.core.checks import did_you_mean
from gatera.core.errors import GateraError, shorten
from gatera.web.errors import Refused
from gatera.web.guard import Guard, Rules

#: Runs while the application does.
Lifespan = Callable[[Any], AbstractAsyncContextManager[None]]


def make_app(
    routes: Sequence[BaseRoute],
    rules: Rules | None = None,
    lifespan: Lifespan | None = None,
    complain: Callable[[str], None] | None = None,
    speak: Callable[[GateraError, Any], GateraError] | None = None,
    on_refusal: Callable[[str, int], None] = lambda path, status: None,
) -> Guard:
    """Return an ASGI application that answers by routes, and only those who may ask.

    Errors of ours that an endpoint raises become JSON (see `errors`): wrong data 422, wrong arguments 400. Anything else is
    500, without a traceback.

    Args:
        routes: routes of Starlette.
        rules: who may ask, and how much may be sent; by default anyone on this machine.
        lifespan: runs while the application does.
        complain: is told in one line what failed.
        speak: is given an error and the scope of its request; returns it in the language of who asks.
        on_refusal: is told the path and status of a request that no endpoint sees: of a stranger, or with too large a body.
    """
    paths = [path for route in routes if isinstance(path := getattr(route, "path", None), str)]
    router = Router(routes, lifespan=lifespan, default=_nothing_there(paths), redirect_slashes=False)

    async def answering(scope: Any, receive: Any, send: Any) -> None:
        scope["app"] = router  # then the router raises its errors instead of answering in plain text
        try:
            await router(scope, receive, send)
        except HTTPException as err:
            raise _said(err, scope) from err
        except GateraError as err:
            raise (err if speak is None else speak(err, scope)) from err.__cause__

    return Guard(answering, rules or Rules(), complain, on_refusal)


def _said(err: HTTPException, scope: Any) -> Refused:
    headers = dict(err.headers or {})
    if err.status_code == 405:
        return Refused(
            405, f"{shorten(scope['path'])} does not answer to {scope['method']}", expected=headers.get("Allow"), headers=headers
        )  # fmt: skip
    return Refused(err.status_code, err.detail, headers=headers)


def _nothing_there(paths: Sequence[str]) -> Any:
    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        plain = [path for path in paths if "{" not in path]
        path = scope["path"]
        raise Refused(
            404, f"there is nothing at {shorten(path)}", available=", ".join(plain) or None,
            remedy=did_you_mean(path, plain),
        )  # fmt: skip

    return answer
