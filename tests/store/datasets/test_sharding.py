"""A commit written for other tools: what is in it, that it is the same each time, and that the package datasets reads it."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest
from PIL import Image

from gatera.core.errors import ArgumentError, DataError, OutputExistsError
from gatera.store import DataRepository


@pytest.fixture
def photos(tmp_path: Path) -> DataRepository:
    """Two cats (one to validate with) and a dog, with the splits decided for two of them."""
    folder = tmp_path / "pets"
    for number, label in enumerate(("cat", "cat", "dog")):
        path = folder / label / f"{number}.v2.PNG"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 3), (number * 40, 0, 0)).save(path, "PNG")
    data = DataRepository.init(folder, on_note=lambda text: None)
    data.add()
    data.label("cat", "cat/0.v2.PNG", split="valid", note='a "quoted", line\nand another')
    data.commit("Three")
    return data


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}


def test_tar_files_hold_each_item_and_what_is_known_of_it(photos, tmp_path):
    made = photos.shard(tmp_path / "out")
    assert made.items == {"train": 2, "validation": 1}
    assert made.files == ["train-000000.tar", "validation-000000.tar"]
    train = members(tmp_path / "out" / "train-000000.tar")
    assert list(train) == ["000000000.png", "000000000.json", "000000001.png", "000000001.json"]
    assert Image.open(io.BytesIO(train["000000001.png"])).getpixel((0, 0)) == (80, 0, 0)
    facts = json.loads(train["000000001.json"])
    assert (facts["file"], facts["label"], facts["split"], facts["by"]) == ("dog/2.v2.PNG", "dog", "", "Ann")
    valid = members(tmp_path / "out" / "validation-000000.tar")
    assert json.loads(valid["000000000.json"])["note"] == 'a "quoted", line\nand another'


def test_the_same_commit_gives_the_same_bytes_whatever_lies_in_the_folder(photos, tmp_path):
    commit = photos.head
    photos.shard(tmp_path / "one")
    photos.label("fox", "dog/2.v2.PNG")
    photos.commit("A fox")
    (photos.root / "dog" / "2.v2.PNG").write_bytes(b"changed since")
    photos.shard(tmp_path / "two", commit)
    for name in ("train-000000.tar", "validation-000000.tar", "README.md"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_tar_file_is_closed_when_it_is_large_enough(photos, tmp_path):
    big = photos.root / "cat" / "big.bin"
    big.write_bytes(bytes(1_000_001))
    photos.add()
    photos.commit("A big one")
    made = photos.shard(tmp_path / "out", shard_mb=1)
    assert made.files == ["train-000000.tar", "train-000001.tar", "validation-000000.tar"]
    # numbers go on over the files of a split, so that keys are unique
    second = members(tmp_path / "out" / "train-000001.tar")
    assert list(second) == ["000000002.png", "000000002.json"]


@pytest.mark.whole
@pytest.mark.parametrize("layout", ["tar", "folders"])
def test_hugging_faces_package_reads_both_layouts(photos, tmp_path, layout):
    import datasets

    photos.shard(tmp_path / "out", layout=layout)
    found = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert {split: len(rows) for split, rows in found.items()} == {"train": 2, "validation": 1}
    last = found["train"][1]
    image = last["png"] if layout == "tar" else last["image"]
    label = last["json"]["label"] if layout == "tar" else last["label"]
    assert (image.getpixel((0, 0)), label) == ((80, 0, 0), "dog")


def test_folders_hold_the_files_and_a_table(photos, tmp_path):
    made = photos.shard(tmp_path / "out", layout="folders")
    assert made.files == ["train/metadata.jsonl", "validation/metadata.jsonl"]
    lines = (tmp_path / "out" / "train" / "metadata.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [(row["file_name"], row["label"]) for row in rows] == [
        ("cat/1.v2.PNG", "cat"),
        ("dog/2.v2.PNG", "dog"),
    ]
    assert (tmp_path / "out/train/dog/2.v2.PNG").read_bytes() == (photos.root / "dog/2.v2.PNG").read_bytes()


def test_what_was_decided_is_said(photos, tmp_path):
    said: list[str] = []
    (photos.root / "new.png").write_bytes(b"new")
    photos.add()
    photos.commit("One without a label")
    DataRepository(photos.root, said.append).shard(tmp_path / "out")
    assert said == [
        "3 items without a split are written as train.",
        "1 item without a label: theirs is empty.",
    ]


def test_labels_that_are_not_committed_are_said_to_be_left_out(photos, tmp_path):
    photos._work.say = (said := []).append
    photos.shard(tmp_path / "a")
    photos.label("fox", next(iter(photos.rows())).file)
    assert not any("not committed" in text for text in said)
    photos.shard(tmp_path / "b")
    assert "There are changes of labels that are not committed; they are not in it" in said[-1]
    (photos.root / "labels.csv").unlink()  # the commit can be written all the same
    photos.shard(tmp_path / "c")


def test_a_folder_with_something_in_it_is_left_alone(photos, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(OutputExistsError, match="already exists"):
        photos.shard(tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_a_damaged_object_leaves_nothing_behind(photos, tmp_path):
    row = next(iter(photos.rows()))
    kept = photos.root / ".gatera" / "objects" / row.sha256[:2] / row.sha256[2:]
    kept.chmod(0o644)
    kept.write_bytes(b"damaged")
    with pytest.raises(DataError):
        photos.shard(tmp_path / "out")
    assert not any(path.name.startswith((".out", "out")) for path in tmp_path.iterdir())


def test_a_missing_object_names_the_file_and_the_remedy(photos, tmp_path):
    row = next(iter(photos.rows()))
    (photos.root / ".gatera" / "objects" / row.sha256[:2] / row.sha256[2:]).unlink()
    with pytest.raises(DataError, match="lacks 1 file of commit") as caught:
        photos.shard(tmp_path / "out")
    assert "cat/0.v2.PNG" in str(caught.value) and "gatera data pull" in str(caught.value)


@pytest.mark.parametrize("wrong", [{"layout": "zip"}, {"shard_mb": 0}, {"commit": "nowhere"}])
def test_wrong_choices_are_refused(photos, tmp_path, wrong):
    with pytest.raises(ArgumentError):
        photos.shard(tmp_path / "out", **wrong)
    assert not (tmp_path / "out").exists()
