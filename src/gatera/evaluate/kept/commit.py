"""`DATA@COMMIT`: a commit of a data repository as a source of items."""

from __future__ import annotations

from pathlib import Path


def commit_of_source(source: Path) -> tuple[Path, str] | None:
    """Return folder and commit of "DATA@COMMIT"; None if the source is there under its whole name, or has no such folder."""
    text = str(source)
    places = [] if source.exists() else [place for place, sign in enumerate(text) if sign == "@"]
    for place in reversed(places):  # git's "@" and "main@{1}" hold the sign too
        folder, commit = Path(text[:place]), text[place + 1 :]
        if commit and folder.is_dir():
            return folder, commit
    return None
