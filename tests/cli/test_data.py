"""`gatera data` as a new user types it, with wrong arguments too."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from types import SimpleNamespace

import pytest

from gatera.cli.data.commands import LAYOUTS, RULES, SPLITS
from gatera.cli.data.moving import show_conflicts
from gatera.store.datasets import labelling, sharding
from gatera.store.datasets.labels import three_way

WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ann"), ("EMAIL", "ann@example.org"))
}


@pytest.fixture
def folder(tmp_path, photo_folder, monkeypatch):
    for name, value in {**WHO, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}.items():
        monkeypatch.setenv(name, value)
    for name in ("cat/cat_0.jpg", "cat/cat_1.jpg", "dog/dog_0.jpg"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((photo_folder / name).read_bytes())
    monkeypatch.chdir(tmp_path / "photos")
    return tmp_path / "photos"


def test_the_tables_are_those_of_the_library():
    assert RULES == three_way.RULES and SPLITS == labelling.SPLITS
    assert LAYOUTS == sharding.LAYOUTS


def test_a_whole_story(gatera, folder, tmp_path):
    assert gatera("data", "init").out.startswith(f"{folder} is now a data repository.\n")
    ran = gatera("data", "add")
    assert (ran.status, ran.out) == (0, "3 added.\n")
    assert ran.err.startswith(
        "Labels are taken from the names of the folders: cat/cat_0.jpg -> cat (2 labels) (to change: --no-folder-labels).\n"
    )
    assert gatera("data", "commit", "-m", "First").out[10:] == "3 added; by Ann\n"
    gatera("data", "checkout", "-b", "ben")
    assert gatera("data", "label", "dog", "cat/cat_0.jpg", "--by", "Ben").out == "1 item changed.\n"
    ran = gatera("data", "diff", "--html", tmp_path / "diff.html")
    assert (
        ran.out.startswith("1 cat -> dog; by Ben.\nitem           change      by   at")
        and "cat/cat_0.jpg  cat -> dog  Ben" in ran.out
    )
    assert ran.err == ""
    inside = gatera("data", "diff", "--html", folder / "diff.html").err
    assert inside.endswith(
        "is inside the repository, and gatera data status counts it as new. Write it elsewhere to keep it out.\n"
    )
    (folder / "diff.html").unlink()
    page = (tmp_path / "diff.html").read_text()
    assert page.count("data:image/jpeg;base64,") == 1 and "cat/cat_0.jpg" in page
    assert json.loads(gatera("data", "diff", "--json").out)["columns"]["label"] == {
        "before": "cat",
        "after": "dog",
    }
    gatera("data", "commit", "-m", "Ben")
    (folder / "cat" / "cat_0.jpg").rename(folder / "cat" / "new.jpg")
    gatera("data", "add", ".")
    (moved,) = [json.loads(line) for line in gatera("data", "diff", "--json").out.splitlines()]
    assert (moved["file"], moved["columns"]["file"]["before"]) == ("cat/new.jpg", "cat/cat_0.jpg")
    (folder / "cat" / "new.jpg").rename(folder / "cat" / "cat_0.jpg")
    gatera("data", "add", ".")
    gatera("data", "checkout", "main")
    gatera("data", "label", "fox", "cat/cat_0.jpg")
    gatera("data", "commit", "-m", "Ann")
    ran = gatera("data", "agree", "ben")
    assert ran.out == (
        "main and ben both labelled 1 item, 0 alike (0.0 %); Cohen's kappa 0.00 (too few for an interval).\n\n"
        "of    and  label  other label  items\nmain  ben  fox    dog          1\n\n"
        "To discuss:\nitem           main  ben\ncat/cat_0.jpg  fox   dog\n"
    )
    assert json.loads(gatera("data", "agree", "ben", "--json").out)["disputed"] == {
        "cat/cat_0.jpg": {"main": "fox", "ben": "dog"}
    }
    assert "main is the current branch" in gatera("data", "agree", "main").err
    ran = gatera("data", "merge", "ben", "--html", tmp_path / "conflicts.html")
    assert ran.status == 1 and ran.out.startswith(
        "1 item was changed differently on both sides. Nothing was merged yet:\n"
    )
    assert (
        "label: fox (by Ann) or dog (by Ben), was cat" in ran.out
        and "gatera data merge ben --take cat/cat_0.jpg=LABEL" in ran.out
    )
    assert "data:image/jpeg" in (tmp_path / "conflicts.html").read_text()
    assert gatera("data", "merge", "ben", "--theirs").out[8:] == "  1 fox -> dog; by Ben; 1 settled\n"
    assert gatera("data", "blame", "cat/cat_0.jpg").out.startswith("cat/cat_0.jpg: dog by Ben, 2")
    assert "Merge ben" in gatera("data", "log", "--most", "1").out
    assert gatera("data", "status").out.endswith(
        "3 items, 0 without a label.\nNothing differs from the commit.\n"
    )
    assert gatera("data", "revert", "HEAD~1", "--mine").status == 0
    assert gatera("data", "verify", "--all").out == "3 files verified: no problems found.\n"
    assert gatera("data", "push", tmp_path / "remote").out.startswith("Sent ")
    assert gatera("data", "clone", tmp_path / "remote", tmp_path / "copy").out.startswith(
        f"{tmp_path}/copy: 3 items at commit "
    )
    assert gatera("data", "pull").out == "Nothing new.\n"
    assert gatera("data", "commit", "-m", "x") == (
        1,
        "",
        "Nothing to commit: the labels are the same as in the last commit.\n",
    )


def test_a_commit_is_written_for_other_tools(gatera, folder, tmp_path):
    gatera("data", "init")
    gatera("data", "add")
    gatera("data", "commit", "-m", "First")
    ran = gatera("data", "shard", tmp_path / "tar")
    commit = gatera("data", "log", "-n", "1").out.split()[0][:8]
    assert ran.out.startswith(f"{tmp_path / 'tar'}: commit {commit}, 3 train (") and ran.out.endswith(
        "1 tar file.\n"
    )
    ran = gatera("data", "shard", tmp_path / "hf", "--layout", "folders", "--json")
    assert json.loads(ran.out)["files"] == ["train/metadata.jsonl"]
    ran = gatera("data", "shard", tmp_path / "hf")
    assert ran.status == 1 and "already exists. Name a new folder." in ran.err


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("data", "status"), 1, "is not in a data repository. Make one: gatera data init ."),
        (("data", "comit"), 2, "unknown command 'data comit'. Did you mean 'data commit'?"),
        (("data", "commit"), 2, "missing option: -m TEXT, a message that says what changed"),
        (("data", "label"), 2, "give LABEL and PATH, or --from TABLE, or --rename OLD=NEW."),
        (("data", "label", "--group", "a", "cat/cat_0.jpg", "cat/cat_1.jpg"), 2, "LABEL comes before PATH, and 'cat/cat_0.jpg' is a file."),
        (("data", "label", "cat"), 2, "give LABEL and PATH, or --from TABLE, or --rename OLD=NEW."),
        (("data", "label", "--rename", "cat=dog", "--by", "Ann"), 2, "--by cannot be used here: who gave the labels stays."),
        (("data", "label", "--from", "t.csv", "--split", "test"), 2, "--split cannot be used here: the table has it in columns of its own."),
        (("data", "label", "--rename", "cat"), 2, "--rename must be OLD=NEW, as in cat=kitten; got 'cat'"),
        (("data", "label", "-", "a", "--split", "tset"), 2, "--split must be one of train, valid, test, ''; got 'tset'. Did you mean 'test'?"),
        (("data", "checkout"), 2, "missing argument: COMMIT, or --file PATH."),
        (("data", "merge", "a", "--mine", "--theirs"), 2, "--mine and --theirs cannot be used together."),
        (("data", "merge", "a", "--take", "x"), 2, "--take must be FILE=ANSWER, as in cat/3.jpg=dog; got 'x'."),
        (("data", "merge", "a", "--take", "x=b", "--take", "y=c"), 2, "--take is given twice. Give all at once: --take x=b,y=c"),
        (("data", "blame"), 2, "missing argument: FILE"),
        (("data", "add", "--rows"), 2, "--rows needs one table: gatera data add TABLE --rows"),
        (("data", "add", "a.csv", "--key", "id"), 2, "--key is for tables: add --rows."),
        (("data", "add", "a.csv", "--rows", "--label", "x"), 2, "--label cannot be used with --rows."),
    ],
)  # fmt: skip
def test_wrong_arguments_are_said(gatera, folder, words, status, said):
    ran = gatera(*words)
    assert ran.status == status and said in ran.err


def test_names_that_begin_with_a_dash(gatera, folder):
    (folder / "cat/-x.jpg").write_bytes(b"x")
    gatera("data", "init")
    gatera("data", "add")
    gatera("data", "commit", "-m", "First")
    ran = gatera("data", "-C", "cat", "blame", "--", "cat/-x.jpg")
    assert ran.status == 2  # options stand after the command
    assert gatera("data", "blame", "-C", "cat", "--", "-x.jpg").out.startswith("cat/-x.jpg: cat by Ann")
    assert (
        gatera("data", "label", "-C", "cat", "dog", "--", "-x.jpg", "cat_0.jpg").out == "2 items changed.\n"
    )


def test_a_conflict_that_git_found_is_settled(gatera, folder):
    gatera("data", "init")
    gatera("data", "add")
    gatera("data", "commit", "-m", "First")
    gatera("data", "checkout", "-b", "ben")
    gatera("data", "label", "fox", "cat/cat_0.jpg", "--by", "Ben")
    gatera("data", "commit", "-m", "Ben")
    gatera("data", "checkout", "main")
    gatera("data", "label", "wolf", "cat/cat_0.jpg")
    gatera("data", "commit", "-m", "Ann")
    subprocess.run(
        ["git", "-c", "merge.gatera-labels.driver=git merge-file %A %O %B", "merge", "ben"],
        capture_output=True,
        check=False,
    )
    ran = gatera("data", "resolve")
    assert (
        ran.status == 1
        and "Nothing was settled yet:" in ran.out
        and "gatera data resolve --take cat/cat_0.jpg=LABEL" in ran.out
    )
    ran = gatera("data", "resolve", "--theirs")
    assert (ran.status, ran.out) == (0, "1 conflict settled; 1 wolf -> fox; by Ben.\nNext: git commit\n")
    assert gatera("data", "commit", "-m", "Both").status == 0
    assert "no labels are in conflict" in gatera("data", "resolve").err


def test_git_hears_of_conflicts_by_the_exit_status(gatera, folder):
    head = "file,sha256,label,split,group,source,by,at,note\n"
    for name, label in (("base", "cat"), ("mine", "wolf"), ("theirs", "fox")):
        (folder / f"{name}.csv").write_text(f"{head}a.jpg,,{label},,,,,,\n")
    files = [folder / f"{name}.csv" for name in ("mine", "base", "theirs")]
    assert gatera("data", "merge-file", files[2], files[1], files[1]) == (0, "", "")
    ran = gatera("data", "merge-file", *files, "labels.csv")
    assert ran.status == 3 and ran.err.startswith(
        "labels.csv: 1 item was changed differently on both sides, e.g. a.jpg (label: wolf or fox, was cat)."
    )
    assert files[0].read_text().splitlines()[1:] == [
        "<<<<<<< HEAD",
        "a.jpg,,wolf,,,,,,",
        "=======",
        "a.jpg,,fox,,,,,,",
        ">>>>>>> the other side",
    ]
    ran = gatera("data", "merge-file", *files)
    assert ran.status == 1 and "Expected: the file as gatera data writes it" in ran.err


def test_status_says_that_git_is_not_set_up(gatera, folder):
    gatera("data", "init")
    subprocess.run(("git", "config", "--remove-section", "merge.gatera-labels"), check=True)
    assert (
        "\nIn this clone, git does not merge labels item by item yet, because clones do not copy that setting (to change: gatera data init .).\n"
        in gatera("data", "status").out
    )


def test_answers_that_were_given_are_in_the_command_for_the_next(capsys):
    """Nothing keeps them: the proposed command alone left the first item in conflict again."""
    left = SimpleNamespace(file="b.jpg", columns=["label"], words=lambda: "label: cat or dog")
    err = SimpleNamespace(conflicts=[left], table="conflicts.csv")
    assert show_conflicts(err, False, "gatera data merge ben", ["a.jpg=dog"], " --person") == 1
    assert "gatera data merge ben --person --take a.jpg=dog,b.jpg=LABEL\n" in capsys.readouterr().out
    show_conflicts(err, False, "gatera data revert a1b2c3d")
    shown = capsys.readouterr().out
    assert "Nothing was undone yet:" in shown and "revert a1b2c3d --take b.jpg=LABEL\n" in shown


@pytest.mark.parametrize(("n", "more"), [(5, ""), (7, " and 2 more")])
def test_status_names_five_files_and_counts_the_others(gatera, folder, n, more):
    gatera("data", "init")
    for number in range(n):
        (folder / f"{number}.jpg").write_bytes((folder / "cat/cat_0.jpg").read_bytes() + bytes([number]))
    (folder / ".gitignore").write_text("cat/\ndog/\n")
    for name in ("cat", "dog"):
        shutil.rmtree(folder / name)
    line = next(line for line in gatera("data", "status").out.split("\n") if line.startswith("Files not in"))
    assert line == f"Files not in the repository: 0.jpg, 1.jpg, 2.jpg, 3.jpg, 4.jpg{more} (gatera data add)."


def test_the_label_of_a_mask_is_itself(gatera, folder):
    """Blame called it "no label"."""
    (folder / "masks").mkdir()
    (folder / "cat").rename(folder / "images")
    (folder / "images" / "cat_0.jpg").rename(folder / "masks" / "cat_1.jpg")
    gatera("data", "init", ".")
    gatera("data", "add", ".")
    gatera("data", "commit", "-m", "Masks")
    ran = gatera("data", "blame", "masks/cat_1.jpg")
    assert ran.out.startswith("masks/cat_1.jpg: mask of images/cat_1.jpg by Ann, ")


def test_a_program_leaves_labels_of_people_and_a_table_is_read_as_it_is_said(gatera, folder, tmp_path):
    gatera("data", "init")
    gatera("data", "add")
    table = tmp_path / "answers.csv"
    table.write_bytes("file;label\ncat/cat_0.jpg;K\u00e4tzchen\n".encode("cp850"))
    how = ("--encoding", "cp850", "--delimiter", ";")
    ran = gatera("data", "label", "--from", table, "--source", "program:p@01234567", *how)
    assert ran.out == "0 items changed.\n"
    assert (
        ran.err == "1 label that people gave was kept, e.g. cat/cat_0.jpg: cat (to replace it: --replace).\n"
    )
    gatera("data", "label", "--from", table, "--source", "program:p@01234567", "--replace", *how)
    assert "cat/cat_0.jpg,K\u00e4tzchen," in re.sub(
        "[0-9a-f]{64},", "", (folder / "labels.csv").read_text(encoding="utf-8")
    )
    assert gatera("data", "label", "dog", "cat/cat_0.jpg", *how).err.startswith(
        "Error: --delimiter is for tables: add --from TABLE."
    )
    assert gatera("data", "add", ".", "--sheet", "A").err.startswith(
        "Error: --sheet is for tables: add --rows."
    )


def test_a_remote_without_a_file_ends_with_1_and_its_name(gatera, folder, tmp_path):
    gatera("data", "init")
    gatera("data", "add")
    gatera("data", "commit", "-m", "First")
    gatera("data", "push", tmp_path / "remote")
    lost = next(
        path
        for path in (tmp_path / "remote/objects").glob("??/*")
        if path.read_bytes() == (folder / "dog/dog_0.jpg").read_bytes()
    )
    lost.unlink()
    ran = gatera("data", "clone", tmp_path / "remote", tmp_path / "copy")
    assert ran.status == 1 and "lacks 1 file of this commit, or has it damaged: dog/dog_0.jpg." in ran.err
    assert ran.out.endswith(", 1 file of which is missing.\n")
    ran = gatera("data", "pull", "-C", tmp_path / "copy", "--json")
    assert ran.status == 1 and json.loads(ran.out)["lacking"] == ["dog/dog_0.jpg"]
    gatera("data", "push", "--again")
    assert (
        gatera("data", "pull", "-C", tmp_path / "copy").status == 0
        and (tmp_path / "copy/dog/dog_0.jpg").exists()
    )
