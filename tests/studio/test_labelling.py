"""Labels by key, the journal, undo, several people, and the one commit in the end."""

from __future__ import annotations

import csv
import json
import os
import shutil
from pathlib import Path

import pytest

from gatera.core.errors import ArgumentError, DataError
from gatera.labeling.labels.table import LabelRow, read_labels_file, write_labels_file
from gatera.store import DataRepository
from gatera.store.datasets.labels.sheets import Sheet
from gatera.studio.app.run import own_token
from gatera.studio.app.spanish import in_spanish
from gatera.studio.desk import desk as desks
from gatera.studio.desk.journal import Journal
from gatera.studio.leaving import leave
from gatera.studio.page_requests import ABOUT_ITEMS, Asked, asked
from gatera.studio.places.folder import FolderPlace
from gatera.studio.studio import open_place
from gatera.studio.views import item_view


def label(value: str, *positions: int, **more) -> Asked:
    return Asked("label", dict.fromkeys(positions, value), **more)


def labels_in(folder) -> dict[str, str]:
    return {name: row.label for name, row in read_labels_file(folder / "labels.csv").items()}


def test_a_session_in_a_folder_becomes_labels_csv_that_training_reads(photos, studio_of):
    studio = studio_of(photos)
    studio.act("Ann", label("cat", 0, seconds=2.0))
    studio.act("Ann", label("dog", 1, 2, seconds=3.0))
    studio.act("Ann", label("cat", 2, seconds=0.5))
    assert not (photos / "labels.csv").exists()
    left = leave(studio, "Ann")
    rows = read_labels_file(photos / "labels.csv")
    assert {name: (row.label, row.by, row.source) for name, row in rows.items()} == {
        "0.jpg": ("cat", "Ann", ""),
        "1.jpg": ("dog", "Ann", ""),
        "2.jpg": ("cat", "Ann", ""),
    }
    assert [dict(row.more)["seconds"] for row in rows.values()] == ["2.0", "1.5", "2.0"]
    assert "3 changed lines" in left.sentence
    sheet = Sheet.from_bytes((photos / "labels.csv").read_bytes())  # as gatera train reads it
    assert [row.label for row in sheet.rows()] == ["cat", "dog", "cat"]
    assert studio.counts(studio.people.desk("Ann"))["waiting"] == 0
    assert leave(studio, "Ann").written is None


def test_what_was_decided_is_there_after_a_kill(photos, studio_of, said):
    studio = studio_of(photos)
    studio.act("Ann", label("cat", 0))
    studio.act("Ann", label("dog", 0))
    path = studio.folder / "people" / "Ann.jsonl"
    studio.close()
    path.write_bytes(path.read_bytes() + b'{"n":3,"what":"label","items":{"1.jp')
    again = studio_of(photos)
    desk = again.people.desk("Ann")
    assert desk.labels["0.jpg"].value == "dog"
    assert len(said) == 1 and said[0].startswith("The last line of Ann.jsonl was incomplete")
    assert path.read_bytes().endswith(b"}\n")
    again.act("Ann", Asked("undo"))
    assert desk.labels["0.jpg"].value == "cat"
    again.act("Ann", Asked("undo"))
    assert "0.jpg" not in desk.labels
    with pytest.raises(ArgumentError, match="nothing to undo"):
        again.act("Ann", Asked("undo"))
    again.act("Ann", Asked("redo"))
    assert desk.labels["0.jpg"].value == "cat"


def test_a_label_that_a_page_did_not_show_yet_is_not_overwritten(photos, studio_of):
    studio = studio_of(photos)
    shown = item_view(studio, studio.people.desk("Ben"), "Ben", 0)  # Ben's page is open since
    studio.act("Ann", label("cat", 0))
    leave(studio, "Ann")
    studio.act("Ben", label("dog", 0, 1, saw={0: [shown["label"]], 1: [""]}))
    ben = studio.people.desk("Ben")
    assert studio.disputed(ben, "Ben") == ["0.jpg"]
    assert "1 item that others have changed in the meantime" in leave(studio, "Ben").sentence
    assert labels_in(photos) == {"0.jpg": "cat", "1.jpg": "dog"}
    seen = item_view(studio, ben, "Ben", 0)
    assert seen["others"] == [{"by": "Ben", "label": "dog"}, {"by": "Ann", "label": "cat"}]
    studio.act("Ben", label("dog", 0, saw={0: ["dog", "cat"]}))
    leave(studio, "Ben")
    assert labels_in(photos)["0.jpg"] == "dog"


