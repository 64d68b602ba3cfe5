"""Files that come as text, in base64."""

from __future__ import annotations

import base64
import binascii


def from_base64(text: str) -> bytes:
    """Return the bytes that a text stands for: base64 as programs write it, with line breaks, or after "data:image/png;base64,".

    Raises:
        ValueError: if it is something else.

    Example:
        >>> from_base64("aGVs\\nbG8="), from_base64("data:text/plain;base64,aGVsbG8=")
        (b'hello', b'hello')
    """
    if text[:5] == "data:":
        head, comma, text = text.partition(",")
        if not comma or not head.endswith(";base64"):
            raise ValueError("a data address that is not in base64")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as err:
        raise ValueError(str(err)) from err
