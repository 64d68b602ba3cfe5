"""Versions, tags and their history."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

import gatera
from gatera.cli.main import main
from gatera.core.errors import ArgumentError, ProgramFileError, RegistryError
from gatera.core.files import sha256_file
from gatera.store.models import tag_history
from gatera.store.models.open import load_program, program_file
from gatera.store.models.registry import ModelRegistry, registry_folder
from gatera.store.models.tag_history import TagMove
from gatera.store.models.version import Parents, models_in


def test_versions_are_numbered_and_kept(registry, make_program):
    path = make_program(n_train=80, source="photos", seed=42)
    first = registry.add(path, note="the first")
    assert first.name == "cats@v1" and first.sha256 == sha256_file(path) and first.size == path.stat().st_size
    assert (first.task, first.labels, dict(first.metrics)) == (
        "classification",
        2,
        {"error": 0.05, "items": 20},
    )
    assert (first.by, first.note, first.at[10]) == ("Ann", "the first", "T")
    assert first.parents.data == {"name": "photos", "items": "80"} and first.parents.code["gatera"]
    path.unlink()
    second = registry.add(make_program(seed=43), "cats", by="Bob")
    assert [each.name for each in registry.versions("cats")] == ["cats@v1", "cats@v2"] and second.by == "Bob"
    assert sha256_file(registry.path("cats@v1")) == first.sha256
    assert registry.find("cats").number == registry.find("cats@latest").number == 2
    assert ModelRegistry(registry.folder).versions("cats") == registry.versions("cats")
    assert registry.models() == ["cats"] and repr(registry).endswith(": cats)")


def test_the_same_program_is_not_added_twice(registry, make_program):
    path = make_program()
    assert registry.add(path, "cats") == registry.add(path, "cats", note="again")
    assert len(registry.versions("cats")) == 1
    assert registry.add(path, "other").name == "other@v1"
    assert len(list(registry.objects)) == 1


def test_nothing_is_added_that_is_not_a_sound_program(registry, tmp_path, make_program):
    (tmp_path / "broken.gatera").write_bytes(make_program().read_bytes()[:-10])
    with pytest.raises(ProgramFileError, match="truncated"):
        registry.add(tmp_path / "broken.gatera")
    with pytest.raises(ProgramFileError, match="does not exist"):
        registry.add(tmp_path / "none.gatera")
    assert registry.models() == [] and list(registry.objects) == []


@pytest.mark.parametrize(
    "name", ["", "a/b", "../x", ".hidden", "-x", "a b", "a@v1", "con", "LPT1.x", "x.", "ü", "a" * 81, 3]
)
def test_names_that_some_file_system_would_not_take(registry, make_program, name):
    with pytest.raises(ArgumentError, match=r"not a name for a model|cannot name a model"):
        registry.add(make_program(), name)


def test_models_that_differ_in_case_only_are_refused(registry, make_program):
    registry.add(make_program(), "cats")
    with pytest.raises(RegistryError, match="a model 'cats' already"):
        registry.add(make_program(), "Cats")


def test_tags_move_and_remember(filled):
    assert filled.tags("cats") == {"production": 2} and filled.find("cats@production").number == 2
    move = filled.tag("cats@v3", "production", note="fewer errors", by="Bob")
    assert (move.number, move.version) == (3, 3)
    assert filled.tag("cats@v3", "production") == move  # nothing to do
    assert [(each.version, each.by, each.note) for each in filled.history("cats", "production")] == [
        (1, "Ann", ""), (2, "Ann", ""), (3, "Bob", "fewer errors"),
    ]  # fmt: skip
    filled.untag("cats", "production")
    assert filled.tags("cats") == {} and len(filled.history("cats", "production")) == 4


def test_rollback_goes_back_one_by_one(filled):
    filled.tag("cats@v3", "production")
    assert filled.rollback("cats").version == 2
    assert filled.history("cats", "production")[-1].note == "rollback from v3"
    assert filled.rollback("cats").version == 1
    with pytest.raises(
        RegistryError, match=r"no version before v1.*gatera models tag cats@VERSION production"
    ):
        filled.rollback("cats")
    filled.tag("cats@v3", "production")
    assert filled.rollback("cats").version == 1


def test_tags_that_mean_something_else(filled):
    for tag in ("latest", "v3"):
        with pytest.raises(ArgumentError, match="cannot be a tag"):
            filled.tag("cats@v1", tag)


def test_what_is_not_there_is_named_with_what_is(filled, make_program):
    filled.add(make_program("dogs"), "dogs")
    for reference, said in {
        "cat@v1": r"no model 'cat'\. Available: cats, dogs\. Did you mean 'cats'",
        "cats@v9": r"cats has no version v9\. Available: v1, v2, v3, production",
        "cats@prodution": r"no tag 'prodution'\. Available: production, latest\. Did you mean 'production'",
    }.items():
        with pytest.raises(RegistryError, match=said):
            filled.find(reference)
    with pytest.raises(ArgumentError, match="not a version of a program"):
        filled.find("cats@")
    with pytest.raises(RegistryError, match=r"none yet.*gatera models add FILE cats"):
        ModelRegistry(filled.folder.parent / "empty").find("cats")


def test_of_two_who_move_a_tag_one_is_told(filled):
    before = filled.history("cats", "production")
    filled.tag("cats@v3", "production", by="Bob")
    with pytest.raises(RegistryError, match=r"was moved by Bob at .*it points at v3 now"):
        tag_history.move(filled.files, "cats", before, TagMove("production", 3, 1, "Ann", "now"))


def test_many_who_add_at_once_get_numbers_of_their_own(registry, make_program):
    paths = [make_program(f"p{number}", run=number) for number in range(8)]
    threads = [threading.Thread(target=registry.add, args=(path, "cats")) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.number for each in registry.versions("cats")] == list(range(1, 9))
    assert {each.sha256 for each in registry.versions("cats")} == {sha256_file(path) for path in paths}


def test_a_program_that_began_as_another_knows_its_name(registry, make_program):
    first = registry.add(make_program(run=1), "cats")
    second = registry.add(
        make_program(run=2, weights={"source": "cats.gatera", "sha256": first.sha256}), "cats"
    )
    assert second.parents.weights["version"] == "cats@v1"
    given = Parents({"commit": "abc"}, {"commit": "def"})
    third = registry.add(make_program(run=3, source="photos"), "cats", parents=given)
    assert third.parents.data == {"name": "photos", "commit": "abc"} and third.parents.code["commit"] == "def"


def test_load_program_takes_names(filled, make_program, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GATERA_REGISTRY", str(filled.folder))
    program = gatera.load_program("cats@production", threads=1)
    assert program.info["training"]["run"] == 2 and load_program("cats@v1").info["training"]["run"] == 1
    with pytest.raises(RegistryError, match=r"'cats' is not a file, .*Did you mean 'cats@latest'"):
        gatera.load_program("cats")
    with pytest.raises(RegistryError, match=r"'cat' is not a file"):
        gatera.load_program("cat")
    with pytest.raises(ProgramFileError, match="does not exist"):
        gatera.load_program("zebra")
    with pytest.raises(ProgramFileError, match="does not exist"):
        gatera.load_program(tmp_path / "cats@v1")
    monkeypatch.chdir(tmp_path)
    make_program("x", run=9).rename(tmp_path / "cats@v1")  # a file of that name wins
    assert gatera.load_program("cats@v1").info["training"]["run"] == 9
    assert program_file("cats.gatera") == Path("cats.gatera")


def test_a_file_that_is_gone_or_short_is_named(filled):
    path = filled.path("cats@v1")
    path.chmod(0o644)
    path.write_bytes(b"short")
    with pytest.raises(RegistryError, match=r"the file of cats@v1 is damaged.*Got: 5\."):
        filled.path("cats@v1")
    path.unlink()
    with pytest.raises(RegistryError, match="the file of cats@v1 is missing"):
        filled.path("cats@v1")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 2}, "newer Gatera"), ({"format": "1"}, "does not name its format"), ({"sha256": "x"}, "no valid 'sha256'"),
        ({"size": -1}, "no valid 'size'"), ({"size": True}, "no valid 'size'"), ({"model": "dogs"}, "describes another version"),
        ({"version": 2}, "describes another version"), ({"metrics": {"error": "low"}}, "no valid 'metrics: error'"),
        ({"parents": []}, "no valid 'parents'"), ({"by": 3}, "no valid 'by'"), ({"parents": {"data": {"x": [1]}}}, "no valid 'data: x'"),
        ({"note": "x" * 20_000}, "no valid 'note'"), (None, "not JSON"),
    ],
)  # fmt: skip
def test_a_damaged_description_is_refused(registry, make_program, change, said):
    registry.add(make_program(), "cats")
    path = registry.folder / "models/cats/versions/000001.json"
    content = json.loads(path.read_text())
    path.write_text("{" if change is None else json.dumps({**content, **change}))
    with pytest.raises(RegistryError, match=said):
        registry.versions("cats")


def test_a_registry_of_a_newer_gatera_is_not_touched(filled):
    (filled.folder / "registry.json").write_text('{"format": 2}')
    with pytest.raises(RegistryError, match="newer Gatera"):
        ModelRegistry(filled.folder)


def test_where_the_registry_is(monkeypatch, tmp_path):
    assert registry_folder() == Path(tmp_path).joinpath(registry_folder())  # absolute
    monkeypatch.setenv("GATERA_REGISTRY", "~/mine")
    assert registry_folder() == Path.home() / "mine"
    monkeypatch.delenv("GATERA_REGISTRY")
    monkeypatch.delenv("GATERA_HOME")
    assert "cache" not in str(registry_folder()).lower()  # what is kept there may be deleted


def test_a_file_that_changes_while_it_is_added_is_noticed(registry, make_program, monkeypatch):
    path, put = make_program(run=1), registry.objects.put

    def changing(source):
        make_program(run=2)
        return put(source)

    monkeypatch.setattr(registry.objects, "put", changing)
    with pytest.raises(RegistryError, match="was changed while it was added"):
        registry.add(path)
    assert registry.models() == []


def test_tags_that_differ_only_in_case_are_refused_before_anything_is_added(registry, make_program):
    registry.add(make_program(), tag="Production")
    assert registry.tag("cats@v1", "Production").number == 1  # the same tag
    with pytest.raises(RegistryError, match="has or had a tag 'Production' already"):
        registry.tag("cats@v1", "production")
    with pytest.raises(RegistryError, match="not every file system keeps it apart"):
        registry.add(make_program(seed=43), "cats", tag="PRODUCTION")
    for tag in ("Latest", "V1"):
        with pytest.raises(ArgumentError, match="cannot be a tag"):
            registry.tag("cats@v1", tag)
    assert len(registry.versions("cats")) == 1 and registry.tags("cats") == {"Production": 1}
    with pytest.raises(ArgumentError, match="Windows keeps this name"):
        registry.add(make_program(), "CON")


def test_a_withdrawn_version_is_passed_over_and_said_where_it_is_named(registry, make_program, capsys):
    for seed in (1, 2, 3):
        registry.add(make_program(seed=seed), "cats", tag="production")
    registry.withdraw("cats@v2")
    registry.withdraw("cats@v3", "wrong labels", by="Ben")
    assert registry.find("cats").name == registry.find("cats@latest").name == "cats@v1"
    assert registry.tags("cats") == {"production": 3} and set(registry.withdrawn("cats")) == {2, 3}
    assert program_file("cats@production", registry) == registry.path("cats@v3")
    said = capsys.readouterr().err
    assert said.startswith("cats@v3 was withdrawn by Ben on ") and said.endswith(" (wrong labels).\n")
    assert program_file("cats@v3", registry, quiet=True) and not capsys.readouterr().err
    assert registry.rollback("cats").version == 1  # past v2
    registry.withdraw("cats@v1")
    with pytest.raises(RegistryError, match=r"every version of cats is withdrawn; cats@v3 was .*cats@v3"):
        registry.find("cats")
    registry.withdraw("cats@v3", undo=True)
    assert registry.find("cats@latest").name == "cats@v3"
    with pytest.raises(RegistryError, match="cats@v3 is not withdrawn"):
        registry.withdraw("cats", undo=True)
    with pytest.raises(ArgumentError, match="Use: gatera models withdraw cats@v1"):
        registry.tag("cats@v1", "withdrawn-v1")


def test_a_folder_without_versions_is_no_model(filled, capsys):
    """s3fs 300: what the console of a bucket writes for an empty folder was a model, and `gatera models list` a traceback."""
    for name in (
        "models/dogs/versions/keep",
        "models/dogs/tags/production/keep",
        "models/cats/versions/notes.txt",
    ):
        filled.files.replace(name, b"")
    assert filled.models() == ["cats"] == models_in(filled.files)
    with pytest.raises(SystemExit):
        main(["models", "list", "--registry", str(filled.folder)])
    assert "cats  3  v3" in capsys.readouterr().out


def test_a_version_before_that_is_damaged_is_not_in_the_way_of_the_next(registry, make_program):
    """They are compared: the next version was added, and its tag was not given."""
    first = registry.add(make_program(run=1), "cats")
    path = registry.objects.path(first.sha256)
    path.chmod(0o644)
    path.write_bytes(b"short")
    assert registry.add(make_program(run=2), "cats", tag="production").number == 2
    assert registry.find("cats@production").number == 2


@pytest.mark.parametrize("given", [b"PK", None, 3])
def test_a_program_is_opened_by_a_name(given):
    with pytest.raises(ArgumentError) as err:
        load_program(given)
    assert str(err.value) == (
        f"a program cannot come as {type(given).__name__}. Expected: the path of a file, or a version such as cats@v3. "
        "Save it as a file first: the file is read again by other processes."
    )
