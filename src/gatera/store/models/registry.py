"""A registry of programs: versions with names, tags with a history. It needs neither PyTorch nor a server.

    objects/ab/cdef...                      program files, by their SHA-256
    models/cats/versions/000003.json        what cats@v3 is: hash, figures, parents; written once
    models/cats/tags/production/000007.json what the tag stood for from its seventh move on; written once
    models/cats/signatures/000003/ann.json  ann's signature of cats@v3

Documents are written once and appear whole, so a process that is killed leaves nothing half made, and two of them at once do not
overwrite each other. A remote holds the same keys.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from gatera.core.checks import did_you_mean, listed
from gatera.core.errors import ArgumentError, RegistryError, RemoteError
from gatera.core.escape import shell_quote
from gatera.core.files import FULL_DISK, data_folder
from gatera.program.description import read_description
from gatera.program.package import read_package
from gatera.store.models import tag_history
from gatera.store.models.changes import say_unlike
from gatera.store.models.documents import Document, as_document
from gatera.store.models.names import LATEST, Reference, check_name, check_tag, parse_reference
from gatera.store.models.parents import figures_of, parents_of
from gatera.store.models.tag_history import TagMove
from gatera.store.models.version import ModelVersion, Parents, described, models_in, read_version
from gatera.store.models.withdrawn import newest, tag_of, withdrawn_in
from gatera.store.objects import ObjectStore, Stored
from gatera.store.remotes.folder import FolderRemote
from gatera.store.remotes.remote import Remote
from gatera.store.who import now, user_name

#: Says that a folder or a remote is a registry, and of which format.
MARK = "registry.json"

#: The tag that `rollback` moves where none is named.
PRODUCTION = "production"


def registry_folder() -> Path:
    """Return the folder of the registry: `$GATERA_REGISTRY`, else `registry` in `$GATERA_HOME` or where the system keeps users' data."""
    if chosen := os.environ.get("GATERA_REGISTRY"):
        return Path(chosen).expanduser()
    return data_folder() / "registry"


