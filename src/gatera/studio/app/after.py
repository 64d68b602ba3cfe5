"""What a page is told once a decision is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gatera.studio.desk.desk import Desk
from gatera.studio.queues.orders import queue_counts
from gatera.studio.studio import Studio
from gatera.studio.views import item_view, last_view


def after(studio: Studio, desk: Desk, by: str, changed: Sequence[int]) -> dict[str, Any]:
    """Return the items that changed, by position, and how much there is of everything now, as plain values for JSON."""
    counts = studio.counts(desk)
    return {
        "items": [item_view(studio, desk, by, place) for place in changed], "counts": counts,
        "queues": queue_counts(studio, desk, by, counts), "last": last_view(studio, desk),
    }  # fmt: skip
