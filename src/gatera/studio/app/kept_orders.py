"""Queues that pages have open: an order is made once, and read in windows, so that 100,000 items are no burden."""

from __future__ import annotations

import itertools
import secrets
from collections import OrderedDict

from gatera.studio.queues.orders import Order
from gatera.web.errors import Refused

#: How many are kept.
MOST = 32

#: The most items of a window.
WINDOW = 200


class Orders:
    """Orders by their numbers; the oldest are forgotten."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Order] = OrderedDict()
        self._next = itertools.count(1)
        self._start = secrets.token_hex(
            4
        )  # a page that is open since before a restart must not read another queue

    def keep(self, order: Order) -> str:
        """Keep an order; returns its number."""
        name = f"{self._start}-{next(self._next)}"
        self._kept[name] = order
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return name

    def get(self, name: str) -> Order:
        """Return an order.

        Raises:
            Refused: 410 if it is not kept any more; the page then opens the queue again.
        """
        found = self._kept.get(name)
        if found is None:
            raise Refused(410, "that queue is no longer open", remedy="Open it again.")
        return found
