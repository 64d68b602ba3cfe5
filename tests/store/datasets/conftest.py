"""A small data repository: three cats and three dogs, committed by Ann. It is made once, and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gatera.store import DataRepository

#: Whose labels they are, and no settings of the machine.
WHO = {
    "GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "ann@example.org", "GIT_COMMITTER_NAME": "Ann", "GIT_COMMITTER_EMAIL": "ann@example.org",
    "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
}  # fmt: skip


@pytest.fixture(autouse=True)
def who(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in WHO.items():
        monkeypatch.setenv(name, value)


def fill(folder: Path, count: int = 3) -> Path:
    for label in ("cat", "dog"):
        (folder / label).mkdir(parents=True)
        for number in range(1, count + 1):
            (folder / label / f"{number}.jpg").write_bytes(f"{label} {number}".encode())
    return folder


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = fill(tmp_path_factory.mktemp("made") / "photos")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in WHO.items():
            patch.setenv(name, value)
        data = DataRepository.init(folder, on_note=lambda text: None)
        data.add()
        data.commit("Cats and dogs")
        data.close()
    return folder


class Repository(DataRepository):
    """A repository that keeps what it said."""

    said: list[str]


@pytest.fixture
def open_data() -> Callable[[Path], Repository]:
    def open_(folder: Path) -> Repository:
        said: list[str] = []
        data = Repository(folder, said.append)
        data.said = said
        return data

    return open_


@pytest.fixture
def data(made: Path, tmp_path: Path, open_data: Callable[[Path], Repository]) -> Repository:
    shutil.copytree(made, tmp_path / "photos")
    return open_data(tmp_path / "photos")


@pytest.fixture(params=[100, 2], ids=["labels in one file", "labels in parts"])
def four_cats(
    request: pytest.FixtureRequest, data: Repository, monkeypatch: pytest.MonkeyPatch
) -> Repository:
    """The repository with one more cat, its labels in one file, or in parts where two are many."""
    monkeypatch.setattr("gatera.store.datasets.work.workspace.MOST_IN_ONE", request.param)
    (data.root / "cat/4.jpg").write_bytes(b"cat 4")
    data.add(label="cat")
    data.commit("One more")
    assert data._work.in_parts == (request.param == 2)
    return data
