"""`gatera export --web` writes a folder that holds all that a page needs, or nothing."""

from __future__ import annotations

import json
import re
import stat

import pytest

from gatera.browser import export_web
from gatera.browser.export import _needed_certainty
from gatera.cli.main import main
from gatera.core.errors import ArgumentError, ExportError, OutputExistsError, ProgramFileError
from gatera.core.files import umask


@pytest.fixture
def cats(tiny_programs, tmp_path):
    return tiny_programs.write("careful", tmp_path / "cats.gatera")


def listed(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def run(*arguments):
    with pytest.raises(SystemExit) as done:
        main([str(argument) for argument in arguments])
    return done.value.code


def test_the_folder_has_everything_the_page_names(npm, cats, tmp_path):
    page = export_web(cats, tmp_path / "out" / "page")
    files = listed(page)
    html = (page / "index.html").read_text("utf-8")
    assert re.search(r"<h1[^>]*>cats</h1>", html)
    assert {*re.findall(r'(?:src|href)="([^":]+)"', html)} <= set(files)
    for script in page.glob("js/**/*.js"):
        for name in re.findall(r'^import .* from "(\.[^"]+)"', script.read_text("utf-8"), re.M):
            assert (script.parent / name).exists(), (script, name)
    about = json.loads((page / "program.json").read_text("utf-8"))
    assert {about["runtime"], *(each["path"] for each in about["files"])} <= set(files)
    assert all((page / each["path"]).stat().st_size == each["size"] for each in about["files"])
    assert {path.suffix for path in page.rglob("*") if path.is_file()} == {
        ".html",
        ".css",
        ".js",
        ".json",
        ".onnx",
        ".txt",
        ".wasm",
    }
    assert stat.S_IMODE(page.stat().st_mode) == 0o777 & ~umask()
    assert [path.name for path in page.parent.iterdir()] == ["page"]


def test_what_predicting_does_not_need_stays_out(npm, tiny_programs, tmp_path):
    made = tiny_programs.write("ratings", tmp_path / "films.gatera", training={"secret": 1})
    page = export_web(made, tmp_path / "page")
    text = (page / "program.json").read_text("utf-8")
    assert '"users": [7, 9]' in text
    assert "rated" not in text
    assert "secret" not in text


def test_a_model_that_predict_would_refuse_is_copied_only_for_those_who_trust_it(
    npm, cats, tmp_path, monkeypatch
):
    def refuse(*_):
        raise ProgramFileError("the model has Loop")

    monkeypatch.setattr("gatera.browser.export.check_model", refuse)
    with pytest.raises(ProgramFileError, match="Loop"):
        export_web(cats, tmp_path / "page")
    assert not (tmp_path / "page").exists()
    assert "model.onnx" in listed(export_web(cats, tmp_path / "page", trusted=True))


def test_features_of_held_out_items_stay_out():
    stored = {"held_out": 30, "features": {"held_out": "AAAA", "mean": "BBBB"}}
    assert _needed_certainty(stored) == {"held_out": 30, "features": {"mean": "BBBB"}}
    assert _needed_certainty({"held_out": 30}) == {"held_out": 30} and _needed_certainty(None) is None


def test_a_title_is_escaped(npm, cats, tmp_path):
    page = export_web(cats, tmp_path / "page", title="<b>Mine & $yours")
    assert "&lt;b&gt;Mine &amp; $yours" in (page / "index.html").read_text("utf-8")


def test_nothing_that_exists_is_overwritten(npm, cats, tmp_path):
    page = tmp_path / "page"
    page.mkdir()
    assert export_web(cats, page) == page
    with pytest.raises(OutputExistsError, match="has a page already"):
        export_web(cats, page)
    before = (page / "index.html").stat().st_ino
    export_web(cats, page, force=True)
    assert (page / "index.html").stat().st_ino != before
    (page / "mine.txt").write_text("kept")
    with pytest.raises(OutputExistsError, match=r"would be lost: mine\.txt"):
        export_web(cats, page, force=True)
    other = tmp_path / "other"
    other.mkdir()
    (other / "program.json").write_text("{}")
    with pytest.raises(OutputExistsError, match="holds other files"):
        export_web(cats, other, force=True)
    with pytest.raises(OutputExistsError, match="is a file"):
        export_web(cats, cats, force=True)


@pytest.mark.parametrize("step", ["gatera.browser.export._write", "shutil.copyfile"])
def test_a_full_disk_is_said_and_leaves_what_was_there(npm, cats, tmp_path, monkeypatch, step):
    page = export_web(cats, tmp_path / "page")
    before = {name: (page / name).read_bytes() for name in listed(page)}

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(step, full)
    with pytest.raises(ExportError) as err:
        export_web(cats, page, force=True)
    assert str(err.value) == (
        f"{page} cannot be written (No space left on device). Its contents are unchanged. Free some disk space, or choose another folder."
    )
    assert {name: (page / name).read_bytes() for name in listed(page)} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cats.gatera", "page"]


def test_a_damaged_program_writes_nothing(npm, cats, tmp_path):
    cats.write_bytes(cats.read_bytes()[:-100])
    with pytest.raises(ProgramFileError):
        export_web(cats, tmp_path / "page")
    assert not (tmp_path / "page").exists()


def test_an_operation_without_a_twin_writes_nothing(npm, cats, tmp_path, monkeypatch):
    monkeypatch.setattr("gatera.browser.supported.OPERATIONS", ("read_photo",))
    with pytest.raises(ExportError, match="the operation resize is not implemented in JavaScript"):
        export_web(cats, tmp_path / "page")
    assert not (tmp_path / "page").exists()
    assert npm.asked == []


def test_a_folder_that_cannot_be_made_is_refused_before_anything_is_fetched(npm, cats, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ArgumentError, match="cannot create"):
        export_web(cats, tmp_path / "file" / "page")
    assert npm.asked == []


def test_the_page_of_a_version_has_the_name_of_the_model(npm, cats, tmp_path, monkeypatch):
    """It was titled with the hash that its file in the registry is called by."""
    monkeypatch.setenv("GATERA_REGISTRY", str(tmp_path / "registry"))
    assert run("models", "add", cats, "cats") == 0
    assert run("export", "cats@latest", "--web", tmp_path / "page") == 0
    assert "<title>cats</title>" in (tmp_path / "page" / "index.html").read_text("utf-8")


def test_the_command_says_what_it_wrote_and_how_to_try_it(npm, cats, tmp_path, capsys):
    page = tmp_path / "my page"
    assert run("export", cats, "--web", page) == 0
    said = capsys.readouterr()
    assert said.err.startswith("Downloading http://127.0.0.1:")
    assert f"Wrote {page} (" in said.out
    assert f"python -m http.server --bind 127.0.0.1 --directory '{page}'" in said.out
    assert run("export", cats, "--web", page) == 1
    assert "Use --force to replace it." in capsys.readouterr().err.replace("\n", " ")
    assert run("export", cats, "--web", page, "--force", "--title", "Cats") == 0
    assert run("export", cats) == 2
    assert "missing option: --web FOLDER" in capsys.readouterr().err
