from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import gatera
from gatera.core.errors import ArgumentError, DataError
from gatera.program.tables.columns import Kind
from gatera.recipes.events import Events
from gatera.recipes.find_task import OtherTask, find_task
from gatera.recipes.run import check_settings
from gatera.recipes.settings import ModelKind, SplitKind, Task, TrainSettings
from gatera.recipes.tables import read
from gatera.recipes.texts import recipe
from gatera.recipes.texts.recipe import job_of_texts, text_job
from gatera.recipes.texts.rows import TableOfTexts, text_columns
from gatera.text.block import TextBlock
from gatera.text.joined.train import TrainedTexts


def reviews(n: int = 40) -> pd.DataFrame:
    words = np.random.default_rng(0).choice(["film", "plot", "cast", "song"], (n, 5))
    return pd.DataFrame({
        "id": range(n),
        "title": [f"Film number {row}" for row in range(n)],
        "review": [f"{' '.join(row)} number {n}, in all" for n, row in enumerate(words)],
        "sentiment": ["good", "bad"] * (n // 2),
    })  # fmt: skip


def settings(folder, frame, **more) -> TrainSettings:
    path = folder / "reviews.csv"
    frame.to_csv(path, index=False)
    return TrainSettings(path, folder / "a.gatera", **({"target": "sentiment"} | more))


def test_texts_that_the_studio_labelled_are_not_split_by_when(tmp_path, events):
    frame = reviews().rename(columns={"sentiment": "label"}).assign(source="", by="Ann")
    frame["at"] = [f"2026-11-{1 + row % 28:02}T10:00:00Z" for row in range(len(frame))]
    frame["note"] = [f"took the guess of studio@{row:08} (p=0.{row})" for row in range(len(frame))]
    table = TableOfTexts(settings(tmp_path, frame, target="label", task=Task.text), events)
    split = table.split(events)
    said = "\n".join(events.lines)
    assert table.text == "review" and "and how, are not used: source, by, at, note" in said
    assert "newest" not in said + split.words


def test_free_text_is_long_and_differs():
    frame = reviews()
    assert Kind.TEXT and text_columns(frame, "sentiment") == ["review"]  # titles have three words
    frame["summary"] = frame["review"].str[:40]
    assert text_columns(frame, "sentiment") == ["review", "summary"]
    assert text_columns(frame, "review") == ["summary"]
    frame["review"] = "always the same long text of a review"
    assert text_columns(frame, "sentiment") == ["summary"]


def test_a_table_with_nothing_but_texts_is_learned_from_them(tmp_path, events):
    asked = settings(tmp_path, reviews())
    with pytest.raises(OtherTask) as other:
        read(asked, events)
    assert other.value.task is Task.text
    table = TableOfTexts(asked, events)
    assert (table.text, table.n_skipped, len(table.texts)) == ("review", 0, 40)
    assert events.lines[-1] == (
        "sentiment is learned from the texts in column 'review'; not used: id, title (to change: text='review')."
    )


def test_a_table_with_other_columns_says_that_texts_are_not_used(tmp_path, events):
    frame = reviews().assign(stars=[1, 2, 3, 4] * 10)
    assert read(settings(tmp_path, frame), events).categories == ["stars"]
    assert "Free text is not used: review (to change: text='review')." in events.lines


def test_rows_without_a_text_or_a_class_are_skipped_and_counted(tmp_path, events):
    frame = reviews()
    frame.loc[3, "review"] = None
    frame.loc[5, "review"] = "  "
    frame.loc[7, "sentiment"] = None
    table = TableOfTexts(settings(tmp_path, frame, task=Task.text), events)
    assert (len(table.texts), table.n_skipped) == (37, 3)
    splits = table.split(events).splits
    assert (len(splits.train), len(splits.valid)) == (30, 7)
    assert events.warnings == ["Skipped 3 rows without a text or a value in sentiment."]
    dls = table.loaders(TextBlock(), splits, 8)
    assert dls.vocab == ["bad", "good"] and len(dls.valid_ds) == 7
    assert dls.train_ds.inputs[0] in table.texts


def test_an_answer_such_as_none_is_a_text(tmp_path, events):
    """`gatera test` and `gatera predict` take it for one; training left the row out."""
    frame = reviews()
    for row, answer in enumerate(["None", "N/A", "-", "null"]):
        frame.loc[row, "review"] = answer
    found = TableOfTexts(settings(tmp_path, frame, task=Task.text, text="review"), events)
    assert (found.texts[:4], found.n_skipped) == (["None", "N/A", "-", "null"], 0)


@pytest.mark.parametrize("cell", ["<br /><br />", "&nbsp; ", "\x07"])
def test_a_cell_of_which_nothing_is_left_is_skipped_too(tmp_path, events, cell):
    """It ended the training, where an empty cell was skipped, and a file of the same was."""
    frame = reviews()
    frame.loc[3, "review"] = cell
    frame.loc[4, "review"] = "A <b>fine</b> film &amp; a song, in all"
    found = TableOfTexts(settings(tmp_path, frame, task=Task.text, text="review"), events)
    assert (found.n_skipped, len(found.texts)) == (1, 39)


@pytest.mark.parametrize(
    "how", [{"model": ModelKind.words}, {"arch": "MiniLM"}, {"freeze_epochs": 1}, {"text": "review"}, {"task": Task.text}]
)  # fmt: skip
def test_labels_that_a_model_gave_are_told_however_texts_are_asked_for(tmp_path, events, how):
    """With model="words" and other settings of texts, nothing was said: neither this nor how the table was read."""
    frame = reviews().assign(labelled_by=["model:m 1", "person"] * 20)
    TableOfTexts(settings(tmp_path, frame, **how), events)
    assert events.warnings[0].startswith("20 of 40 labels were given by a model (model:m 1 20).")
    assert any("and how, are not used: labelled_by" in line for line in events.lines)


def test_naming_the_column_makes_it_a_task_for_texts(tmp_path, events):
    frame = reviews().assign(stars=[1, 2, 3, 4] * 10)
    assert find_task(settings(tmp_path, frame)) is Task.table
    asked = settings(tmp_path, frame, text="title")
    assert find_task(asked) is Task.text
    assert TableOfTexts(asked, events).text == "title"
    for more in (
        {"model": ModelKind.words},
        {"arch": "MiniLM"},
        {"weights": "a.gatera"},
        {"freeze_epochs": 1},
    ):
        assert find_task(settings(tmp_path, frame, **more)) is Task.text
    assert TableOfTexts(settings(tmp_path, frame, model=ModelKind.words), events).text == "review"
    stars = TableOfTexts(settings(tmp_path, frame, text="review", target="stars"), events)
    assert set(stars.labels) == {1, 2, 3, 4}
    assert events.lines[-1] == "stars has 4 different whole numbers, which are classes."


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"text": "revew"}, "text=: no column 'revew' in {source}. Available: id, title, review, sentiment. Did you mean 'review'?"),
        ({"text": "sentiment"}, "text= and target= name the same column. Got: 'sentiment'."),
        ({"drop": "review"}, "{source} has no column of texts beside sentiment. Available: id, title, review. Name the column: text=. To learn from columns of categories and numbers, pass task='table'."),
        ({"drop": "review", "arch": "MiniLM"}, "{source} has no column of texts beside sentiment, and arch= is for texts. Available: id, title, review. Name the column: text=. To learn from columns of categories and numbers, leave arch= out."),
        ({"text": "id"}, "Column 'id' of {source} holds no texts. Got: 0. Name another column: text=. To learn from columns of categories and numbers, pass task='table'."),
        ({"test_pct": 0.1}, "test_pct= is for folders. Got: 0.1. Omit test_pct=: {source} is a table."),
        ({"target": "id"}, "id holds numbers, and texts can only be sorted into classes. Got: '40 different numbers'. If they are classes, pass classes='id'. Numbers are not learned from texts: add a column that says which of a few ranges id lies in, such as low and high, and predict that."),
    ],
)  # fmt: skip
def test_what_cannot_be_learned(more, message, tmp_path, events):
    asked = settings(tmp_path, reviews(), task=Task.text, **more)
    with pytest.raises((ArgumentError, DataError)) as err:
        TableOfTexts(asked, events)
    assert str(err.value) == message.format(source=asked.source)


