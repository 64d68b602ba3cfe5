from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gatera.core.errors import ArgumentError, DownloadError
from gatera.core.files import home
from gatera.data.download import datasets as external_module
from gatera.data.download.datasets import FailedDownload, URLs, download_images, download_url, untar_data
from gatera.data.download.http import Expected
from gatera.data.download.urls import BUNDLED, EXPECTED
from gatera.data.show.pil import PILImage
from gatera.samples import sample_path


def archive_of(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


PETS = archive_of({"some-name/images/1.jpg": b"one", "some-name/images/2.jpg": b"two"})


def left(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


# ---- untar_data


def test_data_is_fetched_once_and_lies_under_the_name_of_its_archive(web: Any) -> None:
    web.files["oxford-pets.tgz"] = PETS
    folder = untar_data(web.url("oxford-pets.tgz"))
    assert folder == home() / "data/oxford-pets"
    assert left(folder) == ["images", "images/1.jpg", "images/2.jpg"]
    assert untar_data(web.url("oxford-pets.tgz")) == folder
    assert len(web.requests) == 1
    assert left(home() / "archive") == [".oxford-pets.tgz.lock"]
    assert left(home() / "data") == ["oxford-pets", *(f"oxford-pets/{name}" for name in left(folder))]


@pytest.mark.parametrize("name", ["pets.tar.gz", "pets.tgz", "pets.TAR", "pets.tgz?version=3"])
def test_the_ending_of_the_archive_is_no_part_of_the_folders_name(web: Any, name: str) -> None:
    web.files[name.split("?")[0]] = PETS
    assert untar_data(web.url(name)).name == "pets"


def test_another_data_home_may_be_given(web: Any, tmp_path: Path) -> None:
    web.files["pets.tgz"] = PETS
    assert untar_data(web.url("pets.tgz"), base=tmp_path) == tmp_path / "data/pets"


def test_a_folder_that_is_there_needs_no_network(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "images").mkdir(parents=True)
    (home() / "data").mkdir()
    (home() / "data/oxford-iiit-pet").symlink_to(elsewhere)
    assert untar_data(URLs.PETS) == home() / "data/oxford-iiit-pet"


def test_an_empty_folder_is_not_the_data(web: Any) -> None:
    web.files["pets.tgz"] = PETS
    (home() / "data/pets").mkdir(parents=True)
    assert (untar_data(web.url("pets.tgz")) / "images").is_dir()


def test_an_archive_put_there_by_hand_is_used_and_kept(web: Any) -> None:
    (home() / "archive").mkdir()
    (home() / "archive/pets.tgz").write_bytes(PETS)
    assert (untar_data(web.url("pets.tgz")) / "images").is_dir()
    assert web.requests == []
    assert (home() / "archive/pets.tgz").exists()


def test_forced_data_is_fetched_anew_and_replaces_the_folder(web: Any) -> None:
    web.files["pets.tgz"] = PETS
    folder = untar_data(web.url("pets.tgz"))
    (folder / "mine.txt").touch()
    web.files["pets.tgz"] = archive_of({"x/new.txt": b""})
    assert untar_data(web.url("pets.tgz"), force_download=True) == folder
    assert left(folder) == ["new.txt"]


def test_bundled_data_needs_no_network() -> None:
    assert untar_data(URLs.PETS_SAMPLE) == sample_path("pets_sample")
    assert untar_data(URLs.ADULT_TINY) == sample_path("adult_tiny")
    assert (untar_data(URLs.PETS_SAMPLE) / "images").is_dir()
    assert left(home()) == []


def test_offline_it_says_where_it_looked_and_where_to_put_the_data(web: Any) -> None:
    url = web.url("pets.tgz")
    with pytest.raises(DownloadError) as err:
        untar_data(url)
    assert str(err.value) == (
        f"{url} could not be fetched (HTTP status 404, Not Found). To work offline, unpack it as "
        f"{home() / 'data/pets'}, or put the archive at {home() / 'archive/pets.tgz'}."
    )


def test_what_is_not_the_known_file_is_refused(web: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    url = web.url("pets.tgz")
    web.files["pets.tgz"] = PETS
    monkeypatch.setitem(EXPECTED, url, Expected(len(PETS), "0" * 32))
    with pytest.raises(DownloadError) as err:
        untar_data(url)
    assert str(err.value) == (
        f"The download from {url} is not the expected file and was deleted. Got: '{len(PETS):,} "
        "bytes whose "
        f"first MiB has MD5 {hashlib.md5(PETS).hexdigest()}'. Expected: {len(PETS):,} bytes whose first MiB "
        "has MD5 "
        f"{'0' * 32}. Try again; a proxy may have answered instead, or the server has a new version. "
        f"To work offline, unpack it as {home() / 'data/pets'}, or put the archive at "
        f"{home() / 'archive/pets.tgz'}."
    )
    monkeypatch.setitem(EXPECTED, url, Expected(len(PETS), hashlib.md5(PETS).hexdigest()))
    assert untar_data(url).is_dir()


def test_a_damaged_archive_is_fetched_again_by_the_next_call(web: Any) -> None:
    web.files["pets.tgz"] = PETS[:-30]
    with pytest.raises(DownloadError) as err:
        untar_data(web.url("pets.tgz"))
    assert str(err.value) == (
        f"{home() / 'archive/.pets.tgz'} is damaged (Compressed file ended before the end-of-stream marker "
        "was reached). "
        "Fetch it again."
    )
    web.files["pets.tgz"] = PETS
    assert left(untar_data(web.url("pets.tgz"))) == ["images", "images/1.jpg", "images/2.jpg"]


def test_an_archive_whose_unpacking_was_interrupted_is_not_fetched_again(
    web: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    web.files["pets.tgz"] = PETS
    with monkeypatch.context() as patch:
        patch.setattr(external_module, "unpack", interrupt)
        with pytest.raises(KeyboardInterrupt):
            untar_data(web.url("pets.tgz"))
    assert (untar_data(web.url("pets.tgz")) / "images").is_dir()
    assert len(web.requests) == 1
    assert left(home() / "archive") == [".pets.tgz.lock"]


def test_an_archive_that_would_leave_its_folder_leaves_nothing(web: Any) -> None:
    web.files["pets.tgz"] = archive_of({"ok.txt": b"", "../../evil.txt": b"evil"})
    with pytest.raises(DownloadError, match="would be outside its folder; nothing was unpacked"):
        untar_data(web.url("pets.tgz"))
    assert left(home()) == ["archive", "archive/.pets.tgz.lock", "data"]


def test_a_data_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DownloadError) as err:
        untar_data(URLs.PETS, base=tmp_path / "file")
    assert str(err.value) == (
        f"{tmp_path / 'file/data/oxford-iiit-pet'} cannot be created (Not a directory). "
        "Set GATERA_HOME to a folder that you may write to."
    )


@pytest.mark.parametrize(
    ("url", "name"), [("PETS_SAMPL", "PETS_SAMPLE"), ("pets", "PETS"), (3, "PETS"), ("", "PETS")]
)
def test_what_is_no_address_gets_the_nearest_known_one(url: Any, name: str) -> None:
    with pytest.raises(ArgumentError) as err:
        untar_data(url)
    assert str(err.value) == (
        f"url is not a web address. Got: {url!r}. Expected: text that starts with http:// or https://. "
        f"Did you mean URLs.{name}?"
    )


@pytest.mark.parametrize("end", ["", "a/..", "%2e%2e", "a%2Fb", ".."])
def test_an_address_must_name_a_file(end: str) -> None:
    url = f"https://example.com/{end}"
    with pytest.raises(ArgumentError) as err:
        untar_data(url)
    assert str(err.value) == (
        f"url does not name a file. Got: {url!r}. Expected: an address that ends in a file's name."
    )


@pytest.mark.slow
def test_two_processes_at_once_get_the_same_whole_data(web: Any, tmp_path: Path) -> None:
    web.files["pets.tgz"] = archive_of({f"x/{n}.bin": bytes(20_000) for n in range(50)})
    code = f"from gatera.data.download.datasets import untar_data; print(len(list(untar_data({web.url('pets.tgz')!r}).iterdir())))"
    started = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    assert [process.communicate()[0] for process in started] == ["50\n"] * 3
    assert len(web.requests) == 1


# ---- URLs


def test_known_addresses_have_a_known_size_and_beginning() -> None:
    known = [value for name, value in vars(URLs).items() if name[0].isupper()]
    assert len(set(known)) == len(known)
    bundled = {value for value in known if value.startswith(BUNDLED)}
    assert set(EXPECTED) == set(known) - bundled - {URLs.ML_100k, URLs.WT103_FWD}
    assert all(len(expected.md5_first_mib) == 32 for expected in EXPECTED.values())
    assert EXPECTED[URLs.PETS] == Expected(811_706_944, "e4db5c768afd933bb91f5f594d7417a4")


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        (URLs.PETS, "oxford-iiit-pet"), (URLs.CAMVID_TINY, "camvid_tiny"), (URLs.IMDB, "imdb"),
        (URLs.IMDB_SAMPLE, "imdb_sample"), (URLs.ADULT_SAMPLE, "adult_sample"), (URLs.ML_SAMPLE, "movie_lens_sample"),
        (URLs.MNIST_TINY, "mnist_tiny"), (URLs.MNIST_SAMPLE, "mnist_sample"), (URLs.COCO_TINY, "coco_tiny"),
        (URLs.MNIST, "mnist_png"), (URLs.IMAGENETTE_160, "imagenette2-160"), (URLs.ML_100k, "ml-100k"),
    ],
)  # fmt: skip
def test_folders_have_the_names_that_fastai_gives_them(url: str, folder: str) -> None:
    (home() / "data" / folder / "x").mkdir(parents=True)
    assert untar_data(url) == URLs.path(folder) == home() / "data" / folder


# ---- download_url


def test_one_file_is_downloaded_to_a_name_or_into_a_folder(
    web: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    web.files["bird.jpg"] = b"bird"
    assert (
        download_url(web.url("bird.jpg"), tmp_path / "deep/b.jpg", show_progress=False)
        == tmp_path / "deep/b.jpg"
    )
    assert download_url(web.url("bird.jpg"), str(tmp_path)) == tmp_path / "bird.jpg"
    monkeypatch.chdir(tmp_path / "deep")
    assert download_url(web.url("bird.jpg?size=3")).name == "bird.jpg"
    assert left(tmp_path) == ["bird.jpg", "deep", "deep/b.jpg", "deep/bird.jpg"]
    assert (tmp_path / "deep/b.jpg").read_bytes() == b"bird"
    assert capsys.readouterr() == ("", "")


def test_a_download_that_breaks_leaves_the_older_file_as_it_was(web: Any, tmp_path: Path) -> None:
    (tmp_path / "bird.jpg").write_bytes(b"old")
    web.files["bird.jpg"], web.cut["bird.jpg"] = b"x" * 1000, [400]
    with pytest.raises(DownloadError) as err:
        download_url(web.url("bird.jpg"), tmp_path)
    assert str(err.value) == f"{web.url('bird.jpg')} broke off after 400 of 1,000 bytes. Try again."
    assert (tmp_path / "bird.jpg").read_bytes() == b"old"
    assert left(tmp_path) == ["bird.jpg"]


# ---- download_images


def photo_bytes(colour: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(buffer, "PNG")
    return buffer.getvalue()


def test_photos_are_downloaded_and_failures_are_told(web: Any, tmp_path: Path) -> None:
    web.files |= {"a.png": photo_bytes("red"), "b": photo_bytes("blue")}
    urls = [web.url("a.png"), web.url("gone.jpg"), web.url("b?x=1"), "nonsense", web.url("a.png")]
    failed = download_images(tmp_path / "birds", urls=urls)
    assert failed == [
        FailedDownload(
            web.url("gone.jpg"), f"{web.url('gone.jpg')} could not be fetched (HTTP status 404, Not Found)."
        ),
        FailedDownload(
            "nonsense",
            "url is not a web address. Got: 'nonsense'. Expected: text that starts with http:// or https://.",
        ),
    ]
    files = sorted((tmp_path / "birds").iterdir())
    assert sorted(file.suffix for file in files) == [".jpg", ".png"]
    assert {PILImage.create(file).shape for file in files} == {(8, 8)}


def test_a_second_call_fetches_only_what_is_missing(web: Any, tmp_path: Path) -> None:
    web.files |= {"a.png": b"a", "b.png": b"b"}
    download_images(tmp_path, urls=[web.url("a.png")])
    download_images(tmp_path, urls=[web.url("a.png"), web.url("b.png")])
    assert sorted(name for name, _ in web.requests) == ["a.png", "b.png"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_addresses_may_come_from_a_file_and_be_the_first_few(web: Any, tmp_path: Path, encoding: str) -> None:
    web.files |= {f"{n}.png": b"x" for n in range(5)}
    lines = "\n".join(web.url(f"{n}.png") for n in range(5)) + "\n"
    (tmp_path / "urls.txt").write_text(lines, encoding)
    assert download_images(tmp_path / "out", tmp_path / "urls.txt", max_pics=3) == []
    assert sorted(name for name, _ in web.requests) == ["0.png", "1.png", "2.png"]


def test_what_is_too_large_for_a_photo_is_left(
    web: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(external_module, "MAX_PHOTO_BYTES", 1000)
    web.files |= {"big.png": bytes(2000), "small.png": b"x"}
    failed = download_images(tmp_path, urls=[web.url("big.png"), web.url("small.png")])
    assert [failure.reason for failure in failed] == [
        f"{web.url('big.png')} is too large to be a photo. Expected: at most 1.0 kB."
    ]
    assert len(list(tmp_path.iterdir())) == 1


def test_no_photo_at_all_is_an_error(web: Any, tmp_path: Path) -> None:
    with pytest.raises(DownloadError) as err:
        download_images(tmp_path, urls=[web.url("1.jpg"), web.url("2.jpg")])
    assert str(err.value) == (
        f"None of the 2 photos could be downloaded; the first error: {web.url('1.jpg')} could not be fetched "
        "(HTTP status 404, Not Found). Check the network and the URLs."
    )


def test_addresses_must_be_given(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError) as err:
        download_images(tmp_path)
    assert str(err.value) == "download_images needs URLs. Pass urls= or url_file=."
    with pytest.raises(ArgumentError) as err:
        download_images(tmp_path, url_file=tmp_path / "urls.txt")
    assert str(err.value) == (
        f"url_file {tmp_path / 'urls.txt'} does not exist. Pass a text file with one URL per line."
    )
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\0\0")
    with pytest.raises(ArgumentError, match=r"photo\.jpg is not text"):
        download_images(tmp_path, url_file=tmp_path / "photo.jpg")
    with pytest.raises(ArgumentError) as err:
        download_images(tmp_path, urls=[], n_workers=0)
    assert str(err.value) == "n_workers must be at least 1. Got: 0."