def test_points_and_notes_that_others_keep_meanwhile_are_not_overwritten(photos, studio_of):
    studio = studio_of(photos)
    everybody = {by: studio.people.desk(by) for by in ("Ann", "Ben")}
    for by, x in (("Ann", 0.1), ("Ben", 0.9)):
        studio.act(by, Asked("points", {0: [[x, 1.0]]}, saw={0: ["", "[]"]}))
        studio.act(by, Asked("note", {0: f"of {by}"}))
    assert leave(studio, "Ann").disputed == []
    assert leave(studio, "Ben").disputed == ["0.jpg"] == studio.disputed(everybody["Ben"], "Ben")
    kept = studio.known("0.jpg")
    assert (kept.points, kept.note) == ("[[0.1, 1.0]]", "of Ann")  # all that is said of it waits
    view = item_view(studio, everybody["Ben"], "Ben", 0)
    assert view["points"] == [[0.1, 1.0]] and "yours were [[0.9, 1.0]]. Move one" in view["said"]
    studio.act("Ben", Asked("points", {0: [[0.5, 1.0]]}, saw={0: ["", "[[0.1,1]]"]}))
    assert leave(studio, "Ben").disputed == []
    kept = studio.known("0.jpg")
    assert (kept.points, kept.note) == ("[[0.5, 1.0]]", "of Ann; of Ben")


def test_what_somebody_kept_in_another_tab_is_no_disagreement(photos, studio_of):
    studio = studio_of(photos)
    studio.act("Ann", label("cat", 0))
    leave(studio, "Ann")
    studio.act("Ann", label("dog", 0, saw={0: [""]}))  # this tab showed no label yet
    assert "others" not in item_view(studio, studio.people.desk("Ann"), "Ann", 0)
    assert leave(studio, "Ann").disputed == [] and labels_in(photos) == {"0.jpg": "dog"}


def test_labels_keep_their_places_and_so_their_keys(photos, studio_of):
    studio = studio_of(photos)
    studio.act("Ann", label("dog", 0))
    studio.act("Ann", label("cat", 1))
    assert studio.classes == ["dog", "cat"]
    studio.act("Ben", label("ant", 2))
    for by in ("Ann", "Ben"):
        leave(studio, by)
        assert studio.classes == ["dog", "cat", "ant"]


def test_a_damaged_line_is_named(photos, studio_of):
    folder = photos / ".gatera" / "studio" / "people"
    folder.mkdir(parents=True)
    (folder / "Ann.jsonl").write_text('{"n":1,"what":"skip","items":{}}\nnonsense\n')
    with pytest.raises(DataError, match=r"line 2 of .*Ann.jsonl is damaged"):
        studio_of(photos).people.desk("Ann")


def test_the_same_request_twice_is_done_once(photos, studio_of):
    studio = studio_of(photos)
    assert studio.act("Ann", label("cat", 0, id="a")) == [0]
    assert studio.act("Ann", label("cat", 0, id="a")) == [0]  # the first answer was lost on its way
    assert studio.people.desk("Ann").can_undo() == 1
    assert [studio.act("Ann", Asked("undo", id="b")) for _ in range(2)] == [[0], [0]]


def test_a_name_is_used_by_one_process_at_a_time(photos, studio_of):
    first, second = studio_of(photos), studio_of(photos)
    first.act("Ann", label("cat", 0))
    with pytest.raises(DataError, match="Ann is working in another studio"):
        second.people.desk("Ann")
    second.act("Ben", label("dog", 1))
    first.refresh(always=True)
    assert [name for name, _ in first.people.others("Ann")] == ["Ben"]


def test_two_people_do_not_overwrite_each_other(photos, studio_of):
    first, second = studio_of(photos), studio_of(photos)
    first.act("Ann", label("cat", 0, 1))
    second.act("Ben", label("dog", 0, 2))
    for studio, by in ((first, "Ann"), (second, "Ben")):
        studio.refresh(always=True)
        assert studio.disputed(studio.people.desk(by), by) == ["0.jpg"]
    # whoever finishes first is written, and is told
    assert "1 item that others labelled differently, and have not finished." in leave(first, "Ann").sentence
    left = leave(second, "Ben")
    assert left.disputed == ["0.jpg"] and "labelled differently" not in left.sentence
    assert labels_in(photos) == {"0.jpg": "cat", "1.jpg": "cat", "2.jpg": "dog"}
    assert second.disputed(second.people.desk("Ben"), "Ben") == ["0.jpg"]
    second.act("Ben", label("dog", 0))  # he has seen hers now
    assert leave(second, "Ben").disputed == []
    assert labels_in(photos)["0.jpg"] == "dog"