def test_a_folder_has_no_columns(tmp_path, events):
    with pytest.raises(ArgumentError) as err:
        text_job(TrainSettings(tmp_path, tmp_path / "a.gatera", text="review"), events)
    assert str(err.value) == f"text= is for tables. Got: 'review'. Omit text=: {tmp_path} is a folder."


def test_an_awd_lstm_has_no_words_beside_it(tmp_path, events):
    asked = settings(tmp_path, reviews(), text="review", arch="AWD_LSTM", model=ModelKind.both)
    with pytest.raises(ArgumentError) as err:
        job_of_texts(None, asked, events)
    assert (
        str(err.value)
        == "model=both needs another architecture: AWD_LSTM can only be used alone. Omit model= or arch=."
    )


@pytest.mark.parametrize(("task", "model", "other"), [("text", "trees", "table"), ("table", "words", "text")])
def test_a_model_of_another_task_is_refused(task, model, other, tmp_path):
    asked = TrainSettings(tmp_path, tmp_path / "a.gatera", model=ModelKind(model))
    with pytest.raises(ArgumentError) as err:
        check_settings(asked, Task(task))
    assert str(err.value) == f"model={model} can only be used with task={other}, not with task={task}."


def test_a_model_that_texts_do_not_have_is_refused_where_a_table_turns_out_to_hold_texts(tmp_path):
    source = settings(tmp_path, reviews()).source
    with pytest.raises(ArgumentError) as err:
        gatera.train(source, "sentiment", model="trees", out=tmp_path / "a.gatera", events=Events())
    assert str(err.value) == "model=trees can only be used with task=table, not with task=text."


