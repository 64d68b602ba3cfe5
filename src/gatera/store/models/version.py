"""What a registry knows of one version of a program."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gatera.core.errors import RegistryError
from gatera.store.models.documents import Document, as_document
from gatera.store.models.names import check_name
from gatera.store.remotes.remote import Remote

#: Hexadecimal digits of a hash that are shown.
SHORT = 8


#: The key of a version's description; others, such as what a console writes for an empty folder, say nothing of a model.
_VERSION_KEY = re.compile(r"models/([^/]+)/versions/[0-9]+\.json")


@dataclass(frozen=True)
class Parents:
    """What a program was made from. Each is a set of facts, empty where nothing is known.

    Attributes:
        data: the data set: "name", "commit", counts of labels by their source, and others.
        code: the code: versions of Gatera and PyTorch, "commit" if somebody said it.
        weights: the initial weights: "source" in words; "sha256" of the program file and "version" where they were a program's.
    """

    data: Mapping[str, str] = field(default_factory=dict)
    code: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, dict[str, str]]:
        """Return plain values for JSON."""
        return {"data": dict(self.data), "code": dict(self.code), "weights": dict(self.weights)}


@dataclass(frozen=True)
class ModelVersion:
    """A version of a program: its file by hash and size, what it does, and what it was made from.

    Attributes:
        model: the model's name.
        number: 1, 2, ...
        sha256, size: of the program file.
        task: "classification" and so on.
        labels: how many labels it knows.
        metrics: figures measured when it was trained, by name.
        by, at, note: who added it, when (UTC), and what they said of it.
        parents: what it was made from.
        document: the bytes of its description, over which signatures are made.
    """

    model: str
    number: int
    sha256: str
    size: int
    task: str
    labels: int
    metrics: Mapping[str, float]
    by: str
    at: str
    note: str
    parents: Parents
    document: bytes = field(default=b"", repr=False, compare=False)

    @property
    def name(self) -> str:
        """Its name: "cats@v3"."""
        return f"{self.model}@v{self.number}"

    @property
    def document_sha256(self) -> str:
        """The hash of its description."""
        return hashlib.sha256(self.document).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "name": self.name, "model": self.model, "version": self.number, "sha256": self.sha256, "size": self.size,
            "task": self.task, "labels": self.labels, "metrics": dict(self.metrics), "by": self.by, "at": self.at,
            "note": self.note, "parents": self.parents.to_dict(),
        }  # fmt: skip


def described(version: ModelVersion) -> bytes:
    """Return the description of a version, as it is kept."""
    values = version.to_dict()
    del values["name"]
    return as_document(values)


def read_version(content: bytes, model: str, number: int, where: str) -> ModelVersion:
    """Read the description of a version.

    Args:
        content: its bytes.
        model: the model that it must name.
        number: the number that it must have.
        where: what messages call it.

    Raises:
        RegistryError: if it is damaged, or another version's.
    """
    found = Document(content, where)
    name, version = found.text("model"), found.count("version", 1)
    if (name, version) != (model, number):
        raise RegistryError(
            f"{where} describes another version", got=f"{name}@v{version}", expected=f"{model}@v{number}"
        )
    check_name(name)
    parents = found.part("parents")
    return ModelVersion(
        name, version, found.sha256("sha256"), found.count("size", 1), found.text("task"), found.count("labels"),
        found.numbers("metrics"), found.text("by"), found.text("at"), found.text("note", ""),
        Parents(parents.facts("data"), parents.facts("code"), parents.facts("weights")), content,
    )  # fmt: skip


def models_in(files: Remote) -> list[str]:
    """Return the names of the models in a registry or a remote, in order."""
    return sorted({found[1] for key in files.list("models/") if (found := _VERSION_KEY.fullmatch(key))})
