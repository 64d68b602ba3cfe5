"""`gatera explain`: a program's network is built again, and its answers are explained in pictures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from gatera.cli.commands.inside import EXPLAINED
from gatera.cli.explaining.photos import METHODS
from gatera.core.errors import ProgramFileError
from gatera.data.transforms.item import Resize
from gatera.interpret.network_of_program import check_same, subject_of_program
from gatera.learn.learner import Learner
from gatera.models.vision.heads import HeadOptions
from gatera.program.package import read_package, write_package
from gatera.program.program import load_program
from gatera.vision.data import ImageDataLoaders
from gatera.vision.learner import vision_learner

pytestmark = pytest.mark.slow


def small_learner(photo_folder: Path, folder: Path, **settings) -> Learner:
    dls = ImageDataLoaders.from_folder(
        photo_folder, valid_pct=0.25, seed=42, item_tfms=Resize(64), bs=4, num_workers=0, device="cpu"
    )
    return vision_learner(dls, "test_resnet", pretrained=False, path=folder, **settings)


@pytest.fixture(scope="module")
def cats(photo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain")
    return small_learner(photo_folder, folder, head=HeadOptions(lin_ftrs=[12])).export("cats.gatera")


def changed(program: Path, folder: Path, name: str, leave_out: tuple[str, ...] = (), **changes) -> Path:
    package = read_package(program)
    entries = {
        entry: package.read(entry) for entry in package.names if entry not in ("program.json", *leave_out)
    }
    return write_package(folder / name, {**package.program, **changes}, entries)


def test_the_network_answers_as_the_program_does(cats, cat):
    subject = subject_of_program(cats)
    with torch.no_grad():
        found = subject.answers(subject.model(subject.encode(cat)))[0]
    expected = load_program(cats).predict(cat).probabilities
    torch.testing.assert_close(found, torch.tensor(expected), rtol=0, atol=1e-4)
    check_same(subject, load_program(cats), cat, cats)


def test_pictures_are_written_and_a_line_says_what_they_show(gatera, cats, cat, dog, tmp_path):
    out = tmp_path / "why"
    ran = gatera("explain", cats, cat, dog, "--out", out, "--patch", 16, "--units", "layer2")
    assert (ran.status, len(ran.out.splitlines())) == (0, 3), ran.err
    first = ran.out.splitlines()[0]
    assert first.startswith(f"{cat}: ") and "with the square at row" in first
    names = {file.name for file in out.iterdir()}
    assert names == {"units-layer2.png"} | {
        f"{animal}_0-{method}.png" for animal in ("cat", "dog") for method in ("occlusion", "gradcam")
    }
    for file in out.iterdir():
        with Image.open(file) as picture:
            assert picture.size[0] > 300

    again = gatera("explain", cats, cat, "--out", out)
    assert again.status == 1 and "exists and is not empty. Pass --force to write into it" in again.err


def test_json_names_the_label_and_the_square(gatera, cats, cat, tmp_path):
    ran = gatera(
        "explain", cats, cat, "--out", tmp_path / "a", "--label", "dog", "--method", "occlusion", "--json"
    )
    [found] = [json.loads(line) for line in ran.out.splitlines()]
    assert found["file"] == str(cat) and found["label"] == "dog" and found["patch"] == 32
    assert (
        found["hidden"] <= 1
        and len(found["most_important"]) == 2
        and list(found["pictures"]) == ["occlusion"]
    )


def test_what_cannot_be_read_is_reported_and_the_rest_explained(gatera, cats, cat, tmp_path):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no photo")
    ran = gatera("explain", cats, cat, bad, "--out", tmp_path / "a", "--method", "gradcam")
    assert ran.status == 1 and "bad.jpg" in ran.err and "1 of 2 photos could not be read." in ran.err
    assert [file.name for file in (tmp_path / "a").iterdir()] == ["cat_0-gradcam.png"]


def test_choices_that_do_not_fit_get_the_nearest(gatera, cats, cat, tmp_path):
    ran = gatera("explain", cats, cat, "--out", tmp_path / "a", "--label", "dgo")
    assert ran.status == 1 and "Did you mean 'dog'?" in ran.err
    ran = gatera("explain", cats, cat, "--out", tmp_path / "b", "--units", "layr2", "--method", "gradcam")
    assert (
        ran.status == 1
        and "the model has no layer 'layr2'" in ran.err
        and "Did you mean 'layer2'?" in ran.err
        and not (tmp_path / "b").exists()
    )
    ran = gatera("explain", cats, cat, "--out", tmp_path / "c", "--patch", 100)
    assert ran.status == 1 and "smaller than the square" in ran.err and "Pass --patch 16." in ran.err


def test_a_program_without_what_is_needed_says_what_it_lacks(cats, tmp_path, program):
    said = {}
    package = read_package(cats)
    model = package.program["model"]
    for name, path in {
        "weights": changed(cats, tmp_path, "slim.gatera", ("weights.safetensors",)),
        "name": changed(
            cats, tmp_path, "old.gatera", model={k: v for k, v in model.items() if k != "architecture"}
        ),
        "unknown": changed(cats, tmp_path, "own.gatera", model=model | {"architecture": "MyNet"}),
        "other": changed(cats, tmp_path, "other.gatera", model=model | {"architecture": "resnet18"}),
    }.items():
        with pytest.raises(ProgramFileError) as caught:
            subject_of_program(path)
        said[name] = str(caught.value)
    assert said["weights"].endswith("Train it without slim, or export it again from its learner.")
    assert "does not say which architecture it has" in said["name"]
    assert "'MyNet' is not one that is known by name" in said["unknown"]
    assert "its weights are not those of resnet18 with a usual head" in said["other"]
    assert all(str(tmp_path) in text for text in said.values())


def test_a_network_that_would_answer_otherwise_is_refused(cats, cat, tmp_path):
    other = changed(
        cats, tmp_path, "n.gatera", model=read_package(cats).program["model"] | {"normalize": None}
    )
    with pytest.raises(ProgramFileError, match="it gives other answers than the program"):
        check_same(subject_of_program(other), load_program(other), cat, other)


def test_no_map_is_drawn_of_rows_and_texts(tiny_programs, tmp_path):
    for kind, said in {
        "rows": "explained_row(program, row, other_rows)",
        "texts": "explained_text(program, text)",
    }.items():
        with pytest.raises(ProgramFileError) as caught:
            subject_of_program(tiny_programs.write(kind, tmp_path / f"{kind}.gatera"))
        assert "does not take photos or sounds" in str(caught.value) and said in str(caught.value)


def test_programs_of_points_are_explained_in_python(cats, tmp_path):
    path = changed(
        cats,
        tmp_path,
        "points.gatera",
        task="points",
        decode={"activation": "none", "vocab": None, "threshold": None, "temperature": 1.0},
    )
    with pytest.raises(ProgramFileError, match="answers with points, and only labels, numbers and masks"):
        subject_of_program(path)


def test_the_choices_are_those_of_the_command():
    assert tuple(METHODS) == EXPLAINED