def test_a_session_in_a_repository_is_one_commit(photos, studio_of):
    data = DataRepository.init(photos, on_note=lambda text: None)
    data.add()
    data.commit("Photos")
    studio = studio_of(photos)
    for place in range(4):
        studio.act("Ann", label("cat", place, seconds=1.25))
    studio.act("Ann", Asked("flag", {5: True}))
    left = leave(studio, "Ann")
    assert left.written is not None and left.written.commit == data.head
    assert len(data.log()) == 2
    row = next(row for row in data.rows() if row.file == "0.jpg")
    assert (row.label, row.by, row.source, row.more) == ("cat", "Ann", "", ("1.2", ""))
    assert next(row for row in data.rows() if row.file == "5.jpg").more == ("", "yes")
    assert "cat" in data.blame("0.jpg")[0].change.words
    assert next(data.diff(), None) is None


def test_the_text_of_a_commit_counts_what_is_in_it(photos, studio_of):
    data = DataRepository.init(photos, on_note=lambda text: None)
    data.add()
    data.commit("Photos")
    studio = studio_of(photos)
    studio.act("Ann", label("dog", 0, 1))
    data.label("cat", photos / "0.jpg", by="Ben")
    data.commit("Ben's")
    assert leave(studio, "Ann").disputed == ["0.jpg"]
    assert data.log()[0].commit.subject.startswith("Studio: 1 label by Ann")


def test_a_repository_that_lost_git_meanwhile_is_said(photos, studio_of):
    data = DataRepository.init(photos, on_note=lambda text: None)
    data.add()
    data.commit("Photos")
    studio = studio_of(photos)
    studio.act("Ann", label("cat", 0))
    shutil.rmtree(photos / ".git")
    with pytest.raises(DataError, match=r"labels, but no git repository that keeps them.*gatera data init"):
        leave(studio, "Ann")
    DataRepository.init(photos, on_note=lambda text: None).commit("Again")
    assert leave(studio, "Ann").written.commit  # nothing was lost


def test_other_changes_in_a_repository_are_not_swept_into_the_commit(photos, studio_of):
    data = DataRepository.init(photos, on_note=lambda text: None)
    data.add()
    data.commit("Photos")
    data.label("wolf", photos / "5.jpg")
    studio = studio_of(photos)
    studio.act("Ann", label("cat", 0))
    left = leave(studio, "Ann")
    assert left.written is not None and left.written.commit is None
    assert "not committed" in left.sentence
    assert {row.file: row.label for row in data.rows()}["0.jpg"] == "cat"


def test_a_flag_that_was_taken_back_changes_nothing_in_a_repository(photos, studio_of):
    data = DataRepository.init(photos, on_note=lambda text: None)
    data.add()
    data.commit("Photos")
    before = (photos / "labels.csv").read_bytes()
    studio = studio_of(photos)
    studio.act("Ann", Asked("flag", {0: True}))
    studio.act("Ann", Asked("flag", {0: False}))
    assert "Nothing to commit: the labels are unchanged." in leave(studio, "Ann").sentence
    assert (photos / "labels.csv").read_bytes() == before


def test_a_flag_that_was_taken_back_writes_no_labels(photos, studio_of):
    studio = studio_of(photos)
    studio.act("Ann", Asked("flag", {0: True}))
    studio.act("Ann", Asked("flag", {0: False}))
    assert leave(studio, "Ann").sentence.endswith("has 0 changed lines.")
    assert not (photos / "labels.csv").exists()


def test_folder_names_are_labels_until_there_is_a_table(tmp_path, photos, studio_of, said):
    for number, name in enumerate(("cat", "cat", "dog")):
        (tmp_path / "sorted" / name).mkdir(parents=True, exist_ok=True)
        shutil.copy(photos / f"{number}.jpg", tmp_path / "sorted" / name / f"{number}.jpg")
    studio = studio_of(tmp_path / "sorted")
    assert studio.classes == ["cat", "dog"]
    assert "names of the folders (2 labels)" in said[0]
    studio.act("Ann", label("dog", 0))
    assert "It also has the 3 labels that the folders gave" in leave(studio, "Ann").sentence
    assert labels_in(tmp_path / "sorted") == {"cat/0.jpg": "dog", "cat/1.jpg": "cat", "dog/2.jpg": "dog"}


def test_rows_get_a_copy_of_their_table(table, studio_of):
    studio = studio_of(table)
    studio.act("Ann", label("young", 0, 2, seconds=1.0))
    leave(studio, "Ann")
    lines = (table.parent / "people-labelled.csv").read_text().splitlines()
    assert lines[0] == "age,job,label,source,by,at,note,seconds,flag"
    assert [line.split(",")[2] for line in lines[1:]] == ["young", "old", "young"]
    assert table.read_text().startswith("age,job,label\n31,nurse,\n")
    table.write_text("age,job,label\n1,nurse,\n")
    with pytest.raises(DataError, match=r"has different rows from people\.csv"):
        studio_of(table)


