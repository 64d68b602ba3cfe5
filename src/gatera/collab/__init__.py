"""Recommendation: predict the rating that a user would give an item.

`from gatera.collab import *`, as the book writes it, brings what `gatera.collab.all` brings; nothing is imported before.
Read `data` first (`CollabDataLoaders`), then `learner` (`collab_learner`), `block` and `baseline`.
In: a table of users, items and ratings. Out: a learner, and programs that take pairs (user, item).
"""

from typing import TYPE_CHECKING

from gatera.core.lazy import lazy_face

if TYPE_CHECKING:
    from gatera.collab.all import *  # noqa: F403 - type checkers see the names that lazy_face brings

__getattr__, __dir__ = lazy_face(__name__, "gatera.collab.all")
