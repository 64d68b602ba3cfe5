from __future__ import annotations

import copy
import errno
import os
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import gatera
from gatera.core.errors import ArgumentError
from gatera.data.blocks.image import ImageBlock
from gatera.data.loading import photo_cache as module
from gatera.data.loading.cache_file import HEADER, MAGIC, Segment
from gatera.data.loading.photo_cache import PhotoCache, enabled, file_key, limit_bytes, remove_oldest
from gatera.data.loading.pipeline import FixedReader
from gatera.data.transforms.item import Resize

CONFIG = [{"op": "read_photo"}, {"op": "resize", "size": [4, 5]}]
PHOTO = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{i}.jpg" for i in range(3)]
    for path in paths:
        Image.new("RGB", (8, 8)).save(path)
    return paths


def full(files: list[Path]) -> PhotoCache:
    cache = PhotoCache(CONFIG, files)
    for i, file in enumerate(files):
        assert cache.get(file) is None
        cache.put(file, PHOTO + i)
    return cache


def test_what_was_put_is_got(files):
    cache = full(files)
    for i, file in enumerate(files):
        np.testing.assert_array_equal(cache.get(file), PHOTO + i)


def test_a_later_run_finds_it(files):
    full(files)
    again = PhotoCache(CONFIG, files)
    np.testing.assert_array_equal(again.get(str(files[1])), PHOTO + 1)
    again.put(files[1], PHOTO)
    assert len(list(again.folder.iterdir())) == 1  # nothing was missing, so nothing was written


def test_a_changed_file_is_not_found(files):
    full(files)
    cache = PhotoCache(CONFIG, files)
    assert cache.get(files[0]) is not None
    os.utime(files[0], ns=(1, 1))
    assert cache.get(files[0]) is None
    files[1].write_bytes(b"something else")
    assert cache.get(files[1]) is None
    cache.put(files[1], PHOTO + 9)
    np.testing.assert_array_equal(cache.get(files[1]), PHOTO + 9)


def test_another_way_of_preparing_is_another_cache(files):
    full(files)
    other = PhotoCache([{**CONFIG[0]}, {**CONFIG[1], "method": "pad"}], files)
    assert other.get(files[0]) is None


def test_pixels_of_other_code_are_not_found(files, monkeypatch):
    """Between two releases the version does not tell that a kind of photo is read in another way."""
    assert module.code_sha256(*module.READERS) != module.code_sha256(module.READERS[0])
    full(files)
    with monkeypatch.context() as other:
        other.setattr(module, "code_sha256", lambda *packages: "other code")
        assert PhotoCache(CONFIG, files).get(files[0]) is None
    assert PhotoCache(CONFIG, files).get(files[0]) is not None


def test_the_code_that_makes_pixels_is_all_in_the_key(files):
    """Masks are placed by other modules than those that read them."""
    reader, ran = FixedReader(ImageBlock(), [Resize((4, 5))]), set()
    sys.setprofile(lambda frame, *_: ran.add(frame.f_code.co_filename))
    try:
        assert reader(files[0]).shape == (4, 5, 3)
        reader.steps((8, 8))
    finally:
        sys.setprofile(None)
    root = Path(gatera.__file__).parent
    ours = {Path(file).relative_to(root).as_posix() for file in ran if Path(file).is_relative_to(root)}
    makers = {file for file in ours if not file.startswith("core/")}
    assert {"program/preprocess.py", "program/operations.py"} <= makers
    assert all(file.startswith(tuple(f"{each}/" for each in module.READERS)) for file in makers)


def test_a_new_file_gets_a_segment_of_its_own(files, tmp_path):
    full(files)
    new = tmp_path / "new.jpg"
    Image.new("RGB", (8, 8)).save(new)
    cache = PhotoCache(CONFIG, [*files, new])
    assert cache.get(files[2]) is not None
    cache.put(new, PHOTO)
    sizes = sorted(Segment(path).n for path in cache.folder.iterdir())
    assert sizes == [1, 3]


def test_two_processes_do_not_disturb_each_other(files):
    first, second = PhotoCache(CONFIG, files), PhotoCache(CONFIG, files)
    assert first.get(files[0]) is second.get(files[0]) is None
    first.put(files[0], PHOTO)
    second.put(files[0], PHOTO)
    second.put(files[1], PHOTO + 1)
    third = PhotoCache(CONFIG, files)
    np.testing.assert_array_equal(third.get(files[0]), PHOTO)
    np.testing.assert_array_equal(third.get(files[1]), PHOTO + 1)
    assert third.get(files[2]) is None


