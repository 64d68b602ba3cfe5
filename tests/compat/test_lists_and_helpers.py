"""Lists, paths and helpers behave as notebooks use them."""

from __future__ import annotations

import os
import pathlib
import pickle
from inspect import signature

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image as pillow

from gatera.compat.files import load_learner
from gatera.compat.helpers import (
    GetAttr,
    ThreadPoolExecutor,
    defaults,
    delegates,
    parallel,
    patch,
    store_attr,
)
from gatera.compat.lists import L, Self, coll_repr, fastuple, first, range_of
from gatera.compat.paths import Path
from gatera.compat.tensors import Image, TensorImage, one_hot, pca, tensor, to_cpu, to_np
from gatera.core.errors import ArgumentError, ProgramFileError


def test_a_list_is_indexed_by_lists_and_masks():
    letters = L("a", "b", "c")
    assert letters[[2, 0]] == ["c", "a"]
    assert letters[L(True, False, True)] == letters[~L(False, True, False)] == ["a", "c"]
    assert letters[np.array([1])] == letters[1:2] == ["b"]
    assert letters[torch.tensor(1)] == "b"


def test_lists_are_chained():
    files = L("train/cat/1", "train/dog/2", "valid/cat/3").map(Path)
    assert files.map(Self.parent.name()).unique() == ["cat", "dog"]
    assert files.map(Self.name()) == ["1", "2", "3"]
    assert L([(1, 2), (3, 4)]).itemgot(1).map(str) == ["2", "4"]
    assert L("x", "y").val2idx() == {"x": 0, "y": 1}
    assert L.range(["a", "b"]) == range_of(["a", "b"]) == [0, 1]
    assert (L(1) + L(2, 3)).filter(lambda n: n > 1).sum() == 5
    assert coll_repr(L(range(20)), 2) == "(#20) [0,1...]"
    assert first(x for x in [0, 3] if x) == 3
    assert first([]) is None


def test_a_list_of_one_text_is_not_taken_apart():
    assert L("abc") == ["abc"] and L(*"abc") == ["a", "b", "c"] and L() == L(None) == []


def test_a_subclass_of_fastuple_takes_its_fields_one_by_one():
    class Pair(fastuple): ...

    assert Pair(1, 2) == (1, 2) and type(Pair((1, 2))) is Pair


def test_a_path_lists_its_folder_and_so_do_its_relatives(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "a.txt").touch()
    path = Path(tmp_path)
    assert isinstance(path, pathlib.Path)
    assert path.ls().map(Self.name()) == ["a.txt", "b"]
    assert (
        (path / "b").parent.ls(file_exts=".txt").map(Self.name())
        == path.ls(file_type="text").map(Self.name())
        == ["a.txt"]
    )
    assert pickle.loads(pickle.dumps(path)) == tmp_path


def test_a_base_path_is_left_out_of_what_is_shown(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "BASE_PATH", tmp_path)
    assert repr(Path(tmp_path / "a" / "b")) == f"Path({str(pathlib.Path('a/b'))!r})"


def test_the_standard_path_is_not_changed():
    assert not hasattr(pathlib.Path, "ls")


def test_arguments_become_attributes():
    class Point:
        def __init__(self, x, y=2, *, z=3):
            store_attr(but="y")

    point = Point(1)
    assert vars(point) == {"x": 1, "z": 3}


def test_delegated_keywords_are_in_the_signature():
    def inner(a, b=1): ...

    @delegates(inner)
    def outer(c, **kwargs):
        return kwargs

    assert list(signature(outer).parameters) == ["c", "b"] and outer(0, b=2) == {"b": 2}


def test_patch_adds_a_method_to_the_annotated_class():
    class Cat: ...

    Cat.__module__ = __name__
    globals()["Cat"] = Cat
    try:

        @patch
        def purr(self: Cat):
            return "rrr"
    finally:
        del globals()["Cat"]
    assert Cat().purr() == "rrr"


def test_patch_needs_an_annotation():
    with pytest.raises(ArgumentError) as caught:

        @patch
        def bare(self): ...

    assert str(caught.value) == (
        "patch needs a first argument with an annotation. Got: 'bare'. Write def f(self: SomeClass)."
    )


def test_attributes_are_passed_on():
    class Callback(GetAttr):
        _default = "learner"

    callback = Callback()
    callback.learner = pathlib.PurePath("a/b")
    assert callback.name == "b"
    with pytest.raises(AttributeError):
        callback.missing


@pytest.mark.parametrize("workers", [0, 2])
def test_parallel_keeps_the_order_and_passes_arguments_on(workers):
    assert parallel(pow, [1, 2, 3], 2, n_workers=workers) == [1, 4, 9]
    with ThreadPoolExecutor(1) as pool:
        assert list(pool.map(lambda n, by: n * by, [1, 2], by=3)) == [3, 6]


def test_a_photo_becomes_a_tensor(tmp_path):
    pillow.new("L", (3, 2), 7).save(tmp_path / "a.png")
    photo = Image.open(tmp_path / "a.png")
    assert photo.mode == "L" and isinstance(photo, pillow.Image) and Image.Image is pillow.Image
    assert torch.equal(tensor(photo), torch.full((2, 3), 7, dtype=torch.uint8))
    assert photo.to_thumb(1).size[1] == 1


def test_tensors_of_everything():
    assert torch.equal(tensor(1, 2), tensor([1, 2]))
    assert tensor([torch.tensor(1.5), torch.tensor(2.0)]).tolist() == [1.5, 2.0]
    assert tensor(np.ones(2), dtype=torch.int64).dtype is torch.int64
    assert tensor([1.0], requires_grad=True).requires_grad
    assert one_hot([0, 2], 3).tolist() == [1, 0, 1]
    assert to_np((torch.ones(1), [torch.zeros(1)]))[1][0].tolist() == [0.0]
    assert to_cpu({"x": torch.ones(1)})["x"].device.type == "cpu"
    assert type(TensorImage(torch.zeros(3, 2, 2))) is TensorImage


def test_principal_components_keep_the_variance():
    x = torch.randn(30, 3, generator=torch.Generator().manual_seed(0)) * torch.tensor([5.0, 1.0, 0.1])
    assert pca(x, 2).shape == (30, 2)
    assert torch.allclose(pca(x, 3).var(0).sum(), x.var(0).sum(), rtol=1e-4)


def test_the_name_of_the_old_export_is_not_found_where_nothing_was_exported(tmp_path):
    with pytest.raises(ProgramFileError, match=r"export\.pkl does not exist"):
        load_learner(tmp_path / "export.pkl", cpu=True)


def test_arrays_of_float64_become_float32_as_lists_do():
    assert tensor(np.array([1.5])).dtype == tensor([1.5]).dtype == torch.float32
    assert tensor(pd.Series([1.5])).dtype == torch.float32 and tensor(np.array([1])).dtype == torch.int64
    assert tensor(np.array([1.5]), dtype=torch.float64).dtype == torch.float64
    assert tensor(np.array([1.5]), requires_grad=True).requires_grad
    with pytest.raises(TypeError):
        tensor(np.array([1.5]), colour="red")


def test_the_settings_that_notebooks_read_have_fastai_s_values():
    assert defaults.cpus == (os.cpu_count() or 1)
    assert defaults.benchmark is True and defaults.device is None and isinstance(defaults.text_proc_rules, L)
