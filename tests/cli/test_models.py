"""`gatera models`: a new user's first hour, and what they mistype."""

from __future__ import annotations

import json
import re
import shutil
import xml.etree.ElementTree as ET

import pytest

from gatera import load_program
from gatera.core.errors import ArgumentError
from gatera.evaluate.questions.programs import program_names
from gatera.store.models import registry as registries
from gatera.studio.app.run import _name_of


@pytest.fixture(autouse=True)
def ann(monkeypatch, tmp_path):
    monkeypatch.setattr(registries, "user_name", lambda: "Ann")
    monkeypatch.setenv("GATERA_REGISTRY", str(tmp_path / "registry"))


@pytest.fixture
def cats(gatera, make_program):
    """cats@v1 and cats@v2; production stands for v1."""
    for number in (1, 2):
        path = make_program(
            f"cats{number}.gatera", training={"valid": {"n": 20, "error": 0.1 / number}, "source": "photos"}
        )
        assert gatera("models", "add", path, "cats").status == 0
    assert gatera("models", "tag", "cats@v1", "production").status == 0


def test_add_says_what_it_is_and_what_it_was_made_from(gatera, make_program, tmp_path):
    path = make_program(
        "cats.gatera", training={"valid": {"n": 20, "error": 0.05}, "source": "photos", "n_train": 80}
    )
    ran = gatera("models", "add", path, "--tag", "production", "--data", "abc123", "-m", "first")
    assert ran.status == 0 and ran.err == ""
    first, figures, data, code, tag = ran.out.splitlines()
    assert first.startswith("Added cats@v1 (") and str(tmp_path / "registry") in first
    assert figures == "  classification of 2 labels, error 0.05 (20 items)"
    assert data == "  data: photos, items 80, commit abc123" and code.startswith("  code: gatera ")
    assert tag == "production of cats: v1"
    assert gatera("models", "add", path, "cats").out == "cats@v1 is already this program.\n"
    assert json.loads(gatera("models", "add", path, "cats", "--json").out)["version"] == 1


def test_a_version_that_answers_another_question_is_told(gatera, cats, make_program):
    """A program of other classes, or of another task, became the next version of a model unsaid, by a mistyped path, too."""
    decode = {"task": "classification", "activation": "softmax", "vocab": ["bird", "dog"]}
    path = make_program("birds.gatera", decode=decode)
    assert gatera("models", "add", path, "cats").err == (
        "cats@v3 is unlike cats@v2: labels that are new: bird; labels that are gone: cat.\n"
    )
    assert gatera("models", "add", path, "cats").err == "", "it already exists"


def test_list_and_show(gatera, cats):
    ran = gatera("models", "list")
    assert (
        ran.out.startswith("cats  2  v2  production v1  ")
        and "production v1" in ran.out
        and "error 0.05" in ran.out
    )
    newest, oldest = gatera("models", "list", "cats").out.splitlines()
    assert newest.startswith("v2  -  20") and oldest.startswith("v1  production  20") and "Ann" in oldest
    assert "version" in gatera("models", "list", "cats", columns=80).out.splitlines()[0]
    lines = gatera("models", "show", "cats@production").out.splitlines()
    assert lines[0] == "cats@v1  (production)" and "  not signed" in lines and "# Card" in lines
    shown = json.loads(gatera("models", "show", "cats", "--json").out)
    assert (shown["name"], shown["tags"], shown["metrics"]["error"]) == ("cats@v2", [], 0.05)


def test_tags_move_and_roll_back(gatera, cats):
    assert (
        gatera("models", "tag", "cats@v2", "production", "-m", "better").out
        == "production of cats: v1 -> v2\n"
    )
    assert (
        gatera("models", "tag", "cats@v2", "production").out == "production of cats already points at v2.\n"
    )
    assert gatera("models", "rollback", "cats@production").out == "production of cats: v2 -> v1\n"
    history = gatera("models", "tag", "cats", "production", "--history").out.splitlines()
    assert [line.split("  ")[1:] for line in history] == [
        ["v1", "Ann"],
        ["v2", "Ann", "better"],
        ["v1", "Ann", "rollback from v2"],
    ]
    assert gatera("models", "tag", "cats").out == "production  v1\n"
    assert (
        gatera("models", "tag", "cats", "production", "--delete").out == "production of cats: v1 -> removed\n"
    )
    ran = gatera("models", "rollback", "cats")
    assert ran.status == 1 and "no tag 'production'" in ran.err


