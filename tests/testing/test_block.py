from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from public_pieces import subclasses_of

from gatera.core.errors import ArgumentError, DataError
from gatera.data.blocks.base import Block, TargetBlock
from gatera.data.blocks.category import CategoryBlock
from gatera.data.blocks.image import ImageBlock
from gatera.data.show.pil import PILImageBW
from gatera.testing import ContractError, check_block, example_photos
from gatera.testing.contract import described

BLOCKS = subclasses_of(Block)
PHOTOS = example_photos()
MASK = np.array([[0, 1, 2], [2, 2, 0], [1, 0, 1]], np.uint8)

#: Arguments, values as people see them, and what they are read from.
MADE = {
    "ImageBlock": [
        ({}, PHOTOS, PHOTOS),
        ({}, PHOTOS, [np.array(photo) for photo in PHOTOS]),
        ({"cls": PILImageBW}, [photo.convert("L") for photo in PHOTOS], PHOTOS),
    ],
    "CategoryBlock": [
        ({}, ["dog", "cat", "dog"], None),
        ({}, [3, 1, 2], None),
        ({}, [np.bool_(True), np.bool_(False)], None),
        ({"vocab": ["dog", "cat", "fox"]}, ["dog", "cat"], None),
        ({"add_na": True}, ["dog", "cat"], None),
        ({"sort": False}, ["dog", "cat"], None),
    ],
    "SoftCategoryBlock": [
        ({}, ["dog", "cat", "dog"], None),
        ({"vocab": ["dog", "cat"]}, ["dog", "cat"], [{"dog": 0.9, "cat": 0.1}, [0.2, 0.8]]),
        ({"vocab": [False, True]}, [True, False], [np.array([0.1, 0.6]), torch.tensor([0.7, 0.3])]),
    ],
    "MultiCategoryBlock": [
        ({}, [["dog", "cat"], [], ["cat"]], None),
        ({"vocab": ["dog", "cat", "fox"]}, [["dog", "cat"], []], None),
        ({"add_na": True}, [["dog", "cat"], []], None),
    ],
    "RegressionBlock": [
        ({}, [1.5, 2], None),
        ({}, [[1.0, 2.0], (3, 4)], None),
        ({"n_out": 2}, [np.zeros(2), np.ones(2)], None),
    ],
    "MaskBlock": [
        ({"codes": ["road", "sky", "void"]}, [MASK, MASK[:2]], None),
        (
            {"codes": {0: "road", 1: "sky", 2: "void", 255: "none"}},
            [MASK, MASK[:2]],
            [MASK.tolist(), MASK[:2, :, None]],
        ),
    ],
    "PointBlock": [
        ({}, [(1.0, 2.5), (3, 4)], None),
        ({}, [[(1.0, 2.5), (3, 4)], np.ones((2, 2))], None),
        ({"n_points": 1}, [torch.zeros(2), torch.ones(1, 2)], None),
    ],
    "TransformBlock": [
        ({}, [np.zeros(3), np.ones(3)], None),
        ({}, [torch.zeros(2), torch.ones(2)], None),
        ({}, [1, 2], None),
    ],
}


@pytest.mark.parametrize("name", BLOCKS)
def test_built_in_blocks_keep_the_contract(name):
    for arguments, values, raws in MADE[name]:
        check_block(BLOCKS[name](**arguments), values, raws)


def test_encoded_labels_keep_the_contract():
    block = BLOCKS["MultiCategoryBlock"](encoded=True, vocab=["dog", "cat"])
    check_block(block, [["cat"], ["dog", "cat"], []], [[0, 1], np.ones(2), torch.tensor([0, 0])])


def test_a_photo_file_is_read_by_its_path(photo_folder):
    paths = sorted((photo_folder / "cat").iterdir())[:2]
    check_block(ImageBlock, [ImageBlock().read(path) for path in paths], paths)


# -- broken ones -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Letters(TargetBlock):
    """A right one, for the others to break: a label of one letter."""

    vocab: tuple[str, ...] | None = None
    task = "classification"

    @property
    def n_out(self):
        return None if self.vocab is None else len(self.vocab)

    def fit(self, values):
        return replace(self, vocab=tuple(sorted(set(values))))

    def read(self, raw):
        if raw not in self.vocab:
            raise DataError("Letters got another letter", got=raw)
        return raw

    def encode(self, value):
        return torch.tensor(self.vocab.index(value))

    def decode(self, encoded):
        return self.vocab[int(encoded)]


def test_a_block_written_by_the_base_class_alone_keeps_the_contract():
    check_block(Letters, ["b", "a", "b"])


class FitsToNothing(Letters):
    def fit(self, values):
        pass


class FitsItself(Letters):
    def fit(self, values):
        object.__setattr__(self, "vocab", tuple(sorted(set(values))))
        return self


