"""The keys that a person chose, remembered beside the items."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gatera.core.errors import ArgumentError, DataError
from gatera.core.files import atomic_write
from gatera.studio.desk.journal import check_name, file_of

#: The most keys, and the longest name of an action or a key (characters).
MOST, LONGEST = 200, 220


def check_keys(keys: dict[str, Any]) -> dict[str, str]:
    """Return keys by what they do: "skip" -> " ", "label:cat" -> "c".

    Raises:
        ArgumentError: if they are not that.
    """
    right = len(keys) <= MOST and all(
        isinstance(key, str) and len(action) <= LONGEST and 0 < len(key) <= 20 for action, key in keys.items()
    )
    if not right:
        raise ArgumentError("keys are texts by what they do", expected='{"skip": "x"}')
    return keys


class Keys:
    """Keys by person.

    Args:
        folder: where they are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, by: str) -> dict[str, str]:
        """Return the keys that a person chose; none where they chose none."""
        try:
            found = json.loads(self._path(by).read_text("utf-8"))
            return check_keys(found) if isinstance(found, dict) else {}
        except (OSError, ValueError, ArgumentError):
            return {}

    def keep(self, by: str, keys: dict[str, str]) -> None:
        """Remember keys.

        Raises:
            DataError: if they cannot be written.
        """
        path = self._path(by)
        try:
            with atomic_write(path) as partial:
                partial.write_text(json.dumps(keys, ensure_ascii=False, indent=1), "utf-8", newline="\n")
        except OSError as err:
            raise DataError(
                f"{path} cannot be written ({err.strerror})",
                remedy="Free some disk space, or make it writable.",
            ) from err

    def _path(self, by: str) -> Path:
        return file_of(self._folder, check_name(by)).with_suffix(".json")
