"""onnxruntime-web: what computes a model in the browser. It is fetched once from npm, checked, and kept in the data home."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gatera.core.errors import ArgumentError, DownloadError
from gatera.core.files import atomic_write, home, sha256_file
from gatera.data.download.http import Expected, fetch, locked

#: Names a folder that has the files, for machines without a network.
VARIABLE = "GATERA_ONNXRUNTIME_WEB"

#: Where npm's packages are; npm's own variable names another place.
REGISTRY, REGISTRY_VARIABLE = "https://registry.npmjs.org", "npm_config_registry"


@dataclass(frozen=True)
class Runtime:
    """A version of onnxruntime-web.

    Attributes:
        version: its version.
        integrity: the hash of its npm package, as npm writes it.
        package: size and beginning of the package.
        script: the name of the module that a page imports.
        binary: the name of the WebAssembly file.
        hashes: SHA-256 of these two files, by name.
    """

    version: str
    integrity: str
    package: Expected
    script: str
    binary: str
    hashes: Mapping[str, str]

    @property
    def archive(self) -> str:
        """The name of the package's file."""
        return f"onnxruntime-web-{self.version}.tgz"

    @property
    def folder(self) -> Path:
        """Where its files are kept; the folder may not exist."""
        return home() / "browser" / f"onnxruntime-web-{self.version}"


#: The version that pages get; the one that they were tested with.
RUNTIME = Runtime(
    version="1.30.0",
    integrity="sha512-q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ==",
    package=Expected(33_106_585, "4fae12018eb0aa74afc3d873e94f3e68"),
    script="ort.wasm.bundle.min.mjs",
    binary="ort-wasm-simd-threaded.wasm",
    hashes={
        "ort.wasm.bundle.min.mjs": "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
        "ort-wasm-simd-threaded.wasm": "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
    },
)


def runtime_files(given: str | Path | None = None, runtime: Runtime | None = None) -> dict[str, Path]:
    """Return the files of onnxruntime-web by name, fetching them from npm where they are nowhere on this machine.

    Args:
        given: a folder that has them (the npm package, or its "dist"), or the package's .tgz; None for `$GATERA_ONNXRUNTIME_WEB`,
            else the data home.
        runtime: the version; None for `RUNTIME`.

    Raises:
        ArgumentError: if the folder does not have them, or in another version.
        DownloadError: if they cannot be fetched, or are not what they should be. It says where to put them by hand.
    """
    runtime = runtime or RUNTIME
    given = given or os.environ.get(VARIABLE)
    if given:
        return _given(Path(given).expanduser(), runtime)
    found = _in_folder(runtime.folder, runtime)
    if found is None:
        with locked(runtime.folder.with_name(f".{runtime.folder.name}.lock")):
            found = _in_folder(runtime.folder, runtime) or _fetched(runtime)
    return found


def _given(path: Path, runtime: Runtime) -> dict[str, Path]:
    if path.is_file():
        _unpack(path, runtime)
        path = runtime.folder
    for folder in (path, path / "dist", path / "package" / "dist"):
        if any((folder / name).exists() for name in runtime.hashes):
            found = _in_folder(folder, runtime)
            if found is not None:
                return found
            raise ArgumentError(
                f"the files in {folder} are not those of onnxruntime-web {runtime.version}",
                expected=", ".join(runtime.hashes), remedy=f"Get them with: npm pack onnxruntime-web@{runtime.version}",
            )  # fmt: skip
    raise ArgumentError(
        f"{path} has no onnxruntime-web",
        expected=f"a folder with {' and '.join(runtime.hashes)}, or {runtime.archive}",
    )


def _in_folder(folder: Path, runtime: Runtime) -> dict[str, Path] | None:
    """Return the files in a folder; None if one is missing or has another content."""
    found = {name: folder / name for name in runtime.hashes}
    whole = all(path.is_file() and sha256_file(path) == runtime.hashes[name] for name, path in found.items())
    return found if whole else None


def _fetched(runtime: Runtime) -> dict[str, Path]:
    registry = os.environ.get(REGISTRY_VARIABLE) or REGISTRY
    url = f"{registry.rstrip('/')}/onnxruntime-web/-/{runtime.archive}"
    archive = runtime.folder.parent / runtime.archive
    try:
        if not archive.exists():
            fetch(url, archive, runtime.package)
        found = _unpack(archive, runtime)
    except DownloadError as err:
        raise DownloadError(
            f"onnxruntime-web {runtime.version}, which computes in the browser, is not here: {err.problem}",
            got=err.got, expected=err.expected,
            remedy=f"Without a network, get it elsewhere (npm pack onnxruntime-web@{runtime.version}), and put {runtime.archive} "
            f"into {archive.parent}, or name its folder with --runtime or {VARIABLE}.",
        ) from err  # fmt: skip
    archive.unlink()
    return found


def _unpack(archive: Path, runtime: Runtime) -> dict[str, Path]:
    """Check a package against its hash and take the two files out of it."""
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha512").digest()
    integrity = f"sha512-{base64.b64encode(digest).decode()}"
    if integrity != runtime.integrity:
        raise DownloadError(
            f"{archive} is not onnxruntime-web {runtime.version}", got=integrity, expected=runtime.integrity,
            remedy="Delete it, and it will be fetched again.",
        )  # fmt: skip
    with tarfile.open(archive) as tar:
        for name, sha256 in runtime.hashes.items():
            content = tar.extractfile(f"package/dist/{name}")
            if content is None:
                raise DownloadError(f"{archive} has no {name}")
            _keep(content, runtime.folder / name, sha256)
    return {name: runtime.folder / name for name in runtime.hashes}


def _keep(content: IO[bytes], path: Path, sha256: str) -> None:
    with atomic_write(path) as partial:
        with partial.open("wb") as file:
            shutil.copyfileobj(content, file)
        if sha256_file(partial) != sha256:
            raise DownloadError(f"{path.name} in the package does not have the expected content")