class FailsToFit(Letters):
    def fit(self, values):
        return replace(self, vocab=values[99])


class CannotRead(Letters):
    def read(self, raw):
        raise DataError("no letters today")


class ReadsAnother(Letters):
    def read(self, raw):
        return self.vocab[self.vocab.index(super().read(raw)) - 1]


class EncodesText(Letters):
    def encode(self, value):
        return value


class MixesTypes(Letters):
    task = None

    def encode(self, value):
        return super().encode(value) if value == "a" else torch.tensor(1.0)


class GrowsLonger(Letters):
    task = None

    def encode(self, value):
        return torch.ones(super().encode(value) + 1)


class WrongType(Letters):
    def encode(self, value):
        return super().encode(value).float()


class NotEnoughOutputs(Letters):
    @property
    def n_out(self):
        return 1


class TwiceInVocab(Letters):
    def fit(self, values):
        return replace(self, vocab=(*sorted(set(values)), "a"))


class Halves(Letters):
    task = "multilabel"

    def encode(self, value):
        return torch.full((2,), 0.5)


class NoWayBack(Letters):
    def decode(self, encoded):
        return self.vocab[0]


class FailsToDecode(Letters):
    def decode(self, encoded):
        return self.vocab[encoded + 7]


class BareErrors(Letters):
    def read(self, raw):
        return raw


class TwoLines(Letters):
    def show(self, value):
        return f"letter\n{value}"


class UnknownOperation(ImageBlock):
    def config(self):
        return [{"op": "read_letter"}]


class ChangesValues(ImageBlock):
    def encode(self, value):
        value.putpixel((0, 0), (1, 2, 3))
        return super().encode(value)


class FloatPhotos(ImageBlock):
    def encode(self, value):
        return super().encode(value) / 255


class UpsideDown(ImageBlock):
    def decode(self, encoded):
        return super().decode(encoded)[::-1]


class GreyInPrograms(ImageBlock):
    def config(self):
        return [{"op": "read_photo", "mode": "L"}]


