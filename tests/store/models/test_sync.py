"""Sending and fetching versions, tags and signatures; locks."""

from __future__ import annotations

import json
import shlex
import uuid
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from gatera.cli.given.program import program_path
from gatera.cli.main import main
from gatera.core.errors import ArgumentError, RegistryError, RemoteError
from gatera.store import signatures
from gatera.store.models import version_signatures
from gatera.store.models.check import verify_registry
from gatera.store.models.open import program_file
from gatera.store.models.registry import ModelRegistry
from gatera.store.models.sync.lock import Lock, locked_version, read_lock, write_lock
from gatera.store.models.sync.pull import pull_locked, pull_model, remote_models
from gatera.store.models.sync.push import push_model
from gatera.store.models.version_signatures import sign_version
from gatera.store.remotes.folder import FolderRemote
from gatera.store.remotes.keys import object_key
from gatera.store.remotes.open import open_remote


@pytest.fixture
def remote():
    return open_remote(f"memory://{uuid.uuid4().hex}/programs")


@pytest.fixture
def other(tmp_path: Path) -> ModelRegistry:
    return ModelRegistry(tmp_path / "another machine")


def test_a_model_goes_to_a_remote_and_to_another_machine(filled, remote, other):
    sent = push_model(filled, remote, "cats", quiet=True)
    assert [each.name for each in sent.versions] == ["cats@v1", "cats@v2", "cats@v3"]
    assert list(sent.moves) == ["production: v1", "production: v2"] and sent.transfer.objects == 3
    again = push_model(filled, remote, "cats", quiet=True)
    assert (list(again.versions), list(again.moves), again.transfer.objects) == ([], [], 0)
    assert remote_models(remote) == ["cats"]
    came = pull_model(other, remote, "cats", quiet=True)
    assert len(came.versions) == 3 and other.versions("cats") == filled.versions("cats")
    assert other.history("cats", "production") == filled.history("cats", "production")
    assert verify_registry(other, quiet=True) == (3, [])
    assert pull_model(other, remote, "cats", quiet=True).transfer.objects == 0


def test_one_version_is_fetched_alone(filled, remote, other):
    push_model(filled, remote, "cats", quiet=True)
    pull_model(other, remote, "cats@production", quiet=True)
    assert [each.number for each in other.versions("cats")] == [2] and len(list(other.objects)) == 1
    assert other.find("cats@production").number == 2
    with pytest.raises(RegistryError, match=r"has no cats@v7\. Available: v1, v2, v3, latest, production"):
        pull_model(other, remote, "cats@v7", quiet=True)
    with pytest.raises(RegistryError, match=r"has no model 'cat'\. Available: cats\. Did you mean 'cats'"):
        pull_model(other, remote, "cat", quiet=True)


def test_a_version_that_is_another_program_there_is_not_overwritten(filled, remote, other, make_program):
    push_model(filled, remote, "cats", quiet=True)
    own = other.add(make_program(run=100), "cats", by="Bob", tag="trial")
    with pytest.raises(
        RegistryError,
        match=r"cats@v1 is a different program on memory:.*Ann added it.*--renumber",
    ):
        push_model(other, remote, "cats", quiet=True)
    with pytest.raises(RegistryError, match="--renumber"):
        pull_model(other, remote, "cats", quiet=True)
    assert [each.sha256 for each in other.versions("cats")] == [own.sha256]
    done = pull_model(other, remote, "cats", renumber=True, quiet=True)
    assert list(done.notes) == ["Your cats@v1 is cats@v4 now."]
    assert other.find("cats@v4").sha256 == own.sha256 == other.find("cats@trial").sha256
    assert other.versions("cats")[:3] == filled.versions("cats")
    push_model(other, remote, "cats", quiet=True)
    pull_model(filled, remote, "cats", quiet=True)
    assert filled.find("cats@trial").by == "Bob"


def test_the_same_program_added_by_two_is_one_version(filled, remote, other, make_program):
    push_model(filled, remote, "cats", quiet=True)
    other.add(make_program(run=1), "cats", by="Bob")
    push_model(other, remote, "cats", quiet=True)
    assert [each.by for each in other.versions("cats")] == ["Bob"]


