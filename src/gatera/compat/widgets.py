"""`gatera.vision.widgets`: the widgets of notebooks, and a cleaner of photo data sets."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from gatera.core.checks import check_keywords, require
from gatera.core.lazy import LazyModule

PURPOSE = "to show widgets"

#: Jupyter's widgets, imported when they are first used.
widgets: ModuleType = LazyModule("ipywidgets")


def _widget(name: str) -> Any:
    return getattr(require("ipywidgets", "widgets", PURPOSE), name)


def VBox(*args: Any, **keywords: Any) -> Any:
    """Return widgets one below the other: `ipywidgets.VBox`."""
    return _widget("VBox")(*args, **keywords)


def HBox(*args: Any, **keywords: Any) -> Any:
    """Return widgets side by side: `ipywidgets.HBox`."""
    return _widget("HBox")(*args, **keywords)


class ImageClassifierCleaner:
    """Look through the photos with the highest losses, and mark those to delete or to give another label.

    In a notebook it shows a form (it needs ipywidgets); elsewhere `show()` prints the photos.

    Args:
        learn: a trained learner of classified photos.
        max_n: number of photos of each class and set.
        keywords: accepted for fastai's signature: `opts`, `height`, `width`.

    Attributes:
        fns: the photos shown, of the class and set chosen.
    """

    def __init__(self, learn: Any, max_n: int = 30, **keywords: Any) -> None:
        check_keywords("ImageClassifierCleaner", keywords, ("opts", "height", "width"))
        self.vocab, self.max_n = list(learn.dls.vocab), max_n
        self._found = {ds: self._by_class(learn, ds) for ds in (0, 1)}
        self._choices: dict[Path, str] = {}
        self.fns: list[Path] = []
        self.choose(self.vocab[0], 0)

    def _by_class(self, learn: Any, ds: int) -> dict[Any, list[Path]]:
        _, labels, losses = learn.get_preds(ds_idx=ds, with_loss=True)
        items = learn.dls[ds].dataset.items
        order = losses.argsort(descending=True).tolist()
        return {
            name: [Path(items[i]) for i in order if int(labels[i]) == place][: self.max_n]
            for place, name in enumerate(self.vocab)
        }

    def choose(self, label: Any, ds_idx: int = 0) -> None:
        """Choose the class and the set (0 training, 1 validation) whose photos are shown."""
        self.fns, self._choices = self._found[ds_idx][label], {}

    def mark(self, idx: int, what: str) -> None:
        """Mark a photo of `fns`: "<Keep>", "<Delete>", or the name of its right class."""
        self._choices[self.fns[idx]] = what

    def delete(self) -> list[int]:
        """Return the positions in `fns` of the photos marked to delete."""
        return [place for place, file in enumerate(self.fns) if self._choices.get(file) == "<Delete>"]

    def change(self) -> list[tuple[int, str]]:
        """Return (position in `fns`, right class) of the photos marked with another class."""
        marked = ((place, self._choices.get(file, "<Keep>")) for place, file in enumerate(self.fns))
        return [(place, what) for place, what in marked if what not in ("<Keep>", "<Delete>")]

    def __repr__(self) -> str:
        return f"ImageClassifierCleaner({len(self.fns)} photos, {len(self._choices)} marked)"

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self._form() if "ipywidgets" in sys.modules or _has_widgets() else repr(self))

    def _form(self) -> Any:
        shown = require("ipywidgets", "widgets", PURPOSE)
        choose_class, choose_set = (
            shown.Dropdown(options=self.vocab),
            shown.Dropdown(options=[("Train", 0), ("Valid", 1)]),
        )
        photos = shown.HBox(layout={"overflow": "scroll"})

        def refill(change: Any = None) -> None:
            self.choose(choose_class.value, choose_set.value)
            photos.children = [self._photo(shown, place) for place in range(len(self.fns))]

        choose_class.observe(refill, "value")
        choose_set.observe(refill, "value")
        refill()
        return shown.VBox([choose_class, choose_set, photos])

    def _photo(self, shown: Any, place: int) -> Any:
        picture = shown.Image(value=self.fns[place].read_bytes(), width=150)
        menu = shown.Dropdown(
            options=["<Keep>", "<Delete>", *map(str, self.vocab)], layout={"width": "150px"}
        )
        menu.observe(lambda change: self.mark(place, change["new"]), "value")
        return shown.VBox([picture, menu])


def _has_widgets() -> bool:
    from importlib.util import find_spec

    return find_spec("ipywidgets") is not None