def test_a_copy_that_somebody_saved_again_is_read_or_refused_in_words(table, studio_of):
    studio = studio_of(table)
    studio.act("Ann", label("young", 0))
    leave(studio, "Ann")
    copy = table.parent / "people-labelled.csv"
    text = copy.read_text()
    copy.write_text(
        "\ufeff"
        + "".join(f"{line},{cell}\n" for line, cell in zip(text.splitlines(), ("checked", "é", "", "")))
    )
    again = studio_of(table)
    assert again.place.known["row 1"].label == "young"
    again.act("Ben", label("young", 2))
    leave(again, "Ben")
    with copy.open(newline="") as file:
        assert [row["checked"] for row in csv.DictReader(file)] == ["é", "", ""], (
            "a column that was added stays"
        )
    for data, said in (
        (copy.read_text().encode("latin-1"), "is not in UTF-8"),
        (text.replace(",", ";").encode(), "has no column 'age'"),
        (f"{text}1,2\n".encode(), "Line 5 of .* has another number of cells"),
        (text.replace("45,", '45,"').encode(), "the quotes in line 3 of .* are not closed"),
    ):
        copy.write_bytes(data)
        with pytest.raises(DataError, match=said):
            studio_of(table)


def test_rows_with_whole_articles_in_them_are_labelled(tmp_path, studio_of):
    path = tmp_path / "articles.csv"
    path.write_text(f"id,text\n1,{'word ' * 40_000}\n2,A short one.\n")
    studio = studio_of(path)
    studio.act("Ann", label("long", 0))
    leave(studio, "Ann")
    assert studio_of(path).place.known["row 1"].label == "long"


def test_labels_that_are_written_beside_the_studio_are_seen(tmp_path, photos, table, studio_of):
    studio, labels = studio_of(photos), photos / "labels.csv"
    for text, expected in (
        ("0.jpg,cat", "cat"),
        ("0.jpg,dog", "dog"),
        ('0.jpg,"wo', "dog"),
        ("0.jpg,wolf", "wolf"),
        (None, ""),
    ):
        labels.unlink() if text is None else labels.write_text(f"file,label\n{text}\n")
        studio.refresh(always=True)
        assert studio.known("0.jpg").label == expected
    labels.write_text('file,label\n0.jpg,"wo\n1.jpg,cat\n')
    studio.act("Ann", label("dog", 2))
    with pytest.raises(DataError, match=r"the quotes in line 2 of .*labels\.csv are not closed"):
        leave(studio, "Ann")
    assert labels.read_text() == 'file,label\n0.jpg,"wo\n1.jpg,cat\n'
    rows, copy = studio_of(table), table.parent / "people-labelled.csv"
    copy.write_text("age,job,label\n31,nurse,young\n45,baker,old\n22,clerk,\n")
    rows.refresh(always=True)
    assert rows.known("row 1").label == "young"


def test_a_label_of_a_photo_that_is_gone_meanwhile_waits_until_it_is_back(photos, studio_of):
    studio = studio_of(photos)
    studio.act("Ann", label("cat", 0, 1))
    (photos / "1.jpg").rename(photos / "away.jpg")
    assert "No longer there: 1 item; what was decided stays" in leave(studio, "Ann").sentence
    assert labels_in(photos) == {"0.jpg": "cat"}
    (photos / "away.jpg").rename(photos / "1.jpg")
    leave(studio, "Ann")
    assert labels_in(photos) == {"0.jpg": "cat", "1.jpg": "cat"}


def test_labels_that_are_written_right_behind_a_finish_are_seen(photos, studio_of, monkeypatch):
    """They were taken for those that the studio had read, until the next change."""
    studio, labels, write = studio_of(photos), photos / "labels.csv", FolderPlace.write

    def written(self, *more):
        found = write(self, *more)
        write_labels_file(
            labels, [*read_labels_file(labels).values(), LabelRow("1.jpg", label="wolf", by="Ben")]
        )
        return found

    monkeypatch.setattr(FolderPlace, "write", written)
    studio.act("Ann", label("dog", 0))
    leave(studio, "Ann")
    studio.refresh(always=True)
    assert studio.known("1.jpg").label == "wolf"


def test_a_tables_own_columns_stay_what_they_are_in_the_copy(tmp_path, studio_of):
    path = tmp_path / "said.csv"
    path.write_text(
        "source,note\ntwitter,A note that is the text of it all.\nmail,And one more of those notes.\n"
    )
    studio = studio_of(path)
    shown = item_view(studio, studio.people.desk("Ann"), "Ann", 0)
    assert (shown["text"], shown["row"]) == ("A note that is the text of it all.", {"source": "twitter"})
    studio.act("Ann", label("good", 0))
    leave(studio, "Ann")
    with (tmp_path / "said-labelled.csv").open(newline="") as file:
        first, second = csv.DictReader(file)
    assert (first["source"], first["note"]) == ("twitter", shown["text"]) and second["source"] == "mail"
    assert (first["label"], first["label_by"], second["label"]) == ("good", "Ann", "")
    assert studio_of(tmp_path / "said-labelled.csv").place.known["row 1"].by == "Ann"


