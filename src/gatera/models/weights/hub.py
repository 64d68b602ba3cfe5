"""Download weights from the Hugging Face hub, or find them in its cache, without long waits when offline."""

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
#: How long to wait for the hub's first answer before treating it as unreachable (seconds).
PATIENCE_SECONDS = 4.0
SAFE_FILE, PICKLED_FILE = "model.safetensors", "pytorch_model.bin"
#: Safe files whose names differ in more than their suffix. Source: timm, models/_hub.py.
OTHER_SAFE_FILES = {"open_clip_pytorch_model.bin": "open_clip_model.safetensors"}
#: Values of environment variables that the hub client treats as true. Source: huggingface_hub, constants.py.
YES = {"1", "ON", "YES", "TRUE"}
OFFLINE_VARIABLES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
#: The hub client has changed its HTTP library twice; module -> base error of each.
TRANSPORTS = {"requests": "RequestException", "httpx": "HTTPError", "httpx2": "HTTPError"}
SHA256 = re.compile(r"[0-9a-f]{64}")


class NotOnHub(Exception):
    """The hub did not provide the file; the message is a clause for a longer one."""


def endpoint() -> str:
    """Return the hub's address: `$HF_ENDPOINT`, read at every call rather than when the client was imported."""
    return (os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT).rstrip("/")


def hub_files(filename: str | None) -> tuple[str, ...]:
    """Return the files to request, the safe format first; `filename` is the architecture's own name, if any."""
    if filename is None:
        return (SAFE_FILE, PICKLED_FILE)
    safe = OTHER_SAFE_FILES.get(filename) or str(PurePosixPath(filename).with_suffix(".safetensors"))
    return tuple(dict.fromkeys((safe, filename)))


def fetch(repo_id: str, filenames: Sequence[str]) -> Path:
    """Return the first of `filenames` that a repository has, from the local hub cache or downloaded into it.

    Args:
        repo_id: e.g. "timm/resnet34.tv_in1k".
        filenames: in order of preference.

    Raises:
        NotOnHub: if the repository has none of them or the hub is unreachable.
        PretrainedError: if the download is damaged.
    """
    for filename in filenames:
        if cached := _cached(repo_id, filename):
            return cached
    for variable in OFFLINE_VARIABLES:
        if os.environ.get(variable, "").upper() in YES:
            raise NotOnHub(f"skipped, because {variable} is set")
    for filename in filenames:
        # Checked here first, because the client retries for 23 seconds (version 2.4) when the hub is unreachable or overloaded.
        # Permissions are left to the client: it knows the user's token.
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
        # The client removes an incomplete download, or resumes it the next time.
        raise NotOnHub(f"failed ({type(err).__name__}: {shorten(str(err).splitlines()[0], 120)})") from err
    # For large files the hub's ETag is the SHA-256, and the client names the blob after it.
    blob = path.resolve()
    if SHA256.fullmatch(blob.name) and sha256_file(blob) != blob.name:
        path.unlink()
        blob.unlink(missing_ok=True)
        raise PretrainedError(
            f"the download of {filename} from {endpoint()}/{repo_id} was damaged and has been deleted: its SHA-256 "
            "does not match the hub's",
            remedy="Try again; if the problem persists, a proxy may be altering files.",
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
    """Send a HEAD request and return the HTTP status, without following redirects; proxies are honoured.

    Raises:
        NotOnHub: if nothing answers within `PATIENCE_SECONDS`.
    """
    answer: list[int | Exception] = []
    # In a thread, because neither the name lookup nor trying several addresses has a time limit.
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
        # Certificate errors are left to the client, which has its own certificates.
        return 200 if isinstance(err.reason, ssl.SSLError) else OSError(str(err.reason))
    except (OSError, http.client.HTTPException, ValueError) as err:
        return err
