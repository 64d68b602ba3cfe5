"""A page that is open since the studio was started on other items, or on fewer: its positions are those of others."""

from __future__ import annotations

from starlette.requests import Request

from gatera.studio.places.place import Place
from gatera.web.errors import Refused


def check_listing(request: Request, place: Place) -> None:
    """See that a page means the items that are here, where it says which it means: `?of=LISTING`.

    Raises:
        Refused: 412 if it means others.
    """
    of = request.query_params.get("of")
    if of and of != place.listing:
        raise Refused(412, "the studio was started again with other items", remedy="Load this page again.")
