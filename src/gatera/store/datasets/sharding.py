"""Write a commit in the layouts that other tools read: tar files (WebDataset), or folders with metadata.jsonl (Hugging Face)."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple

from gatera.core.checks import check_choice, counted, listed
from gatera.core.errors import ArgumentError, DataError, OutputExistsError
from gatera.core.escape import is_utf8
from gatera.core.files import PARTIAL
from gatera.core.progress import track
from gatera.store.datasets.labels.rows import COLUMNS, Row
from gatera.store.datasets.moving import say_uncommitted
from gatera.store.datasets.work.absent import fetch_absent
from gatera.store.datasets.work.placing import is_safe
from gatera.store.datasets.work.workspace import Workspace

#: "tar": numbered tar files, whose members belong together by their name. "folders": the files themselves, and a table.
Layout = Literal["tar", "folders"]
LAYOUTS: tuple[Layout, ...] = ("tar", "folders")

#: Items without a split go where most tools look for what to train on.
DEFAULT_SPLIT = "train"

#: What other tools call the split that is called "valid" here.
_SPLITS = {"": DEFAULT_SPLIT, "train": "train", "valid": "validation", "test": "test"}

#: The table of a folder, as the package datasets looks for it.
_METADATA = "metadata.jsonl"


class Sharded(NamedTuple):
    """What was written.

    Attributes:
        folder: where.
        commit: what it holds.
        items: split -> how many items.
        files: the tar files, or the tables, from `folder`.
        size_bytes: the size of all items.
    """

    folder: Path
    commit: str
    items: dict[str, int]
    files: list[str]
    size_bytes: int


class _Item(NamedTuple):
    row: Row
    size: int
    facts: dict[str, str]


def shard(work: Workspace, folder: Path, commit: str, layout: Layout, shard_mb: int) -> Sharded:
    """Write a commit into a new folder. The lock must be held.

    The same commit gives the same bytes. Files come from the object store, whatever lies in the working folder.

    Args:
        work: the repository.
        folder: where; it must not be there, or be empty.
        commit: the full name of a commit.
        layout: see `Layout`.
        shard_mb: a tar file is closed once it holds so many megabytes.

    Raises:
        ArgumentError: if there is nothing to write, or a choice is unknown.
        OutputExistsError: if the folder holds something.
        DataError: if a file is not in the object store, or was damaged there.
    """
    check_choice("layout", layout, LAYOUTS)
    if shard_mb < 1:
        raise ArgumentError("a shard must hold something", got=f"shard_mb={shard_mb}", expected="1 or more")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputExistsError(f"{folder} already exists", remedy="Name a new folder.")
    parts = _items(work, commit)
    say_uncommitted(work, commit, "in it")
    partial = folder.with_name(f".{folder.name}{PARTIAL}")
    shutil.rmtree(partial, ignore_errors=True)  # of a run that was stopped
    write = _write_folders if layout == "folders" else _write_tars
    try:
        partial.mkdir(parents=True)
        files = [
            name for split, items in parts.items() for name in write(work, partial, split, items, shard_mb)
        ]
        (partial / "README.md").write_text(
            _readme(work.root.name, commit, layout, parts), encoding="utf-8", newline="\n"
        )
        if folder.is_dir():
            folder.rmdir()
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    size = sum(item.size for items in parts.values() for item in items)
    return Sharded(folder, commit, {split: len(items) for split, items in parts.items()}, files, size)


def _items(work: Workspace, commit: str) -> dict[str, list[_Item]]:
    """Return split -> items that are files, in the order of their names; says what is left out and decided."""
    whole = work.at(commit).whole()
    rows = list(whole.rows())
    kept = [row for row in rows if row.sha256]
    unsafe = [row.file for row in kept if not is_safe(row.file)]
    if unsafe:
        raise DataError(f"{unsafe[0]!r} is not the name of a file in this repository")
    why = fetch_absent(work, (row.sha256 for row in kept))
    missing = [row.file for row in kept if row.sha256 not in work.objects]
    if missing:
        raise DataError(
            f"the object store lacks {counted(len(missing), 'file')} of commit {commit[:8]}, and {why}",
            got=listed(missing, 3),
        )
    if not kept:
        raise ArgumentError(f"commit {commit[:8]} has no items that are files", got=counted(len(rows), "row"))
    if len(kept) < len(rows):
        work.say(f"{counted(len(rows) - len(kept), 'item')} without a file are left out.")
    undecided = sum(not row.split for row in kept)
    if 0 < undecided < len(kept):
        work.say(f"{counted(undecided, 'item')} without a split are written as {DEFAULT_SPLIT}.")
    unlabelled = sum(not row.label for row in kept)
    if unlabelled:
        work.say(f"{counted(unlabelled, 'item')} without a label: theirs is empty.")
    columns = (*COLUMNS, *whole.extra)
    found: defaultdict[str, list[_Item]] = defaultdict(list)
    for row in kept:
        cells = (*(str(getattr(row, name)) for name in COLUMNS), *row.more)
        facts = dict(zip(columns, cells, strict=False))
        found[_SPLITS[row.split]].append(_Item(row, work.objects.path(row.sha256).stat().st_size, facts))
    return dict(sorted(found.items()))


def _write_tars(
    work: Workspace, folder: Path, split: str, items: Sequence[_Item], shard_mb: int
) -> Iterator[str]:
    """Write items as members `000000017.jpg` and `000000017.json` of tar files of about a size; yields their names."""
    parts = list(_by_size(items, shard_mb * 1_000_000))
    start = 0
    for number, part in enumerate(track(parts, f"Writing {split}")):
        name = f"{split}-{number:06d}.tar"
        with tarfile.open(folder / name, "w", format=tarfile.USTAR_FORMAT) as archive:
            for place, item in enumerate(part, start):
                # a dot begins the name of the part, in this layout: names of users would be cut there
                key = f"{place:09d}"
                _put(archive, f"{key}{_suffix(item.row.file)}", work.objects.read(item.row.sha256))
                _put(archive, f"{key}.json", _json(item.facts).encode())
        start += len(part)
        yield name


def _json(facts: dict[str, str]) -> str:
    text = json.dumps(facts, ensure_ascii=False)
    # half of a character, from a name that is not UTF-8, can only be written as an escape
    return text if is_utf8(text) else json.dumps(facts)


def _by_size(items: Sequence[_Item], most: int) -> Iterator[list[_Item]]:
    part: list[_Item] = []
    size = 0
    for item in items:
        part.append(item)
        size += item.size
        if size >= most:
            yield part
            part, size = [], 0
    if part:
        yield part


def _suffix(name: str) -> str:
    suffix = PurePosixPath(name).suffix.lower()
    return suffix if suffix[1:].isalnum() and suffix != ".json" else ".bin"


def _put(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)  # dated 1970, of nobody: the same items give the same file
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _write_folders(
    work: Workspace, folder: Path, split: str, items: Sequence[_Item], shard_mb: int
) -> Iterator[str]:
    """Write the files under a folder of the split, and a table of what is known of them; yields the name of the table."""
    for item in track(items, f"Writing {split}"):
        target = folder / split / item.row.file
        if item.row.file == _METADATA:
            raise DataError(
                f"an item is called {_METADATA}, as the table of this layout is", remedy="Rename it."
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        work.objects.place(item.row.sha256, target, "copy")
    # not CSV: its reader would take a label "1.0" for a number, and a column that is empty in one split for another type
    with (folder / split / _METADATA).open("w", encoding="utf-8", newline="") as file:
        for item in items:
            # the folder says the split
            known = {name: cell for name, cell in item.facts.items() if name not in ("file", "split")}
            file.write(_json({"file_name": item.row.file, **known}) + "\n")
    yield f"{split}/{_METADATA}"


def _readme(name: str, commit: str, layout: Layout, parts: dict[str, list[_Item]]) -> str:
    """Return the card, whose head tells the package datasets which files are which split."""
    pattern: Callable[[str], str] = (
        (lambda split: f"{split}-*.tar") if layout == "tar" else (lambda split: f"{split}/**")
    )
    head = "".join(f'  - split: {split}\n    path: "{pattern(split)}"\n' for split in parts)
    counts = "\n".join(f"- {split}: {counted(len(items), 'item')}" for split, items in parts.items())
    labels = sorted({item.row.label for items in parts.values() for item in items} - {""})
    shown = f"\nLabels: {listed(labels, 50)}.\n" if labels else ""
    return (
        f"---\nconfigs:\n- config_name: default\n  data_files:\n{head}---\n\n# {name}\n\n"
        f"Commit `{commit}` of a data repository.\n\n{counts}\n{shown}"
    )
