"""The page for people who come from fastai: what it says is there is there, and its examples run."""

from __future__ import annotations

import dataclasses
import re
import shutil
from types import SimpleNamespace

import pytest
from pages import blocks, read, section, spans

import gatera.audio.all
import gatera.collab.all
import gatera.tabular.all
import gatera.text.all
import gatera.vision.all as face
from gatera.data.download.datasets import untar_data
from gatera.data.download.urls import URLs
from gatera.learn.state import LoopState

PAGE = read("docs/from-fastai.md")


#: Everything that the star imports of the book bring together.
EVERYTHING = SimpleNamespace(**{
    name: getattr(module, name)
    for module in (gatera.audio.all, gatera.collab.all, gatera.tabular.all, gatera.text.all, face)
    for name in module.__all__
})  # fmt: skip


def missing(path: str) -> bool:
    """Whether a dotted name is not to be found in any of the faces."""
    value: object = EVERYTHING
    for part in path.split("."):
        if part not in dir(value):
            return True
        value = getattr(value, part)
    return False


def test_every_name_that_is_the_same_is_there():
    names = spans(section(PAGE, "## What is the same").split("\n\nThe algorithms")[0])
    assert len(names) > 150
    plain = [name for name in names if re.fullmatch(r"[\w.]+", name) and name not in ("opt_func", "Multi")]
    assert [name for name in plain if missing(name)] == []


def test_every_multi_form_is_there():
    for name in ("APScore", "F1Score", "FBeta", "HammingLoss", "Jaccard", "Precision", "Recall", "RocAuc"):
        assert not missing(f"{name}Multi")


def ours(text: str) -> list[str]:
    """Return the names in code spans that look like ours: called or dotted ones by what is called."""
    found = []
    for span in spans(text):
        found += re.findall(r"\b([A-Z]\w+)\(", span)
    return found


def test_every_class_that_the_page_calls_as_ours_is_there():
    different = section(PAGE, "## What is different on purpose") + section(PAGE, "## Continuing training")
    right = [row.split("|")[2] for row in _rows(section(PAGE, "## Options instead of many keywords"))]
    right += [row.split("|")[2] for row in _rows(section(PAGE, "## Names that Gatera does not have"))]
    others = {"DataLoader", "ThreadPoolExecutor"}  # torch's and Python's, in full in the page
    called = set(ours(different + "\n".join(right))) - others
    assert called
    assert [name for name in sorted(called) if missing(name)] == []


def _rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| fastai")]


def test_names_that_are_said_not_to_be_there_are_not():
    left = [row.split("|")[1] for row in _rows(section(PAGE, "## Names that Gatera does not have"))]
    names = [name for cell in left for name in re.findall(r"`(\w+)\W?[^`]*`", cell)]
    there = {"DataBlock", "Learner", "unet_learner"}  # rows on a use of these, or a method
    unexpected = [name for name in names if name in face.__all__ and name not in there]
    assert names and unexpected == []


def test_the_state_has_the_attributes_of_the_table():
    text = section(PAGE, "## Callbacks: explicit state instead of `self.learn`")
    named = set(re.findall(r"\bstate\.(\w+)", "\n".join([*spans(text)])))
    fields = {field.name for field in dataclasses.fields(LoopState)} | {"progress"}
    assert named and named <= fields


def test_the_options_named_are_fields_of_their_records():
    for record, wanted in (
        (
            face.TrainingOptions,
            ("wd", "wd_bn_bias", "train_bn", "moms", "model_dir", "precision", "channels_last"),
        ),
        (face.HeadOptions, ("lin_ftrs", "ps", "pool", "concat_pool", "first_bn", "bn_final", "lin_first")),
        (face.ExportOptions, ("slim",)),
    ):
        assert set(wanted) <= {field.name for field in dataclasses.fields(record)}


@pytest.mark.parametrize(
    "block", [*blocks(PAGE, "py"), *blocks(PAGE, "python")], ids=lambda b: f"line {b.line}"
)
def test_every_example_is_python(block):
    code = compile(block.text, f"docs/from-fastai.md:{block.line}", "exec")
    assert code.co_names or code.co_consts


@pytest.mark.whole
def test_the_examples_run_one_after_the_other(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {}
    for block in blocks(PAGE, "python"):
        # Smaller photos than the reader's, and a folder of the test's own.
        text = block.text.replace("Resize(224)", "Resize(48)").replace(
            'untar_data(URLs.PETS_SAMPLE) / "images"', "own_copy()"
        )
        namespace["own_copy"] = lambda: _few_photos(tmp_path)
        exec(compile(text, f"docs/from-fastai.md:{block.line}", "exec", dont_inherit=True), namespace)
    assert "Probability it's a cat: " in capsys.readouterr().out
    assert (tmp_path / "cats.gatera").is_file()


def _few_photos(folder):
    """Copy every third photo of the sample into a folder."""
    (folder / "images").mkdir()
    for number, file in enumerate(sorted((untar_data(URLs.PETS_SAMPLE) / "images").rglob("*.jpg"))):
        if number % 3 == 0:
            shutil.copy(file, folder / "images")
    return folder / "images"
