"""The cleaner of photo data sets: what it finds, what is marked, and its form (with stand-ins for Jupyter's widgets)."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch

from gatera.compat import widgets
from gatera.compat.widgets import ImageClassifierCleaner

#: Label and loss of each photo of a set.
FACTS = [(0, 0.1), (1, 0.5), (0, 2.0), (0, 0.7), (1, 3.0)]


class Widget:
    """What any widget of the form does."""

    def __init__(self, children: object = (), **given: object) -> None:
        self.children, self.given, self.on_change = children, given, None
        first = given.get("options", [None])[0]
        self.value = first[1] if isinstance(first, tuple) else first

    def observe(self, function, name: str) -> None:
        assert name == "value"
        self.on_change = function

    def take(self, value: object) -> None:
        self.value = value
        self.on_change({"new": value})


@pytest.fixture
def cleaner(tmp_path: Path) -> ImageClassifierCleaner:
    items = [[tmp_path / f"{part}{place}.png" for place in range(5)] for part in ("train", "valid")]
    for file in (file for each in items for file in each):
        file.write_bytes(file.name.encode())

    class Loaders(list):
        vocab = ("cat", "dog")

    labels, losses = (torch.tensor(column) for column in zip(*FACTS, strict=True))
    learn = SimpleNamespace(
        dls=Loaders(SimpleNamespace(dataset=SimpleNamespace(items=each)) for each in items),
        get_preds=lambda ds_idx, with_loss: (None, labels, losses),
    )
    return ImageClassifierCleaner(learn, max_n=2)


def names(cleaner: ImageClassifierCleaner) -> list[str]:
    return [file.stem for file in cleaner.fns]


def test_the_photos_with_the_highest_losses_come_first_and_marks_are_kept_by_place(
    cleaner, monkeypatch, capsys
):
    assert names(cleaner) == ["train2", "train3"]
    cleaner.choose("dog", 1)
    assert names(cleaner) == ["valid4", "valid1"] and (cleaner.delete(), cleaner.change()) == ([], [])
    cleaner.mark(0, "<Delete>")
    cleaner.mark(1, "cat")
    assert (cleaner.delete(), cleaner.change()) == ([0], [(1, "cat")])
    assert repr(cleaner) == "ImageClassifierCleaner(2 photos, 2 marked)"
    cleaner.mark(1, "<Keep>")
    assert (cleaner.delete(), cleaner.change()) == ([0], [])


def test_the_form_marks_photos_of_the_class_and_set_chosen(cleaner, monkeypatch):
    stand_in = ModuleType("ipywidgets")
    for name in ("Dropdown", "HBox", "VBox", "Image"):
        setattr(stand_in, name, Widget)
    monkeypatch.setitem(sys.modules, "ipywidgets", stand_in)
    choose_class, choose_set, photos = cleaner._form().children
    assert choose_set.given["options"] == [("Train", 0), ("Valid", 1)] and len(photos.children) == 2
    choose_class.take("dog")
    assert names(cleaner) == ["train4", "train1"]
    choose_set.take(1)
    assert names(cleaner) == ["valid4", "valid1"]
    picture, menu = photos.children[0].children
    assert picture.given["value"] == b"valid4.png"
    assert menu.given["options"] == ["<Keep>", "<Delete>", "cat", "dog"]
    menu.take("cat")
    assert cleaner.change() == [(0, "cat")]
    assert widgets.VBox([1]).children == [1] == widgets.HBox([1]).children