BROKEN = {
    FitsToNothing: (
        "FitsToNothing breaks a rule of blocks: fit returns a fitted copy of the same class. Seen: fit returned a "
        "NoneType. End fit() with `return dataclasses.replace(self, ...)`, or `return self` if there is nothing to "
        "learn."
    ),
    FitsItself: (
        "FitsItself breaks a rule of blocks: fit does not change the block itself, so that one DataBlock can build "
        "any number of data sets. Seen: the block's attributes changed. Do not assign to self in fit(): return a "
        "changed copy, e.g. dataclasses.replace(self, vocab=...)."
    ),
    FailsToFit: (
        "FailsToFit breaks a rule of blocks: fit returns a fitted copy of the same class. Seen: fit(values) raised "
        "IndexError: list index out of range. End fit() with `return dataclasses.replace(self, ...)`, or `return "
        "self` if there is nothing to learn."
    ),
    CannotRead: (
        "CannotRead breaks a rule of blocks: read converts a raw value to the one that is shown. Seen: "
        "read('b') raised DataError: no letters today. Let read(raw) return a value that encode() accepts."
    ),
    ReadsAnother: (
        "ReadsAnother breaks a rule of blocks: read converts a raw value to the one that is shown. Seen: "
        "read('b') encodes to other numbers than 'b'. Let read(raw) return a value that encode() accepts."
    ),
    EncodesText: (
        "EncodesText breaks a rule of blocks: encode returns numbers with the same dtype and number of axes for all "
        "values. Seen: encode gave a str. Return np.asarray(..., dtype=np.float32) or a tensor of one dtype for "
        "every value."
    ),
    MixesTypes: (
        "MixesTypes breaks a rule of blocks: encode returns numbers with the same dtype and number of axes for all "
        "values. Seen: float32 [] and int64 []. Return np.asarray(..., dtype=np.float32) or a tensor of one dtype "
        "for every value."
    ),
    GrowsLonger: (
        "GrowsLonger breaks a rule of blocks: encoded values can be stacked into a batch: one shape for all values. "
        "Seen: float32 [2] and float32 [1]. Encode to a fixed length, known after fit(). (Photos may differ, because "
        "Resize follows; so may targets with ragged = True.)"
    ),
    WrongType: (
        'WrongType breaks a rule of blocks: task and encoding go together: "classification" int64 [], '
        '"multilabel" float32 [n_out] of 0 and 1, "regression" float32 [n_out], "segmentation" uint8 [H,W] below n_out, '
        "\"points\" float64 [n_out / 2, 2]. Seen: task = 'classification', n_out = 2, encoding float32 []. Encode "
        "accordingly, or set task = None if no model predicts such values."
    ),
    NotEnoughOutputs: (
        "NotEnoughOutputs breaks a rule of blocks: a fitted block of labels has a vocab without duplicates, and "
        "n_out is its length. Seen: vocab = ['a', 'b'], n_out = 1. Learn vocab in fit(), and let n_out be "
        "len(vocab)."
    ),
    TwiceInVocab: (
        "TwiceInVocab breaks a rule of blocks: a fitted block of labels has a vocab without duplicates, and n_out is "
        "its length. Seen: vocab = ['a', 'b', 'a'], n_out = 3. Learn vocab in fit(), and let n_out be len(vocab)."
    ),
    Halves: (
        'Halves breaks a rule of blocks: task and encoding go together: "classification" int64 [], '
        '"multilabel" float32 [n_out] of 0 and 1, "regression" float32 [n_out], "segmentation" uint8 [H,W] below n_out, '
        "\"points\" float64 [n_out / 2, 2]. Seen: task = 'multilabel', n_out = 2, encoding float32 [2]. Encode "
        "accordingly, or set task = None if no model predicts such values."
    ),
    NoWayBack: (
        "NoWayBack breaks a rule of blocks: decode undoes encode. Seen: int64 [] came back as int64 [], or as"
        " other values. Let decode(encode(value)) return a value that encodes to the same numbers."
    ),
    FailsToDecode: (
        "FailsToDecode breaks a rule of blocks: decode undoes encode. Seen: decode(int64 []) raised "
        "IndexError: tuple index out of range. Let decode(encode(value)) return a value that encodes to the same numbers."
    ),
    BareErrors: (
        "BareErrors breaks a rule of blocks: an invalid value raises one of Gatera's errors. Seen: None raised "
        "ValueError: tuple.index(x): x not in tuple. Check the value in read() or encode(), and raise DataError with "
        "got= and expected=."
    ),
    TwoLines: (
        "TwoLines breaks a rule of blocks: show returns one line of text. Seen: 'letter\\nb'. Join parts with \";"
        ' ", not with line breaks.'
    ),
    UnknownOperation: (
        "UnknownOperation breaks a rule of blocks: config lists operations of gatera.program.preprocess, as JSON "
        "data, that read values exactly as the block does. Seen: running [{{'op': 'read_letter'}}] raised "
        "ProgramFileError: preprocessing step 1 is unknown: 'read_letter'. Return such a list, e.g. [{{'op': "
        "'read_photo', 'mode': 'RGB'}}], or omit config(): then it raises ExportError."
    ),
    ChangesValues: (
        "ChangesValues breaks a rule of blocks: the values do not change. Seen: values changed. Work on a "
        "copy, e.g. list(values), in fit(), read() and encode()."
    ),
    FloatPhotos: (
        "FloatPhotos breaks a rule of blocks: a photo is encoded as uint8 [H,W,C], C being 1 or 3. Seen: "
        "float64 [3, 4, 3]. End encode() with gatera.program.preprocess.photo_array(photo), or subclass "
        "InputBlock instead of ImageInput."
    ),
    UpsideDown: (
        "UpsideDown breaks a rule of blocks: decode undoes encode. Seen: uint8 [3, 4, 3] came back as uint8 "
        "[3, 4, 3], or as other values. Let decode(encode(value)) return a value that encodes to the same numbers."
    ),
    GreyInPrograms: (
        "GreyInPrograms breaks a rule of blocks: config lists operations of gatera.program.preprocess, as JSON data, "
        "that read values exactly as the block does. Seen: other numbers for a photo of 4 x 3 pixels. Return such a "
        "list, e.g. [{{'op': 'read_photo', 'mode': 'RGB'}}], or omit config(): then it raises ExportError."
    ),
}


def run_broken(block: type) -> None:
    check_block(block, example_photos([(4, 3), (5, 4)]) if issubclass(block, ImageBlock) else ["b", "a", "b"])


@pytest.mark.parametrize("broken", BROKEN, ids=lambda block: block.__name__)
def test_broken_blocks_are_told_which_rule_they_break(broken):
    with pytest.raises(ContractError) as err:
        run_broken(broken)
    assert str(err.value) == BROKEN[broken].format(torch_says=described(err.value.__cause__))


def test_raw_values_that_are_read_as_other_values_are_caught():
    with pytest.raises(ContractError) as err:
        check_block(CategoryBlock, ["cat", "dog"], ["dog", "cat"])
    assert str(err.value) == (
        "CategoryBlock breaks a rule of blocks: read converts a raw value to the one that is shown. Seen: "
        "read('dog') encodes to other numbers than 'cat'. Let read(raw) return a value that encode() accepts."
    )


def test_what_is_no_block_is_refused_as_a_data_block_refuses_it():
    with pytest.raises(ArgumentError) as err:
        check_block(3, [1, 2])
    assert str(err.value) == (
        "blocks holds something that is not a block. Got: 3. Expected: ImageBlock, CategoryBlock, MultiCategoryBlock, "
        "RegressionBlock, TransformBlock."
    )
