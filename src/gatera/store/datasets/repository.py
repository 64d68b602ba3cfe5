"""A data repository: the face of everything in this package, and what `gatera data` calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from gatera.core.errors import ArgumentError
from gatera.core.progress import note
from gatera.store.datasets import adding, committing, labelling, looking, making, moving
from gatera.store.datasets.adding import Added, Labels
from gatera.store.datasets.adding_rows import RowSettings, add_rows
from gatera.store.datasets.checking import Verified, verify
from gatera.store.datasets.history import Entry, Step, blame, log
from gatera.store.datasets.label_each import DecideRow, LabelledEach, label_each
from gatera.store.datasets.labelling import Given
from gatera.store.datasets.labels.changes import Change, Summary
from gatera.store.datasets.labels.rows import Row
from gatera.store.datasets.labels.script_arguments import as_paths
from gatera.store.datasets.labels.three_way import Rule
from gatera.store.datasets.looking import Status
from gatera.store.datasets.merging import MergeResult, merge, revert
from gatera.store.datasets.sending import Fetched, Sent, pull, push
from gatera.store.datasets.sharding import Layout, Sharded, shard
from gatera.store.datasets.with_git import cloning, following, resolving
from gatera.store.datasets.with_git.resolving import Resolved
from gatera.store.datasets.work.pruning import Pruned, prune
from gatera.store.datasets.work.workspace import Version, Workspace
from gatera.store.objects import How

#: A path as users write it.
AnyPath = str | PathLike[str]


class DataRepository:
    """A folder whose labels are under git, and whose files are kept by their content.

    `labels.csv` has a line for each item, sorted, so that git's own `diff` and `log` mean something; the files are objects in
    `.gatera/objects`, which git ignores. Paths are as in the shell: from the current folder if `relative_to` says so, else from
    the root of the repository.

    Args:
        folder: the repository, or a folder in it.
        on_note: is called with each decision about the data, a sentence; by default it is printed on stderr.

    Raises:
        DataError: if the folder is not in a data repository.

    Example:
        data = DataRepository.init("photos")
        data.add()
        data.commit("Cats and dogs")
        data.label("dog", "cat/3.jpg")
        print(data.commit("One dog")[1].sentence())       # 1 cat -> dog; by Ann
    """

    def __init__(self, folder: AnyPath = ".", on_note: Callable[[str], None] = note) -> None:
        self._work = Workspace(making.find(Path(folder)), on_note)
        self._work.hidden.mkdir(exist_ok=True)
        making.check_git(self._work.git)
        following.catch_up(self._work)

    @classmethod
    def init(cls, folder: AnyPath = ".", on_note: Callable[[str], None] = note) -> DataRepository:
        """Turn a folder into a data repository. What is in it stays as it is.

        Raises:
            DataError: if it is one already, or git is missing.
        """
        return cls(making.make(Path(folder), on_note), on_note)

    def __repr__(self) -> str:
        return f"DataRepository({str(self.root)!r})"

    @property
    def root(self) -> Path:
        """The folder that holds the labels."""
        return self._work.root

    @property
    def head(self) -> str | None:
        """The current commit; None before the first."""
        return self._work.git.head()

    def add(
        self,
        *paths: AnyPath,
        label: str | None = None,
        label_from_folders: bool | None = None,
        removed: bool = False,
        by: str | None = None,
        how: How = "auto",
    ) -> Added:
        """Take files into the repository: new ones become items, changed ones get their new hash. Labels that are there stay.

        Args:
            *paths: files and folders; none for everything.
            label: the label of all that are new.
            label_from_folders: take the labels of new files from the folders they are in (`cat/1.jpg` is "cat"); None does so
                where these tell several classes.
            removed: also drop the items below `paths` whose files are gone.
            by: who gives the labels; by default git's user.name.
            how: "auto" shares blocks with the files where the disk can (Btrfs, XFS), and copies elsewhere; "link" makes hard links,
                which take no space: the files become read-only, for a change in place would damage the only copy.

        Raises:
            ArgumentError: if a path does not exist or is outside.
            DataError: if the store or the labels cannot be written.
        """
        wanted = Labels(label_from_folders, label, removed, by)
        with self._work.locked():
            return adding.add(self._work, as_paths(paths or (self.root,)), wanted, how)

    def add_rows(
        self,
        table: AnyPath,
        key: str | None = None,
        target: str | None = None,
        removed: bool = False,
        by: str | None = None,
        **reading: Any,
    ) -> Added:
        """Take the rows of a table into the repository: each is an item, its cells are columns of labels.csv.

        Columns split, group and note mean the same here. Added again, a table changes the cells of the rows it names; empty
        labels in it leave those that are there.

        Args:
            table: CSV or a relative of it, a workbook, Parquet or JSON.
            key: the column that names the rows; None for one with a name such as id, else rows are numbered.
            target: the column of the label; None for one called label.
            removed: also drop the items that are rows and not in the table.
            by: who gives the labels; by default git's user.name.
            **reading: how the table is written, where that is not found: delimiter, encoding, header, sheet.
        """
        settings = RowSettings(key, target, removed, by, reading)
        with self._work.locked():
            return add_rows(self._work, Path(table), settings)

    def columns(self, commit: str | None = None) -> tuple[str, ...]:
        """Return the columns beyond ours, at a commit or (None) in the folder: `more` of each row has their cells."""
        return self._version(commit).whole().extra

    def _version(self, commit: str | None) -> Version:
        return self._work.now() if commit is None else self._work.at(self._work.git.commit_of(commit))

    def label(
        self,
        label: str | None = None,
        *paths: AnyPath,
        split: str | None = None,
        group: str | None = None,
        note: str | None = None,
        source: str | None = None,
        by: str | None = None,
        replace: bool = False,
    ) -> int:
        """Label items, or say what else is known of them. None leaves something as it is, "" removes it. Returns how many items changed.

        Args:
            label: the label; several are separated by semicolons.
            *paths: the items; a folder stands for all in it.
            split: "train", "valid" or "test".
            group: items of one group stay on one side of a split.
            note: anything.
            source: "person" (the same as none), "function:NAME@HASH8", "program:NAME@HASH8".
            by: who gives the label; by default git's user.name.
            replace: whether a label of a function or program replaces another one that a person gave.
        """
        if not paths:
            raise ArgumentError("label() needs items", expected="files or folders")
        given = Given(label, split, group, note, source, by, replace)
        with self._work.locked():
            return labelling.label(self._work, as_paths(paths), given)

    def rename_label(self, old: str, new: str) -> int:
        """Rename a label across the repository; who gave it and when stays. Returns how many items had it."""
        with self._work.locked():
            return labelling.rename_label(self._work, old, new)

    def label_from(
        self, table: AnyPath, source: str | None = None, by: str | None = None, replace: bool = False, **reading: Any,
    ) -> int:  # fmt: skip
        """Take labels from a table with a column `file`, and `label`, `split`, `group` or `note`. Returns how many items changed.

        Other labels of people stay where `source` or the table's column `source` names a function or program, unless `replace` is
        true. `**reading` says how the table is written: delimiter, encoding, header, sheet.
        """
        given = Given(source=source, by=by, replace=replace)
        with self._work.locked():
            return labelling.label_from_table(self._work, Path(table), given, reading)

    def rows(self, commit: str | None = None) -> Iterator[Row]:
        """Yield the row of every item, at a commit or (None) in the folder; sorted by name, within parts where there are many."""
        for sheet in self._version(commit).sheets():
            yield from sheet.rows()

    def put_rows(self, rows: Iterable[Row]) -> int:
        """Write rows as they are, for code that labels; `source` says what it was. Rows are taken while nobody else changes any. Returns how many changed."""
        with self._work.locked():
            return labelling.put_rows(self._work, rows)

    def label_each(self, names: Sequence[str], decide: DecideRow, message: str) -> LabelledEach:
        """Change items by what is known of each at this moment, and commit that, while nobody else changes the repository.

        Args:
            names: the items, as labels.csv has them.
            decide: returns the cells to change in a row, also in columns beyond ours; None to leave it.
            message: of the commit, which is not made where there were other changes that are not committed.
        """
        with self._work.locked():
            return label_each(self._work, names, decide, message)

    def status(self) -> Status:
        """Compare the files with the labels, and the labels with the last commit."""
        return looking.status(self._work)

    def diff(self, before: str | None = None, after: str | None = None) -> Iterator[Change]:
        """Yield what changed in the labels, item by item.

        Args:
            before: a commit; None for the last one.
            after: a commit; None for the folder as it is.
        """
        return looking.differences(self._work, before, after)

    @property
    def branch(self) -> str | None:
        """The current branch; None where none is checked out."""
        return self._work.git.branch()

    def labels_apart(self, *branches: str) -> dict[str, dict[str, str]]:
        """Return branch -> item -> label, of the labels that were given on each since all of them were one.

        `gatera.measure.agreement.agreement` says how far these agree.

        Args:
            branches: branches or commits, at least two.

        Raises:
            ArgumentError: if there is no such branch.
            DataError: if they have no commit in common.
        """
        return looking.labels_apart(self._work, branches)

    def commit(self, message: str) -> tuple[str, Summary] | None:
        """Commit the labels as they are.

        Returns:
            The commit and what it changes; None if nothing changed.
        """
        with self._work.locked():
            return committing.commit(self._work, message)

    def log(self, commit: str | None = None, most: int | None = None) -> list[Entry]:
        """Return the commits, newest first, with what each changed in the labels."""
        return log(self._work, commit, most)

    def blame(self, path: AnyPath, commit: str | None = None) -> list[Step]:
        """Return the commits that changed an item, newest first."""
        return blame(self._work, adding.name_of(self._work, Path(path)), commit)

    def checkout(self, name: str, new_branch: bool = False) -> str:
        """Go to a branch or commit: its labels, and the files that differ. Returns the commit. Changes must be committed first."""
        with self._work.locked():
            return moving.checkout(self._work, name, new_branch)

    def restore(self, *paths: AnyPath) -> int:
        """Write files again as the labels have them, over what was changed or removed. Returns how many were written."""
        with self._work.locked():
            return moving.restore(self._work, [adding.name_of(self._work, path) for path in as_paths(paths)])

    def merge(
        self,
        branch: str,
        rule: Rule | None = None,
        answers: Mapping[str, str] | AnyPath | None = None,
        message: str | None = None,
    ) -> MergeResult:
        """Merge another branch, item by item and cell by cell.

        Args:
            branch: the branch or commit.
            rule: settles conflicts: "mine", "theirs", "newest" (the label given last) or "person" (before functions and programs; other conflicts stay).
            answers: for single items, before the rule: item -> "mine", "theirs", or a third label; or a table with `file` and `answer`.
            message: of the commit.

        Raises:
            MergeConflictError: if nothing settles what both sides changed differently. Nothing is merged then.
        """
        with self._work.locked(), self._work.git.reading():
            return merge(self._work, branch, rule, answers, message)

    def resolve(
        self, rule: Rule | None = None, answers: Mapping[str, str] | AnyPath | None = None
    ) -> Resolved:
        """Settle conflicts that git itself found in the labels: after `git merge`, `git rebase`, `git pull`. See `merge`.

        What was settled by hand in labels.csv counts first. Git is told, and finishes what it has begun: `git commit`.
        """
        with self._work.locked():
            return resolving.resolve(self._work, rule, answers)

    def revert(
        self, commit: str, rule: Rule | None = None, answers: Mapping[str, str] | AnyPath | None = None
    ) -> MergeResult:
        """Undo what a commit changed, in a new commit. Items that were changed again since are conflicts; see `merge`."""
        with self._work.locked(), self._work.git.reading():
            return revert(self._work, commit, rule, answers)

    def push(self, address: str | None = None, again: bool = False, **options: Any) -> Sent:
        """Send the current branch with its files to a remote. After an error, the same call goes on.

        Args:
            address: a folder, or an address that fsspec knows, such as s3://bucket/path; None for the first one used.
            again: send also the files and commits that were sent before: there one may be damaged.
            **options: what fsspec passes on, such as `endpoint_url`.

        Raises:
            RemoteError: if the remote fails, or has commits that are not here.
        """
        with self._work.locked():
            sent = push(self._work, address, options, again)
            moving.say_uncommitted(self._work, sent.commit, "sent")
            return sent

    def pull(self, address: str | None = None, branch: str | None = None, **options: Any) -> Fetched:
        """Fetch a branch (by default the current one) with its files, and merge it. After an error, the same call goes on.

        Raises:
            RemoteError: if the remote fails, or something that it has is damaged.
            MergeConflictError: if both sides changed the same items differently. What was fetched stays: see `merge`.
        """
        with self._work.locked(), self._work.git.reading():
            return pull(self._work, address, branch, options)

    @classmethod
    def clone(
        cls, address: str, folder: AnyPath, branch: str | None = None,
        on_note: Callable[[str], None] = note, **options: Any,
    ) -> DataRepository:  # fmt: skip
        """Fetch a data repository into a new folder; without `branch` "main", "master", or the only one. After an error, the same call goes on."""
        cloning.clone(Workspace(Path(folder).absolute(), on_note), address, branch, options)
        return cls(folder, on_note)

    def shard(
        self, folder: AnyPath, commit: str = "HEAD", layout: Layout = "tar", shard_mb: int = 500
    ) -> Sharded:
        """Write a commit for other tools, into a new folder. The same commit gives the same bytes.

        Args:
            folder: must not be there, or be empty.
            layout: "tar" (pairs 000000017.jpg and .json, as WebDataset has them) or "folders" (as Hugging Face has them).
            shard_mb: a tar file is closed once it holds so many megabytes.
        """
        with self._work.locked():
            return shard(self._work, Path(folder), self.commit_of(commit), layout, shard_mb)

    def verify(self, history: bool = False, repair: bool = False) -> Verified:
        """Check that every file that the labels name is stored intact.

        Args:
            history: look at every commit of every branch.
            repair: make damaged and missing objects whole: from the files, where these still have the same bytes, else from the remote.
        """
        return verify(self._work, history, repair)

    def prune(self, remove: bool = False) -> Pruned:
        """Count the objects that no commit and no label of a working folder names; remove them if `remove` is true."""
        return prune(self._work, remove)

    def commit_of(self, name: str) -> str:
        """Return the full name of a commit by a branch, a tag, a short name, or "HEAD~2".

        Raises:
            ArgumentError: if there is no such commit.
        """
        return self._work.git.commit_of(name)

    def lay_out(self, commit: str) -> Path:
        """Lay the files and labels of a commit out in a folder of their own, inside `.gatera`, and return it. Do not write there.

        Raises:
            DataError: if a file is not in the object store.
        """
        with self._work.locked():
            return moving.lay_out(self._work, self.commit_of(commit))

    def read(self, sha256: str) -> bytes:
        """Return the bytes of a file by its hash; DataError if the object store does not have it."""
        return self._work.objects.read(sha256)

    def close(self) -> None:
        """Close the cache; another call opens it again."""
        self._work.cache.close()
