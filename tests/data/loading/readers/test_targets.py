"""Targets of any shape: a test-only block of boxes, another number of them on each photo; and targets that do not fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from gatera.core.errors import ArgumentError, DataError
from gatera.data.blocks.base import InputBlock, TargetBlock
from gatera.data.blocks.image import ImageBlock
from gatera.data.blocks.points import PointBlock
from gatera.data.blocks.spatial import SpatialTarget
from gatera.data.datablock import DataBlock
from gatera.data.splits.by_position import IndexSplitter
from gatera.data.transforms.item import FlipItem, Resize
from gatera.data.transforms.presets import aug_transforms
from gatera.program.raw.placement import combined
from gatera.testing import check_block

#: Photos with 0 to 3 bright boxes, as (left, top, right, bottom) in pixels.
BOXES = [
    [(4, 4, 20, 12)],
    [],
    [(2, 10, 14, 30), (30, 6, 44, 18), (20, 20, 28, 28)],
    [(24, 2, 40, 30)] * 2,
] * 2


def photo(boxes) -> np.ndarray:
    pixels = np.zeros((32, 48, 3), np.uint8)
    for left, top, right, bottom in boxes:
        pixels[top:bottom, left:right] = 255
    return pixels


@dataclass(frozen=True)
class BoxBlock(SpatialTarget):
    """Boxes [K,4], K differing from photo to photo; a batch has all of them as [M,4], and whose they are as int64 [M]."""

    task = None
    ragged = True

    def check(self, raw):
        self.encode(raw)

    def encode(self, value):
        boxes = np.array(value, np.float64).reshape(-1, 4) if isinstance(value, list | np.ndarray) else None
        if boxes is None:
            raise DataError("BoxBlock got something that is not a list of boxes", got=value)
        return boxes

    def decode(self, encoded):
        return np.asarray(encoded).reshape(-1, 4).tolist()

    def _moved(self, boxes, move):
        corners = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 2)  # [K,4] -> [4K,2]
        if not len(boxes):
            return boxes
        corners = move(corners).reshape(-1, 4, 2)
        return np.concatenate([corners.min(1), corners.max(1)], 1)

    def place(self, encoded, steps):
        return self._moved(encoded, combined(steps[0].photo, steps).from_photo) if steps else encoded

    def move(self, encoded, sampled, i, size):
        return self._moved(encoded, lambda corners: sampled.points(i, corners, size))

    def to_target(self, encoded, size):
        return encoded.astype(np.float32)

    def collate(self, targets):
        owners = [torch.full((len(boxes),), item) for item, boxes in enumerate(targets)]
        return torch.cat(list(targets)), torch.cat(owners)

    def show_on(self, photos, targets, predictions=None, nrows=None, ncols=None, figsize=None, suptitle=None):
        figure = Figure()
        figure.suptitle(f"{suptitle}, {len(targets[0])} boxes")
        return figure


def loaders(target=BoxBlock, labels=BOXES, workers=2, **tfms):
    block = DataBlock(
        (ImageBlock, target),
        splitter=IndexSplitter([6, 7]),
        get_x=lambda i: photo(BOXES[i]),
        get_y=lambda i: labels[i],
        **tfms,
    )
    return block.dataloaders(list(range(8)), bs=6, seed=5, num_workers=workers, device="cpu")


def test_a_batch_has_any_number_of_boxes_on_each_photo():
    dls = loaders()
    x, (boxes, owners) = batch = dls.train.one_batch()
    assert x.shape == (6, 3, 32, 48)
    assert boxes.dtype == torch.float32
    for place, index in enumerate(batch.index.tolist()):
        assert boxes[owners == place].tolist() == [list(box) for box in BOXES[index]]
    assert [len(y[0]) for _, y in dls.valid] == [5]


def test_boxes_follow_their_photos():
    dls = loaders(
        item_tfms=[Resize((32, 48), "squish"), FlipItem(p=0.5)],
        batch_tfms=aug_transforms(max_rotate=0.0, max_warp=0.0, p_affine=1.0, max_lighting=0.0),
    )
    for _ in range(3):
        x, (boxes, owners) = dls.train.one_batch()
        for owner in range(6):
            inside = torch.zeros(32, 48, dtype=torch.bool)
            for left, top, right, bottom in boxes[owners == owner].round().int().tolist():
                inside[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = True
            assert ((x[owner, 0] > 0.5) == inside).float().mean() > 0.93
        dls.train.set_epoch(dls.train.epoch + 1)


@pytest.mark.parametrize("workers", [0, 3])
def test_the_number_of_threads_changes_nothing(workers):
    tfms = {"item_tfms": FlipItem(p=0.5), "batch_tfms": aug_transforms()}
    expected, found = (
        loaders(workers=1, **tfms).train.one_batch(),
        loaders(workers=workers, **tfms).train.one_batch(),
    )
    assert all(torch.equal(a, b) for a, b in zip(expected[1], found[1], strict=True))


def test_boxes_are_shown_on_their_photos():
    dls = loaders()
    assert dls.valid.show_batch().get_suptitle() == "2 of 2 items, 5 boxes"
    with pytest.raises(ArgumentError) as err:
        dls.valid.show_batch(unique=True)
    assert str(err.value) == "unique=True cannot show the ragged targets of BoxBlock."


def test_a_ragged_block_keeps_the_contract():
    check_block(BoxBlock, [[[1.0, 2.0, 3.0, 4.0]], [], [[0.0, 0.0, 1.0, 1.0]] * 3])


# -- targets that do not fit


class LooseBoxes(BoxBlock):
    """Does not say that it is ragged."""

    ragged = False


class MixedPoints(PointBlock):
    """Forgets to make float32 of some."""

    def to_target(self, encoded, size):
        target = super().to_target(encoded, size)
        return target.astype(np.float64) if encoded[0, 0] > 5 else target


@pytest.mark.parametrize("workers", [0, 1])
def test_targets_of_another_shape_are_refused_and_named(workers):
    dls = loaders(LooseBoxes, workers=workers)
    index = np.array([0, 2, 1])
    with pytest.raises(DataError) as err:
        dls.train.batch_of(index)
    first, other = dls.train.dataset.name(0), dls.train.dataset.name(2)
    assert str(err.value) == (
        f"Targets of a batch differ in shape: that of {first} is float32 [1, 4], that of {other} is float32 [3, 4]. "
        "Encode targets to one shape, or set ragged = True in their block and define collate()."
    )


def test_targets_of_another_dtype_are_refused_and_named():
    dls = loaders(MixedPoints, labels=[(1, 1), (9, 9), (1, 1), (1, 1)] * 2)
    with pytest.raises(DataError, match=r"is float32 \[2\], that of item 1 .* is float64 \[2\]"):
        dls.train.batch_of(np.array([0, 1]))


# -- ragged targets that do not lie on photos


@dataclass(frozen=True)
class LetterTags(TargetBlock):
    """A number for each letter of a word."""

    ragged: bool = True

    def encode(self, value):
        return torch.tensor([ord(letter) - 97 for letter in value])

    def decode(self, encoded):
        return "".join(chr(97 + int(code)) for code in encoded)

    def collate(self, targets):
        return torch.nn.utils.rnn.pad_sequence(list(targets), batch_first=True, padding_value=-100)


@dataclass(frozen=True)
class Letters(InputBlock):
    storage = "memory"
    pad = 0

    def encode(self, value):
        return np.array([ord(letter) for letter in value])

    def decode(self, encoded):
        return "".join(map(chr, encoded))


def word_loaders(target):
    block = DataBlock((Letters, target), splitter=IndexSplitter([2, 3]), get_y=lambda word: word)
    return block.dataloaders(["abc", "b", "aa", "cabba"], bs=2, seed=0, device="cpu")


def test_tags_of_words_are_padded_by_their_block():
    _, y = word_loaders(LetterTags).valid.one_batch()
    assert y.tolist() == [[2, 0, 1, 1, 0], [0, 0, -100, -100, -100]]


def test_tags_of_another_length_are_refused_where_they_are_not_ragged():
    dls = word_loaders(LetterTags(ragged=False))
    with pytest.raises(DataError) as err:
        dls.valid.one_batch()
    assert str(err.value) == (
        "Targets differ in shape: that of item 2 (aa) is [2], that of item 3 (cabba) is [5]. Encode targets to one shape, "
        "or set ragged = True in their block and define collate()."
    )
