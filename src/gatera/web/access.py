"""Who may ask: a token, given in the header Authorization, or in a cookie that a browser gets for a one-time link."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from gatera.core.errors import ArgumentError

#: The environment variable that holds the token, and the fewest characters that one may have.
VARIABLE, SHORTEST = "GATERA_TOKEN", 8


def given_token(file: str | Path | None = None) -> str | None:
    """Return the token of a file, else of the environment variable GATERA_TOKEN; None where neither is given.

    It is never an option of the command line: those can be read by every user of the machine.

    Raises:
        ArgumentError: if the file cannot be read, or the token is empty, short, or not plain text.
    """
    if file is not None:
        try:
            token, where = Path(file).read_text("utf-8-sig").strip(), str(file)
        except (OSError, ValueError) as err:
            reason = getattr(err, "strerror", None) or "it is not text"
            raise ArgumentError(f"the token file {file} cannot be read ({reason})") from err
    elif (found := os.environ.get(VARIABLE)) is not None:
        token, where = found.strip(), VARIABLE
    else:
        return None
    if len(token) < SHORTEST or not token.isascii() or not token.isprintable() or " " in token:
        raise ArgumentError(
            f"the token in {where} is not usable",
            expected=f"at least {SHORTEST} letters, digits and signs of ASCII, without spaces",
            remedy='Make one with: python -c "import secrets; print(secrets.token_urlsafe(32))"',
        )
    return token


class Access:
    """Knows a token and who has shown it.

    Args:
        token: the token.

    Attributes:
        cookie_name: the name of the cookie; it differs between tokens, since browsers share cookies between ports.
    """

    def __init__(self, token: str) -> None:
        self._token = token.encode()
        self._session = hmac.new(self._token, b"gatera session", hashlib.sha256).hexdigest()
        self.cookie_name = f"gatera_{hmac.new(self._token, b'name', hashlib.sha256).hexdigest()[:8]}"
        self._keys: set[str] = set()

    def key(self) -> str:
        """Make a key that signs one browser in: the page's address with `?key=...`."""
        key = secrets.token_urlsafe(24)
        self._keys.add(key)
        return key

    def allows(self, authorization: bytes, cookie: bytes) -> bool:
        """Whether the headers of a request show the token, or the cookie that stands for it."""
        scheme, _, shown = authorization.partition(b" ")
        if scheme.lower() == b"bearer" and self.is_token(shown.strip()):
            return True
        return bool(cookie) and self._has_cookie(cookie)

    def is_token(self, shown: bytes) -> bool:
        """Whether this is the token; compared in constant time."""
        return hmac.compare_digest(shown, self._token)

    def has_key(self, key: str) -> bool:
        """Whether this is a key that was not used."""
        return self._found(key) is not None

    def take_key(self, key: str) -> bool:
        """Whether this is a key that was not used; it is used up then."""
        found = self._found(key)
        self._keys.discard(found or "")
        return found is not None

    def cookie(self, secure: bool) -> str:
        """Return the value of the header Set-Cookie for a browser that has shown the token.

        Args:
            secure: whether the page came over HTTPS.
        """
        # not Strict: a link on a page of another site, as a webmail, would show the form; what changes something is POST, and looks at Origin
        attributes = "HttpOnly; SameSite=Lax; Max-Age=2592000" + ("; Secure" if secure else "")
        return f"{self.cookie_name}={self._session}; {attributes}"

    def _found(self, key: str) -> str | None:
        given = key.encode("utf-8", "replace")
        return next((known for known in self._keys if hmac.compare_digest(known.encode(), given)), None)

    def _has_cookie(self, cookie: bytes) -> bool:
        """Not by `http.cookies`, which gives up at an odd cookie: another program on this machine may have set one, for all ports."""
        pairs = (each.strip().partition(b"=") for each in cookie.split(b";"))
        return any(
            name == self.cookie_name.encode() and hmac.compare_digest(value, self._session.encode())
            for name, _, value in pairs
        )