def test_a_version_is_withdrawn_and_taken_back(gatera, cats, tmp_path):
    gatera("models", "tag", "cats@v2", "production")
    lines = gatera("models", "withdraw", "cats@v2", "-m", "wrong labels").out.splitlines()
    assert lines[0].startswith("cats@v2 was withdrawn by Ann on ") and lines[0].endswith(" (wrong labels).")
    assert (
        lines[1]
        == "The tag production still points at it. To move it: gatera models tag cats@VERSION production"
    )
    assert gatera("models", "show", "cats@latest").out.startswith("cats@v1")
    assert "  cats@v2 was withdrawn by Ann" in gatera("models", "show", "cats@v2").out
    assert "withdrawn" in gatera("models", "list", "cats").out.splitlines()[0]
    assert json.loads(gatera("models", "list", "--json").out)["latest"] == 1
    assert "wrong labels" in gatera("info", "cats@production").err
    assert "cats@v2 was withdrawn by Ann" in gatera("models", "tag", "cats@v2", "odd").err
    assert (
        "cats@v2 was withdrawn by Ann"
        in gatera("models", "lock", "cats@v2", "--out", tmp_path / "bad.lock").err
    )
    assert gatera("models", "withdraw", "cats@v2", "--undo").out == "cats@v2 is no longer withdrawn.\n"
    assert json.loads(gatera("models", "withdraw", "cats@v1", "--json").out)["withdrawn"]
    assert gatera("models", "withdraw", "cats@latest").status == 0
    assert gatera("models", "list", "cats").status == gatera("models", "verify", "cats").status == 0
    assert json.loads(gatera("models", "list", "--json").out)["latest"] is None
    assert "v2 (withdrawn)" in gatera("models", "list").out
    assert "every version of cats is withdrawn" in gatera("info", "cats@latest").err


def test_programs_are_used_by_their_names(gatera, cats, cat):
    ran = gatera("predict", "cats@production", cat)
    assert ran.status == 0 and "cat" in ran.out
    assert gatera("info", "cats@v2", "--json").status == 0
    ran = gatera("predict", "cats@prod", cat)
    assert ran.status == 1 and "no tag 'prod'" in ran.err and "production" in ran.err
    ran = gatera("predict", "cats", cat)
    assert ran.status == 1 and "Did you mean 'cats@latest'?" in ran.err


def test_diff_says_what_changed_and_which_is_better(gatera, cats, photo_folder):
    ran = gatera("models", "diff", "cats@v1", "cats@v2")
    assert "error: 0.1 -> 0.05" in ran.out and "--on SOURCE" in ran.err
    ran = gatera("models", "diff", "cats@v1", "cats", "--on", photo_folder)
    assert ran.status == 0 and "Error of cats@v1 minus that of cats: +0 points" in ran.out
    found = json.loads(gatera("models", "diff", "cats@v1", "cats@v2", "--on", photo_folder, "--json").out)
    assert found["comparison"]["wrong"]["both"] == 0 and not found["same"]
    assert "are the same program" in gatera("models", "diff", "cats@v1", "cats@production").out


def test_diff_on_items_of_the_training_says_so(gatera, cats, photo_folder, tmp_path):
    """`gatera test` said it; the test of which version is better, on the folder that the newer one was trained on, did not."""
    shutil.copytree(photo_folder, tmp_path / "photos")
    ran = gatera("models", "diff", "cats@v1", "cats@v2", "--on", tmp_path / "photos")
    remark = (
        "cats@v1 and cats@v2: The program was trained on a source called photos: if these are the same items,"
    )
    assert remark in " ".join(ran.out.split())
    found = json.loads(
        gatera("models", "diff", "cats@v1", "cats@v2", "--on", tmp_path / "photos", "--json").out
    )
    assert found["comparison"]["remarks"][0].startswith(remark)


def test_push_pull_and_lock(gatera, cats, tmp_path, monkeypatch):
    remote = tmp_path / "server"
    ran = gatera("models", "push")
    assert ran.status == 1 and "no remote is known yet" in ran.err
    ran = gatera("models", "push", "--remote", remote)
    assert (
        ran.out.startswith("cats: v1, v2, production: v1. Sent 2 objects (")
        and "remote from now on" in ran.err
    )
    assert gatera("models", "push", "cats").out == "cats: nothing new. Sent nothing; 2 were there already.\n"
    remote.rename(tmp_path / "unmounted")
    ran = gatera("models", "push")
    assert ran.status == 1 and "no longer holds a registry" in ran.err and not remote.exists()
    (tmp_path / "unmounted").rename(remote)
    assert gatera("models", "list", "--remote", remote).out.startswith("cats  2  v2")
    lock = tmp_path / "gatera.lock"
    assert "cats@v1  sha256 " in gatera("models", "lock", "cats@production", "--out", lock).out
    monkeypatch.setenv("GATERA_REGISTRY", str(tmp_path / "elsewhere"))
    ran = gatera("models", "pull", "--locked", "--lock", lock)
    assert ran.status == 0 and ran.out.startswith("cats@v1  sha256 ") and ran.out.endswith("fetched\n")
    again = gatera("models", "pull", "--locked", "--lock", lock).out
    assert again == ran.out.replace("fetched", "there already")
    assert re.fullmatch(r"cats@v1  sha256 [0-9a-f]{12}  fetched\n", ran.out)
    as_json = gatera("models", "pull", "--locked", "--lock", lock, "--json").out
    assert json.loads(as_json) == {"locked": "cats@v1", "fetched": False}
    assert gatera("models", "pull", "cats", "--remote", remote).out.startswith(
        "cats: v2, production: v1. Fetched 1 object ("
    )
    assert gatera("models", "verify").out == "2 versions checked: no problems found.\n"
    ran = gatera("models", "pull", "dog")
    assert ran.status == 1 and "has no model 'dog'. Available: cats." in ran.err