class ModelRegistry:
    """A folder of versions of programs.

    Args:
        folder: the folder; made when something is added. By default the user's own, see `registry_folder`.

    Raises:
        ArgumentError: if it is a file.
        RegistryError: if the folder was made by a newer Gatera.

    Example:
        registry = ModelRegistry()
        version = registry.add("cats.gatera", "cats", tags=["production"])
        load_program("cats@production")
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        self.folder = registry_folder() if folder is None else Path(folder).expanduser()
        if self.folder.exists() and not self.folder.is_dir():
            raise ArgumentError(f"the registry {self.folder} is a file", expected="a folder")
        self.objects = ObjectStore(self.folder / "objects")
        check_mark(self.files) if self.folder.exists() else None

    @property
    def files(self) -> Remote:
        """The documents, as what a remote holds, too."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        return FolderRemote(self.folder)

    def add(
        self,
        program: str | Path,
        model: str | None = None,
        *,
        note: str = "",
        by: str | None = None,
        tag: str | None = None,
        parents: Parents | None = None,
    ) -> ModelVersion:
        """Take a program file in as the next version of a model. The file itself stays where it is.

        Args:
            program: the `.gatera` file; it is checked completely, and nothing in it is executed.
            model: the model's name; by default the file's, without the suffix.
            note: what is worth knowing of this version.
            by: who adds it; by default git's `user.name`.
            tag: a tag to give to it, such as "production".
            parents: what it was made from, instead of what its file says; empty parts are taken from the file.

        Returns:
            The version. If the model has this very program already, that version: nothing is added twice.

        Raises:
            ProgramFileError: if the file is not a sound program.
            ArgumentError: if the name cannot be one.
            RegistryError: if another model, or another of its tags, has the same name but for the case of its letters.
        """
        path = Path(program)
        model = self._new_name(check_name(path.stem if model is None else model))
        if tag is not None:
            self._new_tag(model, tag)
        package = read_package(path)
        _, decoder = read_description(package)
        stored = self._kept(path)
        # what is kept is what was read, even if the file has changed
        kept = read_package(self.objects.path(stored.sha256))
        if kept.sha256 != package.sha256:
            raise RegistryError(f"{path} was changed while it was added", remedy="Add it again.")
        version = next((each for each in self.versions(model) if each.sha256 == stored.sha256), None)
        if version is None:
            draft = ModelVersion(
                model, 1, stored.sha256, stored.size, decoder.task, len(decoder.vocab or ()), figures_of(package),
                by or user_name(), now(), note, self._joined(parents_of(package), parents or Parents()),
            )  # fmt: skip
            version = self._numbered(draft)
            say_unlike(self.versions(model), self.objects.path)
        if tag is not None:
            self.tag(version.name, tag, by=by)
        return version

    def models(self) -> list[str]:
        """Return the names of the models, in order."""
        if not self.folder.exists():
            return []
        return models_in(self.files)

    def versions(self, model: str) -> list[ModelVersion]:
        """Return the versions of a model, oldest first; empty if there is none.

        Raises:
            RegistryError: if a description is damaged.
        """
        check_name(model)
        if not self.folder.exists():
            return []
        return list(versions_in(self.files, model))

    def known_versions(self, model: str) -> list[ModelVersion]:
        """Return the versions of a model, oldest first.

        Raises:
            RegistryError: if the registry has no such model; it says which there are.
        """
        found = self.versions(model)
        if not found:
            models = self.models()
            raise RegistryError(
                f"the registry {self.folder} has no model {model!r}", available=listed(models) or "none yet",
                remedy=did_you_mean(model, models, None if models else f"Add one with: gatera models add FILE {model}"),
            )  # fmt: skip
        return found

    def find(self, reference: str, withdrawn: bool = False) -> ModelVersion:
        """Return the version that "cats@v3", "cats@production" or "cats@latest" means; "cats" is its newest version.

        Args:
            reference: the name.
            withdrawn: the newest version may be one that is withdrawn.

        Raises:
            ArgumentError: if it is not such a name.
            RegistryError: if the registry has no such model, version or tag; it says what there is.
        """
        asked = parse_reference(reference)
        found = self.known_versions(asked.model)
        if asked.which == LATEST:
            return found[-1] if withdrawn else newest(found, withdrawn_in(self.files, asked.model))
        number = asked.number or self._tagged(asked)
        version = next((each for each in found if each.number == number), None)
        if version is None:
            numbers = [f"v{each.number}" for each in found]
            # a tag stands for it: of a remote all tags come, and perhaps not this version
            fetch = f"To fetch it: gatera models pull {shell_quote(f'{asked.model}@v{number}')}"
            raise RegistryError(
                f"{asked.model} has no version v{number}", available=listed([*numbers, *self.tags(asked.model)]),
                remedy=did_you_mean(asked.which, numbers) if asked.number else fetch,
            )  # fmt: skip
        return version

    def path(self, reference: str) -> Path:
        """Return the program file of a version; see `find`.

        Raises:
            RegistryError: if the registry does not have it, or its file.
        """
        return self.file_of(self.find(reference))

    def file_of(self, version: ModelVersion) -> Path:
        """Return the program file of a version.

        Raises:
            RegistryError: if it is missing, or has another size.
        """
        path = self.objects.path(version.sha256)
        size = path.stat().st_size if path.is_file() else None
        if size != version.size:
            what = "is missing" if size is None else "is damaged"
            raise RegistryError(
                f"the file of {version.name} {what}: {path}", got=size, expected=f"{version.size:,} bytes",
                remedy="Fetch it again with gatera models pull, or add it again.",
            )  # fmt: skip
        return path

    def tag(self, reference: str, tag: str, note: str = "", by: str | None = None) -> TagMove:
        """Let a tag stand for a version; where it stood for another, that stays in its history.

        Returns:
            The move; the one before, if it stands for that version already.

        Raises:
            ArgumentError: if the tag cannot be one.
            RegistryError: if there is no such version, another tag has the same name but for the case of its letters, or somebody else moved the tag at the same time.
        """
        version = self.find(reference)
        return self._move(version.model, self._new_tag(version.model, tag), version.number, note, by)

    def untag(self, model: str, tag: str, note: str = "", by: str | None = None) -> TagMove:
        """Remove a tag; its history stays.

        Raises:
            RegistryError: if there is no such tag.
        """
        self._tagged(Reference(check_name(model), tag))
        return self._move(model, tag, None, note, by)

    def rollback(self, model: str, tag: str = PRODUCTION, note: str = "", by: str | None = None) -> TagMove:
        """Move a tag back to the version that it stood for before; a second rollback goes back one further.

        Raises:
            RegistryError: if it never stood for another.
        """
        moves = self.history(model, tag)
        current = self._tagged(Reference(check_name(model), tag))
        withdrawn = self.withdrawn(model)
        before = tag_history.before(moves, current, passed_over=withdrawn)
        if before is None:
            raise RegistryError(
                f"the tag {tag!r} of {model} has pointed at no version before v{current}{' that is not withdrawn' if withdrawn else ''}",
                remedy=f"Name the version: gatera models tag {model}@VERSION {tag}",
            )
        return self._move(model, tag, before, note or f"rollback from v{current}", by)

    def tags(self, model: str) -> dict[str, int]:
        """Return the tags of a model and the numbers of the versions that they stand for."""
        return tag_history.standing(self.files, check_name(model)) if self.folder.exists() else {}

    def withdraw(self, reference: str, note: str = "", by: str | None = None, undo: bool = False) -> TagMove:
        """Say that something is wrong with a version: "latest" and `rollback` pass it over, and whoever names it is told. It stays.

        Args:
            reference: the version.
            note: what is wrong with it.
            by: who says so; by default git's `user.name`.
            undo: it is right after all.

        Raises:
            RegistryError: if there is no such version, or, to undo it, it is not withdrawn.
        """
        version = self.find(reference, withdrawn=True)
        before = self.withdrawn(version.model).get(version.number)
        if undo and before is None:
            raise RegistryError(f"{version.name} is not withdrawn")
        if not undo and before is not None:
            return before
        tag = tag_of(version) if before is None else before.tag
        done = self._move(version.model, tag, version.number, note, by)  # an undoing is of the last one
        return self._move(version.model, tag, None, note, by) if undo else done

    def withdrawn(self, model: str) -> dict[int, TagMove]:
        """Return which versions are withdrawn: number -> who said so, when and why."""
        return withdrawn_in(self.files, check_name(model)) if self.folder.exists() else {}

    def history(self, model: str, tag: str) -> list[TagMove]:
        """Return every move of a tag, oldest first; empty if there was none."""
        model, tag = check_name(model), check_tag(tag)
        return tag_history.history(self.files, model, tag) if self.folder.exists() else []

    def _move(self, model: str, tag: str, version: int | None, note: str, by: str | None) -> TagMove:
        before = self.history(model, tag)
        if before and before[-1].version == version:
            return before[-1]
        after = TagMove(tag, before[-1].number + 1 if before else 1, version, by or user_name(), now(), note)
        tag_history.move(self.files, model, before, after)
        return after

    def _tagged(self, asked: Reference) -> int:
        """Return the number of the version that a tag stands for."""
        known = self.tags(asked.model)
        if asked.which not in known:
            meant = f"{asked.model}@v{asked.which.lstrip('vV').lstrip('0')}"
            number = (
                meant in [each.name for each in self.versions(asked.model)] and f"Did you mean '{meant}'?"
            )
            raise RegistryError(
                f"{asked.model} has no tag {asked.which!r}", available=listed([*known, LATEST]),
                remedy=number or did_you_mean(asked.which, [*known, LATEST]),
            )  # fmt: skip
        return known[asked.which]

    def _kept(self, path: Path) -> Stored:
        """Take a file in as an object, on the disk before anything names it."""
        try:
            stored = self.objects.put_sound(path)
            with self.objects.path(stored.sha256).open("r+b" if os.name == "nt" else "rb") as file:
                os.fsync(file.fileno())  # which Windows does only with the right to write
        except OSError as err:
            full = err.errno in FULL_DISK
            raise RegistryError(
                f"{path} cannot be kept in {self.objects.folder} ({err.strerror})",
                remedy="Free some space and add it again; nothing was changed." if full else None,
            ) from err
        return stored

    def _new_name(self, model: str) -> str:
        """Return a model's name; on some file systems Cats and cats are one folder."""
        other = next(
            (each for each in self.models() if each != model and each.lower() == model.lower()), None
        )
        if other is not None:
            raise RegistryError(
                f"there is a model {other!r} already, and not every file system keeps it apart from {model!r}",
                remedy=f"Add it to {other}, or choose another name.",
            )
        return model

    def _new_tag(self, model: str, tag: str) -> str:
        """Return the name of a tag; on some file systems Production and production are one folder."""
        had = tag_history.tag_names(self.files, model) if self.folder.exists() else []
        return tag_history.new_tag(model, tag, had)

    def _joined(self, said: Parents, given: Parents) -> Parents:
        """Return the parents that the file says, with what was given in their place, and the name of a program it started from."""
        weights = dict(given.weights or said.weights)
        known = {each.sha256: each.name for model in self.models() for each in self.versions(model)}
        if "version" not in weights and weights.get("sha256") in known:
            weights["version"] = known[weights["sha256"]]
        return Parents({**said.data, **given.data}, {**said.code, **given.code}, weights)

    def _numbered(self, draft: ModelVersion) -> ModelVersion:
        """Write a version under the next number that nobody has taken, and that no tag names: of a remote, all tags may be here, and one version."""
        write_mark(self.files)
        named = tag_history.numbers_named(self.files, draft.model)
        number = max([*named, *(each.number for each in self.versions(draft.model))], default=0)
        while True:
            number += 1
            made = replace(draft, number=number)
            content = described(made)
            if self.files.write_if_absent(version_key(draft.model, number), content):
                return replace(made, document=content)

    def __repr__(self) -> str:
        return f"ModelRegistry({str(self.folder)!r}: {listed(self.models()) or 'empty'})"


def version_key(model: str, number: int) -> str:
    """Return the key of a version's description."""
    return f"models/{model}/versions/{number:06}.json"


def versions_in(files: Remote, model: str) -> Iterator[ModelVersion]:
    """Yield the versions of a model in a registry or a remote, oldest first."""
    for key in files.list(f"models/{model}/versions/"):
        name = key.rpartition("/")[2].removesuffix(".json")
        if name.isascii() and name.isdecimal():
            yield read_version(files.read(key), model, int(name), f"{files.address}/{key}")


def check_mark(files: Remote) -> None:
    """Raise RegistryError if a registry was made by a newer Gatera."""
    try:
        mark = files.read(MARK) if files.exists(MARK) else None
    except RemoteError:
        return  # being made
    if mark is not None:
        Document(mark, f"{files.address}/{MARK}")


def write_mark(files: Remote) -> None:
    """Say that this is a registry, if nothing does."""
    if not files.exists(MARK):
        files.write_if_absent(MARK, as_document({"kind": "registry of Gatera programs"}))
