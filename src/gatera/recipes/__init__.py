"""Train well on files: one recipe per task, from a folder or a table to a program and its report.

`gatera.train` (in `run`) finds the task, lets the task's recipe prepare a `Job`, and runs it (`job`). `settings` is what a
run is asked for, `events` is what it reports while it works; nothing here prints or knows a command line. Read `run.py`
first, then `photos.py`.

The recipes below are imported at their first use, so that training on photos loads nothing of texts or tables. This is one
of the three places that import modules by name; the others are `gatera/__init__.py` and the table of commands.
"""

from typing import TYPE_CHECKING

from gatera.core.lazy import lazy_exports

if TYPE_CHECKING:
    from gatera.recipes.masks import mask_job
    from gatera.recipes.photos import photo_job
    from gatera.recipes.ratings import rating_job
    from gatera.recipes.sounds import sound_job
    from gatera.recipes.tables import table_job
    from gatera.recipes.texts.recipe import text_job

__all__ = ["mask_job", "photo_job", "rating_job", "sound_job", "table_job", "text_job"]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "photo_job": "gatera.recipes.photos",
        "mask_job": "gatera.recipes.masks",
        "sound_job": "gatera.recipes.sounds",
        "text_job": "gatera.recipes.texts.recipe",
        "table_job": "gatera.recipes.tables",
        "rating_job": "gatera.recipes.ratings",
    },
)
