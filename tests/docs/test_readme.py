"""The README's programs run, and its commands are there."""

from __future__ import annotations

import re
import shlex
import shutil
import tomllib

import pytest
from pages import ROOT, blocks, read

from gatera.cli.commands.every import first_words
from gatera.samples import sample_path

README = read("README.md")


def commands() -> list[str]:
    """Return every line of a plain block, prompts and comments taken away."""
    lines = [line for block in blocks(README, "") for line in block.text.splitlines()]
    return [line.split("#")[0].removeprefix("$ ").strip() for line in lines if line.split("#")[0].strip()]


def test_every_gatera_command_is_one():
    verbs = [shlex.split(line)[1] for line in commands() if line.startswith("gatera ")]
    verbs += re.findall(r"`gatera (\w+)[^`]*`", README)
    assert verbs and set(verbs) <= set(first_words())


def test_every_make_target_is_in_the_makefile():
    targets = {shlex.split(line)[1] for line in commands() if line.startswith("make ")}
    known = set(re.findall(r"^(\w+):", read("Makefile"), re.MULTILINE))
    assert targets and targets <= known


def test_every_extra_is_in_the_package():
    known = set(tomllib.loads(read("pyproject.toml"))["project"]["optional-dependencies"])
    named = set(re.findall(r"(?:gatera|\.)\[(\w+)\]", README))
    assert named and named <= known


def test_every_script_that_is_called_exists():
    scripts = re.findall(r"python ([\w/]+\.py)", "\n".join(commands()))
    assert scripts and [script for script in scripts if not (ROOT / script).exists()] == []


@pytest.mark.parametrize("block", blocks(README, "python"), ids=lambda b: f"line {b.line}")
def test_every_program_is_python(block):
    code = compile(block.text, f"README.md:{block.line}", "exec")
    assert code.co_names


#: Smaller photos, fewer epochs, and no download.
QUICK = {
    "Resize(224)": "Resize(48)",
    "untar_data(URLs.PETS_SAMPLE)": "sample",
    'gatera.train("photos/")': 'gatera.train("photos/", size=48, freeze_epochs=1)',
}


@pytest.mark.whole
def test_the_programs_run_one_after_the_other(tmp_path, monkeypatch, capsys):
    """In a folder with a photo to judge, smaller photos, and two copies of the sample."""
    sample = shutil.copytree(sample_path(), tmp_path / "sample")
    shutil.copy(next((sample / "images-unseen").glob("*.jpg")), tmp_path / "visitor.jpg")
    shutil.copytree(sample / "images", tmp_path / "photos")
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"sample": sample}
    for block in blocks(README, "python"):
        text = block.text
        for slow, quick in QUICK.items():
            text = text.replace(slow, quick)
        exec(compile(text, f"README.md:{block.line}", "exec", dont_inherit=True), namespace)
    assert capsys.readouterr().out.count("error_rate") == 4  # a table for each part of two fine-tunings
    assert 0 <= namespace["trained"].report.error <= 1
    assert namespace["label"] in (True, False)


def test_training_writes_nothing_into_the_bundled_sample():
    assert sorted(entry.name for entry in (sample_path() / "images").iterdir()) == ["cats", "dogs"]
