"""Take files into a data repository: their bytes into the object store, a row for each into the labels."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from gatera.core.checks import counted, listed
from gatera.core.errors import ArgumentError, DataError
from gatera.core.escape import shell_quote
from gatera.store.datasets.labels.alike import clashes, copies
from gatera.store.datasets.labels.masks import MASK_OF, Masks, find_masks, named_photos, of_moved
from gatera.store.datasets.labels.of_folders import labels_of, side_of
from gatera.store.datasets.labels.rows import Row, is_labels, taken_over
from gatera.store.datasets.labels.script_arguments import check_text
from gatera.store.datasets.labels.sheets import TABLE, Sheet
from gatera.store.datasets.making import ignore_items, repositories_in
from gatera.store.datasets.with_git.following import bring_staged, say_again, say_stale
from gatera.store.datasets.with_git.unfinished import check_finished
from gatera.store.datasets.work.cache import Seen
from gatera.store.datasets.work.keeping import keep
from gatera.store.datasets.work.moved import follow_folders, moved_over, paired, unlabelled
from gatera.store.datasets.work.placing import is_behind_link
from gatera.store.datasets.work.tree import State, is_as_seen, is_gone, state_of, walk
from gatera.store.datasets.work.workspace import HIDDEN, Workspace, part_at
from gatera.store.objects import How
from gatera.store.who import now

#: A half object that nobody wrote to for so long (seconds) belongs to a process that was killed. Chosen here.
_STALE_SECONDS = 3600.0

#: Files that are nothing else than items, by their endings; git may keep tables, code and texts beside the items for good reasons.
_OF_ITEMS = (
    ".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".wav", ".mp3", ".flac", ".ogg", ".npy",
)  # fmt: skip

#: Names that a message shows.
_SHOWN = 3


class Labels(NamedTuple):
    """Where the labels of new files come from.

    Attributes:
        folders: take them from the names of folders: True, False, or None to decide by what there is.
        label: the label of all of them.
        removed: also remove the items whose files are gone.
        by: who gives the labels; None for git's user.
    """

    folders: bool | None = None
    label: str | None = None
    removed: bool = False
    by: str | None = None


@dataclass
class Added:
    """What `add` did.

    Attributes:
        new: items that are new.
        changed: items whose file has other bytes now.
        moved: name before -> name now, of files that were moved.
        removed: items removed because their files are gone.
        missing: items that stay though their files are gone.
        left_out: what was not taken, and why.
        labelled: new items with a label.
    """

    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    moved: dict[str, str] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    labelled: int = 0

    def sentence(self) -> str:
        """Return it in a line."""
        parts = [
            f"{len(names):,} {word}"
            for names, word in (
                (self.new, "added"),
                (self.changed, "changed"),
                (self.moved, "moved"),
                (self.removed, "removed"),
            )
            if names
        ]
        return f"{', '.join(parts)}." if parts else "Nothing new."


def add(work: Workspace, paths: Sequence[Path], labels: Labels, how: How) -> Added:
    """Add files and folders. See `DataRepository.add`; the lock must be held."""
    check_text(label=labels.label, by=labels.by)
    check_finished(work.git)  # the files are still those of before: they would undo what is merged
    added = Added()
    work.objects.sweep(older_than=_STALE_SECONDS)
    base = work.head()
    version = work.now(base)
    if version.names != base.names:
        bring_staged(work, base, version)
    sheet = version.whole()
    there = _files(work, paths, sheet, added)
    seen = work.cache.seen()
    fresh = {
        name: found
        for name, found in there.items()
        if not (
            is_as_seen(found, seen.get(name))
            and name in sheet
            and _has(sheet, name, seen[name][3])
            and work.objects.has(seen[name][3])  # which somebody may have deleted
        )
    }
    was_kept = {name: work.objects.has(seen[name][3]) for name in fresh if name in seen}
    kept = keep(work, fresh, how, added.left_out)
    was_kept = {
        name: had for name, had in was_kept.items() if name in kept and kept[name].sha256 == seen[name][3]
    }
    left = {name for name in was_kept if name not in sheet}
    moved = _moved(work, sheet, kept, added)
    rows = _with_masks(work, sheet, _rows(work, sheet, kept, labels, added), labels, added)
    for old in moved:
        sheet.lines.pop(old)
    sheet.put(rows)
    sheet.put(of_moved(sheet, {old: name for old, name in added.moved.items() if old not in kept}))
    _drop_gone(work, sheet, paths, there, labels.removed, added)
    if rows or moved or added.removed:
        work.write_whole(sheet)
    work.cache.see(kept, [name for name in (*moved, *added.removed) if name not in kept])
    if ignore_items(work.root, there):
        work.say_once(
            "git ignores the files themselves (.gitignore); it keeps labels.csv, and .gatera/objects keeps the files."
        )
    _say(work, sheet, kept, added)
    say_stale(work, [name for name in added.changed if was_kept.get(name)])
    say_again(work, [name for name in added.new if name in left])
    again = sorted({n for n in kept if was_kept.get(n) is False}.difference(added.new, added.changed))
    if again:
        work.say(
            f"{_count(again, 'file was', 'files were')} not in the object store, and {'is' if len(again) == 1 else 'are'} kept now."
        )
    return added


def _has(sheet: Sheet, name: str, sha256: str) -> bool:
    """Whether the row of an item has this hash, without parsing it."""
    return f",{sha256}," in sheet.lines[name]


def _files(work: Workspace, paths: Sequence[Path], sheet: Sheet, added: Added) -> dict[str, State]:
    """Return the files that are meant: name -> state."""
    root = os.fspath(work.root)
    tracked = set((work.git.ask("ls-files", "-z") or "").split("\0"))

    def leave_out(name: str, why: str) -> None:
        added.left_out[name] = why

    found: dict[str, State] = {}
    marked: list[str] = []
    for path in paths:
        name = name_of(work, path)
        full = work.root / name
        if {".git", HIDDEN} & {*name.split("/")}:
            raise ArgumentError(
                f"{path} is where git or gatera keeps its own files", remedy="Name files of the data set."
            )
        if is_behind_link(work.root, name):
            leave_out(name, "a folder on the way to it is a symbolic link")
        elif full.is_dir() and not full.is_symlink():
            found.update(walk(root, name, leave_out, marked))
        elif (state := state_of(full)) is not None and full.is_file() and not full.is_symlink():
            found[name] = state
        elif full.is_symlink():
            leave_out(name, "it is a symbolic link, not a file")
        elif not os.path.lexists(full):
            raise ArgumentError(
                f"there is no file or folder {path}",
                remedy="Items whose files are gone are dropped with: gatera data add --removed FOLDER",
            )
    if sys.getfilesystemencoding() != "utf-8" and (
        odd := next((name for name in found if not name.isascii()), None)
    ):
        raise DataError(
            f"the name {odd!r} cannot be read rightly in this locale, whose file names are {sys.getfilesystemencoding()}",
            remedy="Set LC_ALL=C.UTF-8 or PYTHONUTF8=1, and run it again.",
        )
    marked += [str(each) for path in paths for each in PurePosixPath(name_of(work, path)).parents]
    for folder in repositories_in(work.root, dict.fromkeys(each for each in marked if each != ".")):
        inside = [name for name in found if name.startswith(f"{folder}/") and name not in sheet]
        for name in inside:
            del found[name]
        if inside:
            leave_out(folder, "it is a data repository of its own")
    in_parts = work.in_parts
    for name in [name for name in found if part_at(name) is not None and (name == TABLE or in_parts)]:
        del found[name]
    for name in [
        name for name in found if name.endswith(".csv") and name not in sheet and is_labels(work.root / name)
    ]:
        del found[name]
        leave_out(name, f"it is a copy of {TABLE}, not an item")
    by_git = [name for name in found if name in tracked and name not in sheet]
    for name in by_git:
        del found[name]
    _say_kept_by_git(work, [name for name in by_git if name.lower().endswith(_OF_ITEMS)])
    return dict(sorted(found.items()))


def _say_kept_by_git(work: Workspace, names: Sequence[str]) -> None:
    """Say which files that look like items are left out because git itself keeps them."""
    if names:
        work.say(
            f"{_count(names, 'file was', 'files were')} left out, because git itself keeps {'it' if len(names) == 1 else 'them'}: {listed(names, _SHOWN)} "
            f"(to make items of {'it' if len(names) == 1 else 'them'}: git rm -r --cached FOLDER, then add again)."
        )


def name_of(work: Workspace, path: Path) -> str:
    """Return the name that a path has in the repository: from its root, with slashes; "" for the root.

    Raises:
        ArgumentError: if it is outside.
    """
    full = Path(os.path.normpath(work.root / path if not path.is_absolute() else path))
    root = Path(os.path.normpath(work.root))
    try:
        inside = full.relative_to(root)
    except ValueError:
        try:  # where the root is reached by a link
            inside = full.resolve().relative_to(root.resolve())
        except ValueError:
            raise ArgumentError(
                f"{path} is outside the repository {work.root}", remedy="Move it into that folder first."
            ) from None
    name = inside.as_posix()
    return "" if name == "." else name


def _moved(work: Workspace, sheet: Sheet, kept: Mapping[str, Seen], added: Added) -> list[str]:
    """Find files that are items whose own file is gone: they were moved. Returns the names they had."""
    new, changed = dict[str, list[str]](), dict[str, str]()
    for name, seen in kept.items():
        if name not in sheet and seen.size:
            new.setdefault(seen.sha256, []).append(name)
        elif seen.size and not _has(sheet, name, seen.sha256):
            changed[name] = seen.sha256
    over = moved_over(sheet, changed, work.root) if changed else {}
    gone, taken = dict[str, list[Row]](), set(over.values())
    for row in (row for row in sheet.rows() if row.sha256 in new) if new else ():
        if row.file not in over and (row.file in taken or is_gone(work.root / row.file)):
            gone.setdefault(row.sha256, []).append(row)
    found, doubtful = paired(gone, new)
    added.moved = {**found, **over}
    for old, now_at in list(over.items())[:1]:
        work.say(
            f"{_count(list(over), 'item lies', 'items lie')} at a name that another had; labels go with the bytes, e.g. {old} is {now_at} now."
        )
    if doubtful:
        old, now_at = next(iter(doubtful.items()))
        work.say(
            f"{_count(list(doubtful), 'moved file has', 'moved files have')} the bytes of another that was labelled differently, so which is which was "
            f"guessed, e.g. {old} -> {now_at}. See them in: gatera data diff"
        )
    return list(added.moved)


def _rows(work: Workspace, sheet: Sheet, kept: Mapping[str, Seen], labels: Labels, added: Added) -> list[Row]:
    before = {new: row for old, new in added.moved.items() if (row := sheet.row(old)) is not None}
    fresh = [name for name in kept if name not in sheet and name not in before]
    fresh += unlabelled(before, sheet)
    of_folder = _labels_of_folders(work, sheet, fresh, labels)
    given = of_folder if labels.label is None else dict.fromkeys(fresh, labels.label)
    by = (labels.by or work.git.user()) if before or any(given.values()) else ""
    stamp: dict[str, Any] = {"source": "", "by": by, "at": now()}
    follow = follow_folders(before, sheet, given, stamp, work.say) if labels.folders is not False else {}
    rows = []
    for name, seen in kept.items():
        row = before.get(name) or sheet.row(name)
        if row is not None:
            if row.sha256 and row.sha256 != seen.sha256:
                added.changed.append(name)
            elif not row.sha256:
                added.new.append(name)
            if row.file != name or row.sha256 != seen.sha256:
                rows.append(
                    taken_over(row, row._replace(file=name, sha256=seen.sha256, **follow.get(name, {})))
                )
            continue
        label = given.get(name, "")
        row = Row(name, seen.sha256, label, side_of(name) if of_folder else "")
        rows.append(row._replace(**stamp) if label else row)
        added.new.append(name)
        added.labelled += bool(label)
    return rows


def _with_masks(work: Workspace, sheet: Sheet, rows: list[Row], labels: Labels, added: Added) -> list[Row]:
    """Let the rows of masks name their photos; another mask is another label."""
    masks = {} if labels.label is not None else find_masks([*sheet.lines, *added.new]) if added.new else {}
    new = {mask: masks[mask] for mask in added.new if mask in masks}
    if new:
        sheet.widen([MASK_OF])
        mask, photo = next(iter(new.items()))
        work.say(
            f"{_count(list(new), 'file is the mask', 'files are the masks')} of photos, e.g. {mask} of {photo} (column {MASK_OF})."
        )
    sides = {photo: side_of(photo) for photo in new.values()}
    return named_photos(
        sheet, rows, Masks(new, sides, added.changed), lambda: (labels.by or work.git.user(), now())
    )


def _labels_of_folders(work: Workspace, sheet: Sheet, names: Sequence[str], labels: Labels) -> dict[str, str]:
    """Return the labels of new files by the names of their folders, and say so; nothing where these tell no classes."""
    if labels.folders is False or labels.label is not None or not names:
        return {}
    masks = find_masks([*sheet.lines, *names])
    pairs = {*masks, *masks.values()}  # their folders say what they are, and are not classes
    found = {name: label for name, label in labels_of(names).items() if name not in pairs}
    classes = set(found.values())
    known = {row.label for row in sheet.rows() if row.label} if len(classes) == 1 else set()
    if labels.folders is None and len(classes) < 2 and not classes & known:
        if found:
            name, only = next(iter(found.items()))
            command = f"gatera data label {shell_quote(only)} {shell_quote(name.rpartition('/')[0])}"
            work.say(
                f"All new files are in one folder, {only!r}, so they have no labels yet (to take its name: {command})."
            )
        return {}
    if found:
        shown = ", ".join(f"{name} -> {label}" for name, label in list(found.items())[:1])
        sides = Counter(side_of(name) for name in names)
        also = f", and the split from {listed(sorted(side for side in sides if side))}" if any(sides) else ""
        work.say(
            f"Labels are taken from the names of the folders: {shown} ({counted(len(classes), 'label')}){also} (to change: label_from_folders=False)."
        )
    return found


def _drop_gone(
    work: Workspace,
    sheet: Sheet,
    paths: Sequence[Path],
    there: Mapping[str, State],
    remove: bool,
    added: Added,
) -> None:
    """Find items below the paths whose files are gone, and remove them if that is asked for."""
    below = [name_of(work, path) for path in paths]
    everything = "" in below
    gone = [
        row.file
        for row in sheet.rows()
        if row.sha256 and row.file not in there
        and (everything or any(row.file == name or row.file.startswith(f"{name}/") for name in below))
        and is_gone(work.root / row.file)
    ]  # fmt: skip
    if remove:
        for name in gone:
            del sheet.lines[name]
        added.removed = gone
    else:
        added.missing = gone


def _say(work: Workspace, sheet: Sheet, kept: Mapping[str, Seen], added: Added) -> None:
    # a file that was only read again, because it is too young for its time to tell, was named when it was added
    empty = [name for name in sorted({*added.new, *added.changed}) if name in kept and not kept[name].size]
    if empty:
        work.say(f"{_count(empty, 'file is', 'files are')} empty: {listed(empty, _SHOWN)}.")
    for one, other in list(clashes(sheet, added.new))[:_SHOWN]:
        work.say(
            f"{one} and {other} differ only in upper and lower case{'' if one.isascii() and other.isascii() else ' or in how accents are written'}: on Windows and macOS one replaces the other. Rename one."
        )
    if pairs := copies(sheet, added.new, {name: kept[name].sha256 for name in added.new}):
        one, other = pairs[0]
        work.say(
            f"{_count(pairs, 'new file has', 'new files have')} the same bytes as another, e.g. {one} and {other}; both are kept as items."
        )
    if added.missing:
        work.say(
            f"{_count(added.missing, 'item stays though its file is', 'items stay though their files are')} gone: {listed(added.missing, _SHOWN)} "
            "(to drop them: removed=True; to get them back: gatera data checkout)."
        )
    for name, why in list(added.left_out.items())[:_SHOWN]:
        work.say(f"{name} was left out: {why}.")
    if len(added.left_out) > _SHOWN:
        work.say(f"{len(added.left_out) - _SHOWN:,} more were left out.")


def _count(names: Sequence[object], one: str, several: str) -> str:
    return f"{len(names):,} {one if len(names) == 1 else several}"