def test_each_item_of_a_page_names_whose_guess_was_taken(photos, studio_of):
    """Of a page of the grid that is confirmed: an exception, the server's answers, and the model's guesses."""
    import numpy as np

    from gatera.studio.guesses import Guess, Guesses

    studio = studio_of(photos)
    studio.guesses = Guesses("head@12345678", ["cat", "dog"], np.tile([0.9, 0.1], (6, 1)))
    answered = Guess("dog", 0.6, "cats@abcdef12", "program:cats@abcdef12")
    studio.served = {f"{n}.jpg": answered for n in (0, 1, 2, 5)}
    studio.act("Ann", label("dog", 5))  # by hand, before the page is confirmed
    labels = {0: "cat", 1: "dog", 2: "dog", 3: "cat", 4: "dog", 5: "dog"}
    studio.act("Ann", Asked("label", labels, guessed=True))
    leave(studio, "Ann")
    rows = read_labels_file(photos / "labels.csv")
    assert [(rows[f"{n}.jpg"].label, rows[f"{n}.jpg"].source, rows[f"{n}.jpg"].note) for n in range(6)] == [
        ("cat", "", ""),
        ("dog", answered.source, "took the guess of cats@abcdef12 (p=0.60)"),
        ("dog", answered.source, "took the guess of cats@abcdef12 (p=0.60)"),
        ("cat", "", "took the guess of head@12345678 (p=0.90)"),
        ("dog", "", ""),
        ("dog", "", ""),
    ]


def test_a_label_that_came_from_a_program_still_does_when_its_page_is_confirmed(photos, studio_of):
    """Finished before, it is shown again in the grid of all items, beside the guesses of a model that agree."""
    import numpy as np

    from gatera.studio.guesses import Guesses

    source = "program:cats@abcdef12"
    (photos / "labels.csv").write_text(
        f"file,label,source,by,note\n0.jpg,cat,{source},Ann,took the guess of cats@abcdef12 (p=0.60)\n1.jpg,cat,{source},,\n"
        "2.jpg,cat,function:f@12345678,,\n3.jpg,cat,,Ann,\n"
    )
    studio = studio_of(photos)
    studio.guesses = Guesses("head@12345678", ["cat", "dog"], np.tile([0.9, 0.1], (6, 1)))
    studio.act("Ben", Asked("label", dict.fromkeys(range(4), "cat"), guessed=True))
    leave(studio, "Ben")
    rows = read_labels_file(photos / "labels.csv")
    assert [(rows[f"{n}.jpg"].source, rows[f"{n}.jpg"].by, rows[f"{n}.jpg"].note) for n in range(4)] == [
        (source, "Ben", "took the guess of cats@abcdef12 (p=0.60)"),
        (source, "Ben", ""),
        ("", "Ben", "took the guess of head@12345678 (p=0.90)"),
        ("", "Ann", ""),
    ]


def test_an_answer_of_a_server_stays_one_on_a_page_that_outlives_the_studio(photos, studio_of):
    """Started again, the studio knows a newer program's answers, or none: the label is caused by the one that the page showed."""
    import numpy as np

    from gatera.studio.guesses import Guess, Guesses

    studio = studio_of(photos)
    studio.served = dict.fromkeys(
        ("0.jpg", "1.jpg"), Guess("dog", 0.6, "cats@abcdef12", "program:cats@abcdef12")
    )
    desk = studio.people.desk("Ann")
    shown = {str(place): item_view(studio, desk, "Ann", place)["guess"] for place in (0, 1)}
    studio.served = {"0.jpg": Guess("dog", 0.9, "cats@12345678", "program:cats@12345678")}
    studio.guesses = Guesses("head@12345678", ["cat", "dog"], np.tile([0.1, 0.9], (6, 1)))
    studio.act("Ann", asked({"what": "label", "items": {"0": "dog", "1": "dog"}, "guessed": shown}, 6))
    assert {said.source for said in desk.labels.values()} == {"program:cats@abcdef12"}
    with pytest.raises(ArgumentError, match="the guesses that were shown"):
        asked({"what": "label", "items": {"0": "dog"}, "guessed": {"0": {**shown["0"], "source": "mail"}}}, 6)


