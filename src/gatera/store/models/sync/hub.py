"""Programs on the Hugging Face hub: a repository for each model, a tag for each version, the card as its page."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gatera.core.checks import listed, require
from gatera.core.errors import RegistryError, RemoteError
from gatera.core.files import sha256_file
from gatera.core.progress import note
from gatera.program.archive import CARD, SUFFIX
from gatera.program.package import read_package
from gatera.store.models.documents import Document
from gatera.store.models.names import VERSION
from gatera.store.models.registry import ModelRegistry, write_mark
from gatera.store.models.sync.lock import Locked
from gatera.store.models.sync.pull import take_description
from gatera.store.models.version import ModelVersion, read_version
from gatera.store.models.version_signatures import signature_key, signers
from gatera.store.remotes.huggingface import PURPOSE, SCHEME, asked, client, download
from gatera.store.signatures import verify

#: The description of the version in a repository, and the folder of signatures.
DOCUMENT, SIGNATURES = "gatera-version.json", "signatures"

#: The page of a repository, and the line at its end by which it is known that nobody edited it.
PAGE, MARK = "README.md", "<!-- as gatera sent it: {} -->"

#: The branch that a version is looked for in where none is named.
NEWEST = "main"


def push_to_hub(registry: ModelRegistry, reference: str, repository: str, private: bool = False) -> str:
    """Send a version to a repository of the Hugging Face hub, which is made if it does not exist.

    The repository holds the program file, its description, signatures, and the card as its page; the commit is tagged "v3".

    Args:
        registry: where it is.
        reference: the version.
        repository: "USER/NAME".
        private: make a new repository private.

    Returns:
        The address of the commit.

    Raises:
        RegistryError: if there is no such version, or the repository holds another model, or another program as that version.
        RemoteError: if the hub refuses, or does not answer.
        MissingExtraError: if huggingface_hub is not installed.
    """
    version = registry.find(reference)
    path = registry.file_of(version)
    if sha256_file(path) != version.sha256:
        raise RegistryError(
            f"the file of {version.name} is damaged and was not sent",
            remedy="Fetch it again with gatera models pull.",
        )
    hub, api = require("huggingface_hub", "train", PURPOSE), client()
    if not asked(repository, "looking for it", lambda: api.repo_exists(repository)):
        asked(
            repository,
            "making the repository",
            lambda: api.create_repo(repository, private=private, exist_ok=True),
        )
    before = asked(repository, "listing its files", lambda: api.list_repo_files(repository))
    if DOCUMENT in before:
        _check_same_model(version, repository)
    tag = f"v{version.number}"
    there = _tagged(api, repository, tag)
    if there is not None:
        if there.sha256 != version.sha256:
            raise RegistryError(
                f"{SCHEME}{repository} has another program as {tag}: {there.by} added it at {there.at}",
                got=there.sha256[:12], expected=version.sha256[:12], remedy="Add yours again, under the next number.",
            )  # fmt: skip
        return f"{SCHEME}{repository}@{tag}"
    content: dict[str, bytes | Path] = {f"{version.model}{SUFFIX}": path, DOCUMENT: version.document}
    if PAGE not in before or _is_ours(download(repository, PAGE, NEWEST).read_bytes()):
        content[PAGE] = page(version, path).encode()
    else:
        note(
            f"The page of {SCHEME}{repository} is not as Gatera writes it, and stays (to have it written again: delete {PAGE} there)."
        )
    for name in signers(registry.files, version):
        content[f"{SIGNATURES}/{name}.json"] = registry.files.read(signature_key(version, name))
    operations = [
        hub.CommitOperationAdd(
            path_in_repo=name, path_or_fileobj=str(each) if isinstance(each, Path) else each
        )
        for name, each in content.items()
    ]
    operations += [  # a signature of the version before does not hold for this one
        hub.CommitOperationDelete(path_in_repo=name)
        for name in before
        if name.startswith(f"{SIGNATURES}/") and name not in content
    ]
    said = f"{version.name}: {version.note}" if version.note else version.name
    done = asked(
        repository,
        "sending it",
        lambda: api.create_commit(repository, operations=operations, commit_message=said[:200]),
    )
    asked(
        repository,
        f"tagging it {tag}",
        lambda: api.create_tag(repository, tag=tag, revision=done.oid, exist_ok=True),
    )
    return f"{SCHEME}{repository}@{tag}"


def from_hub(
    registry: ModelRegistry,
    repository: str,
    revision: str = NEWEST,
    model: str | None = None,
    keys: Mapping[str, str] | None = None,
    locked: Locked | None = None,
) -> ModelVersion:
    """Fetch a program from a repository of the Hugging Face hub into the registry.

    Args:
        registry: where it goes.
        repository: "USER/NAME".
        revision: "v3", another tag, or a commit; by default the newest.
        model: the name of a model to add it to as the next version, for a repository without a description.
        keys: name -> public key: it must be signed with one of them.
        locked: what a lock file says of it: nothing else is taken.

    Raises:
        RegistryError: if it is not what its description says, a signature is missing or wrong, or the registry has another program
            under the same name and number.
        RemoteError: if the hub refuses, or does not answer.
        ProgramFileError: if the program is not sound.
    """
    api = client()
    names = asked(
        repository, f"listing {revision}", lambda: api.list_repo_files(repository, revision=revision)
    )
    if DOCUMENT not in names:
        if locked is not None:
            raise RegistryError(f"{SCHEME}{repository} has no {locked.name}, which is locked")
        return _without_description(registry, repository, revision, model, names, keys)
    content = _small(download(repository, DOCUMENT, revision), repository)
    version = _described(content, f"{SCHEME}{repository}/{DOCUMENT}")
    if revision == NEWEST and (tag := _newer(api, repository, version)):
        return from_hub(registry, repository, tag, model, keys, locked)
    if locked is not None:
        locked.check(version, f"{SCHEME}{repository}")
    signatures = {
        name: _small(download(repository, f"{SIGNATURES}/{name}.json", revision), repository)
        for name in keys or {} if f"{SIGNATURES}/{name}.json" in names
    }  # fmt: skip
    _check_signed(version, signatures, keys or {})
    mine = next((each for each in registry.versions(version.model) if each.number == version.number), None)
    if mine is not None and mine.sha256 != version.sha256:
        raise RegistryError(
            f"{version.name} in this registry is a different program from the one on {SCHEME}{repository}",
            got=version.sha256[:12], expected=mine.sha256[:12], remedy="Pull it into another registry: --registry FOLDER.",
        )  # fmt: skip
    path = download(repository, f"{version.model}{SUFFIX}", revision)
    if path.stat().st_size != version.size or sha256_file(path) != version.sha256:
        _forget(path)
        raise RemoteError(
            f"{SCHEME}{repository}: {version.model}{SUFFIX} is not the file that its description names: its size or SHA-256 does not match",
            remedy="It was not fetched. Try again; if that does not help, ask the owner of the repository.",
        )
    read_package(path)
    registry.objects.put_sound(path)
    write_mark(registry.files)
    for text in take_description(registry, mine, version):
        note(text)
    for name, signature in signatures.items():
        registry.files.replace(signature_key(version, name), signature)
    return version


def page(version: ModelVersion, path: Path) -> str:
    """Return the page of a repository: the front matter that the hub reads, how to use the program, and its card."""
    package = read_package(path)
    card = package.read(CARD).decode("utf-8", errors="replace").strip() if CARD in package.names else ""
    front = ["---", "library_name: gatera", "tags:", "- gatera", "- onnx", f"- {version.task}", "---"]
    use = [
        "```python", "from gatera import load_program", "", f'program = load_program("{version.name}")', "program.predict(...)", "```",
        "", f"after `gatera models pull {version.name} --remote hf://USER/NAME`. Nothing in the file is executed or unpickled.",
    ]  # fmt: skip
    text = "\n".join([*front, "", *use, "", card, "", ""])
    return text + MARK.format(_hash(text)) + "\n"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _is_ours(content: bytes) -> bool:
    """Whether a page is as it was sent; one without that line at its end may be somebody's own."""
    text, _, last = content.decode("utf-8", errors="replace").rstrip("\n").rpartition("\n")
    return last == MARK.format(_hash(text + "\n"))


