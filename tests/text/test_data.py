from __future__ import annotations

import pandas as pd
import pytest
import torch

from gatera.core.errors import DataError
from gatera.data.blocks.category import CategoryBlock
from gatera.data.datablock import DataBlock
from gatera.data.sources.labels import ColReader, parent_label
from gatera.data.splits.by_position import GrandparentSplitter, IndexSplitter
from gatera.text.block import TextBlock
from gatera.text.data import TextDataLoaders, get_text_files
from gatera.text.loaders import LanguageModelLoaders, TextLoaders


def test_texts_in_folders(reviews):
    dls = TextDataLoaders.from_folder(reviews, bs=8, seed=0)
    assert isinstance(dls, TextLoaders)
    assert (dls.train.n, dls.valid.n, list(dls.vocab)) == (48, 16, ["neg", "pos"])
    x, _ = dls.valid.one_batch()
    assert x.shape[0] == 8 and (x[:, 0] == 2).all()
    lengths = (x != 1).sum(1).tolist()
    assert lengths == sorted(lengths, reverse=True)


def test_the_words_are_those_of_the_training_split(reviews):
    words = TextDataLoaders.from_folder(reviews, bs=8, seed=0).text_vocab
    assert words[:2] == ["xxunk", "xxpad"] and {"film", "liked", "."} <= set(words)


def test_a_batch_is_shown_as_a_table(reviews):
    table = TextDataLoaders.from_folder(reviews, bs=8, seed=0).show_batch(max_n=3)
    assert list(table.columns) == ["text", "label"] and len(table) == 3
    assert table["text"].str.startswith("The ").all()


def test_a_random_split(reviews):
    dls = TextDataLoaders.from_folder(reviews / "train", valid_pct=0.25, bs=8, seed=0)
    assert (dls.train.n, dls.valid.n) == (36, 12)


def test_the_same_through_a_data_block(reviews):
    block = DataBlock(
        (TextBlock.from_folder(reviews), CategoryBlock), get_items=get_text_files, get_y=parent_label,
        splitter=GrandparentSplitter(),
    )  # fmt: skip
    dls = block.dataloaders(reviews, bs=8, seed=0, device="cpu")
    assert isinstance(dls, TextLoaders)
    assert dls.text_vocab == TextDataLoaders.from_folder(reviews, bs=8, seed=0).text_vocab


def test_texts_without_labels_are_left_out(reviews, tmp_path):
    for side in ("train", "test"):
        for label in ("a", "b"):
            (tmp_path / side / label).mkdir(parents=True)
            (tmp_path / side / label / "1.txt").write_text("some words")
    (tmp_path / "train" / "unsup").mkdir()
    (tmp_path / "train" / "unsup" / "1.txt").write_text("other words")
    assert list(TextDataLoaders.from_folder(tmp_path, valid="test", bs=1).vocab) == ["a", "b"]
    running = TextDataLoaders.from_folder(
        tmp_path, valid="test", bs=1, is_lm=True, seq_len=2, text_vocab=["xxunk", "xxpad", "xxbos"]
    )
    assert running.train.n == 3


def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "stars": [1, 5, 1, 5],
            "text": ["bad bad bad film", "good good good film", "bad film", "good film"],
            "is_valid": [False, False, True, True],
        }
    )


def test_texts_in_a_table_which_stays_as_it_is():
    frame, before = table(), table()
    dls = TextDataLoaders.from_df(
        frame, text_col="text", label_col="stars", valid_col="is_valid", bs=2, seed=0
    )
    assert (dls.train.n, dls.valid.n, list(dls.vocab)) == (2, 2, [1, 5])
    assert dls.valid_ds.cells(1) == {"text": "good film", "label": "5"}
    pd.testing.assert_frame_equal(frame, before)


def test_columns_by_position(tmp_path):
    table().to_csv(tmp_path / "texts.csv", index=False)
    dls = TextDataLoaders.from_csv(tmp_path, "texts.csv", text_col=1, label_col=0, valid_col=2, bs=2, seed=0)
    assert dls.valid_ds.inputs == ["bad film", "good film"]


