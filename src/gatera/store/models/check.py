"""Check a registry: every description, tag, file and signature."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gatera.core.errors import GateraError
from gatera.core.escape import shell_quote
from gatera.core.files import sha256_file
from gatera.core.progress import note, track
from gatera.store.models import tag_history
from gatera.store.models.documents import REMEMBERED
from gatera.store.models.registry import ModelRegistry, versions_in
from gatera.store.models.version import ModelVersion
from gatera.store.models.version_signatures import check_signature, signers
from gatera.store.signatures import public_key


def verify_registry(
    registry: ModelRegistry,
    models: Iterable[str] | None = None,
    keys: Mapping[str, str] | None = None,
    quiet: bool = False,
) -> tuple[int, list[str]]:
    """Check that every version can be read, its file is there with the right size and hash, and its signatures are right.

    Args:
        registry: what is checked.
        models: the names of models; None for all.
        keys: name -> public key: every version must be signed with each of them.
        quiet: show no progress.

    Returns:
        How many versions were checked, and a sentence for each fault.
    """
    faults: list[str] = []
    versions: list[ModelVersion] = []
    tagged = (
        {key.split("/")[1] for key in registry.files.list("models/") if "/tags/" in key}
        if registry.folder.exists()
        else set()
    )
    for model in (
        sorted({*registry.models(), *tagged}) if models is None else models
    ):  # one may have lost all its versions
        try:
            versions += versions_in(registry.files, model)
            for tag in tag_history.tag_names(registry.files, model):
                faults += _tag_faults(registry, model, tag)
        except GateraError as err:
            faults.append(err.problem)
    for version in track(versions, "Verifying", quiet=quiet):
        faults += _file_faults(registry, version) + _signature_faults(registry, version, keys or {})
    return len(versions), faults


def _tag_faults(registry: ModelRegistry, model: str, tag: str) -> list[str]:
    moves = registry.history(model, tag)
    numbers = {each.number for each in registry.versions(model)}
    missing = {move.version for move in moves if move.version is not None} - numbers
    current = moves[-1].version if moves else None
    if current not in missing:
        return []
    wanted = f"{model}@v{current}"
    said = f"the tag {tag!r} of {model} points at v{current}, which is not in the registry: fetch it with gatera models pull {shell_quote(wanted)}"
    if not (registry.folder / REMEMBERED).is_file():
        return [said]
    if not tag_history.WITHDRAWN.fullmatch(tag):  # of a remote all tags come, and perhaps one version
        note(f"T{said[1:]}.")
    return []


def _file_faults(registry: ModelRegistry, version: ModelVersion) -> list[str]:
    try:
        path = registry.file_of(version)
        found = sha256_file(path)
    except (GateraError, OSError) as err:
        return [
            err.problem
            if isinstance(err, GateraError)
            else f"the file of {version.name} cannot be read ({err.strerror})"
        ]
    return (
        []
        if found == version.sha256
        else [f"the file of {version.name} is damaged: its SHA-256 does not match ({path})"]
    )


def _signature_faults(registry: ModelRegistry, version: ModelVersion, keys: Mapping[str, str]) -> list[str]:
    """Check the signatures that are asked for, and those whose keys this machine has."""
    wanted = dict(keys)
    faults = []
    for name in signers(registry.files, version):
        if name not in wanted:
            try:
                wanted[name] = public_key(name)
            except GateraError:
                continue  # a key that nobody here trusts or doubts
    for name, public in wanted.items():
        try:
            check_signature(registry.files, version, name, public)
        except GateraError as err:
            faults.append(err.problem)
    return faults