def test_the_same_program_added_by_two_has_the_description_that_came_first(
    filled, remote, other, make_program, monkeypatch, tmp_path
):
    """wandb 5359: what was logged before is ignored. A lock of the second description could never be fetched, nor its signature hold."""
    pytest.importorskip("cryptography")
    monkeypatch.setenv("GATERA_HOME", str(tmp_path / "home"))
    signatures.make_key("bob")
    push_model(filled, remote, "cats", quiet=True)
    own = other.add(make_program(run=1), "cats", by="Bob", note="by mail")
    sign_version(other.files, own, "bob")
    sent = push_model(other, remote, "cats", quiet=True)
    assert "cats@v1 already exists, as Ann added it" in sent.notes[0]
    assert not remote.list("models/cats/signatures/")
    locked = locked_version(own)
    with pytest.raises(
        RegistryError, match=r"its description differs: Ann added it.*gatera models pull cats@v1; "
    ):
        pull_locked(ModelRegistry(tmp_path / "third"), remote, Lock([locked]), quiet=True)
    came = pull_model(other, remote, "cats", quiet=True)
    assert "and not as Bob did" in came.notes[0] and "--sign bob" in came.notes[1]
    assert other.find("cats@v1").document == filled.find("cats@v1").document
    assert [each.number for each in came.versions] == [2, 3]
    assert verify_registry(other, quiet=True) == (3, [])
    pull_locked(
        ModelRegistry(tmp_path / "third"), remote, Lock([locked_version(other.find("cats@v1"))]), quiet=True
    )
    assert list(pull_model(other, remote, "cats@v1", quiet=True).notes) == []


def test_a_signature_does_not_stay_with_another_program(
    filled, remote, other, make_program, monkeypatch, tmp_path
):
    """Of a version that got another number: "signed with: bob" would be said of Ann's program."""
    pytest.importorskip("cryptography")
    monkeypatch.setenv("GATERA_HOME", str(tmp_path / "home"))
    signatures.make_key("bob")
    push_model(filled, remote, "cats", quiet=True)
    sign_version(other.files, other.add(make_program(run=100), "cats", by="Bob"), "bob")
    done = pull_model(other, remote, "cats", renumber=True, quiet=True)
    assert [text[:40] for text in done.notes] == [
        "Your cats@v1 is cats@v4 now.",
        "The signature of your cats@v1 (key bob) ",
    ]
    assert version_signatures.signers(other.files, other.find("cats@v1")) == [] and verify_registry(
        other, quiet=True
    ) == (4, [])
    _, _, words = done.notes[1].partition("To sign it again: gatera ")
    with pytest.raises(SystemExit, match=r"^0$"):
        main([*shlex.split(words), "--registry", str(other.folder)])
    assert version_signatures.signers(other.files, other.find("cats@v4")) == ["bob"] and verify_registry(
        other, quiet=True
    ) == (4, [])


@pytest.mark.parametrize("after", range(12))
def test_a_renumbering_pull_that_is_stopped_goes_on(after, filled, remote, other, make_program, monkeypatch):
    """A tag of mine named their program after a stop between versions and tags; and mine came once more at each new try."""
    push_model(filled, remote, "cats", quiet=True)
    own = [other.add(make_program(run=run), "cats", by="Bob", tag="trial") for run in (100, 101)]
    left, replaced = [after], FolderRemote.replace

    def replace(files, key, content):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        replaced(files, key, content)

    monkeypatch.setattr(FolderRemote, "replace", replace)
    with suppress(KeyboardInterrupt):
        pull_model(other, remote, "cats", renumber=True, quiet=True)
    assert other.find("cats@trial").sha256 == own[1].sha256
    monkeypatch.setattr(FolderRemote, "replace", replaced)
    pull_model(other, remote, "cats", renumber=True, quiet=True)
    assert other.find("cats@trial").sha256 == own[1].sha256
    hashes = [each.sha256 for each in other.versions("cats")]
    assert hashes[:3] == [each.sha256 for each in filled.versions("cats")]
    assert sorted(hashes[3:]) == sorted(each.sha256 for each in own) and verify_registry(
        other, quiet=True
    ) == (5, [])


def test_a_tag_that_two_have_moved(filled, remote, other):
    push_model(filled, remote, "cats", quiet=True)
    pull_model(other, remote, "cats", quiet=True)
    filled.tag("cats@v3", "production", by="Ann")
    other.tag("cats@v1", "production", by="Bob")
    push_model(filled, remote, "cats", quiet=True)
    with pytest.raises(
        RegistryError, match=r"'production' of cats was also moved on memory.*by Ann.*production: v3"
    ):
        push_model(other, remote, "cats", quiet=True)
    done = pull_model(other, remote, "cats", quiet=True)
    assert "your move (production: v1) comes last and counts" in done.notes[0]
    assert [(each.version, each.by) for each in other.history("cats", "production")] == [
        (1, "Ann"), (2, "Ann"), (3, "Ann"), (1, "Bob"),
    ]  # fmt: skip
    push_model(other, remote, "cats", quiet=True)
    pull_model(filled, remote, "cats", quiet=True)
    assert filled.history("cats", "production") == other.history("cats", "production")


