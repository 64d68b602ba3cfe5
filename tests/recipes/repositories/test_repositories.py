"""Training on a data repository takes label, split and group from its labels, and the program records the commit."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import gatera
from gatera.core.errors import ArgumentError, DataError
from gatera.data.folders.labelled import Kind
from gatera.data.sources.items import get_image_files
from gatera.evaluate.kept.commit import commit_of_source
from gatera.evaluate.kept.origin import find_origin
from gatera.program.package import read_package
from gatera.program.raw.photo import read_photo
from gatera.recipes.events import Events
from gatera.recipes.repositories.files import repository_files
from gatera.recipes.repositories.groups import with_groups
from gatera.recipes.settings import SplitKind, TrainSettings
from gatera.recipes.splitting.files import choose_split
from gatera.store import DataRepository
from gatera.store.datasets.labels.rows import Row, header_of

KIND = Kind(get_image_files, "photo", ".jpg", read_photo)


class Said(Events):
    def __init__(self):
        super().__init__()
        self.notes, self.warnings = [], []

    def on_note(self, note):
        self.notes.append(str(note))

    def on_warning(self, text):
        self.warnings.append(text)


@pytest.fixture
def data(tmp_path, photo_folder, monkeypatch):
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ann")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ann@example.org")
    for name in ("cat/cat_0.jpg", "cat/cat_1.jpg", "dog/dog_0.jpg", "dog/dog_1.jpg"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((photo_folder / name).read_bytes())
    found = DataRepository.init(tmp_path / "photos", on_note=lambda text: None)
    found.add()
    found.commit("First")
    return found


def settings(source):
    return TrainSettings(source=source, out=source.parent / "a.gatera")


def test_labels_come_from_the_table_and_not_from_the_folders(data):
    data.label("dog", "cat/cat_1.jpg", split="valid", source="program:old@12345678", replace=True)
    data.label("", "dog/dog_1.jpg")
    data.label(None, "cat", group="patient 1")
    (data.root / "dog/new.jpg").write_bytes((data.root / "dog/dog_0.jpg").read_bytes())
    events = Said()
    found = repository_files(settings(data.root), events, KIND)
    assert found is not None and [path.name for path in found.files] == [
        "cat_0.jpg",
        "cat_1.jpg",
        "dog_0.jpg",
    ]
    assert (found.labels, found.split) == (["cat", "dog", "dog"], ["train", "valid", "train"])
    assert found.groups == ["group patient 1", "group patient 1", "item dog/dog_0.jpg"]
    assert events.notes == [
        "1 photo without a label in labels.csv is not used.",
        "1 photo is not in labels.csv and not used (gatera data add).",
    ]
    assert events.warnings[0].startswith("1 of 3 labels were given by a model (program:old@12345678 1).")
    assert events.warnings[1] == (
        "1 of 1 group in labels.csv is held out in part only, as its sides say: patient 1. The error says little about "
        "items of other groups."
    )


def test_an_error_on_labels_of_functions_is_said_to_be_one(data):
    """Nine of ten labels were those of rules, and the error of the program was printed as if people had given them."""
    data.label("cat", "cat/cat_0.jpg", "cat/cat_1.jpg", source="function:whiskers@12345678", replace=True)
    events = Said()
    repository_files(settings(data.root), events, KIND)
    assert events.warnings == [
        "2 of 4 labels were given by labelling functions (function:whiskers@12345678 2). An error on such labels says how often the "
        "program disagrees with them, and not how often it is wrong: measure it on labels of people. (column source of labels.csv)"
    ]


@pytest.mark.parametrize("train", [(), ("cat/cat_0.jpg",)])
def test_items_without_a_side_are_trained_on_where_others_are_held_out(data, train):
    """Photos that were added after the sides were named were not used at all, and nothing said so; rows and masks were."""
    data.label(None, "cat/cat_1.jpg", "dog/dog_1.jpg", split="valid")
    if train:
        data.label(None, *train, split="train")
    found = repository_files(settings(data.root), Said(), KIND)
    assert found.split == ["train", "valid", "train", "valid"] and len(found.splits.train) == 2
    data.label(None, "cat/cat_1.jpg", "dog/dog_1.jpg", split="test")
    assert repository_files(settings(data.root), Said(), KIND).split[2] == ""  # the validation set is drawn


def test_folders_of_sides_count_where_labels_name_no_split(tmp_path, photo_folder):
    """As `gatera label` and the studio write them for photos without class folders: test photos were trained on."""
    rows = []
    for side, n in (("train", 0), ("test", 1)):
        for label in ("cat", "dog"):
            path = tmp_path / "photos" / side / f"{label}_{n}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((photo_folder / label / f"{label}_{n}.jpg").read_bytes())
            rows.append(Row(f"{side}/{path.name}", "", label))
    lines = [",".join([row.file, "", row.label, *[""] * (len(header_of(()).split(",")) - 3)]) for row in rows]
    (tmp_path / "photos" / "labels.csv").write_text("\n".join([header_of(()).strip(), *lines, ""]))
    said = Said()
    found = repository_files(settings(tmp_path / "photos"), said, KIND)
    assert dict(zip((path.parent.name for path in found.files), found.split, strict=True)) == {
        "train": "train",
        "test": "test",
    }
    assert "The labels do not define a split; the folders do: test, train." in said.notes


def test_groups_of_the_table_are_kept_together(data):
    data.label(None, "cat", group="a")
    found = repository_files(settings(data.root), Said(), KIND)
    chosen = choose_split(found, settings(data.root), Said())
    assert chosen.groups[0] == chosen.groups[1] != chosen.groups[2] != chosen.groups[3]


def test_the_newest_are_held_out_where_that_is_asked_for_whatever_the_groups(data, photo_folder):
    """Groups were held out instead, as the labels name some."""
    for number, path in enumerate(sorted(data.root.rglob("*.jpg"))):
        path.rename(path.with_name(f"{path.stem}_2024-01-0{1 + number % 2}.jpg"))
    data.add(removed=True)
    data.label(None, "cat", group="a")
    asked, said = replace(settings(data.root), split=SplitKind.time), Said()
    chosen = choose_split(repository_files(asked, said, KIND), asked, said)
    assert [str(day) for day in chosen.times] == ["2024-01-01", "2024-01-02"] * 2 and chosen.groups == ()
    assert said.notes[0].startswith("The groups in labels.csv do not count, as the newest items are held out")


@pytest.mark.parametrize("how", [{"split": SplitKind.random}, {"split": SplitKind.time}, {"time_by": "seen"}])
def test_rows_are_split_as_asked_whatever_their_groups_which_are_no_input(how, tmp_path):
    """The run was refused: "--split random cannot be used with --group-by", which nobody had passed."""
    asked = TrainSettings(tmp_path, tmp_path / "out.gatera", drop="note", **how)
    assert with_groups(asked, "group") == replace(asked, drop=["note", "group"])
    assert with_groups(replace(asked, group_by="who"), "group").group_by == "who"
    plain = TrainSettings(tmp_path, tmp_path / "out.gatera")
    assert with_groups(plain, "group").group_by == "group" and with_groups(plain, None) == plain


@pytest.mark.parametrize("commit", ["@", "@~1", "main@{0}", "@{1}"])
def test_commits_that_git_writes_with_the_sign_itself(commit, data):
    data.label("wolf", "dog")
    data.commit("Wolves")
    source = data.root.parent / f"photos@{commit}"
    assert commit_of_source(source) == (data.root, commit)
    assert find_origin(source).facts["commit"] == data.commit_of(commit)


def test_a_commit_is_laid_out_as_it_was(data):
    first = data.head
    data.label("wolf", "dog")
    (data.root / "cat/cat_0.jpg").unlink()
    data.add(removed=True)
    data.commit("Wolves")
    origin = find_origin(data.root.parent / f"photos@{first[:8]}")
    assert (
        commit_of_source(data.root.parent / f"photos@{first[:8]}") == (data.root, first[:8])
        and origin.facts["commit"] == first
        and origin.words == f"data commit {first[:12]} of photos"
    )
    found = repository_files(settings(origin.source), Said(), KIND)
    assert len(found.files) == 4 and set(found.labels) == {"cat", "dog"}
    assert find_origin(data.root).facts["committed"] == "yes"
    data.label("cat", "dog")
    assert find_origin(data.root).words.endswith("of photos, with changes that are not committed")
    with pytest.raises(ArgumentError, match=r"there is no commit 'never'"):
        find_origin(data.root.parent / "photos@never")
    with pytest.raises(DataError, match=r"is not a data repository, so it has no commit 'main'"):
        find_origin(data.root.parent.parent / f"{data.root.parent.name}@main")
    data.label("", ".")
    with pytest.raises(
        DataError, match=r"none of the 3 photos in the labels of .* has a label. Add some: gatera data label"
    ):
        repository_files(settings(data.root), Said(), KIND)


@pytest.mark.whole
def test_a_program_records_the_commit_of_its_data(tmp_path, monkeypatch):
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ann")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ann@example.org")
    for label, word in (("good", "lovely"), ("bad", "dull")):
        (tmp_path / "films" / label).mkdir(parents=True)
        for number in range(12):
            (tmp_path / f"films/{label}/{number}.txt").write_text(
                f"What a {word} film, number {number} of {number * 7} that I saw."
            )
    data = DataRepository.init(tmp_path / "films", on_note=lambda text: None)
    data.add()
    data.commit("Films")
    data.label("good", "bad")
    data.commit("All good")
    trained = gatera.train(f"{data.root}@HEAD~1", out=tmp_path / "a.gatera", model="words", events=Events())
    first = data.commit_of("HEAD~1")
    package = read_package(trained.path)
    assert package.program["training"]["data"] == {
        "name": "films",
        "commit": first,
        "committed": "yes",
        "labels": {"person": 24},
    }
    assert f"data commit {first[:12]} of films" in package.read("card.md").decode()


# -- rows


@pytest.fixture
def people(tmp_path, data):
    table = tmp_path / "people.csv"
    table.write_text("id,age,hired,group\na,30,no,x\nb,20,yes,y\nc,25,,y\n")
    found = DataRepository.init(tmp_path / "people", on_note=lambda text: None)
    found.add_rows(table, target="hired")
    found.commit("First")
    return found


def test_a_commit_of_rows_is_a_table_with_the_label(people):
    first = people.head
    people.put_rows(
        [row._replace(label="maybe", source="program:p@1") for row in people.rows() if row.file == "a"]
    )
    origin = find_origin(Path(f"{people.root}@{first}"))
    assert origin.target == "label" and origin.facts["commit"] == first
    assert origin.source.read_text().splitlines() == ["age,label,group", "30,no,x", "20,yes,y"]
    now = find_origin(people.root)
    assert now.source.read_text().splitlines() == [
        "age,label,group,label_source",
        "30,maybe,x,program:p@1",
        "20,yes,y,",
    ]
    assert now.facts["committed"] == "with changes that are not committed"


def test_rows_of_which_none_has_a_label_are_a_table_without_that_column(tmp_path):
    """All its columns were called empty, for there were no rows in it."""
    (tmp_path / "pairs.csv").write_text("user,film\na,1\nb,1\n")
    pairs = DataRepository.init(tmp_path / "pairs", on_note=lambda text: None)
    pairs.add_rows(tmp_path / "pairs.csv")
    found = find_origin(pairs.root)
    assert found.target is None and found.source.read_text() == "user,film\na,1\nb,1\n"


def test_rows_without_a_label_that_training_passes_over_are_counted(tmp_path):
    lines = [f"{n},{n % 7},{('yes', 'no')[n % 2] if n < 40 else ''}" for n in range(47)]
    (tmp_path / "rows.csv").write_text("\n".join(["id,x,label", *lines]) + "\n")
    rows = DataRepository.init(tmp_path / "rows", on_note=lambda text: None)
    rows.add_rows(tmp_path / "rows.csv")
    heard: list[str] = []
    events = Events()
    events.on_warning = heard.append
    gatera.train(rows.root, out=tmp_path / "p.gatera", model="linear", events=events)
    assert "Skipped 7 rows without a label." in heard


def test_a_repository_of_files_is_no_table(data):
    assert (find_origin(data.root).target, find_origin(data.root).source) == (None, data.root)


@pytest.mark.whole
def test_training_on_rows_records_the_commit(people, tmp_path):
    people.put_rows(
        Row(f"r{n:03d}", label=("yes", "no")[n % 2], more=(str(20 + n / 7 + 30 * (n % 2)),))
        for n in range(60)
    )
    people.commit("More")
    trained = gatera.train(people.root, out=tmp_path / "p.gatera", epochs=1, events=Events())
    assert read_package(trained.path).program["training"]["data"]["commit"] == people.head
    assert trained.program.predict({"age": 21.5}).label == "yes"


@pytest.mark.whole
def test_ratings_in_a_repository_are_ratings(tmp_path):
    """It was refused, by an option that nobody gave: "target= can only be used with task=table"."""
    table = tmp_path / "ratings.csv"
    lines = [f"u{n % 12},m{n % 7},{1 + (n % 12 + n % 7) % 5}\n" for n in range(84)]
    table.write_text("user,movie,rating\n" + "".join(lines))
    films = DataRepository.init(tmp_path / "films", on_note=lambda text: None)
    films.add_rows(table, target="rating")
    films.put_rows([row._replace(group="g") for row in list(films.rows())[:5]])
    films.commit("Ratings")
    asked = {"task": "recommend", "out": tmp_path / "p.gatera", "epochs": 1, "events": Events()}
    trained = gatera.train(f"{films.root}@{films.head}", **asked)
    assert read_package(trained.path).program["training"]["data"]["commit"] == films.head
    assert 1 <= float(trained.program.predict({"user": "u1", "movie": "m2"}).label) <= 5


@pytest.mark.parametrize("how", ["CRLF", "another order", "quotes", "semicolons", "all quoted", "tabs"])
def test_labels_of_a_folder_that_a_spreadsheet_saved_are_the_same(how, photo_folder, tmp_path):
    """Functions and the studio write labels.csv beside photos; such a file was refused."""
    folder = tmp_path / "photos"
    shutil.copytree(photo_folder, folder)
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.jpg"))
    lines = [f"{name},,{name[:3]},{'valid' if '_1' in name else 'train'},{name[-5]},,Ann,," for name in names]
    if how == "quotes":
        lines = [f'"{line.replace(",", chr(34) + "," + chr(34))}"' for line in lines]
    lines = [header_of(()), *lines[:: -1 if how == "another order" else 1], ""]
    text = ("\r\n" if how == "CRLF" else "\n").join(lines)
    if how == "all quoted":
        text = re.sub(r"(?m)^(?=.)|(?<=.)$", '"', text).replace(",", '","')
    if how in ("semicolons", "tabs"):  # with a mark at the begin, as Excel has it
        text = "\ufeff" + text.replace(",", ";" if how == "semicolons" else "\t")
    (folder / "labels.csv").write_bytes(text.encode())
    found = repository_files(settings(folder), Said(), KIND)
    assert found.layout.endswith("labels.csv") and len(found.files) == len(names) == 24
    for path, label, split in zip(found.files, found.labels, found.split, strict=True):
        assert (label, split) == (path.name[:3], "valid" if "_1" in path.name else "train")
    digits = [path.name[-5] for path in found.files]
    assert len(set(found.groups)) == len({*zip(found.groups, digits, strict=True)}) == len(set(digits)) > 1
