from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image, features

from gatera.core.errors import PhotoError
from gatera.program.raw.photo import read_photo


@pytest.mark.skipif(not features.check("libtiff"), reason="Pillow was built without libtiff")
@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="the library is found by Linux's list")
def test_what_is_wrong_with_a_tiff_is_told_by_its_error_alone(tmp_path, capfd):
    path = tmp_path / "a.tif"
    Image.frombytes("RGB", (64, 64), os.urandom(64 * 64 * 3)).save(path, compression="tiff_lzw")
    content = path.read_bytes()
    path.write_bytes(content[:8] + bytes(300) + content[308:])
    with pytest.raises(PhotoError, match=r"a\.tif is truncated or damaged"):
        read_photo(path)
    assert capfd.readouterr().err == ""
