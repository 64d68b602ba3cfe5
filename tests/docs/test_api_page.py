from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest
from pages import DOCS

from gatera.data.transforms.normalize import imagenet_stats


@pytest.fixture(scope="module")
def make_api() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_api", DOCS / "make_api.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_names_is_up_to_date(make_api):
    assert (DOCS / "api.md").read_text(encoding="utf-8") == make_api.page(), "run: python docs/make_api.py"


def test_a_name_means_the_same_in_every_face(make_api):
    named = make_api.values()
    assert [n for face in make_api.FACES for n in face.__all__ if getattr(face, n) is not named[n]] == []


def test_every_public_name_has_a_first_line(make_api):
    named = make_api.values()
    lines = {
        name: make_api.first_line(name, module, named[name])
        for name, module in make_api.homes().items()
        if module.startswith("gatera.")  # np, Path and the like are not ours to describe
    }
    unfinished = [name for name, line in lines.items() if not line.endswith((".", ")"))]
    assert not unfinished, "the first line of a docstring is a whole sentence"


def test_the_page_names_every_public_name(make_api):
    page = make_api.page()
    assert [name for name in make_api.homes() if f"`{name}`" not in page] == []


def test_every_listed_method_has_a_first_line(make_api):
    bare = [
        f"{cls}.{name}"
        for cls in make_api.WITH_METHODS
        for name, line in make_api.methods(make_api.values()[cls])
        if not line.endswith((".", ")"))
    ]
    assert not bare


def test_a_name_without_a_description_is_refused(make_api):
    def bare() -> None: ...

    with pytest.raises(ValueError, match=r"^gatera\.measure\.metrics\.standard\.bare has no description$"):
        make_api.first_line("bare", "gatera.measure.metrics.standard", bare)


def test_a_constant_is_described_by_the_comment_above_it(make_api):
    line = make_api.first_line("imagenet_stats", "gatera.data.transforms.normalize", imagenet_stats)
    assert line == "Means and standard deviations of the channels."
