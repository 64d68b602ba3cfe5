"""What people reported of fastai and fastcore, tried here; each test names the report's subject."""

from __future__ import annotations

import abc
import copy
import pickle
from functools import partial
from operator import attrgetter

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from gatera.core.errors import ArgumentError
from gatera.data.transforms.item import Resize as OurResize
from gatera.vision.all import (
    ActivationStats,
    Callback,
    Categorize,
    CategoryBlock,
    DataBlock,
    DataLoader,
    DataLoaders,
    Datasets,
    ImageBlock,
    IndexSplitter,
    L,
    Learner,
    Numericalize,
    OptimWrapper,
    ParamScheduler,
    Path,
    PILImage,
    PILImageBW,
    Pipeline,
    Recorder,
    RegexLabeller,
    Resize,
    SchedLin,
    TensorBase,
    TensorCategory,
    TensorImage,
    TensorImageBW,
    Tokenizer,
    ToTensor,
    Transform,
    TransformBlock,
    compose,
    fastuple,
    parent_label,
    patch,
    range_of,
    store_attr,
    tensor,
)


def learner(**arguments) -> Learner:
    torch.manual_seed(0)
    x = torch.randn(8, 3)
    samples = list(zip(x, (x[:, 0] > 0).long(), strict=True))
    model = nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.ReLU(), nn.Linear(4, 2)))
    return Learner(
        DataLoaders.from_dsets(samples, samples, bs=4), model, loss_func=nn.CrossEntropyLoss(), **arguments
    )


def test_store_attr_works_in_abstract_classes_and_casts():
    class Abstract(abc.ABC):  # noqa: B024
        def __init__(self, a: int, b="1", *, c=3):
            store_attr(but="b", cast=True)

    assert vars(Abstract("5")) == {"a": 5, "c": 3}


class One:
    pass


class Other:
    pass


def test_patch_takes_several_classes_and_looks_at_its_own_annotation_only():
    def both(self: (One, Other), other: NotThere = None):  # noqa: F821
        return "both"

    both.__annotations__["self"] = (One, Other)
    patch(both)
    assert One().both() == Other().both() == "both"

    @patch
    def either(self: One | Other):
        return "either"

    assert Other().either() == "either"


class Special(TensorBase):
    pass


class MoreSpecial(Special):
    pass


class Way(Transform):
    def encodes(self, x: MoreSpecial):
        return "more"

    def encodes(self, x: Special):  # noqa: F811 - chosen by type
        return "special"

    def decodes(self, x: MoreSpecial):
        return "back from more"

    def decodes(self, x: Special):  # noqa: F811
        return "back"


def test_the_method_for_the_most_special_type_is_taken_in_any_order():
    way, x, more = Way(), Special(tensor(1)), MoreSpecial(tensor(1))
    assert (way(x), way(more), way.decode(x), way.decode(more)) == (
        "special",
        "more",
        "back",
        "back from more",
    )
    assert way(3) == 3 and way.encodes(more) == "more"


def test_a_subclass_adds_methods_and_a_decorator_adds_more():
    class Base(Transform):
        def encodes(self, x: int):
            return x + 1

    class Sub(Base):
        def encodes(self, x: str):
            return x + "!"

    @Sub
    def encodes(self, x: float):
        return -x

    assert (Sub()(1), Sub()("a"), Sub()(2.0)) == (2, "a!", -2.0)
    assert Sub()((1, ("a", 2.0))) == (2, ("a!", -2.0))  # tuples in tuples too


def test_grey_photos_become_grey_tensors():
    photo = PILImageBW.create(np.zeros((4, 4), np.uint8))
    assert isinstance(ToTensor()(photo), TensorImageBW)
    assert Pipeline([ToTensor, Resize(4)]).fs.attrgot("name") == ["Resize", "ToTensor"]


class Pair(fastuple):
    pass


def test_a_tuple_class_of_ones_own_survives_transforms_and_batches():
    items = [[np.full((8, 8, 3), 7, np.uint8), 1.0]] * 2
    fields = [[lambda o: Pair(PILImage.create(o[0]), o[1])], [lambda o: 0]]
    loaders = Datasets(items, fields).dataloaders(bs=2, after_item=[ToTensor(), Resize(4)])
    pair, _ = loaders.one_batch()
    assert type(pair) is Pair and pair[0].shape == (2, 3, 4, 4) and pair[1].tolist() == [1.0, 1.0]


def test_a_pipeline_may_be_item_tfms():
    block = DataBlock((ImageBlock, CategoryBlock), get_y=parent_label, item_tfms=Pipeline([Resize(8)]))
    assert [type(step) for step in block._item_tfms] == [Resize] and issubclass(Resize, OurResize)


@pytest.mark.parametrize(
    "opt_func",
    [
        torch.optim.Adagrad,
        partial(OptimWrapper, opt=torch.optim.AdamW),
        compose(partial(torch.optim.AdamW, eps=1e-6), OptimWrapper),
        lambda params, **keywords: OptimWrapper(torch.optim.SGD(params, **keywords)),
        lambda params, lr: OptimWrapper(opt=torch.optim.SGD(params, lr)),
    ],
)
def test_torch_optimizers_in_every_form_follow_the_schedule(opt_func):
    learn = learner(opt_func=opt_func)
    learn.fit_one_cycle(1, 1e-2, wd=0.1)
    assert isinstance(learn.opt, torch.optim.Optimizer)
    assert learn.recorder.lrs[-1] == learn.opt.param_groups[-1]["lr"] < 1e-2