def test_damage_on_the_remote_is_found_before_anything_is_read(filled, remote, other):
    push_model(filled, remote, "cats", quiet=True)
    key = object_key(filled.find("cats@v2").sha256)
    content = remote.read(key)
    remote.replace(key, content[:-1] + b"x")
    with pytest.raises(RemoteError, match="is damaged: its SHA-256"):
        pull_model(other, remote, "cats@v2", quiet=True)
    remote.replace(key, content[:-1])
    with pytest.raises(RemoteError, match="its size does not match"):
        pull_model(other, remote, "cats@v2", quiet=True)
    assert other.models() == [] and not other.objects.path(filled.find("cats@v2").sha256).exists()
    remote.replace(key, content[:-1] + b"x")  # of the right size, so that a push takes it for whole
    assert push_model(filled, remote, "cats", quiet=True).transfer.objects == 0
    assert push_model(filled, remote, "cats", quiet=True, again=True).transfer.objects == 3
    assert pull_model(other, remote, "cats@v2", quiet=True).transfer.objects == 1


def test_what_is_damaged_here_is_fetched_again(filled, remote):
    push_model(filled, remote, "cats", quiet=True)
    path = filled.path("cats@v2")
    path.chmod(0o644)
    path.write_bytes(b"short")
    assert pull_model(filled, remote, "cats@v2", quiet=True).transfer.objects == 1
    assert verify_registry(filled, quiet=True) == (3, [])


def test_a_file_of_the_right_size_with_other_bytes_is_fetched_again(filled, remote):
    """pip 3983: what is kept here already was not read, and a locked pull said that it is there."""
    push_model(filled, remote, "cats", quiet=True)
    lock = Lock([locked_version(filled.find("cats@v2"))])
    path = filled.path("cats@v2")
    path.chmod(0o644)
    path.write_bytes(bytes(path.stat().st_size))
    [done] = pull_locked(filled, remote, lock, quiet=True)
    assert done.transfer.objects == 1 and verify_registry(filled, quiet=True) == (3, [])


def test_a_damaged_file_is_mended_by_adding_it_again(filled, tmp_path):
    copy, kept = tmp_path / "copy.gatera", filled.path("cats@v2")
    copy.write_bytes(kept.read_bytes())
    kept.chmod(0o644)
    kept.write_bytes(bytes(kept.stat().st_size))
    assert filled.add(copy, "cats").number == 2 and verify_registry(filled, quiet=True) == (3, [])


def test_a_tag_of_a_model_that_lost_its_versions_is_a_fault(filled):
    """mlflow 24825: what a tag stands for is gone."""
    filled.tag("cats@v1", "kept")
    for path in (filled.folder / "models/cats/versions").iterdir():
        path.unlink()
    _, faults = verify_registry(filled, quiet=True)
    assert (
        "the tag 'kept' of cats points at v1, which is not in the registry: fetch it with gatera models pull cats@v1"
        in faults
    )


def test_a_number_is_not_a_tag(filled):
    with pytest.raises(ArgumentError, match=r"'2' cannot be a tag: it would be taken for v2"):
        filled.tag("cats@v1", "2")
    with pytest.raises(RegistryError, match=r"cats has no tag '2'.*Did you mean 'cats@v2'\?"):
        filled.find("cats@2")
    with pytest.raises(RegistryError, match=r"Did you mean 'cats@v2'\?"):
        filled.find("cats@V02")
    for text in ("cats@>=1", "cats@^2", "cats@"):
        with pytest.raises(
            RegistryError, match=r"names no version of cats.*ranges of versions are not supported"
        ):
            program_file(text, filled)