def test_a_guess_that_is_taken_is_recorded(photos, studio_of):
    import numpy as np

    from gatera.studio.guesses import Guess, Guesses

    studio = studio_of(photos)
    studio.guesses = Guesses("head@12345678", ["cat", "dog"], np.tile([0.9, 0.1], (6, 1)))
    studio.act("Ann", label("cat", 0, guessed=True))
    studio.served = {"1.jpg": Guess("dog", 0.6, "cats@abcdef12", "program:cats@abcdef12")}
    studio.act("Ann", label("dog", 1, guessed=True))
    leave(studio, "Ann")
    rows = read_labels_file(photos / "labels.csv")
    assert (rows["0.jpg"].source, rows["0.jpg"].note) == ("", "took the guess of head@12345678 (p=0.90)")
    assert rows["1.jpg"].source == "program:cats@abcdef12"
    for value, guessed, noted in (
        ("cat", True, "blurred; took the guess of head@12345678 (p=0.90)"),
        ("dog", False, "blurred"),
    ):
        studio.act("Ben", Asked("note", {2: "blurred"}))
        leave(studio, "Ben")
        studio.act("Ann", label(value, 2, guessed=guessed))
        leave(studio, "Ann")
        assert studio.known("2.jpg").note == noted
    studio.act("Ann", label("cat", 3, guessed=True))
    studio.act("Ann", Asked("note", {3: "blurred"}))
    leave(studio, "Ann")
    assert studio.known("3.jpg").note == "blurred; took the guess of head@12345678 (p=0.90)"


def test_a_full_disk_keeps_the_journal_whole(photos, studio_of, monkeypatch):
    studio = studio_of(photos)
    studio.act("Ann", label("cat", 0))
    path = studio.folder / "people" / "Ann.jsonl"
    before = path.read_bytes()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DataError, match="This decision was not saved"):
        studio.act("Ann", label("dog", 1))
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert "1.jpg" not in studio.people.desk("Ann").labels


def test_a_journal_that_is_removed_is_written_again(photos, studio_of, said):
    studio = studio_of(photos)
    studio.act("Ann", label("cat", 0))
    shutil.rmtree(photos / ".gatera")
    studio.act("Ann", label("dog", 1))
    studio.act("Ann", label("dog", 2))
    assert "had been removed" in said[-1]
    studio.close()
    labels = studio_of(photos).people.desk("Ann").labels
    assert {name: each.value for name, each in labels.items()} == {
        "0.jpg": "cat",
        "1.jpg": "dog",
        "2.jpg": "dog",
    }


def test_a_journal_that_was_replaced_is_not_written_over(photos, studio_of):
    studio = studio_of(photos)
    studio.act("Ann", label("cat", 0))
    path = studio.folder / "people" / "Ann.jsonl"
    shutil.copy(path, path.with_suffix(".copy"))
    path.with_suffix(".copy").replace(path)
    before = path.read_bytes()
    with pytest.raises(DataError, match=r"is not the file .* Start the studio again"):
        studio.act("Ann", label("dog", 1))
    assert path.read_bytes() == before and "1.jpg" not in studio.people.desk("Ann").labels


@pytest.mark.parametrize("word", ["می\u200cخواهم", "a\u00a0b", "👨\u200d👩\u200d👧"])
def test_labels_and_names_of_every_script_can_be_given(photos, studio_of, word):
    studio = studio_of(photos)
    studio.act(word, asked({"what": "label", "items": {"0": word}}, 6))
    leave(studio, word)
    assert labels_in(photos) == {"0.jpg": word}


def test_a_folder_that_is_moved_away_does_not_come_back_empty(photos, studio_of):
    studio = studio_of(photos)
    studio.act("Ann", label("cat", 0))
    photos.rename(photos.with_name("elsewhere"))
    for decide in (lambda: studio.act("Ann", label("dog", 1)), lambda: leave(studio, "Ann")):
        with pytest.raises(DataError, match=r"no longer exists\. Put it back"):
            decide()
    assert not photos.exists()
    photos.with_name("elsewhere").rename(photos)
    studio.act("Ann", label("dog", 1))
    assert leave(studio, "Ann").written.changed == 2


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "a decision is a JSON object"),
        ({"what": "labels"}, "Did you mean 'label'"),
        ({"what": "label"}, "items must be an object"),
        ({"what": "label", "items": {"6": "cat"}}, "there is no such item"),
        ({"what": "label", "items": {"-1": "cat"}}, "there is no such item"),
        ({"what": "label", "items": {"0000000000006": "cat"}}, "there is no such item"),
        ({"what": "label", "items": {"²": "cat"}}, "there is no such item"),
        ({"what": "label", "items": {"0": "two\nlines"}}, "cannot be a label"),
        ({"what": "label", "items": {"0": "a\u202eb"}}, "cannot be a label"),
        ({"what": "label", "items": {"0": 7}}, "cannot be a label"),
        ({"what": "label", "items": {"0": "cat"}, "seconds": -1}, "seconds must be"),
        ({"what": "label", "items": {"0": "cat"}, "extra": 1}, "no argument 'extra'"),
        ({"what": "label", "items": {"0": "cat"}, "guessed": 1}, "guessed must be an object"),
        ({"what": "label", "items": {"0": "cat"}, "guessed": {"0": "cat"}}, "the guesses that were shown"),
        ({"what": "class", "label": " "}, "cannot be a label"),
        ({"what": "points", "items": {"0": [[0.5, 2]]}}, "points are pairs"),
        ({"what": "undo", "id": "x" * 65}, "id must be"),
    ],
)
def test_wrong_decisions_are_refused(body, words):
    with pytest.raises(ArgumentError) as error:
        asked(body, 6)
    assert words in str(error.value)