def _newer(api: Any, repository: str, version: ModelVersion) -> str | None:
    """Return the tag of the newest version, if it is newer than the one that was sent last; else None."""
    refs = asked(repository, "listing its tags", lambda: api.list_repo_refs(repository))
    numbers = [int(found[1]) for each in refs.tags if (found := VERSION.fullmatch(each.name))]
    newest = max(numbers, default=version.number)
    return f"v{newest}" if newest > version.number else None


def _check_same_model(version: ModelVersion, repository: str) -> None:
    """Raise RegistryError if a repository holds another model: its newest version would be one of either."""
    model = _described(
        _small(download(repository, DOCUMENT, NEWEST), repository), f"{SCHEME}{repository}"
    ).model
    if model != version.model:
        raise RegistryError(
            f"{SCHEME}{repository} holds the model {model}, and a repository of the hub holds one model",
            got=version.name, expected=f"a version of {model}", remedy="Send it to another repository: --remote hf://USER/NAME.",
        )  # fmt: skip


def _tagged(api: Any, repository: str, tag: str) -> ModelVersion | None:
    refs = asked(repository, "listing its tags", lambda: api.list_repo_refs(repository))
    if tag not in [each.name for each in refs.tags]:
        return None
    return _described(_small(download(repository, DOCUMENT, tag), repository), f"{SCHEME}{repository}@{tag}")