def test_verify_names_every_fault(filled):
    for number, damage in (
        (1, lambda path: path.unlink()),
        (2, lambda path: path.write_bytes(path.read_bytes()[:-1] + b"x")),
    ):
        path = filled.path(f"cats@v{number}")
        path.chmod(0o644)
        damage(path)
    (filled.folder / "models/cats/versions/000003.json").unlink()
    filled.files.replace(
        "models/cats/tags/beta/000001.json",
        b'{"format": 1, "tag": "beta", "version": 3, "by": "Ann", "at": "now"}',
    )
    count, faults = verify_registry(filled, quiet=True)
    assert count == 2 and [fault.partition(":")[0] for fault in faults] == [
        "the tag 'beta' of cats points at v3, which is not in the registry",
        "the file of cats@v1 is missing", "the file of cats@v2 is damaged",
    ]  # fmt: skip


def test_a_lock_is_reproduced_or_fails(filled, remote, other, tmp_path, make_program):
    push_model(filled, remote, "cats", quiet=True)
    path = write_lock(
        Lock([locked_version(filled.find("cats@production"))], {}, remote.address), tmp_path / "gatera.lock"
    )
    lock = read_lock(path)
    assert (lock.models[0].name, lock.remote) == ("cats@v2", remote.address)
    assert pull_locked(other, remote, lock, quiet=True)[0].transfer.objects == 1
    assert other.versions("cats") == [filled.find("cats@v2")]
    assert pull_locked(other, remote, lock, quiet=True)[0].transfer.objects == 0
    wrong = Lock([replace(lock.models[0], size=lock.models[0].size + 1)])
    with pytest.raises(RegistryError, match=r"gives cats@v2 another size.*gatera models lock cats@v2"):
        pull_locked(other, remote, wrong, quiet=True)
    # the remote is changed: another description of the same file, another file, nothing
    key = "models/cats/versions/000002.json"
    changed = json.loads(remote.read(key))
    remote.replace(key, json.dumps({**changed, "note": "nicer"}).encode())
    with pytest.raises(
        RegistryError,
        match=r"cats@v2 at memory.* is the program that was locked, but its description differs.*gatera models pull cats@v2; gatera",
    ):
        pull_locked(other, remote, lock, quiet=True)
    remote.replace(key, json.dumps({**changed, "sha256": "0" * 64}).encode())
    with pytest.raises(RegistryError, match="is not the one that was locked"):
        pull_locked(other, remote, lock, quiet=True)
    empty = open_remote(f"memory://{uuid.uuid4().hex}")
    with pytest.raises(RegistryError, match=r"has no cats@v2, which is locked\. Available: no version of it"):
        pull_locked(other, empty, lock, quiet=True)


def test_a_registry_that_has_something_else_under_a_locked_name(filled, remote, other, make_program):
    push_model(filled, remote, "cats", quiet=True)
    other.add(make_program(run=50), "cats")
    with pytest.raises(RegistryError, match="is not the one that was locked"):
        pull_locked(other, remote, Lock([locked_version(filled.find("cats@v1"))]), quiet=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("{", r"is not a lock file, or was cut off.*Restore it from git, or write it again: gatera models lock"), ('{"format": 2}', "newer Gatera"), ('{"format": 1, "keys": {"ann": "x"}}', "not a public key"),
        ('{"format": 1, "models": [3]}', "no valid 'models'"), ('{"format": 1, "models": [{"model": "../x"}]}', "not a name for a model"),
        (None, r"cannot be read.*gatera models lock"), ('{\n<<<<<<< HEAD\n "format": 1', "holds the conflict markers of a merge"),
    ],
)  # fmt: skip
def test_damaged_lock_files(tmp_path, change, said):
    path = tmp_path / "gatera.lock"
    if change is not None:
        path.write_text(change)
    with pytest.raises(RegistryError, match=said):
        read_lock(path)


def test_signatures(filled, remote, other, monkeypatch, tmp_path):
    pytest.importorskip("cryptography")
    public = signatures.make_key("ann")
    assert signatures.public_key("ann") == public and signatures.key_names() == ["ann"]
    assert (signatures.keys_folder() / "ann.key").stat().st_mode & 0o777 == 0o600
    version = filled.find("cats@v2")
    sign_version(filled.files, version, "ann")
    push_model(filled, remote, "cats", quiet=True)
    assert verify_registry(filled, keys={}, quiet=True) == (3, [])
    lock = Lock([locked_version(version, "ann")], {"ann": public}, "")
    assert pull_locked(other, remote, read_lock(write_lock(lock, tmp_path / "l")), quiet=True)[0].versions
    # somebody else signs in ann's name
    monkeypatch.setenv("GATERA_HOME", str(tmp_path / "mallory"))
    forged = signatures.make_key("ann")
    sign_version(remote, version, "ann")
    wrong = r"cats@v2 is refused: its signature was not made with the key 'ann' \(ed25519:"
    with pytest.raises(RegistryError, match=wrong):
        pull_locked(other, remote, lock, quiet=True)
    with pytest.raises(RegistryError, match=wrong):
        pull_model(other, remote, "cats@v2", keys={"ann": public}, quiet=True)
    with pytest.raises(
        RegistryError, match=r"cats@v1 is not signed with the key 'ann'\. Available: no signatures"
    ):
        pull_model(other, remote, "cats@v1", keys={"ann": public}, quiet=True)
    assert forged != public


