from __future__ import annotations

import errno
import io
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from gatera.core.errors import DownloadError
from gatera.data.download import unpack as archives_module
from gatera.data.download.unpack import BadArchive, unpack


def tar(path: Path, members: dict[str, bytes | tarfile.TarInfo], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
                continue
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def special(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, link
    return entry


def tree(folder: Path) -> dict[str, bytes]:
    return {
        f.relative_to(folder).as_posix(): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()
    }


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_the_one_folder_of_an_archive_becomes_the_folder(tmp_path: Path, mode: str) -> None:
    archive = tar(tmp_path / "x.tgz", {"pets/images/1.jpg": b"one", "pets/2.txt": b"two"}, mode)
    folder = unpack(archive, tmp_path / "data/oxford")
    assert folder == tmp_path / "data/oxford"
    assert tree(folder) == {"images/1.jpg": b"one", "2.txt": b"two"}
    assert [entry.name for entry in (tmp_path / "data").iterdir()] == ["oxford"]


def test_a_zip_is_unpacked_too(tmp_path: Path) -> None:
    archive = zipped(
        tmp_path / "x.zip", {"ml/": b"", "ml/u.data": b"1", "ml/deep/": b"", "ml/deep/u.item": b"2"}
    )
    assert tree(unpack(archive, tmp_path / "ml-100k")) == {"u.data": b"1", "deep/u.item": b"2"}


def test_files_without_a_common_folder_stay_together(tmp_path: Path) -> None:
    archive = tar(tmp_path / "x.tgz", {"./a.txt": b"a", "./b/c.txt": b"c"})
    assert tree(unpack(archive, tmp_path / "x")) == {"a.txt": b"a", "b/c.txt": b"c"}


def test_one_file_alone_is_no_folder(tmp_path: Path) -> None:
    assert tree(unpack(tar(tmp_path / "x.tgz", {"a.txt": b"a"}), tmp_path / "x")) == {"a.txt": b"a"}


def test_what_macos_adds_is_not_a_second_folder(tmp_path: Path) -> None:
    archive = tar(tmp_path / "x.tgz", {"._pets": b"", "__MACOSX/x": b"", "pets/1.txt": b"1"})
    assert tree(unpack(archive, tmp_path / "x")) == {"1.txt": b"1"}


def test_links_become_copies_of_what_they_mean(tmp_path: Path) -> None:
    members = {"d/a.txt": b"a", "d/hard": special("d/hard", tarfile.LNKTYPE, "d/a.txt"),
               "d/soft": special("d/soft", tarfile.SYMTYPE, "a.txt")}  # fmt: skip
    folder = unpack(tar(tmp_path / "x.tgz", members), tmp_path / "x")
    assert tree(folder) == {"a.txt": b"a", "hard": b"a", "soft": b"a"}
    assert not (folder / "soft").is_symlink()


@pytest.mark.skipif(os.name == "nt", reason="no such permissions there")
def test_the_folder_is_as_open_as_any_new_one(tmp_path: Path) -> None:
    tar(tmp_path / "x.tgz", {"a.txt": b"a"})
    unpack(tmp_path / "x.tgz", tmp_path / "x")
    (tmp_path / "other").mkdir()
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == stat.S_IMODE((tmp_path / "other").stat().st_mode)


def test_an_older_folder_is_replaced_whole(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x/old.txt").touch()
    assert tree(unpack(tar(tmp_path / "a.tgz", {"new.txt": b""}), tmp_path / "x")) == {"new.txt": b""}


def test_a_link_to_a_folder_is_replaced_and_the_folder_it_leads_to_is_kept(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/precious.txt").touch()
    (tmp_path / "x").symlink_to(tmp_path / "mine")
    unpack(tar(tmp_path / "a.tgz", {"new.txt": b""}), tmp_path / "x")
    assert not (tmp_path / "x").is_symlink()
    assert (tmp_path / "mine/precious.txt").exists()


def test_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".x.abc.partial/content").mkdir(parents=True)
    (tmp_path / ".xy.abc.partial").mkdir()
    unpack(tar(tmp_path / "a.tgz", {"new.txt": b""}), tmp_path / "x")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [".xy.abc.partial", "a.tgz", "x"]


@pytest.mark.parametrize(
    "name",
    ["../evil.txt", "a/../../evil.txt", "/evil.txt", "C:\\evil.txt", "..\\evil.txt", "\\\\host\\share\\evil"],
)
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_a_member_that_would_leave_the_folder_is_refused(tmp_path: Path, name: str, kind: str) -> None:
    members = {"good.txt": b"", name: b"evil"}
    archive = tar(tmp_path / "x.tgz", members) if kind == "tar" else zipped(tmp_path / "x.zip", members)
    with pytest.raises(BadArchive) as err:
        unpack(archive, tmp_path / "data/x")
    assert str(err.value) == (
        f"{archive} holds {name!r}, which would be outside its folder; nothing was unpacked. "
        "Do not use this archive unless you trust its source."
    )
    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.parametrize("kind", [tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_a_member_that_is_neither_file_nor_folder_is_refused(tmp_path: Path, kind: bytes) -> None:
    archive = tar(tmp_path / "x.tgz", {"dev": special("dev", kind)})
    with pytest.raises(BadArchive) as err:
        unpack(archive, tmp_path / "data/x")
    assert str(err.value) == (
        f"{archive} holds 'dev', which is neither a file nor a folder; nothing was unpacked. "
        "Do not use this archive unless you trust its source."
    )


@pytest.mark.parametrize("target", ["../../secret", "/etc/passwd", "gone.txt", "loop"])
def test_a_link_out_of_the_archive_leads_nowhere(tmp_path: Path, target: str) -> None:
    (tmp_path / "secret").write_text("secret")
    archive = tar(tmp_path / "x.tgz", {"loop": special("loop", tarfile.SYMTYPE, target)})
    with pytest.raises(BadArchive) as err:
        unpack(archive, tmp_path / "data/x")
    assert str(err.value).startswith(f"{archive} is damaged (")
    assert list((tmp_path / "data").iterdir()) == []


def test_a_truncated_archive_is_damaged(tmp_path: Path) -> None:
    archive = tar(tmp_path / "x.tgz", {"a.bin": os.urandom(100_000)})
    archive.write_bytes(archive.read_bytes()[:50_000])
    with pytest.raises(BadArchive) as err:
        unpack(archive, tmp_path / "data/x")
    assert str(err.value) == (
        f"{archive} is damaged (Compressed file ended before the end-of-stream marker was reached). "
        "Fetch it again."
    )
    assert list((tmp_path / "data").iterdir()) == []


def test_a_zip_with_wrong_bytes_is_damaged(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "x.zip", {"a.bin": b"abcdef"})
    archive.write_bytes(archive.read_bytes().replace(b"abcdef", b"abcdeX"))
    with pytest.raises(BadArchive) as err:
        unpack(archive, tmp_path / "x")
    assert str(err.value) == f"{archive} is damaged (Bad CRC-32 for file 'a.bin'). Fetch it again."


@pytest.mark.parametrize("content", [b"", b"<html>please log in</html>"])
def test_what_is_no_archive_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.tgz").write_bytes(content)
    with pytest.raises(BadArchive) as err:
        unpack(tmp_path / "x.tgz", tmp_path / "x")
    assert str(err.value) == (f"{tmp_path / 'x.tgz'} is neither a tar nor a zip archive. Fetch it again.")


def test_a_disk_without_room_is_noticed_before_it_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tar(tmp_path / "x.tgz", {"a.bin": bytes(5_000_000)})
    monkeypatch.setattr(archives_module, "free_bytes", lambda folder: 1_000_000)
    with pytest.raises(DownloadError) as err:
        unpack(archive, tmp_path / "x")
    assert str(err.value) == (
        f"Not enough disk space to unpack {archive}: a.bin has 5.0 MB. Free some disk space, or set GATERA_HOME to a larger "
        "disk."
    )
    assert not (tmp_path / "x").exists()


def test_a_disk_that_fills_up_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    archive = tar(tmp_path / "x.tgz", {"a.bin": b"1"})
    monkeypatch.setattr(archives_module.shutil, "copyfileobj", full)
    with pytest.raises(DownloadError) as err:
        unpack(archive, tmp_path / "data/x")
    assert str(err.value) == f"{archive} cannot be unpacked (No space left on device)."
    assert list((tmp_path / "data").iterdir()) == []


def test_ctrl_c_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    archive = tar(tmp_path / "x.tgz", {"a.bin": b"1"})
    monkeypatch.setattr(archives_module.shutil, "copyfileobj", interrupt)
    with pytest.raises(KeyboardInterrupt):
        unpack(archive, tmp_path / "data/x")
    assert list((tmp_path / "data").iterdir()) == []
