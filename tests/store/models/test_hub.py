"""The Hugging Face hub, tested against a server on this machine that speaks its protocol; see hub_server.py."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gatera.cli.main import main
from gatera.core.errors import ArgumentError, RegistryError, RemoteError
from gatera.program.program import load_program
from gatera.store import signatures
from gatera.store.models.registry import ModelRegistry
from gatera.store.models.sync.hub import DOCUMENT, from_hub, push_to_hub
from gatera.store.models.version_signatures import sign_version
from gatera.store.remotes import retry
from gatera.store.remotes.huggingface import repository_of

pytest.importorskip("huggingface_hub")

#: The client's own, about its way of sending large files.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

spec = importlib.util.spec_from_file_location("hub_server", Path(__file__).with_name("hub_server.py"))
hub_server = importlib.util.module_from_spec(spec)
spec.loader.exec_module(hub_server)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from huggingface_hub import constants

    running = hub_server.FakeHub()
    monkeypatch.setenv("HF_ENDPOINT", running.address)
    monkeypatch.setenv("HF_TOKEN", "hf_ann")
    monkeypatch.setattr(
        constants, "HF_HUB_DISABLE_XET", True
    )  # the server speaks the older protocol of large files
    monkeypatch.setattr(retry, "WAIT_SECONDS", 0.001)
    monkeypatch.setattr(
        "time.sleep", lambda seconds: None
    )  # the client waits longer and longer between its tries
    yield running
    running.close()


@pytest.fixture
def other(tmp_path: Path) -> ModelRegistry:
    return ModelRegistry(tmp_path / "another machine")


def test_a_version_goes_to_the_hub_and_comes_back(filled, other, hub):
    assert push_to_hub(filled, "cats@production", "ann/cats") == "hf://ann/cats@v2"
    _, files = hub.files("ann/cats", "v2")
    assert set(files) == {".gitattributes", "cats.gatera", DOCUMENT, "README.md"}
    page = files["README.md"].decode()
    assert page.startswith("---\nlibrary_name: gatera\n") and 'load_program("cats@v2")' in page
    version = from_hub(other, "ann/cats")
    assert version == filled.find("cats@v2") and other.versions("cats") == [version]
    assert load_program(other.path("cats@v2")).info["training"]["run"] == 2
    # the next version, and the older one by its tag
    push_to_hub(filled, "cats@v3", "ann/cats")
    assert from_hub(other, "ann/cats").number == 3 and from_hub(other, "ann/cats", "v2").number == 2
    # an older one, sent last, is not the newest
    push_to_hub(filled, "cats@v1", "ann/cats")
    assert from_hub(ModelRegistry(other.folder.parent / "third"), "ann/cats").number == 3


@pytest.mark.whole
def test_what_is_there_is_not_sent_again_nor_overwritten(filled, other, hub, make_program):
    push_to_hub(filled, "cats@v1", "ann/cats")
    commits = len(hub.repositories["ann/cats"])
    assert push_to_hub(filled, "cats@v1", "ann/cats") == "hf://ann/cats@v1"
    assert len(hub.repositories["ann/cats"]) == commits
    other.add(make_program(run=77), "cats", by="Bob")
    with pytest.raises(RegistryError, match=r"has another program as v1: Ann added it"):
        push_to_hub(other, "cats@v1", "ann/cats")
    with pytest.raises(RegistryError, match="cats@v1 in this registry is a different program"):
        from_hub(other, "ann/cats")


def test_a_repository_takes_no_second_model(filled, other, hub, make_program):
    push_to_hub(filled, "cats@v1", "ann/cats")
    for run in (51, 52):
        other.add(make_program(run=run), "dogs")
    for version in ("dogs@v1", "dogs@v2"):  # the number is taken there, and is not
        with pytest.raises(RegistryError, match="holds the model cats"):
            push_to_hub(other, version, "ann/cats")
    assert from_hub(other, "ann/cats").name == "cats@v1"


def test_a_page_that_somebody_edited_on_the_hub_stays(filled, hub, capsys):
    """Each push wrote it anew: a licence that was added by hand was gone."""
    push_to_hub(filled, "cats@v1", "ann/cats")
    push_to_hub(filled, "cats@v2", "ann/cats")
    sent = hub.files("ann/cats")[1]["README.md"]
    assert b"cats@v2" in sent and "stays" not in capsys.readouterr().err
    hub.commit("ann/cats", {"README.md": sent.replace(b"library_name", b"license: mit\nlibrary_name")})
    push_to_hub(filled, "cats@v3", "ann/cats")
    assert b"license: mit" in hub.files("ann/cats")[1]["README.md"]
    assert "The page of hf://ann/cats is not as Gatera writes it, and stays" in capsys.readouterr().err


def test_a_page_that_was_there_before_the_first_version_stays(filled, hub, capsys):
    """As the hub makes one for a new repository with a licence; it was said not to be "as it was sent"."""
    hub.commit("ann/cats", {"README.md": b"---\nlicense: mit\n---\n"})
    push_to_hub(filled, "cats@v1", "ann/cats")
    assert hub.files("ann/cats")[1]["README.md"] == b"---\nlicense: mit\n---\n"
    assert "The page of hf://ann/cats is not as Gatera writes it, and stays" in capsys.readouterr().err


@pytest.mark.whole
def test_faults_of_the_network(filled, other, hub):
    hub.faults = [500, None, 503]
    push_to_hub(filled, "cats@v1", "ann/cats")
    hub.faults = [502, None, 500]
    assert from_hub(other, "ann/cats").number == 1
    hub.faults = [500] * 200
    with pytest.raises(RemoteError, match=r"failed 2 times"):
        from_hub(other, "ann/cats")


@pytest.mark.whole
def test_what_the_hub_refuses_is_said(filled, other, hub):
    with pytest.raises(RemoteError, match=r"hf://ann/none does not exist, or you may not see it"):
        from_hub(other, "ann/none")
    push_to_hub(filled, "cats@v1", "ann/cats")
    with pytest.raises(RemoteError, match="no such version or tag"):
        from_hub(other, "ann/cats", "v9")
    hub.tokens = {"somebody else's"}
    with pytest.raises(RemoteError, match=r"hf auth login"):
        push_to_hub(filled, "cats@v2", "ann/cats")
    for address in ("hf://cats", "hf://a/b/c", "hf://"):
        with pytest.raises(ArgumentError, match="hf://USER/NAME"):
            repository_of(address)


def test_a_file_that_is_not_what_its_description_says(filled, other, hub):
    push_to_hub(filled, "cats@v1", "ann/cats")
    files = hub.files("ann/cats")[1]
    hub.commit("ann/cats", {"cats.gatera": files["cats.gatera"][:-1] + b"x"})
    with pytest.raises(RemoteError, match=r"is not the file that its description names"):
        from_hub(other, "ann/cats")
    assert other.models() == [] and list(other.objects) == []
    described = json.loads(files[DOCUMENT])
    hub.commit("ann/cats", {DOCUMENT: json.dumps({**described, "model": "../../x"}).encode()})
    with pytest.raises(ArgumentError, match="not a name for a model"):
        from_hub(other, "ann/cats")


def test_a_repository_that_somebody_filled_by_hand(filled, other, hub, make_program):
    hub.commit("bob/dogs", {"best.gatera": make_program(run=5).read_bytes()})
    version = from_hub(other, "bob/dogs", model="dogs")
    assert version.name == "dogs@v1" and version.note == "from hf://bob/dogs at main"
    hub.commit("bob/none", {"model.bin": b""})
    with pytest.raises(RegistryError, match="does not hold one program"):
        from_hub(other, "bob/none")


@pytest.mark.whole
def test_signatures_travel(filled, other, hub, monkeypatch, tmp_path):
    pytest.importorskip("cryptography")
    public = signatures.make_key("ann")
    sign_version(filled.files, filled.find("cats@v1"), "ann")
    push_to_hub(filled, "cats@v1", "ann/cats")
    assert from_hub(other, "ann/cats", keys={"ann": public}).number == 1
    monkeypatch.setenv("GATERA_HOME", str(tmp_path / "mallory"))
    with pytest.raises(RegistryError, match=r"not made with the key 'ann'"):
        from_hub(ModelRegistry(tmp_path / "third"), "ann/cats", keys={"ann": signatures.make_key("ann")})
    with pytest.raises(
        RegistryError, match=r"cats@v3 is not signed with the key ann"
    ):  # v1 was, in the same repository
        push_to_hub(filled, "cats@v3", "ann/cats")
        from_hub(ModelRegistry(tmp_path / "third"), "ann/cats", keys={"ann": public})
    push_to_hub(filled, "cats@v2", "ann/cats2")
    with pytest.raises(RegistryError, match=r"not signed with the key ann"):
        from_hub(ModelRegistry(tmp_path / "third"), "ann/cats2", keys={"ann": public})


def test_the_commands(filled, hub, capsys, monkeypatch, tmp_path):
    def run(*words):
        with pytest.raises(SystemExit) as done:
            main(["models", *words])
        return done.value.code, *capsys.readouterr()

    monkeypatch.setenv("GATERA_REGISTRY", str(filled.folder))
    status, out, _ = run("push", "cats@production", "--remote", "hf://ann/cats")
    assert (status, out) == (0, "cats@v2 is at hf://ann/cats@v2.\n")
    status, _, err = run("list", "--remote", "hf://ann/cats")
    assert status == 1 and "They are the tags on the page of the repository." in err
    lock = str(tmp_path / "gatera.lock")
    run("lock", "cats@v2", "--out", lock, "--remote", "hf://ann/cats")
    for words in (["pull", "cats", "--remote", "hf://ann/cats"], ["pull", "--locked", "--lock", lock]):
        monkeypatch.setenv("GATERA_REGISTRY", str(tmp_path / words[-1].replace("/", "_")))
        status, out, _ = run(*words)
        assert status == 0 and out.startswith("cats@v2  sha256 ") and out.endswith("from hf://ann/cats\n")
    for fetched in (True, False):
        monkeypatch.setenv("GATERA_REGISTRY", str(tmp_path / "as_json"))
        _, out, _ = run("pull", "--locked", "--lock", lock, "--json")
        assert json.loads(out) == {"locked": "cats@v2", "fetched": fetched}
    hub.commit(
        "ann/cats",
        {DOCUMENT: json.dumps({**json.loads(hub.files("ann/cats")[1][DOCUMENT]), "note": "x"}).encode()},
    )
    hub.tags["ann/cats"]["v2"] = hub.repositories["ann/cats"][-1][0]
    monkeypatch.setenv("GATERA_REGISTRY", str(tmp_path / "third"))
    status, _, err = run("pull", "--locked", "--lock", lock)
    assert status == 1 and "is the program that was locked, but its description differs" in err
    status, _, err = run("push", "--remote", "hf://cats")
    assert status == 1 and "is empty" in err
