"""Weights from the Hugging Face hub: from its cache at once, from the network without long waits."""

from __future__ import annotations

import http.client
import os
import re
import ssl
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from gatera.core.checks import require
from gatera.core.errors import PretrainedError, shorten
from gatera.core.files import home, sha256_file

DEFAULT_ENDPOINT = "https://huggingface.co"
#: How long the hub may take to answer at all before it counts as not reachable (seconds).
PATIENCE_SECONDS = 4.0
SAFE_FILE, PICKLED_FILE = "model.safetensors", "pytorch_model.bin"
#: Where the safe file is not merely the same name with another ending. Source: timm, models/_hub.py.
OTHER_SAFE_FILES = {"open_clip_pytorch_model.bin": "open_clip_model.safetensors"}
#: The hub's own words for yes. Source: huggingface_hub, constants.py.
YES = {"1", "ON", "YES", "TRUE"}
OFFLINE_VARIABLES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
#: The hub client has changed its HTTP library twice; their base errors, by module.
TRANSPORTS = {"requests": "RequestException", "httpx": "HTTPError", "httpx2": "HTTPError"}
SHA256 = re.compile(r"[0-9a-f]{64}")


class NotOnHub(Exception):
    """Why the hub could not give the file; the message is a clause for a longer one."""


def endpoint() -> str:
    """Return the hub's address: `$HF_ENDPOINT`, read now and not when the client was imported."""
    return (os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT).rstrip("/")


def hub_files(filename: str | None) -> tuple[str, ...]:
    """Return the files to ask for, the safe format first; `filename` is the architecture's own, where it has one."""
    if filename is None:
        return (SAFE_FILE, PICKLED_FILE)
    safe = OTHER_SAFE_FILES.get(filename) or str(PurePosixPath(filename).with_suffix(".safetensors"))
    return tuple(dict.fromkeys((safe, filename)))


def fetch(repo_id: str, filenames: Sequence[str]) -> Path:
    """Return the first of `filenames` that a repository has, from our cache of the hub or downloaded into it.

    Args:
        repo_id: e.g. "timm/resnet34.tv_in1k".
        filenames: in order of preference.

    Raises:
        NotOnHub: if none is there or the hub cannot be asked.
        PretrainedError: if what came is damaged.
    """
    for filename in filenames:
        if cached := _cached(repo_id, filename):
            return cached
    for variable in OFFLINE_VARIABLES:
        if os.environ.get(variable, "").upper() in YES:
            raise NotOnHub(f"not asked, because {variable} is set")
    for filename in filenames:
        # Asked first by ourselves: when the hub cannot be reached or has too much to do, the client would try again for
        # 23 seconds (version 2.4). A question of permission is the client's: it knows the user's token.
        status = _status(f"{endpoint()}/{repo_id}/resolve/main/{filename}")
        if status == 404:
            continue
        if status == 429 or status >= 500:
            raise NotOnHub(f"answered {status} {http.client.responses.get(status, '')}".rstrip())
        return _download(repo_id, filename)
    raise NotOnHub(f"has none of {', '.join(filenames)}")


def _cached(repo_id: str, filename: str) -> Path | None:
    hub = require("huggingface_hub", "train", "to use the hub")
    found = hub.try_to_load_from_cache(repo_id, filename, cache_dir=_cache())
    return Path(found) if isinstance(found, str) else None


def _cache() -> Path:
    return home() / "models" / "hub"


def _download(repo_id: str, filename: str) -> Path:
    hub = require("huggingface_hub", "train", "to use the hub")
    try:
        path = Path(hub.hf_hub_download(repo_id, filename, cache_dir=_cache(), endpoint=endpoint()))
    except (OSError, hub.errors.HfHubHTTPError, *_transport_errors()) as err:
        # The client removes what it could not finish, or goes on from there the next time.
        raise NotOnHub(f"failed ({type(err).__name__}: {shorten(str(err).splitlines()[0], 120)})") from err
    # For large files the hub's tag is the SHA-256, and the client names the blob by it.
    blob = path.resolve()
    if SHA256.fullmatch(blob.name) and sha256_file(blob) != blob.name:
        path.unlink()
        blob.unlink(missing_ok=True)
        raise PretrainedError(
            f"the download of {filename} from {endpoint()}/{repo_id} arrived damaged and was thrown away: its SHA-256 "
            "is not the one that the hub gave",
            remedy="Try again; if it happens again, something between you and the hub changes files.",
        )
    return path


def _transport_errors() -> tuple[type[Exception], ...]:
    return tuple(
        getattr(sys.modules[name], error) for name, error in TRANSPORTS.items() if name in sys.modules
    )


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


def _status(url: str) -> int:
    """Ask for the head of `url` and return the HTTP status, a redirect's included; proxies are honoured.

    Raises:
        NotOnHub: if nothing answers within `PATIENCE_SECONDS`.
    """
    answer: list[int | Exception] = []
    # In a thread of its own, because neither looking up a name nor trying one address after another has a time limit.
    thread = threading.Thread(target=lambda: answer.append(_ask(url)), daemon=True)
    thread.start()
    thread.join(PATIENCE_SECONDS)
    if not answer:
        raise NotOnHub(f"not reachable (no answer within {PATIENCE_SECONDS:g} seconds)")
    if isinstance(answer[0], Exception):
        raise NotOnHub(f"not reachable ({shorten(str(answer[0]), 120)})") from answer[0]
    return answer[0]


def _ask(url: str) -> int | Exception:
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(urllib.request.Request(url, method="HEAD"), timeout=PATIENCE_SECONDS) as response:
            return response.status
    except urllib.error.HTTPError as err:
        with err:
            return err.code
    except urllib.error.URLError as err:
        # Certificates are the client's business: it has a collection of its own, which ours may lack.
        return 200 if isinstance(err.reason, ssl.SSLError) else OSError(str(err.reason))
    except (OSError, http.client.HTTPException, ValueError) as err:
        return err