def test_a_page_may_have_shown_nothing():
    assert asked({"what": "label", "items": {"0": "cat"}, "saw": {}}, 6).saw == {}


def test_every_kind_of_decision_is_known_to_the_desk():
    assert set(ABOUT_ITEMS) <= set(desks.ABOUT_ITEMS)


def test_names_that_lead_out_are_not_opened(photos, studio_of):
    data = DataRepository.init(photos, on_note=lambda text: None)
    data.add()
    data.close()
    path = photos / "labels.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], "../../etc/passwd.jpg,,,,,,,,", *lines[1:], ""]))
    place = open_place(photos, say=lambda text: None)
    with pytest.raises(DataError, match="leads out of"):
        place.path(0)


def test_entries_are_lines_of_json(photos, studio_of):
    studio = studio_of(photos)
    studio.act("Zoë", Asked("note", {0: "blurred"}, seconds=1.0))
    path = studio.folder / "people" / "Zo%C3%AB.jsonl"
    entry = json.loads(path.read_text())
    assert entry["items"] == {"0.jpg": "blurred"} and entry["n"] == 1
    assert isinstance(studio.people._open("Zoë")[1], Journal)


def test_points_are_read_and_written(photos, studio_of):
    (photos / "labels.csv").write_text('file,label,points\n0.jpg,cat,"[[0.5, 0.25], [7, 7]]"\n')
    studio = studio_of(photos)
    desk = studio.people.desk("Ann")
    shown = item_view(studio, desk, "Ann", 0)
    assert (shown["points"], shown["said"]) == (
        [[0.5, 0.25]],
        "Points outside the photo, lost if you move another: [7, 7].",
    )
    assert item_view(studio, desk, "Ann", 1)["points"] == []
    studio.act("Ann", Asked("points", {1: [[0.1, 0.2]]}))
    leave(studio, "Ann")
    rows = read_labels_file(photos / "labels.csv")
    assert dict(rows["1.jpg"].more)["points"] == "[[0.1, 0.2]]" and rows["0.jpg"].label == "cat"


def test_where_all_points_were_taken_away_new_ones_can_be_placed(photos, studio_of):
    (photos / "labels.csv").write_text('file,label,points\n0.jpg,,"[[0.5, 0.25]]"\n')
    studio = studio_of(photos)
    studio.act("Ann", Asked("points", {0: []}))
    leave(studio, "Ann")
    assert item_view(studio, studio.people.desk("Ann"), "Ann", 0)["points"] == []


def test_texts_of_every_encoding_are_shown_with_what_is_missing_of_them(texts, studio_of):
    (texts / "0.txt").write_bytes(
        "Ein Fest für Ärzte.".encode("utf-16")
    )  # as Windows' Notepad writes "Unicode"
    (texts / "1.txt").write_bytes("Häßlich.".encode("latin-1"))
    (texts / "2.txt").write_text("a" * 30_000)
    spans = (
        '"[[0, 5, ""place""], [19999, 20001, ""edge""], [25000, 25001, ""on""], [1, 90000, ""far""], [3], 4]"'
    )
    (texts / "labels.csv").write_text(f"file,label,spans\n2.txt,pos,{spans}\n3.txt,pos,[not json\n")
    studio = studio_of(texts)
    shown = [item_view(studio, studio.people.desk("Ann"), "Ann", place) for place in range(4)]
    assert shown[0]["text"] == "Ein Fest für Ärzte." and "said" not in shown[0]
    assert shown[1]["text"].startswith("H\ufffd") and "not in UTF-8" in shown[1]["said"]
    assert shown[2]["spans"] == [[0, 5, "place"], [19999, 20001, "edge"]]
    assert shown[2]["said"] == (
        'Only the beginning of 30,000 characters. Spans that do not fit the text: [1, 90000, "far"], [3], 4.'
    )
    assert in_spanish(shown[2]["said"]).startswith(
        "Solo el comienzo de 30,000 caracteres. Tramos que no caben"
    )
    assert shown[3]["said"] == 'Spans that do not fit the text: "[not json".'