def test_a_description_that_changed_after_it_was_signed(filled):
    pytest.importorskip("cryptography")
    signatures.make_key("ann")
    sign_version(filled.files, filled.find("cats@v1"), "ann")
    path = filled.folder / "models/cats/versions/000001.json"
    path.write_text(path.read_text().replace("run 1", "run 9"))
    assert "its signature was not made with the key 'ann'" in verify_registry(filled, quiet=True)[1][0]


def test_descriptions_and_tags_that_are_damaged_on_a_remote_are_sent_again(filled, remote, other):
    push_model(filled, remote, "cats", quiet=True)
    sound = remote.read("models/cats/tags/production/000002.json")
    for key in (
        "models/cats/versions/000001.json",
        "models/cats/tags/production/000002.json",
        "registry.json",
    ):
        remote.replace(key, b"" if key[0] == "m" else b"<html>")
    with pytest.raises(RegistryError, match=r"is damaged: .* gatera models push MODEL --again$"):
        pull_model(other, remote, "cats", quiet=True)
    assert len(push_model(filled, remote, "cats", quiet=True, again=True).notes) == 3
    assert remote.read("models/cats/tags/production/000002.json") == sound
    assert pull_model(other, remote, "cats", quiet=True).moves == ["production: v1", "production: v2"]
    newer = b'{"format": 99}'
    remote.replace("models/cats/tags/production/000002.json", newer)
    with pytest.raises(RegistryError, match="newer Gatera"):
        push_model(filled, remote, "cats", quiet=True, again=True)
    assert remote.read("models/cats/tags/production/000002.json") == newer


def test_that_a_version_was_withdrawn_travels(filled, remote, other):
    push_model(filled, remote, "cats", quiet=True)
    pull_model(other, remote, "cats", quiet=True)
    lock = Lock([locked_version(other.find("cats@latest"))])
    filled.withdraw("cats@v3", "wrong labels")
    assert list(push_model(filled, remote, "cats", quiet=True).moves) == ["withdrawn-v3: v3"]
    assert pull_model(other, remote, "cats@latest", quiet=True).notes == []
    assert other.find("cats@latest").name == "cats@v2"
    assert (
        pull_model(other, remote, "cats@v3", quiet=True)
        .notes[0]
        .startswith("cats@v3 was withdrawn by Ann on ")
    )
    (done,) = pull_locked(other, remote, lock, quiet=True)  # what is locked stays what it is
    assert done.notes[0].endswith(" (wrong labels), and it is still locked.")


def test_versions_that_two_withdrew_under_one_number_both_stay_withdrawn(filled, remote, other, make_program):
    other.add(make_program(run=100), "cats", by="Bob")
    other.withdraw("cats@v1", "mine", by="Bob")
    filled.withdraw("cats@v1", "theirs")
    push_model(filled, remote, "cats", quiet=True)
    pull_model(other, remote, "cats", renumber=True, quiet=True)  # Bob's is v4 now
    assert {number: move.note for number, move in other.withdrawn("cats").items()} == {1: "theirs", 4: "mine"}
    other.withdraw("cats@v1", undo=True)
    assert set(other.withdrawn("cats")) == {4}
    other.withdraw("cats@v1")
    assert set(other.withdrawn("cats")) == {1, 4}


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("hf://ann/cats", "gatera models pull NAME --remote hf://ann/cats"),
        ("https://x.org/c.gatera", "Download the file first"),
    ],
)
def test_an_address_is_not_a_file_that_does_not_exist(name, remedy):
    """It was shown without one of its slashes."""
    with pytest.raises(RegistryError, match=f"'{name}' is an address.*{remedy}"):
        program_file(name)
    with pytest.raises(RegistryError, match=f"'{name}' is an address.*{remedy}"):
        program_path(name)