def test_verify_fails_where_something_is_wrong(gatera, cats, tmp_path):
    path = next((tmp_path / "registry" / "objects").rglob("*/*"))
    path.chmod(0o644)
    path.write_bytes(b"")
    ran = gatera("models", "verify")
    assert ran.status == 1 and "is damaged" in ran.out and "1 fault." in ran.out


def test_keys_and_signatures(gatera, cats, make_program):
    pytest.importorskip("cryptography")
    assert gatera("models", "key").out == "No keys yet. Make one with: gatera models key NAME\n"
    made = gatera("models", "key", "ann").out
    assert (
        made.startswith("ann=ed25519:")
        and gatera("models", "key", "ann").out == made == gatera("models", "key").out
    )
    ran = gatera("models", "add", make_program("new.gatera", training={"x": 1}), "cats", "--sign", "ann")
    assert ran.out.endswith("Signed with the key ann.\n")
    assert gatera("models", "verify", "cats", "--key", "ann").status == 1  # v1 and v2 are not signed
    assert gatera("models", "show", "cats").out.count("signed with: ann") == 1
    ran = gatera("models", "verify", "--key", "bob")
    assert ran.status == 1 and "no public key 'bob'" in ran.err and "Available: ann" in ran.err


def test_a_lock_keeps_asking_for_its_key(gatera, cats, make_program, tmp_path):
    pytest.importorskip("cryptography")
    gatera("models", "key", "ann")
    gatera("models", "add", make_program("new.gatera", training={"x": 1}), "cats", "--sign", "ann")
    lock = tmp_path / "gatera.lock"
    gatera("models", "lock", "cats", "--key", "ann", "--out", lock)
    assert gatera("models", "lock", "cats", "--out", lock).out.endswith(", signed by ann\n")
    ran = gatera("models", "lock", "cats@v1", "--out", lock)
    assert ran.status == 1 and "cats@v1 is not signed" in ran.err


def test_lineage_in_the_terminal_and_as_a_picture(gatera, cats, tmp_path):
    picture = tmp_path / "cats.svg"
    ran = gatera("models", "lineage", "cats@production", "--svg", picture)
    assert ran.out.startswith("cats@v1  classification  error 0.1") and "├── data: photos" in ran.out
    assert ET.fromstring(picture.read_text()).tag.endswith("svg")
    assert gatera("models", "lineage", "cats", "--svg", picture).status == 1
    assert json.loads(gatera("models", "lineage", "cats", "--json").out)["title"] == "cats@v2"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ad"], "Did you mean 'models add'?"), (["add"], "missing argument: PROGRAM"), (["add", "none.gatera"], "does not exist"),
        (["show", "dogs"], "no model 'dogs'"), (["tag", "cats@v9", "x"], "no version v9"), (["tag", "cats@v1", "v2"], "cannot be a tag"),
        (["tag", "cats", "--history"], "missing argument: TAG"), (["push", "cats@v1", "--remote", "."], "push takes models"),
        (["pull", "--remote", "s4://x"], "no file system supports"), (["lock", "cats@none"], "no tag 'none'"),
        (["pull", "--locked"], "lock file gatera.lock cannot be read"), (["diff", "cats@v1"], "missing argument: SECOND"),
        (["lineage", "cats@@"], "not a version"), (["key", "a b"], "not a name for a key"),
        (["verify", "--key", "ann=x"], "not a public key"), (["list", "dogs"], "no model 'dogs'"),
    ],
)  # fmt: skip
def test_what_people_mistype(gatera, cats, words, said):
    ran = gatera("models", *words)
    assert ran.status in (1, 2) and said in ran.err, ran.err


