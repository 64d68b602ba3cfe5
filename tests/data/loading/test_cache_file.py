from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from gatera.data.loading import cache_file as module
from gatera.data.loading.cache_file import ENTRY, HEADER, PAGE, Segment

SHAPE = (4, 5, 3)


def key(n: int) -> bytes:
    return bytes([n] * 16)


def photo(n: int) -> np.ndarray:
    return np.full(SHAPE, n, np.uint8)


def filled(folder, n=3, of=3) -> Segment:
    made = Segment.create(folder, of, SHAPE)
    for i in range(1, n + 1):
        made.append(key(i), photo(i))
    return made


def test_what_is_appended_is_read_back(tmp_path):
    made = filled(tmp_path)
    np.testing.assert_array_equal(made.read(1), photo(2))
    assert not made.read(1).flags.writeable


def test_a_disk_of_large_blocks_keeps_nothing_back(tmp_path, monkeypatch):
    """A file's buffer is as large as a block of its disk, 128 KiB at least from Python 3.14 on: the first photos were black."""
    plain = Path.open

    def buffered(path, mode="r", buffering=-1, **options):
        return plain(path, mode, 1 << 20 if "b" in mode and buffering == -1 else buffering, **options)

    monkeypatch.setattr(Path, "open", buffered)
    np.testing.assert_array_equal(filled(tmp_path).read(1), photo(2))


def test_another_process_finds_what_was_written(tmp_path):
    made = filled(tmp_path, n=2)
    found = Segment(made.path)
    entries = list(found.entries())
    assert [(name, slot) for name, slot, _ in entries] == [(key(1), 0), (key(2), 1)]
    assert all(found.fits(found.read(slot), name, checksum) for name, slot, checksum in entries)
    np.testing.assert_array_equal(found.read(1), photo(2))


def test_only_the_process_that_made_it_writes(tmp_path):
    made = filled(tmp_path, n=1)
    assert Segment(made.path).append(key(9), photo(9)) is None


def test_a_full_segment_takes_no_more(tmp_path):
    assert filled(tmp_path).append(key(9), photo(9)) is None


def test_pixels_that_do_not_fit_their_checksum_are_noticed(tmp_path):
    made = filled(tmp_path)
    content = bytearray(made.path.read_bytes())
    content[PAGE + 70] ^= 1  # a bit of the second photo
    made.path.write_bytes(content)
    found = Segment(made.path)
    fits = [found.fits(found.read(slot), name, checksum) for name, slot, checksum in found.entries()]
    assert fits == [True, False, True]


def test_an_interrupted_write_leaves_an_empty_slot(tmp_path, monkeypatch):
    made, real = filled(tmp_path, n=1), module._write

    def dies_before_the_index(file, place, data):
        if place < PAGE:
            raise KeyboardInterrupt
        real(file, place, data)

    monkeypatch.setattr(module, "_write", dies_before_the_index)
    with pytest.raises(KeyboardInterrupt):
        made.append(key(2), photo(2))
    assert [name for name, _, _ in Segment(made.path).entries()] == [key(1)]


def test_a_full_disk_is_an_error(tmp_path):
    class FullDisk:
        def seek(self, place):
            pass

        def write(self, data):
            return 3

    with pytest.raises(OSError) as err:
        module._write(FullDisk(), 0, b"1234")
    assert err.value.errno == errno.ENOSPC


@pytest.mark.parametrize(
    "content", [b"", b"gatera", b"x" * 5000, HEADER.pack(b"other", 1, *SHAPE) + bytes(9000)]
)
def test_other_files_are_not_segments(tmp_path, content):
    path = tmp_path / "a.photos"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"too short|not a segment"):
        Segment(path)


def test_a_segment_cut_short_is_not_opened(tmp_path):
    made = filled(tmp_path)
    path = tmp_path / "short.photos"
    path.write_bytes(made.path.read_bytes()[: PAGE + 10])
    with pytest.raises(ValueError, match="does not have the size that its header states"):
        Segment(path)


@pytest.mark.parametrize("n", [2**33, 2**64 - 1, 0, 4])
def test_a_header_that_claims_other_slots_is_not_believed(tmp_path, n):
    path = filled(tmp_path).path
    with path.open("r+b") as file:
        file.write(HEADER.pack(module.MAGIC, n, *SHAPE))
    with pytest.raises(ValueError, match="does not have the size that its header states"):
        Segment(path)


@pytest.mark.parametrize("shape", [(5, 4, 3), (60, 1, 1), (3, 5, 4)])
def test_photos_of_another_shape_with_as_many_pixels_do_not_fit(tmp_path, shape):
    path = filled(tmp_path).path
    with path.open("r+b") as file:
        file.write(HEADER.pack(module.MAGIC, 3, *shape))
    found = Segment(path)
    assert not any(found.fits(found.read(slot), name, checksum) for name, slot, checksum in found.entries())


def test_every_flipped_bit_of_head_and_index_is_noticed(tmp_path):
    path = filled(tmp_path, n=1, of=1).path
    content = path.read_bytes()
    for place in range(HEADER.size + ENTRY.size):
        for bit in range(8):
            damaged = bytearray(content)
            damaged[place] ^= 1 << bit
            path.write_bytes(damaged)
            try:
                found = Segment(path)
            except ValueError:
                continue
            fits = [found.fits(found.read(slot), name, checksum) for name, slot, checksum in found.entries()]
            assert fits == [False], f"bit {bit} of byte {place}"


def test_a_segment_that_is_cut_while_it_is_open_is_an_error(tmp_path):
    made = filled(tmp_path)
    os.truncate(made.path, PAGE + 70)
    np.testing.assert_array_equal(made.read(0), photo(1))
    with pytest.raises(OSError, match="ends too early"):
        made.read(1)


def test_pixels_begin_after_the_index(tmp_path):
    assert module._start(1) == PAGE
    assert module._start(PAGE // ENTRY.size) == 2 * PAGE
