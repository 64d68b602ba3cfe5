"""The application: pages, the API, pictures, behind the guard that all our pages share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gatera.program.raw.photo import MAX_PIXELS
from gatera.studio.app.api import Api, StartTraining
from gatera.studio.app.masks import MaskApi
from gatera.studio.app.media import media_routes
from gatera.studio.app.panel import Panel
from gatera.studio.app.spanish import said_in_language
from gatera.studio.studio import Studio
from gatera.web.app import make_app
from gatera.web.assets import asset_routes, page_route
from gatera.web.guard import Guard, Rules


def studio_app(
    studio: Studio,
    by: str,
    rules: Rules | None = None,
    train: StartTraining | None = None,
    complain: Callable[[str], None] | None = None,
    at_once: bool = False,
) -> Guard:
    """Return the ASGI application of a studio.

    Args:
        studio: the studio.
        by: who works there, unless a request says otherwise.
        rules: who may ask.
        train: starts a training in the background; None where that cannot be done here.
        complain: is told in one line what failed.
        at_once: begin with `train`.
    """
    rules = replace(rules or Rules(), body_limit=MAX_PIXELS)  # the largest mask, a byte for each pixel
    api = Api(studio, by, train)
    if at_once and train is not None:
        train(by, api.job)
    routes = [
        page_route("/", "gatera.studio", "studio.html"),
        *api.routes(),
        *media_routes(studio),
        *(MaskApi(studio, by).routes() if studio.place.masks is not None else ()),
        *Panel(studio).routes(),
        *asset_routes("gatera.web", "gatera.studio"),
    ]
    return make_app(routes, rules, complain=complain, speak=said_in_language)
