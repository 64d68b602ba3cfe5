"""Where things of a user are kept, on each system, with and without the variables that choose another place."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gatera.core.files import data_folder, home
from gatera.store.signatures import keys_folder

PLACES = {
    (home, "linux"): ("XDG_CACHE_HOME", ".cache/gatera"),
    (home, "darwin"): (None, "Library/Caches/gatera"),
    (home, "win32"): ("LOCALAPPDATA", "AppData/Local/gatera"),
    (data_folder, "linux"): ("XDG_DATA_HOME", ".local/share/gatera"),
    (data_folder, "darwin"): (None, "Library/Application Support/gatera"),
    (data_folder, "win32"): ("LOCALAPPDATA", "AppData/Local/gatera"),
    (keys_folder, "linux"): ("XDG_CONFIG_HOME", ".config/gatera/keys"),
    (keys_folder, "darwin"): ("XDG_CONFIG_HOME", ".config/gatera/keys"),
    (keys_folder, "win32"): ("APPDATA", "AppData/Roaming/gatera/keys"),
}


@pytest.mark.parametrize(("folder", "system"), PLACES, ids=lambda each: getattr(each, "__name__", each))
def test_a_folder_of_the_user_is_where_the_system_keeps_such_things(monkeypatch, tmp_path, folder, system):
    for name in (
        "GATERA_HOME",
        "XDG_CACHE_HOME",
        "XDG_DATA_HOME",
        "XDG_CONFIG_HOME",
        "LOCALAPPDATA",
        "APPDATA",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    variable, below = PLACES[folder, system]
    assert folder() == tmp_path / below
    if variable is not None:
        monkeypatch.setenv(variable, str(tmp_path / "elsewhere"))
        rest = ("gatera", "keys") if folder is keys_folder else ("gatera",)
        assert folder() == tmp_path.joinpath("elsewhere", *rest)
    monkeypatch.setenv("GATERA_HOME", str(tmp_path / "chosen"))
    assert folder() == tmp_path / "chosen" / ("keys" if folder is keys_folder else "")
