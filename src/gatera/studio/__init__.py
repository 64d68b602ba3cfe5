"""The labelling studio: where a person labels, reviews and corrects in a browser. What it needs of PyTorch is in `training`, and loaded when asked for.

In: a folder, a table or a data repository. Out: labels.csv, or one commit of labels for each session. Read first: `studio.py`,
then `desk/journal.py` (nothing is lost) and `app/api.py` (what a page may ask).
"""

from typing import TYPE_CHECKING

from gatera.core.lazy import lazy_exports

if TYPE_CHECKING:
    from gatera.studio.leaving import leave
    from gatera.studio.opening import open_studio
    from gatera.studio.page_requests import Asked
    from gatera.studio.queues.orders import order_of

__all__ = ["Asked", "leave", "open_studio", "order_of"]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "Asked": "gatera.studio.page_requests",
        "leave": "gatera.studio.leaving",
        "open_studio": "gatera.studio.opening",
        "order_of": "gatera.studio.queues.orders",
    },
)
