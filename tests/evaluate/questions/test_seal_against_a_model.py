"""A seal notices every change of a file, imagines none, and counts every opening, also of several at once."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import unicodedata
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from gatera.core.errors import GateraError
from gatera.evaluate.questions.sealed import TestSet, seal_folder

COMPOSED = "caf\u00e9.txt"

NAMES = st.sampled_from(
    ["labels.csv", "cat/1.jpg", "cat/1.jpg.bak", COMPOSED, unicodedata.normalize("NFD", COMPOSED)]
)
CONTENTS = st.sampled_from([b"", b"name,label\n1.jpg,cat\n", b"name,label\r\n1.jpg,cat\r\n"])


def as_one_form(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return files by their names in one notation of accents, unless two differ in nothing else."""
    composed = {unicodedata.normalize("NFC", name): content for name, content in files.items()}
    return composed if len(composed) == len(files) else files


class SealedFolder(RuleBasedStateMachine):
    """A folder that is changed, sealed and opened, beside what should be so."""

    def __init__(self) -> None:
        super().__init__()
        self.top = Path(tempfile.mkdtemp())
        self.folder, self.seal = self.top / "test", self.top / "test.sealed"
        self.folder.mkdir()
        self.files: dict[str, bytes] = {}
        self.sealed: dict[str, bytes] | None = None
        self.openings = 0

    @initialize(files=st.dictionaries(NAMES, CONTENTS, min_size=1))
    def begin(self, files: dict[str, bytes]) -> None:
        for name, content in files.items():
            self.write(name, content)
        self.make_seal(force=False)

    def teardown(self) -> None:
        shutil.rmtree(self.top)

    @rule(name=NAMES, content=CONTENTS)
    def write(self, name: str, content: bytes) -> None:
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_bytes(content)
        self.files[name] = content

    @rule(name=NAMES)
    def remove(self, name: str) -> None:
        if name in self.files:
            (self.folder / name).unlink()
            del self.files[name]

    @rule(one=NAMES, other=NAMES)
    def swap(self, one: str, other: str) -> None:
        if one in self.files and other in self.files:
            contents = self.files[one], self.files[other]
            self.write(one, contents[1])
            self.write(other, contents[0])

    @rule()
    def move_to_a_mac(self) -> None:
        content = self.files.get(COMPOSED)
        if content is not None:
            self.remove(COMPOSED)
            self.write(unicodedata.normalize("NFD", COMPOSED), content)

    @rule(name=st.sampled_from([".DS_Store", "Thumbs.db", "desktop.ini"]))
    def look_into_the_folder(self, name: str) -> None:
        (self.folder / name).write_bytes(os.urandom(3))

    @rule(force=st.booleans())
    def make_seal(self, force: bool) -> None:
        refused = not self.files or (self.sealed is not None and not force)
        try:
            seal_folder(self.folder, force=force)
        except GateraError:
            assert refused
            return
        assert not refused
        self.sealed, self.openings = dict(self.files), 0

    @rule(at_once=st.integers(1, 3))
    def open(self, at_once: int) -> None:
        if self.sealed is None:
            return
        errors: list[GateraError] = []

        def opened() -> None:
            try:
                TestSet(self.seal).open()
            except GateraError as err:
                errors.append(err)

        threads = [threading.Thread(target=opened) for _ in range(at_once)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        same = as_one_form(self.files) == as_one_form(self.sealed)
        assert len(errors) == (0 if same else at_once), errors
        self.openings += at_once if same else 0
        assert len(TestSet(self.seal).openings) == self.openings


TestSealedFolder = SealedFolder.TestCase