@pytest.mark.parametrize("place", [0, 1])  # a layer, and a container of two
def test_activations_of_a_single_layer_are_recorded(place):
    learn = learner()
    stats = ActivationStats(modules=learn.model[place])
    learn.fit(1, cbs=stats)
    assert len(stats.stats) == 2 and len(stats.stats[0]) == 1


def test_the_same_loader_predicts_the_same_twice():
    learn = learner()
    assert torch.equal(learn.get_preds(dl=learn.dls.valid)[0], learn.get_preds(dl=learn.dls.valid)[0])
    raw = learn.get_preds(act=lambda outputs: outputs)[0]
    assert torch.allclose(raw.softmax(1), learn.get_preds()[0])


def test_tables_are_read_row_by_row():
    frame = pd.DataFrame({"a": [1, 2, 3], "y": ["u", "v", "u"]})
    assert [batch[0].tolist() for batch in DataLoader(frame[["a"]].assign(b=0.5), bs=2)] == [[1, 2], [3]]
    rows = Datasets(frame, [[attrgetter("a")], [attrgetter("y"), Categorize()]])
    assert [(int(x), int(y)) for x, y in rows] == [(1, 0), (2, 1), (3, 0)]


def test_a_tokenizer_of_a_table_gives_rows_with_tokens():
    frame = pd.DataFrame({"text": ["hello there", "good day"], "y": [0, 1]})
    fields = [[Tokenizer.from_df("text"), attrgetter("text"), Numericalize(min_freq=1)], [attrgetter("y")]]
    data = Datasets(frame, fields)
    assert data.decode(data[0])[0] == "xxbos hello there" and data[1][1] == 1


def test_a_loader_says_what_it_would_ignore():
    with pytest.raises(
        ArgumentError, match="Mine cannot be made from DataLoader: its methods would never be called"
    ):

        class Mine(DataLoader):
            pass

    with pytest.raises(TypeError, match="positional"):
        DataLoader(range(4), 2, True)
    with pytest.raises(ArgumentError, match="bs and batch_size are the same argument"):
        DataLoader(range(4), 2, batch_size=3)
    assert isinstance(DataLoader(range(4), 2), DataLoader)


def test_lists_take_fastcores_arguments():
    assert L([1, 2, 3], [4]).zip(cycled=True) == [(1, 4), (2, 4), (3, 4)] and L([1], [2, 3]).zip() == [(1, 2)]
    assert range_of(4, step=2) == L.range(4, step=2) == [0, 2] and L.range(1, 7, 3) == [1, 4]
    assert L("abc", use_list=True) == ["a", "b", "c"] and L(1, match="ab") == [1, 1]
    assert L(1, 2) == (1, 2) and L(1, 2) != (2, 1) and L(None, 2).reduce(lambda a, b: (a, b)) == (None, 2)
    some = L(1, 2, 3)
    some[[0, 2]] = [8, 9]
    some[[False, True, False]] = 0
    assert some == [8, 0, 9] and some[np.array([2, 0])] == [9, 8]
    with pytest.raises(ArgumentError, match="the mask and the L differ in length"):
        some[[True]]


def test_tensors_of_every_class_are_copied_and_pickled():
    for kind, value in (
        (TensorImage, torch.zeros(3, 4, 4, dtype=torch.uint8)),
        (TensorCategory, torch.tensor(3)),
    ):
        made = kind(value)
        for other in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
            assert type(other) is kind and other.dtype == value.dtype and torch.equal(other, made)


def test_a_list_of_getters_is_applied_one_after_the_other():
    labelled = DataBlock(
        (TransformBlock, CategoryBlock), get_x=[attrgetter("stem"), len], splitter=IndexSplitter([0, 1]),
        get_y=[attrgetter("name"), RegexLabeller(r"^(.*)_\d+.jpg$")],
    )  # fmt: skip
    data = labelled.datasets([Path(f"{kind}_{i}.jpg") for i in range(3) for kind in ("a", "b")])
    assert data.vocab == ["a", "b"] and data.train[0][0] == 3


def test_an_unknown_hyperparameter_is_refused_by_its_name():
    with pytest.raises(
        ArgumentError, match=r"the optimizer has no hyperparameter 'momm'.*Did you mean 'mom'"
    ):
        learner().fit(1, cbs=ParamScheduler({"momm": SchedLin(0.0, 1.0)}))
    learn = learner()
    learn.fit(1, cbs=ParamScheduler({"eps": SchedLin(1e-3, 1e-2), "mom": SchedLin(0.5, 0.9)}))
    assert learn.opt.param_groups[0]["eps"] == pytest.approx(5.5e-3) and learn.recorder.moms == [0.5, 0.7]


def test_a_callback_runs_after_all_that_it_names():
    class Early(Callback):
        order = 3

    class Late(Callback):
        run_after = [Early, Recorder]  # noqa: RUF012

    class First(Callback):
        run_before = [Recorder, Early]  # noqa: RUF012

    assert Late.order == Recorder.order + 1 and First.order == Early.order - 1
