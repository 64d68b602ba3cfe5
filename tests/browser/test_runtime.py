"""onnxruntime-web comes from npm once, is checked against its hash, and may be put there by hand."""

from __future__ import annotations

import shutil

import pytest

from gatera.browser import runtime
from gatera.browser.runtime import REGISTRY_VARIABLE, RUNTIME, VARIABLE, runtime_files
from gatera.core.errors import ArgumentError, DownloadError
from gatera.core.files import home


def contents(files):
    return {name: path.read_bytes() for name, path in files.items()}


def test_it_is_fetched_once_and_kept(npm):
    first, second = runtime_files(), runtime_files()
    assert contents(first) == {"ort.mjs": b"export const env = {};", "ort.wasm": b"\0asm and more"}
    assert second == first
    assert npm.asked == ["/onnxruntime-web/-/onnxruntime-web-9.9.9.tgz"]
    kept = home() / "browser"
    assert sorted(path.name for path in kept.rglob("*") if path.is_file() and path.suffix != ".lock") == [
        "ort.mjs",
        "ort.wasm",
    ]


def test_a_package_with_another_hash_is_refused_and_says_where_to_put_the_right_one(npm):
    # the same length and beginning as far as the download looks: only the hash tells
    npm.content = npm.content[:-1] + bytes([npm.content[-1] ^ 1])
    with pytest.raises(
        DownloadError, match=r"onnxruntime-web 9\.9\.9, which computes in the browser, is not here"
    ):
        runtime_files()
    assert not (home() / "browser" / "onnxruntime-web-9.9.9").exists()


def test_the_hash_of_the_package_is_compared(npm, tmp_path, monkeypatch):
    damaged = tmp_path / "onnxruntime-web-9.9.9.tgz"
    damaged.write_bytes(npm.content[:-1] + bytes([npm.content[-1] ^ 1]))
    with pytest.raises(DownloadError, match=r"is not onnxruntime-web 9\.9\.9"):
        runtime_files(damaged)


def test_without_a_network_it_says_what_to_put_where(npm, monkeypatch):
    monkeypatch.setenv(REGISTRY_VARIABLE, "http://127.0.0.1:9")
    with pytest.raises(DownloadError) as failed:
        runtime_files()
    message = str(failed.value)
    assert "http://127.0.0.1:9/onnxruntime-web/-/onnxruntime-web-9.9.9.tgz could not be fetched" in message
    assert (
        f"put onnxruntime-web-9.9.9.tgz into {home() / 'browser'}, or name its folder with --runtime or {VARIABLE}"
        in message
    )


def test_what_was_put_there_by_hand_is_used(npm, monkeypatch):
    monkeypatch.setenv(REGISTRY_VARIABLE, "http://127.0.0.1:9")
    (home() / "browser").mkdir()
    (home() / "browser" / "onnxruntime-web-9.9.9.tgz").write_bytes(npm.content)
    assert set(runtime_files()) == {"ort.mjs", "ort.wasm"}
    assert npm.asked == []


@pytest.mark.parametrize("inner", [".", "dist", "package/dist"])
def test_a_folder_may_be_named(npm, tmp_path, monkeypatch, inner):
    place = tmp_path / "npm" / inner
    place.mkdir(parents=True)
    for path in runtime_files().values():
        shutil.copy(path, place)
    npm.asked.clear()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "npm"))
    assert all(path.is_relative_to(tmp_path) for path in runtime_files().values())
    (place / "ort.mjs").write_bytes(b"another version")
    with pytest.raises(ArgumentError, match=r"are not those of onnxruntime-web 9\.9\.9"):
        runtime_files()
    with pytest.raises(ArgumentError, match="has no onnxruntime-web"):
        runtime_files(tmp_path / "nothing")
    assert npm.asked == []


def test_a_file_that_changed_is_fetched_again(npm):
    runtime_files()["ort.wasm"].write_bytes(b"damaged")
    assert contents(runtime_files())["ort.wasm"] == b"\0asm and more"
    assert len(npm.asked) == 2


def test_the_pinned_version_names_what_pages_load():
    assert RUNTIME is runtime.RUNTIME
    assert set(RUNTIME.hashes) == {RUNTIME.script, RUNTIME.binary}