def test_names_in_a_registry_cannot_move_the_cursor(gatera, make_program):
    path = make_program("x.gatera", training={"source": "\x1b[2Jphotos\n"})
    ran = gatera("models", "add", path, "x", "-m", "\x1b[31m", "--by", "\x07")
    assert "\x1b" not in ran.out
    for verb in ("show", "lineage"):
        assert "\x1b" not in gatera("models", verb, "x").out and "\x07" not in gatera("models", verb, "x").out
    assert "\x1b" not in gatera("models", "list", "x").out


def test_a_program_that_cannot_be_signed_is_not_added(gatera, make_program, tmp_path):
    ran = gatera("models", "add", make_program("cats.gatera"), "--sign", "nobody", "--tag", "production")
    assert ran.status == 1 and "no private key 'nobody'" in ran.err
    assert not (tmp_path / "registry").exists()


def test_where_one_model_is_unknown_none_is_sent(gatera, cats, tmp_path):
    ran = gatera("models", "push", "cats", "dogs", "--remote", tmp_path / "remote")
    assert ran.status == 1 and "no model 'dogs'" in ran.err and ran.out == ""
    assert not (tmp_path / "remote").exists()


def test_a_tag_is_either_removed_or_its_history_shown(gatera, cats):
    ran = gatera("models", "tag", "cats", "production", "--delete", "--history")
    assert (ran.status, ran.err) == (2, "Error: --delete and --history cannot be used together.\n")
    assert "production" in gatera("models", "tag", "cats").out


def test_a_lock_file_holds_one_version_of_a_model(gatera, cats, tmp_path):
    """It said that both were locked, and held the last one."""
    lock = tmp_path / "gatera.lock"
    ran = gatera("models", "lock", "cats@production", "cats@v2", "--out", lock)
    assert (
        ran.status == 1 and "a lock file holds one version of a model. Got: 'cats@v1 and cats@v2'" in ran.err
    )
    assert not lock.exists()
    assert gatera("models", "lock", "cats@v1", "cats@production", "--out", lock).status == 0


def test_a_program_that_is_added_again(gatera, make_program):
    """A note that was not taken, and a version that had been withdrawn, went unsaid."""
    path = make_program("cats.gatera", training={"x": 1})
    gatera("models", "add", path, "cats", "-m", "first")
    ran = gatera("models", "add", path, "cats", "-m", "second")
    assert ran.out == "cats@v1 is already this program, and its description is unchanged.\n"
    gatera("models", "withdraw", "cats@v1", "-m", "wrong labels")
    ran = gatera("models", "add", path, "cats", "--tag", "beta")
    assert "cats@v1 was withdrawn by Ann" in ran.err and ran.out.startswith(
        "cats@v1 is already this program.\n"
    )


def test_tags_of_versions_that_were_not_fetched_are_no_fault(gatera, cats, tmp_path):
    """After `pull cats@production`, `verify` counted each tag of another version as a fault, a withdrawn one too."""
    gatera("models", "tag", "cats@v2", "staging")
    gatera("models", "withdraw", "cats@v2")
    gatera("models", "push", "cats", "--remote", tmp_path / "remote")
    own = ("--registry", tmp_path / "own")
    assert gatera("models", "pull", "cats@production", "--remote", tmp_path / "remote", *own).status == 0
    ran = gatera("models", "verify", *own)
    assert (ran.status, ran.out) == (0, "1 version checked: no problems found.\n")
    assert ran.err == (
        "The tag 'staging' of cats points at v2, which is not in the registry: fetch it with gatera models pull cats@v2.\n"
    )


def test_a_signature_that_is_sent_later_is_said(gatera, make_program, tmp_path):
    """It was sent and fetched with "nothing new"."""
    path, remote = make_program("cats.gatera", training={"x": 1}), ("--remote", tmp_path / "remote")
    gatera("models", "add", path, "cats")
    gatera("models", "push", "cats", *remote)
    own = ("--registry", tmp_path / "own")
    gatera("models", "pull", "cats", *remote, *own)
    gatera("models", "key", "ann")
    gatera("models", "add", path, "cats", "--sign", "ann")
    assert "The signature of cats@v1 (key ann) was sent." in gatera("models", "push", "cats").err
    assert "was sent" not in gatera("models", "push", "cats").err
    assert "The signature of cats@v1 (key ann) was fetched." in gatera("models", "pull", "cats", *own).err
    assert "was fetched" not in gatera("models", "pull", "cats", *own).err


def test_programs_of_the_registry_are_called_as_their_versions(cats, cat):
    """The studio wrote "program:5f2c...@0123abcd" and comparisons named files: hashes, as files of a registry are called."""
    programs = [load_program(name) for name in ("cats@v1", "cats@production")]
    assert program_names(programs) == ("cats@v1", "cats@production")
    assert _name_of(programs[0]) == f"cats@{programs[0].info['sha256'][:8]}"
    with pytest.raises(ArgumentError, match="cats@v1"):
        programs[0].embed(cat)