def test_a_table_through_a_data_block():
    block = DataBlock(
        (TextBlock.from_df("text", min_freq=1), CategoryBlock), get_x=ColReader("text"), get_y=ColReader("stars"),
        splitter=IndexSplitter([2, 3]),
    )  # fmt: skip
    assert block.dataloaders(table(), bs=2, device="cpu").valid.n == 2


def test_a_missing_column():
    with pytest.raises(DataError) as err:
        TextDataLoaders.from_df(table(), text_col="texts", label_col="stars")
    assert str(err.value) == (
        "text_col: no column 'texts' in the table. Available: stars, text, is_valid. Did you mean 'text'?"
    )


def test_a_position_beyond_the_table():
    with pytest.raises(DataError) as err:
        TextDataLoaders.from_df(table(), text_col=7)
    assert str(err.value) == (
        "text_col: no column 7 in the table. Available: stars, text, is_valid. "
        "Pass a column's name, or its position from 0 to 2."
    )


def test_an_empty_cell_is_named():
    frame = table()
    frame.loc[1, "text"] = ""
    with pytest.raises(DataError) as err:
        TextDataLoaders.from_df(frame, text_col="text", label_col="stars", valid_col="is_valid")
    assert str(err.value) == (
        "Column 'text' is empty in row 1 for item 1 (row 1). Fill it in, or remove the row."
    )


def test_a_folder_without_the_two_sides(tmp_path):
    (tmp_path / "neg").mkdir()
    with pytest.raises(DataError) as err:
        TextDataLoaders.from_folder(tmp_path)
    assert str(err.value) == (
        f"{tmp_path} has no folder 'train'. Available: neg. "
        "For one folder per class, pass valid_pct=0.2; for other names of the two folders, train= and valid=."
    )


def test_a_folder_without_texts(tmp_path):
    with pytest.raises(DataError) as err:
        TextDataLoaders.from_folder(tmp_path, valid_pct=0.2)
    assert (
        str(err.value)
        == f"There are no texts in {tmp_path}. Expected: files whose names end in .txt. Check the path."
    )


def test_running_text_is_what_a_language_model_reads(reviews):
    dls = TextDataLoaders.from_folder(reviews, is_lm=True, bs=4, seq_len=6, seed=0)
    assert isinstance(dls, LanguageModelLoaders)
    batches = list(dls.train)
    assert len(batches) == len(dls.train)
    read, wanted = (torch.cat([batch[side][0] for batch in batches]).tolist() for side in (0, 1))
    assert read[1:] == wanted[:-1]
    assert {tuple(x.shape) for x, _ in batches[:-1]} == {(4, 6)}
    assert dls.vocab == dls.text_vocab and dls.c == len(dls.vocab)


def test_running_text_comes_in_another_order_in_every_epoch(reviews):
    dls = TextDataLoaders.from_folder(reviews, is_lm=True, bs=4, seq_len=6, seed=0)
    first = dls.train.one_batch()[0]
    dls.train.set_epoch(1)
    assert not dls.train.one_batch()[0].equal(first)
    dls.train.set_epoch(0)
    assert dls.train.one_batch()[0].equal(first)
    assert dls.valid.one_batch()[0].equal(dls.valid.one_batch()[0])


def test_running_text_is_shown_as_people_write_it(reviews):
    shown = TextDataLoaders.from_folder(reviews, is_lm=True, bs=4, seq_len=8, seed=0).show_batch(max_n=2)
    assert list(shown.columns) == ["text", "text_"] and len(shown) == 2
    assert "xx" not in "".join(shown["text"])


def test_few_words_make_few_streams():
    frame = pd.DataFrame({"text": ["a b c d e f", "a b c d e f g"]})
    dls = TextDataLoaders.from_df(
        frame, is_lm=True, bs=64, seq_len=3, valid_pct=0.5, seed=0, text_vocab=["xxunk", "xxpad", "xxbos"]
    )
    assert dls.train.bs <= 2 and len(list(dls.train)) == len(dls.train)