def test_what_was_said_of_an_item_that_is_gone_is_not_thrown_away(photos, studio_of):
    data = DataRepository.init(photos, on_note=lambda text: None)
    data.add()
    data.commit("Photos")
    studio = studio_of(photos)
    studio.act("Ann", label("cat", 0, 1))
    (photos / "1.jpg").unlink()
    data.add(removed=True)
    data.commit("One less")
    left = leave(studio, "Ann")
    assert "No longer there: 1 item" in left.sentence
    assert [*studio.people.desk("Ann").labels] == ["1.jpg"]


def test_what_was_decided_of_a_photo_does_not_go_to_another_of_its_name(photos, studio_of):
    studio = studio_of(photos)
    studio.act("Ann", label("cat", 0, 1))
    studio.act("Ann", Asked("note", {0: "blurred"}))
    studio.close()
    (photos / "5.jpg").replace(photos / "0.jpg")
    os.utime(photos / "1.jpg")  # touched, and the same
    again = studio_of(photos)
    left = leave(again, "Ann")
    assert labels_in(photos) == {"1.jpg": "cat"}
    assert left.sentence.endswith(
        "Not written: 1 item whose files were replaced since, 0.jpg for one. Look again, and decide again."
    )
    again.act("Ann", label("dog", 0))
    assert leave(again, "Ann").sentence.endswith("has 1 changed line.")
    assert labels_in(photos) == {"0.jpg": "dog", "1.jpg": "cat"}


def test_labels_do_not_wander_to_other_rows_when_the_table_changes(table, studio_of):
    studio = studio_of(table)
    studio.act("Ann", label("young", 0))
    studio.close()
    rows = table.read_text().splitlines()
    table.write_text("\n".join([*rows, "50,clerk,"]))
    longer = studio_of(table)
    assert longer.people.desk("Ann").labels["row 1"].value == "young"  # one more at the end
    longer.close()
    table.write_text("\n".join([rows[0], "50,clerk,", *rows[1:]]))
    again = studio_of(table)
    with pytest.raises(
        DataError, match=r"people.csv has different rows from those that were labelled, row 1 for one"
    ):
        leave(again, "Ann")
    table.write_text("\n".join(rows))
    again.close()
    assert leave(studio_of(table), "Ann").written.changed == 1


def test_the_journal_of_a_longer_table_does_no_harm(table, studio_of):
    studio = studio_of(table)
    studio.act("Ann", label("young", 0, 2))
    studio.close()
    table.write_text("age,job,label\n31,nurse,\n45,baker,old\n")
    left = leave(studio_of(table), "Ann")
    assert left.written is not None and left.written.changed == 1


def test_a_commit_that_was_cut_off_is_made_by_the_next(photos, studio_of, monkeypatch):
    data = DataRepository.init(photos, on_note=lambda text: None)
    data.add()
    data.commit("Photos")
    studio = studio_of(photos)
    studio.act("Ann", label("cat", 0))
    monkeypatch.setattr("gatera.store.datasets.committing.commit", lambda work, message: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        leave(studio, "Ann")
    monkeypatch.undo()
    assert {row.file: row.label for row in data.rows()}["0.jpg"] == "cat"  # written, not committed
    left = leave(studio, "Ann")
    assert left.written is not None and left.written.commit == data.head
    assert studio.people.desk("Ann").waiting == 0


def test_nobody_else_can_read_a_token_at_any_moment(tmp_path, monkeypatch):
    """It was as other files are until its permissions were set."""
    monkeypatch.setenv("GATERA_HOME", str(tmp_path / "home"))
    seen = []

    def watched(path, target, replace=Path.replace):
        seen.append(path.stat().st_mode & 0o777)
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", watched)
    own_token()
    assert [*seen, (tmp_path / "home" / "studio-token").stat().st_mode & 0o777] == [0o600, 0o600]


def test_a_token_is_kept_where_it_can_be(tmp_path, monkeypatch):
    """A home that is read-only kept the studio from starting; an empty file was a token that everybody knows."""
    monkeypatch.setenv("GATERA_HOME", str(tmp_path / "home"))
    token = own_token()
    assert len(token) > 30 and own_token() == token
    (tmp_path / "home" / "studio-token").write_text("")
    assert len(own_token()) > 30
    (tmp_path / "file").touch()
    monkeypatch.setenv("GATERA_HOME", str(tmp_path / "file"))
    assert len(own_token()) > 30 and own_token() != token


def test_a_journal_of_an_earlier_version_has_one_source_for_all_items():
    entry = {"n": 1, "what": "label", "items": {"a": "x", "b": "x"}, "source": "program:cats@abcdef12"}
    assert [each.source for each in desks.Desk([entry]).labels.values()] == ["program:cats@abcdef12"] * 2