def _described(content: bytes, where: str) -> ModelVersion:
    found = Document(content, where)
    return read_version(content, found.text("model"), found.count("version", 1), where)


def _small(path: Path, repository: str) -> bytes:
    if path.stat().st_size > 1_000_000:
        raise RegistryError(
            f"{SCHEME}{repository}: {path.name} is too large",
            got=path.stat().st_size,
            expected="at most 1 MB",
        )
    return path.read_bytes()


def _check_signed(version: ModelVersion, signatures: Mapping[str, bytes], keys: Mapping[str, str]) -> None:
    if keys and not signatures:
        raise RegistryError(f"{version.name} is not signed with the key {listed(keys)}")
    for name, content in signatures.items():
        verify(
            version.document,
            Document(content, f"signature of {name}").text("signature"),
            keys[name],
            name,
            version.name,
        )


def _without_description(
    registry: ModelRegistry,
    repository: str,
    revision: str,
    model: str | None,
    names: list[str],
    keys: Mapping[str, str] | None,
) -> ModelVersion:
    """Add the program of a repository that somebody filled by hand, as the next version."""
    programs = [name for name in names if name.endswith(SUFFIX)]
    if len(programs) != 1:
        raise RegistryError(
            f"{SCHEME}{repository} does not hold one program",
            got=listed(programs) or "none",
            expected=f"one file ending in {SUFFIX}",
        )
    if keys:
        raise RegistryError(f"{SCHEME}{repository} holds no signatures")
    path = download(repository, programs[0], revision)
    blob = (
        path.resolve().name
    )  # of large files the hub's ETag is the SHA-256, and the client names the file after it
    if len(blob) == 64 and sha256_file(path) != blob:
        _forget(path)
        raise RemoteError(f"{SCHEME}{repository}: {programs[0]} was damaged on its way", remedy="Try again.")
    return registry.add(
        path, model or Path(programs[0]).stem, note=f"from {SCHEME}{repository} at {revision}"
    )


def _forget(path: Path) -> None:
    """Remove a file from the client's cache, so that the next try fetches it again."""
    path.resolve().unlink(missing_ok=True)
    path.unlink(missing_ok=True)
