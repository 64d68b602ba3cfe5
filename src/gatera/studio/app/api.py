"""What a page may ask of the studio: JSON in, JSON out. Every request may say who asks: `?as=NAME`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gatera.core.checks import check_keywords, whole_number
from gatera.core.errors import ArgumentError
from gatera.core.escape import shell_quote
from gatera.labeling.kept_votes import KEPT
from gatera.studio.app.after import after
from gatera.studio.app.kept_orders import WINDOW, Orders
from gatera.studio.app.keys import Keys, check_keys
from gatera.studio.app.listing import check_listing
from gatera.studio.app.spanish import spoken
from gatera.studio.jobs import Job
from gatera.studio.leaving import leave
from gatera.studio.page_requests import asked
from gatera.studio.queues.orders import BY_MODEL, QUEUES, order_of, queue_counts
from gatera.studio.studio import Studio
from gatera.studio.views import item_view, last_view
from gatera.web.errors import JSON_TYPE, as_json
from gatera.web.json_body import read_json

#: Starts a task in the background: called with who asks, and the job.
StartTraining = Callable[[str, Job], None]


def answer(value: Any) -> Response:
    """Return a value as JSON that no cache keeps."""
    return Response(as_json(value), media_type=JSON_TYPE, headers={"Cache-Control": "no-store"})


class Api:
    """The answers.

    Args:
        studio: the studio.
        by: who asks if a request does not say.
        train: starts a training; None where that cannot be done here.
    """

    def __init__(self, studio: Studio, by: str, train: StartTraining | None = None) -> None:
        self.studio, self.by, self._train = studio, by, train
        self.job, self.orders, self.keys = Job(), Orders(), Keys(studio.folder / "keys")

    def who(self, request: Request) -> str:
        """Return who asks."""
        return request.query_params.get("as") or self.by

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            self._get("/api/state", self.state),
            self._get("/api/order", self.order),
            self._get("/api/items", self.items),
            self._get("/api/job", lambda request: self.job.to_dict()),
            self._post("/api/act", self.act),
            self._post("/api/leave", self.leave),
            self._post("/api/keys", self.set_keys),
            self._post("/api/train", self.train),
        ]

    def _get(self, path: str, function: Callable[[Request], Any]) -> Route:
        async def endpoint(request: Request) -> Response:
            check_listing(request, self.studio.place)
            return answer(spoken(request, await run_in_threadpool(function, request)))

        return Route(path, endpoint, methods=["GET"])

    def _post(self, path: str, function: Callable[[Request, Any], Any]) -> Route:
        async def endpoint(request: Request) -> Response:
            check_listing(request, self.studio.place)
            body = await _json(request)
            return answer(spoken(request, await run_in_threadpool(function, request, body)))

        return Route(path, endpoint, methods=["POST"])

    def state(self, request: Request) -> dict[str, Any]:
        """Return what a page needs when it opens, and from time to time."""
        studio, by = self.studio, self.who(request)
        studio.refresh()
        with studio.lock:
            desk = studio.people.desk(by)
            counts = studio.counts(desk)
            # on what functions disagree takes long to find: there is no number then, rather than that of people alone
            rules = (studio.place.home / KEPT).exists()
            disputed = None if rules else len(studio.disputed(desk, by))
            queues = queue_counts(studio, desk, by, counts) | {"disagreements": disputed}
            guesses = studio.guesses
            return {
                "title": studio.place.title, "listing": studio.place.listing, "kind": "masks" if studio.place.masks else studio.place.kind, "by": by, "classes": studio.classes, "counts": counts,
                "queues": {name: queues[name] for name in QUEUES if name in queues},
                "people": [name for name, _ in studio.people.others(by)], "last": last_view(studio, desk),
                "keys": self.keys.of(by), "job": self.job.to_dict(), "can_train": self._train is not None and studio.place.masks is None,
                "similar": bool(guesses and guesses.features is not None), "guesses": guesses.by if guesses else None,
                "version": studio.version,
                "colours": [colour for _, colour in studio.place.masks.classes.shown()] if studio.place.masks else [],
            }  # fmt: skip

    def order(self, request: Request) -> dict[str, Any]:
        """Open a queue: its number, how many items it has, and the place of one of them.

        That one is the first where a model orders the queue: after a training, the items that matter most come next.
        """
        given = request.query_params
        like, at = _number(given.get("like"), "like"), _number(given.get("at"), "at")
        queue = given.get("queue") or QUEUES[0]
        found = order_of(self.studio, self.who(request), queue, given.get("filter", ""), like)
        place = None
        if at is not None and at in found.positions:
            place = int((found.positions == at).argmax())
            if like is None and queue in BY_MODEL:
                found = found._replace(positions=np.concatenate([[at], np.delete(found.positions, place)]))
                place = 0
        return {"order": self.orders.keep(found), "total": len(found.positions), "place": place}

    def items(self, request: Request) -> dict[str, Any]:
        """Return a window of an open queue."""
        studio, by, given = self.studio, self.who(request), request.query_params
        order = self.orders.get(given.get("order", ""))
        start, n = _number(given.get("from"), "from") or 0, _number(given.get("n"), "n") or 24
        with studio.lock:
            desk = studio.people.desk(by)
            positions = order.positions[start : start + min(n, WINDOW)].tolist()
            return {
                "from": start,
                "items": [item_view(studio, desk, by, each, order.why.get(each, "")) for each in positions],
            }

    def act(self, request: Request, body: Any) -> dict[str, Any]:
        """Keep a decision; what is answered is on the disk."""
        studio, by = self.studio, self.who(request)
        studio.refresh()
        with studio.lock:
            changed = studio.act(by, asked(body, len(studio.place)))
            desk = studio.people.desk(by)
            classes = studio.classes if body["what"] in ("class", "undo", "redo") else None
            return {**after(studio, desk, by, changed), "classes": classes}

    def leave(self, request: Request, body: Any) -> dict[str, Any]:
        """Write the session: one commit, or labels.csv."""
        check_keywords("leave", _object(body), ("message",))
        message = body.get("message", "")
        if not isinstance(message, str) or len(message) > 2_000:
            raise ArgumentError("the message is a text", got=type(message).__name__)
        left = leave(self.studio, self.who(request), message)
        return {
            "sentence": left.sentence,
            "disputed": len(left.disputed),
            "commit": left.written.commit if left.written else None,
        }

    def set_keys(self, request: Request, body: Any) -> dict[str, Any]:
        """Remember the keys that a person chose."""
        keys = check_keys(_object(body))
        self.studio.place.check_there()
        self.keys.keep(self.who(request), keys)
        return {"keys": keys}

    def train(self, request: Request, body: Any) -> dict[str, Any]:
        """Train again, in the background."""
        if self.studio.place.masks is not None:
            raise ArgumentError(
                "the studio trains on labels, and these photos have masks",
                remedy=f"Train on masks with gatera train {shell_quote(str(self.studio.place.root))}",
            )
        if self._train is None:
            raise ArgumentError(
                "this studio cannot train", remedy="Start it with gatera studio DATA, without --program."
            )
        self._train(self.who(request), self.job)
        return self.job.to_dict()


async def _json(request: Request) -> Any:
    return read_json(await request.body())


def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ArgumentError("the body must be a JSON object", got=type(body).__name__)
    return body


def _number(text: str | None, name: str) -> int | None:
    if text is None or text == "":
        return None
    number = whole_number(text)
    if number is None:
        raise ArgumentError(f"{name} must be a whole number from 0 on", got=text)
    return number