def test_a_number_that_only_texts_could_tell_is_refused_with_the_way_out(tmp_path, events):
    asked = settings(
        tmp_path, reviews().assign(price=np.linspace(1, 9.5, 40)), target="price", drop="sentiment"
    )
    with pytest.raises(DataError) as err:
        read(asked, events)
    assert "review (free text)" in str(err.value)
    assert str(err.value).endswith(
        "Numbers are not learned from texts: add a column that says which of a few ranges price lies in, such as low and high, "
        "and predict that."
    )


@pytest.mark.slow
def test_words_alone_are_announced_as_words(tmp_path, events):
    trained = gatera.train(
        settings(tmp_path, reviews()).source,
        "sentiment",
        model="words",
        out=tmp_path / "a.gatera",
        events=events,
    )
    assert "Training a linear model of words, up to 2,048 tokens of a text." in events.lines
    assert not any("MiniLM" in line for line in events.lines)
    assert trained.path.exists()


def test_words_leave_groups_of_training_texts_out_together(tmp_path, events, monkeypatch):
    frame = reviews(120).drop(columns=["title", "id"])
    frame["writer"] = [f"w{row // 2 % 30}" for row in range(len(frame))]
    frame["review"] += " by " + frame["writer"]
    asked: list[np.ndarray | None] = []
    monkeypatch.setattr(recipe, "text_classifier_learner", lambda dls, *_, **__: SimpleNamespace(dls=dls))
    monkeypatch.setattr(
        recipe, "train_texts", lambda learn, how, *_: asked.append(how.groups) or TrainedTexts()
    )
    job = text_job(settings(tmp_path, frame, group_by="writer", model=ModelKind.words), events)
    job.fit(None)
    writers = [text.split()[-1] for text in job.learn.dls.train_ds.inputs]
    assert len(writers) == 96 and asked[0] is not None
    assert len(set(zip(writers, asked[0].tolist(), strict=True))) == len(set(writers)) == len(set(asked[0]))


def test_texts_whose_newest_are_held_out_are_looked_through_for_copies(tmp_path, events):
    """Of texts in an order of time nobody looked, and the page said that copies were kept on the same side."""
    frame = reviews().assign(when=[f"2026-01-{1 + row // 2:02}" for row in range(40)])
    frame.loc[39, "review"] = frame.loc[3, "review"]
    for how in ({"split": SplitKind.time}, {"time_by": "when"}):
        asked = settings(tmp_path, frame, task=Task.text, **how)
        check_settings(asked, Task.text)
        table = TableOfTexts(asked, events)
        split = table.split(events)
        assert [(leak.name, leak.train_name) for leak in split.leaks.pairs] == [("row 40", "row 4")]
    (tmp_path / "folder").mkdir()
    folder = TrainSettings(tmp_path / "folder", tmp_path / "b.gatera", task=Task.text, time_by="when")
    with pytest.raises(ArgumentError, match="time_by= is for tables"):
        text_job(folder, events)


@pytest.mark.parametrize("text", [None, "review"])
def test_rows_are_called_by_their_number_in_the_table_also_where_cells_hold_lines_of_their_own(
    tmp_path, events, text
):
    frame = reviews(200)
    frame["review"] = frame["review"] + "\n\n> an earlier mail\n> of two lines"
    frame.loc[100, "sentiment"] = None
    frame = pd.concat([frame, frame.iloc[:30]])
    table = TableOfTexts(settings(tmp_path, frame, text=text), events)
    table.split(events)
    (copies,) = (line for line in events.lines + events.warnings if "copies of others" in line)
    assert "row 1 and row 201" in copies and table.rows[-1] == 229