def test_damaged_pixels_are_not_taken(files):
    segment = next(full(files).folder.iterdir())
    content = bytearray(segment.read_bytes())
    content[4096 + 5] ^= 255
    segment.write_bytes(content)
    cache = PhotoCache(CONFIG, files)
    with pytest.warns(UserWarning) as said:
        assert cache.get(files[0]) is None
    np.testing.assert_array_equal(cache.get(files[1]), PHOTO + 1)
    cache.put(files[0], PHOTO)
    np.testing.assert_array_equal(cache.get(files[0]), PHOTO)
    assert [str(warning.message) for warning in said] == [
        f"The file {segment} of the photo cache is damaged and was removed; its photos are decoded again."
    ]


def test_a_damaged_file_is_said_once_and_rebuilt(files):
    segment = next(full(files).folder.iterdir())
    content = bytearray(segment.read_bytes())
    for photo in range(3):
        content[4096 + 60 * photo] ^= 255
    segment.write_bytes(content)
    cache = PhotoCache(CONFIG, files)
    with pytest.warns(UserWarning, match="is damaged and was removed") as said:
        assert [cache.get(file) for file in files] == [None] * 3
    assert len(said) == 1
    for i, file in enumerate(files):
        cache.put(file, PHOTO + i)
    later = PhotoCache(CONFIG, files)
    for i, file in enumerate(files):
        np.testing.assert_array_equal(later.get(file), PHOTO + i)


def test_a_header_that_claims_too_much_stops_nobody(files):
    segment = next(full(files).folder.iterdir())
    with segment.open("r+b") as file:
        file.write(HEADER.pack(MAGIC, 2**33, 4, 5, 3))
    cache = PhotoCache(CONFIG, files)
    with pytest.warns(UserWarning, match="is damaged and was removed"):
        assert cache.get(files[0]) is None
    assert not segment.exists()
    cache.put(files[0], PHOTO)
    np.testing.assert_array_equal(cache.get(files[0]), PHOTO)


def test_a_file_cut_in_mid_run_is_rebuilt(files):
    cache = full(files)
    os.truncate(next(cache.folder.iterdir()), 4096 + 60)
    with pytest.warns(UserWarning, match="is damaged and was removed"):
        assert cache.get(files[2]) is None
    cache.put(files[2], PHOTO + 2)
    np.testing.assert_array_equal(cache.get(files[2]), PHOTO + 2)
    np.testing.assert_array_equal(cache.get(files[0]), PHOTO)


def test_rubbish_in_the_folder_is_passed_over(files):
    cache = PhotoCache(CONFIG, files)
    cache.folder.mkdir(parents=True)
    (cache.folder / "rubbish.photos").write_bytes(b"?")
    with pytest.warns(UserWarning, match=r"rubbish\.photos of the photo cache is damaged"):
        assert cache.get(files[0]) is None


def test_a_missing_file_has_no_key(files, tmp_path):
    assert file_key(tmp_path / "nothing.jpg") is None
    assert file_key("nul\0l") is None
    cache = PhotoCache(CONFIG, files)
    cache.put(tmp_path / "nothing.jpg", PHOTO)
    assert cache.get(tmp_path / "nothing.jpg") is None


def test_the_key_follows_path_size_and_time(files):
    assert len({file_key(file) for file in files}) == 3
    assert file_key(files[0]) == file_key(str(files[0]))
    assert len(file_key(files[0])) == 16


# -- when it cannot be


def test_a_full_disk_is_said_once_and_training_goes_on(files, monkeypatch):
    monkeypatch.setattr(module, "free_bytes", lambda folder: 1000)
    cache = PhotoCache(CONFIG, files)
    with pytest.warns(UserWarning) as said:
        cache.put(files[0], PHOTO)
    cache.put(files[1], PHOTO)
    assert [str(warning.message) for warning in said] == [
        f"The photo cache in {cache.root} cannot be used, so photos are decoded again in every epoch: "
        "180 bytes are needed and 1.0 kB are free on that disk."
    ]
    assert cache.get(files[0]) is None


