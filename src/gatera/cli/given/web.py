"""Fetch inputs from http and https addresses into memory, with limits."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import gatera
from gatera.core.errors import DataError
from gatera.core.files import human_bytes

#: Limits: bytes of one file, seconds without an answer.
MOST_BYTES, TIMEOUT_SECONDS = 64 * 1024 * 1024, 20.0

SCHEMES = ("http", "https")


def scheme_of(word: str) -> str | None:
    """Return the scheme of an address ("https", "s3" ...); None for anything else.

    Example:
        >>> scheme_of("https://example.org/cat.jpg"), scheme_of("s3://bucket/cat.jpg"), scheme_of("cat.jpg"), scheme_of("a text: b")
        ('https', 's3', None, None)
    """
    scheme, found, rest = word.partition("://")
    plain = scheme.replace("+", "").replace("-", "").replace(".", "").isalnum() and scheme[:1].isalpha()
    return (
        scheme.lower()
        if found and plain and scheme.isascii() and rest and not any(map(str.isspace, word))
        else None
    )


def fetch_bytes(url: str) -> bytes:
    """Return the content of an address.

    Only http and https are followed, redirections included.

    Raises:
        DataError: if it cannot be had, is empty, or larger than `MOST_BYTES`; the message names it.
    """
    if scheme_of(url) not in SCHEMES:
        raise DataError(
            f"{url} is not fetched: {scheme_of(url)} is not supported", expected="an http or https address, or a file",
            remedy="Download it first.",
        )  # fmt: skip
    # they take a tenth of the time of the whole command, and few inputs are addresses
    import http.client
    import urllib.error
    import urllib.request

    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler, urllib.request.HTTPHandler, urllib.request.HTTPSHandler, urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPDefaultErrorHandler, urllib.request.HTTPErrorProcessor, urllib.request.UnknownHandler,
    ):  # fmt: skip
        opener.add_handler(handler())
    try:
        request = urllib.request.Request(url, headers={"User-Agent": f"gatera/{gatera.__version__}"})
        with opener.open(request, timeout=TIMEOUT_SECONDS) as response:
            content = response.read(MOST_BYTES + 1)
    except urllib.error.HTTPError as err:
        raise DataError(f"{url} cannot be fetched: the server answers {err.code} {err.reason}") from err
    except (OSError, http.client.HTTPException, ValueError) as err:
        cause = getattr(err, "reason", None) or err
        reason = getattr(cause, "strerror", None) or cause  # without "[Errno -2]"
        raise DataError(
            f"{url} cannot be fetched ({reason})", remedy="Check the address and the connection."
        ) from err
    if len(content) > MOST_BYTES:
        raise DataError(
            f"{url} is too large", expected=f"at most {human_bytes(MOST_BYTES)}", remedy="Download it first."
        )
    if not content:
        raise DataError(f"{url} is empty (0 bytes)")
    return content


def name_in(url: str) -> str:
    """Return the file name at the end of an address.

    Example:
        >>> name_in("https://example.org/a/cat%201.jpg?size=2"), name_in("https://example.org")
        ('cat 1.jpg', 'file')
    """
    return PurePosixPath(unquote(urlsplit(url).path)).name or "file"
