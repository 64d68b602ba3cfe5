"""Transforms, pipelines and the lists seen through them."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from PIL import Image
from torch import nn

from gatera.compat.layers import (
    ConvLayer,
    Flatten,
    Module,
    NormType,
    params,
    sequential,
    xresnet18,
    xresnet50,
)
from gatera.compat.lists import L, fastuple
from gatera.compat.midlevel.blocks import DataBlock, Resize
from gatera.compat.midlevel.loaders import DataLoader
from gatera.compat.midlevel.pipeline import Pipeline
from gatera.compat.midlevel.steps import Categorize, IntToFloatTensor, ToTensor
from gatera.compat.midlevel.texts import (
    LMDataLoader,
    Numericalize,
    SortedDL,
    SubwordTokenizer,
    Tokenizer,
    pad_input,
)
from gatera.compat.midlevel.tfmd import Datasets, TfmdLists
from gatera.compat.midlevel.transform import ItemTransform, Transform
from gatera.core.errors import ArgumentError, DataError
from gatera.data.loading.loaders import DataLoaders
from gatera.data.transforms.normalize import Normalize
from gatera.learn.learner import Learner


class Centre(Transform):
    def setups(self, items):
        self.mean = sum(items) / len(items)

    def encodes(self, x):
        return x - self.mean

    def decodes(self, x):
        return x + self.mean


def test_a_transform_has_a_way_back():
    step = Centre()
    step.setup([1, 2, 3])
    assert step(5) == 3 and step.decode(3) == 5


def test_a_transform_acts_on_its_type_only_and_on_each_element_of_a_tuple():
    @Transform
    def plus(x: int):
        return x + 1

    assert (plus(1), plus("a"), plus((1, "a"))) == (2, "a", (2, "a"))


def test_encodes_may_be_written_for_several_types():
    class Both(Transform):
        def encodes(self, x: int):
            return -x

        def encodes(self, x: str):  # noqa: F811
            return x.upper()

    assert Both()((1, "a", 1.5)) == (-1, "A", 1.5)


def test_an_item_transform_gets_the_whole_tuple():
    class Swap(ItemTransform):
        def encodes(self, pair):
            return pair[::-1]

    assert Swap()((1, 2)) == (2, 1)


def test_a_pipeline_learns_step_by_step_and_goes_back():
    steps = Pipeline([Centre, lambda x: x * 2])
    steps.setup([1, 3])
    assert steps(3) == 2 and steps.mean == 2


def test_transforms_of_a_pipeline_run_by_their_order():
    photo = Image.new("RGB", (20, 10), (255, 0, 0))
    made = Pipeline([IntToFloatTensor, ToTensor, Resize(8)])(photo)
    assert made.shape == (3, 8, 8) and made[0].max() == 1.0


def test_lists_learn_from_the_training_items_only():
    seen = TfmdLists([1, 2, 30], Centre, splits=[[0, 1], [2]])
    assert list(seen.train) == [-0.5, 0.5] and seen.valid[0] == 28.5 and seen.decode(28.5) == 30
    with pytest.raises(DataError, match=r"^There is no part 2\. Got: '2 parts'\. Pass splits=\.$"):
        seen.subset(2)


def test_data_sets_make_loaders_that_a_learner_trains_on():
    items = L(range(32))
    tfms = [[lambda i: torch.tensor([float(i), 1.0])], [lambda i: "odd" if i % 2 else "even", Categorize()]]
    data = Datasets(items, tfms, splits=[list(range(24)), list(range(24, 32))])
    x, y = data[3]
    assert data.vocab == ["even", "odd"] and data.vocab.o2i["odd"] == 1
    assert x.tolist() == [3.0, 1.0] and data.decode((x, y))[1] == "odd"
    loaders = data.dataloaders(bs=8)
    assert loaders.vocab == ["even", "odd"] and loaders.c == 2
    Learner(loaders, nn.Linear(2, 2), loss_func=nn.CrossEntropyLoss()).fit(1)


def test_an_unknown_label_is_named():
    step = Categorize(["cat"])
    with pytest.raises(DataError, match=r"^Categorize got an unknown label 'fox'\. Available: cat\.$"):
        step("fox")


def test_a_given_vocabulary_stays_as_it_is_and_no_items_teach_nothing():
    items = ["b", "a"]
    assert Datasets(items, [[Categorize(["c", "b", "a"])]]).vocab == ["c", "b", "a"]
    step = Categorize()
    step.setups(None)
    assert step.vocab is None and step.c == 0
    step.setups(items)
    assert step.vocab == ["a", "b"]


class TwoInputs(Module):
    def __init__(self):
        self.layer = nn.Linear(4, 2)

    def forward(self, a, b):
        return self.layer(torch.cat([a, b], dim=1))


def test_a_model_may_take_several_inputs():
    samples = [(torch.randn(2), torch.randn(2), i % 2) for i in range(16)]
    dls = DataLoaders.from_dsets(samples, samples[:8], bs=4)
    learn = Learner(dls, TwoInputs(), loss_func=nn.CrossEntropyLoss())
    learn.fit(1)
    assert dls.n_inp == 2 or len(dls.one_batch()) == 3
    assert learn.get_preds()[0].shape == (8, 2)


def test_a_loss_may_take_several_targets():
    samples = [(torch.randn(2), 0.5, 1.5) for _ in range(8)]
    dls = DataLoaders.from_dsets(samples, samples, bs=4, n_inp=1)

    def both(pred, a, b):
        return (pred[:, 0] - a).square().mean() + (pred[:, 1] - b).square().mean()

    state = {}
    x, a, b = dls.one_batch()
    state["loss"] = both(nn.Linear(2, 2)(x), a, b)
    assert state["loss"].ndim == 0


def test_a_loader_takes_any_list():
    assert [batch.tolist() for batch in DataLoader(range(5), batch_size=2)] == [[0, 1], [2, 3], [4]]
    numbers, texts = next(iter(DataLoader(list(enumerate("abc")), bs=3)))
    assert numbers.tolist() == [0, 1, 2] and texts == ("a", "b", "c")
    assert len(list(DataLoader(range(5), 2, drop_last=True))) == 2


def test_a_shuffled_loader_has_every_item_in_another_order_each_time():
    loader = DataLoader(range(50), bs=50, shuffle=True)
    one, two = next(iter(loader)), next(iter(loader))
    assert sorted(one.tolist()) == list(range(50)) and one.tolist() != two.tolist()


def test_a_misspelt_keyword_of_a_loader_is_named():
    with pytest.raises(ArgumentError, match="DataLoader has no argument 'shufle'"):
        DataLoader(range(5), shufle=True)


def test_steps_of_a_loader():
    photos = [(Image.new("RGB", (9, 7), (255, 255, 255)), i) for i in range(4)]
    loader = DataLoader(
        photos,
        bs=2,
        after_item=[Resize(8), ToTensor],
        after_batch=[IntToFloatTensor, Normalize([0.5] * 3, [0.25] * 3)],
    )
    x, y = loader.one_batch()
    assert (
        x.shape == (2, 3, 8, 8)
        and float(x.max()) == 2.0
        and y.tolist() == [0, 1]
        and loader.one_batch().n_inp == 1
    )


def test_an_error_of_a_sample_names_it():
    with pytest.raises(DataError, match="item 1"):
        list(DataLoader(TfmdLists([1, 0], [lambda x: 1 // x]), bs=2))


def test_texts_become_tokens_and_positions_and_texts_again():
    tokens = Tokenizer()("The film. The END\nvery good")
    assert tokens == [
        "xxbos",
        "xxmaj",
        "the",
        "film",
        ".",
        "xxmaj",
        "the",
        "xxup",
        "end",
        "\n",
        "very",
        "good",
    ]
    numbers = Numericalize(min_freq=1)
    numbers.setup([tokens])
    assert numbers.decode(numbers(tokens)) == tokens
    assert numbers.vocab[int(numbers(["unseen"])[0])] == "xxunk"


def test_a_subword_tokenizer_learns():
    words = SubwordTokenizer(vocab_sz=40)
    with pytest.raises(
        ArgumentError, match=r"has not learned its subwords yet\. Call setup\(texts\) first\.$"
    ):
        words(["a"])
    words.setup(["low lower lowest"] * 20)
    assert "".join(next(iter(words(["lower"])))).replace("▁", "") == "lower"


def test_a_language_model_loader_moves_by_one_token():
    x, y = next(iter(LMDataLoader([list(range(21))], bs=2, seq_len=4)))
    assert x.tolist() == [[0, 1, 2, 3], [10, 11, 12, 13]] and torch.equal(y, x + 1)
    with pytest.raises(ArgumentError, match="too few tokens"):
        LMDataLoader([[1]], bs=2)


def test_padding_and_sorting_by_length():
    samples = [(torch.ones(n, dtype=torch.long), n) for n in (1, 3, 2, 4)]
    loader = DataLoader(samples, bs=2, before_batch=pad_input, length=SortedDL.length_of)
    (x, y), _ = loader
    assert y.tolist() == [4, 3] and x.shape == (2, 4) and x[1].tolist() == [1, 1, 1, 1]
    assert pad_input([(torch.tensor([5]), 0), (torch.tensor([5, 6]), 0)], pad_first=True)[0][0].tolist() == [
        1,
        5,
    ]


def test_a_module_needs_no_super_init():
    class Net(Module):
        def __init__(self, n):
            self.layer = nn.Linear(n, 1)

    assert len(params(Net(3))) == 2


def test_convolution_layers():
    layer = ConvLayer(3, 4, stride=2, norm_type=NormType.BatchZero, act_cls=None)
    assert layer(torch.randn(2, 3, 8, 8)).shape == (2, 4, 4, 4) and len(layer) == 2
    assert float(layer[1].weight.detach().abs().sum()) == 0 and layer[0].bias is None
    assert sequential(ConvLayer(1, 2), Flatten(), lambda x: x[:, :3])(torch.randn(2, 1, 4, 4)).shape == (2, 3)


def test_xresnets():
    # the numbers of parameters of ResNet-D in timm, which are the same networks
    assert [sum(p.numel() for p in model().parameters()) for model in (xresnet18, xresnet50)] == [
        11_708_744,
        25_576_264,
    ]
    assert xresnet50(n_out=5)[-1].in_features == 2048
    assert xresnet18(n_out=5)(torch.randn(2, 3, 32, 32)).shape == (2, 5)
    with pytest.raises(ArgumentError, match="there are no pretrained weights for xresnet18"):
        xresnet18(pretrained=True)


def test_a_photo_transform_takes_a_tuple():
    class Pair(fastuple): ...

    one, two, same = Resize(8)(Pair(Image.new("L", (9, 7)), Image.new("L", (5, 7)), True))
    assert one.size == two.size == (8, 8) and same is True
    assert "Resize" in Resize(8).name


def test_hooks_of_loaders_that_a_recipe_lacks_are_explained():
    with pytest.raises(
        ArgumentError, match=r"DataBlock\.dataloaders has no before_batch=\. Blocks pad and stack"
    ):
        DataBlock().dataloaders([1, 2], before_batch=pad_input)


def test_predictions_come_in_the_order_of_the_items_whatever_the_loader_sorts():
    items = [1, 5, 2, 4, 3, 6]
    fields = [[lambda n: torch.ones(n)], [lambda n: n % 2]]
    loaders = Datasets(items, fields, splits=[[0, 1, 2], [0, 1, 2, 3, 4, 5]]).dataloaders(
        bs=2, dl_type=SortedDL, before_batch=partial(pad_input, pad_idx=0), device="cpu"
    )
    assert [len(x[0]) for x, _ in loaders.valid] == [6, 4, 2]
    learn = Learner(loaders, Counted(), loss_func=nn.CrossEntropyLoss())
    for preds, labels in (learn.get_preds(), learn.get_preds(dl=loaders.valid)):
        assert preds.argmax(1).tolist() == labels.tolist() == [1, 1, 0, 0, 1, 0]
    preds, labels = learn.get_preds(dl=loaders.test_dl([3, 2], bs=1))
    assert preds.argmax(1).tolist() == [1, 0] and labels is None
    assert [y.tolist() for _, y in loaders.test_dl([3, 2], with_labels=True)] == [[1, 0]]
    with pytest.raises(DataError, match="There are no items to predict"):
        loaders.test_dl([])


class Counted(Module):
    """Says whether a row has an odd number of ones."""

    def __init__(self) -> None:
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, x):
        odd = x.sum(1) % 2
        return torch.stack([1 - odd, odd], 1) * self.weight


def test_a_stream_of_tokens_keeps_its_length_of_reading():
    loader = LMDataLoader([torch.arange(21)], bs=2, seq_len=4)
    assert [x.shape[1] for x, _ in loader.for_evaluation()] == [4, 4, 2]