def test_a_disk_that_fills_up_meanwhile_is_said_once(files, monkeypatch):
    def fails(self, key, photo):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Segment, "append", fails)
    cache = PhotoCache(CONFIG, files)
    with pytest.warns(UserWarning) as said:
        cache.put(files[0], PHOTO)
    cache.put(files[1], PHOTO)
    assert [str(warning.message) for warning in said] == [
        f"The photo cache in {cache.root} cannot be used, so photos are decoded again in every epoch: "
        "No space left on device."
    ]


def test_threads_that_fail_together_say_it_once(files):
    cache = PhotoCache(CONFIG, files)
    with pytest.warns(UserWarning) as said:
        cache._give_up("no room")
        cache._give_up("no room")
    assert len(said) == 1


def test_a_folder_that_cannot_be_made_is_said(files, private_home):
    (private_home / "cache").write_text("a file in its place")
    cache = PhotoCache(CONFIG, files)
    with pytest.warns(UserWarning) as said:
        cache.put(files[0], PHOTO)
    assert str(said[0].message) == (
        f"The photo cache in {cache.root} cannot be used, so photos are decoded again in every epoch: Not a directory."
    )


def test_what_is_larger_than_the_limit_is_not_cached(files, monkeypatch):
    monkeypatch.setenv("GATERA_CACHE_GB", "0.00000017")
    cache = PhotoCache(CONFIG, files)
    with pytest.warns(UserWarning) as said:
        cache.put(files[0], PHOTO)
    assert str(said[0].message) == (
        f"The photo cache in {cache.root} cannot be used, so photos are decoded again in every epoch: "
        "180 bytes exceed the limit of 170 bytes, GATERA_CACHE_GB."
    )


# -- its size


def test_the_caches_not_used_for_longest_are_removed(tmp_path):
    for age, name in enumerate(["new", "middle", "old"]):
        (tmp_path / name).mkdir()
        path = tmp_path / name / "a.photos"
        path.write_bytes(bytes(100))
        os.utime(path, (10_000 - age, 10_000 - age))
    remove_oldest(tmp_path, limit=200)
    assert sorted(path.parent.name for path in tmp_path.rglob("*.photos")) == ["middle", "new"]
    remove_oldest(tmp_path, limit=199)
    assert [path.parent.name for path in tmp_path.rglob("*.photos")] == ["new"]


def test_using_a_cache_keeps_it(files):
    segment = next(full(files).folder.iterdir())
    os.utime(segment, (1, 1))
    PhotoCache(CONFIG, files).get(files[0])
    assert segment.stat().st_mtime > 1


def test_room_is_made_for_a_new_cache(files, monkeypatch):
    old = next(full(files).folder.iterdir())
    monkeypatch.setenv("GATERA_CACHE_GB", str(old.stat().st_size / 10**9))
    other = PhotoCache([*CONFIG, {"op": "center_crop", "size": [4, 5]}], files)
    other.put(files[0], PHOTO)
    assert not old.exists()
    assert other.get(files[0]) is not None


@pytest.mark.parametrize("value", ["off", "OFF", " 0", "no", "false"])
def test_it_can_be_turned_off(monkeypatch, value):
    assert enabled()
    monkeypatch.setenv("GATERA_CACHE", value)
    assert not enabled()


def test_its_limit_is_ten_gigabytes_unless_told(monkeypatch):
    assert limit_bytes() == 10**10
    monkeypatch.setenv("GATERA_CACHE_GB", "2.5")
    assert limit_bytes() == 2.5 * 10**9


@pytest.mark.parametrize("value", ["much", "-1", "0", "nan"])
def test_the_limit_must_be_a_size(monkeypatch, value):
    monkeypatch.setenv("GATERA_CACHE_GB", value)
    with pytest.raises(ArgumentError) as err:
        limit_bytes()
    assert str(err.value) == (
        f"The environment variable GATERA_CACHE_GB is not a size. Got: {value!r}. "
        "Expected: a positive number. GATERA_CACHE=off turns caching off."
    )


def test_a_copy_finds_the_photos_again(files):
    cache = full(files)
    for copied in (copy.deepcopy(cache), pickle.loads(pickle.dumps(cache))):
        np.testing.assert_array_equal(copied.get(files[2]), PHOTO + 2)
