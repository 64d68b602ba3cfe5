"""Try again what a bad network broke, a bounded number of times."""

from __future__ import annotations

import errno
import random
import time
from collections.abc import Callable
from typing import TypeVar

from gatera.core.errors import GateraError, MissingExtraError, RemoteError, shorten
from gatera.core.files import FULL_DISK, UNWRITABLE_DISK

T = TypeVar("T")

#: How often a request is sent in all.
TRIES = 5

#: Seconds before the second try; three times as long before each further one (0.2, 0.6, 1.8, 5.4), give or take a half.
WAIT_SECONDS = 0.2

#: What another try does not mend.
PERMANENT = (
    FileNotFoundError, PermissionError, FileExistsError, IsADirectoryError, NotADirectoryError, NotImplementedError, TypeError,
    MemoryError, LookupError, AttributeError, GateraError,
)  # fmt: skip
PERMANENT_NUMBERS = UNWRITABLE_DISK | {errno.ENAMETOOLONG}

#: Exceptions of botocore and others that say: the settings are wrong.
PERMANENT_NAMES = {
    "NoCredentialsError", "PartialCredentialsError", "ParamValidationError", "ProfileNotFound", "InvalidRegionError",
    "TokenRetrievalError", "UnauthorizedSSOTokenError", "NoRegionError",
}  # fmt: skip
#: What S3 says where the keys are wrong; s3fs passes it on as text.
WRONG_KEYS = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "does not exist in our records", "AccessDenied")

AGAIN = "Check the network and run the same again: what has arrived is not sent a second time."


def patiently(call: Callable[[], T], address: str, doing: str, tries: int | None = None) -> T:
    """Return what `call` returns, trying again where the network or the server failed.

    Args:
        call: what is done; it may be done twice.
        address: the remote, for the message.
        doing: what is being done, for the message: "reading objects/ab/cdef".
        tries: how often in all; by default `TRIES`.

    Raises:
        RemoteError: if it failed `TRIES` times, or another try would not help; a missing file is left as FileNotFoundError, one that
            is already there as FileExistsError.
    """
    tries = tries or TRIES
    for attempt in range(1, tries + 1):
        try:
            return call()
        except (FileNotFoundError, FileExistsError, GateraError):
            raise
        except ImportError as err:
            raise MissingExtraError(
                f"{address} needs a package that is not installed ({shorten(str(err))})",
                remedy='Install the package that fsspec names; for s3:// addresses: pip install "gatera[s3]"',
            ) from err
        except Exception as err:
            if is_permanent(err):
                raise RemoteError(
                    f"{address}: {doing} failed ({in_words(err)})", remedy=_remedy(err)
                ) from err
            if attempt == tries:
                raise RemoteError(
                    f"{address}: {doing} failed {tries} times ({in_words(err)})", remedy=AGAIN
                ) from err
            time.sleep(WAIT_SECONDS * 3 ** (attempt - 1) * random.uniform(0.5, 1.5))
    raise AssertionError("unreachable")


def is_permanent(err: BaseException) -> bool:
    """Whether another try would fail in the same way: no permission, a full disk, wrong settings."""
    status = getattr(
        err, "status", None
    )  # of servers that speak HTTP: refused, not found; but not "too many", "too slow"
    return (
        isinstance(err, PERMANENT)
        or (isinstance(status, int) and 400 <= status < 500 and status not in (408, 425, 429))
        or (isinstance(err, OSError) and err.errno in PERMANENT_NUMBERS)
        or type(err).__name__ in PERMANENT_NAMES
        or type(err).__name__ == "TooManyRedirects"
        or any(word in str(err) for word in WRONG_KEYS)
    )


def in_words(err: BaseException) -> str:
    """Return an error in a few words: "ConnectionResetError: connection reset by peer"."""
    text = (getattr(err, "strerror", None) or str(err)).strip()
    first = shorten(text.splitlines()[0] if text else "", 160).rstrip(".")
    return first if isinstance(err, OSError) and first else f"{type(err).__name__}: {first}".rstrip(": ")


def _remedy(err: BaseException) -> str | None:
    if isinstance(err, OSError) and err.errno in FULL_DISK:
        return "Free some space and run the same again."
    if type(err).__name__ in PERMANENT_NAMES or any(word in str(err) for word in WRONG_KEYS):
        return "Set the credentials: for S3 AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE."
    if isinstance(err, PermissionError) or getattr(err, "status", None) in (401, 403, 407):
        return "Ask for permission to it, or use other credentials."
    return None
