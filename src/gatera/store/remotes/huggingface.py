"""Requests to the Hugging Face hub through its own client, with errors that say what to do."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from gatera.core.checks import require
from gatera.core.errors import ArgumentError, GateraError, RemoteError, shorten
from gatera.core.files import home
from gatera.store.remotes.retry import patiently

T = TypeVar("T")

SCHEME = "hf://"
PURPOSE = "to use the Hugging Face hub"

#: The client tries again itself what the network broke; it is asked this often.
TRIES = 2


def repository_of(address: str) -> str:
    """Return the repository that an address names: "ann/cats" of "hf://ann/cats".

    Raises:
        ArgumentError: if it names none.

    Example:
        >>> repository_of("hf://ann/cats")
        'ann/cats'
    """
    name = address.removeprefix(SCHEME).strip("/").removeprefix("models/")
    parts = name.split("/")
    if len(parts) != 2 or not all(parts):
        raise ArgumentError(
            "not a repository of the Hugging Face hub", got=address, expected="hf://USER/NAME"
        )
    return name


def client() -> Any:
    """Return the hub's client; the address is `$HF_ENDPOINT`, read at every call, and the token the one that `hf auth login` stored.

    Raises:
        MissingExtraError: if huggingface_hub is not installed.
    """
    hub = require("huggingface_hub", "train", PURPOSE)
    return hub.HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None, library_name="gatera")


def asked(repository: str, doing: str, call: Callable[[], T]) -> T:
    """Return what a request to the hub gives; one that the network breaks is sent again.

    Raises:
        RemoteError: if the hub does not answer, or refuses; it says why.
    """

    def once() -> T:
        with _permanent_errors(repository):
            return call()

    try:
        return patiently(once, f"{SCHEME}{repository}", doing, TRIES)
    except (FileNotFoundError, FileExistsError) as err:
        raise RemoteError(f"{SCHEME}{repository}: {doing} failed ({shorten(str(err), 200)})") from err


def download(repository: str, name: str, revision: str) -> Path:
    """Fetch a file of a repository into the cache, and return where it is.

    Raises:
        RemoteError: if there is no such file, or the hub does not answer.
    """
    api = client()
    return asked(
        repository, f"fetching {name} of {revision}",
        lambda: Path(api.hf_hub_download(repository, name, revision=revision, cache_dir=home() / "models" / "hub")),
    )  # fmt: skip


@contextmanager
def _permanent_errors(repository: str) -> Iterator[None]:
    """Turn what another try would not mend into our errors."""
    errors = require("huggingface_hub.errors", "train", PURPOSE)
    try:
        yield
    except GateraError:
        raise
    except errors.GatedRepoError as err:
        raise RemoteError(
            f"{SCHEME}{repository} is only open to people whom its owner has admitted",
            remedy=f"Ask on https://huggingface.co/{repository}",
        ) from err
    except errors.RepositoryNotFoundError as err:
        raise RemoteError(
            f"{SCHEME}{repository} does not exist, or you may not see it",
            remedy="Check its name. For a private one, log in first: hf auth login, or set HF_TOKEN.",
        ) from err
    except errors.RevisionNotFoundError as err:
        raise RemoteError(
            f"{SCHEME}{repository} has no such version or tag ({shorten(str(err).splitlines()[0], 100)})"
        ) from err
    except errors.LocalEntryNotFoundError as err:
        raise ConnectionError(shorten(str(err.__cause__ or err).splitlines()[0], 120)) from err
    except errors.EntryNotFoundError as err:
        raise RemoteError(
            f"{SCHEME}{repository} lacks a file ({shorten(str(err).splitlines()[0], 100)})"
        ) from err
    except errors.HfHubHTTPError as err:
        status = getattr(getattr(err, "response", None), "status_code", 500)
        if status >= 500 or status in (408, 429):
            raise ConnectionError(f"it answered {status}") from err
        remedy = "Log in first: hf auth login, or set HF_TOKEN." if status in (401, 403) else None
        message = shorten(str(err).splitlines()[0], 160)
        raise RemoteError(f"{SCHEME}{repository} refuses: {message}", remedy=remedy) from err
