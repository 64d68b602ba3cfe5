"""A table finds exactly the file that it names, however odd the names are, or says that it fits several."""

from __future__ import annotations

import unicodedata
from pathlib import Path, PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from gatera.data.folders.named_files import NamedFiles

PARTS = st.sampled_from(
    ["a", "A", "b", "é", "e\u0301", "Ü", "1", "a b", " a", "a ", "a.b", "a.", "x,y", "日本", "a#1", "a%20b", "[1]", "*", "ss", "-a", "a.jpg", "K"]
)  # fmt: skip
FILES = st.tuples(st.lists(PARTS, max_size=2), PARTS, st.sampled_from([".jpg", ".JPG", ".png", ""])).map(
    lambda parts: "/".join([*parts[0], parts[1] + parts[2]])
)
ROOT = Path("/photos")

#: Ways to write a name that leave something out or change it.
WAYS = {
    "name": lambda path: PurePosixPath(path).name,
    "stem": lambda path: PurePosixPath(path).stem,
    "Windows": lambda path: path.replace("/", "\\"),
    "NFD": lambda path: unicodedata.normalize("NFD", path),
    "NFC": lambda path: unicodedata.normalize("NFC", path),
    "upper": str.upper,
    "elsewhere": lambda path: f"/home/ann/{path}",
}


@given(st.lists(FILES, min_size=1, max_size=6, unique=True))
def test_a_whole_name_is_its_file(names):
    """The path below the folder names that file and no other, also with blanks at its ends."""
    named = NamedFiles(ROOT, [ROOT / name for name in names])
    assert [named.find(name) for name in names] == [[ROOT / name] for name in names]


@given(st.lists(FILES, min_size=1, max_size=6, unique=True), st.sampled_from(sorted(WAYS)), st.data())
def test_another_way_to_write_it_never_names_another_file(names, way, data):
    """A name in another notation is its file or several, unless it is exactly how another file is called."""
    names = [name for name in names if "a " not in name.replace("a b", "") and " a" not in name] or ["a"]
    meant = ROOT / data.draw(st.sampled_from(names))
    written = WAYS[way](meant.relative_to(ROOT).as_posix())
    found = NamedFiles(ROOT, [ROOT / name for name in names]).find(written)
    called_so = {ROOT / name for name in names if written in (name, Path(name).name, Path(name).stem)}
    assert meant in found or (found and set(found) <= called_so)


def test_a_name_with_its_folder_is_not_a_file_of_another_folder():
    """The same folder in another case or notation comes before the same name elsewhere."""
    files = [ROOT / "cat/1.JPG", ROOT / "dog/1.jpg", ROOT / "cat/e\u0301.jpg", ROOT / "é.jpg"]
    assert NamedFiles(ROOT, files).find("cat/1.jpg") == [files[0]]
    assert NamedFiles(ROOT, files).find("cat/é.jpg") == [files[2]]
