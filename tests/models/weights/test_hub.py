from __future__ import annotations

import huggingface_hub
import pytest

from gatera.core.errors import PretrainedError
from gatera.models.weights.hub import NotOnHub, endpoint, fetch, hub_files

REPO = "owner/net"
CONTENT = bytes(range(256)) * 500


@pytest.fixture
def no_pauses(monkeypatch):
    """Let the client try again at once."""
    monkeypatch.setattr(huggingface_hub.file_download.time, "sleep", lambda seconds: None)


def reason(*filenames: str) -> str:
    with pytest.raises(NotOnHub) as err:
        fetch(REPO, filenames or ("a.bin",))
    return str(err.value)


def test_the_address_is_read_when_it_is_needed(monkeypatch):
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    assert endpoint() == "https://huggingface.co"
    monkeypatch.setenv("HF_ENDPOINT", "")
    assert endpoint() == "https://huggingface.co"
    monkeypatch.setenv("HF_ENDPOINT", "http://mirror/hub/")
    assert endpoint() == "http://mirror/hub"


def test_the_safe_format_is_asked_for_first():
    assert hub_files(None) == ("model.safetensors", "pytorch_model.bin")
    assert hub_files("open_clip_pytorch_model.bin") == (
        "open_clip_model.safetensors",
        "open_clip_pytorch_model.bin",
    )
    assert hub_files("weights/net.bin") == ("weights/net.safetensors", "weights/net.bin")
    assert hub_files("net.safetensors") == ("net.safetensors",)


@pytest.mark.parametrize("redirect", [False, True])
def test_a_file_is_fetched_once_and_then_comes_from_the_cache(hub, private_home, redirect):
    hub.files, hub.redirect = {"owner/net/a.bin": CONTENT}, redirect
    path = fetch(REPO, ["a.bin"])
    assert path.read_bytes() == CONTENT
    assert path.is_relative_to(private_home / "models" / "hub")
    hub.stop()
    asked = len(hub.requests)
    assert fetch(REPO, ["a.bin"]) == path
    assert len(hub.requests) == asked


def test_the_next_file_is_taken_where_the_first_is_not_there(hub):
    hub.files = {"owner/net/b.bin": CONTENT}
    assert fetch(REPO, ["a.bin", "b.bin"]).name == "b.bin"


def test_a_broken_connection_is_taken_up_where_it_broke(hub, no_pauses, caplog):
    hub.files, hub.cuts = {"owner/net/a.bin": CONTENT}, 2
    assert fetch(REPO, ["a.bin"]).read_bytes() == CONTENT
    assert [request.split()[0] for request in hub.requests] == ["HEAD", "HEAD", "GET", "GET", "GET"]


def test_a_connection_that_always_breaks_is_given_up(hub, no_pauses, caplog):
    hub.files, hub.cuts = {"owner/net/a.bin": CONTENT}, 100
    assert reason().startswith("failed (RemoteProtocolError: peer closed connection")


def test_a_file_that_arrives_damaged_is_thrown_away(hub):
    hub.files, hub.spoil = {"owner/net/a.bin": CONTENT}, True
    with pytest.raises(PretrainedError) as err:
        fetch(REPO, ["a.bin"])
    assert str(err.value) == (
        f"the download of a.bin from {hub.address}/owner/net was damaged and has been deleted: its SHA-256 does not "
        "match the hub's. Try again; if the problem persists, a proxy may be altering files."
    )
    hub.spoil = False
    assert fetch(REPO, ["a.bin"]).read_bytes() == CONTENT


def test_a_server_that_is_no_hub_is_given_up(hub):
    hub.files, hub.hidden = {"owner/net/a.bin": CONTENT}, "X-Repo-Commit"
    assert "is missing the 'X-Repo-Commit' header" in reason()


def test_files_that_are_not_there_are_named(hub):
    assert reason("a.bin", "b.bin") == "has none of a.bin, b.bin"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (429, "answered 429 Too Many Requests"),
        (503, "answered 503 Service Unavailable"),
        (599, "answered 599"),
    ],
)
def test_a_hub_that_has_too_much_to_do_is_asked_once(hub, status, expected):
    hub.status = status
    assert reason() == expected
    assert len(hub.requests) == 1


def test_a_hub_that_wants_permission_is_said_to(hub):
    hub.status = 401
    assert "Client error '401 Unauthorized'" in reason()


@pytest.mark.parametrize("variable", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_the_hub_is_not_asked_when_the_user_says_so(hub, monkeypatch, variable):
    monkeypatch.setenv(variable, "true")
    assert reason() == f"skipped, because {variable} is set"
    assert hub.requests == []


def test_a_hub_that_is_down_is_said_to_be(hub):
    hub.stop()
    assert reason().startswith("not reachable (")


def test_an_address_that_is_none_is_said_to_be_unreachable(hub, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "nonsense")
    assert reason() == "not reachable (unknown url type: 'nonsense/owner/net/resolve/main/a.bin')"


def test_a_hub_that_keeps_silent_is_not_waited_for(hub, monkeypatch):
    monkeypatch.setattr("gatera.models.weights.hub.PATIENCE_SECONDS", 0.1)
    hub.silent = True
    assert reason() in ("not reachable (timed out)", "not reachable (no answer within 0.1 seconds)")
