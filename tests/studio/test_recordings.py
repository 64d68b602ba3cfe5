"""Recordings that browsers do not play as they are."""

from __future__ import annotations

import pytest

from gatera.studio.app.media import in_part
from gatera.studio.media.photos import Picture


@pytest.mark.parametrize(
    ("wanted", "status", "body", "where"),
    [
        ("", 200, b"recording", None),
        ("bytes=0-1", 206, b"re", "bytes 0-1/9"),  # what Safari asks first
        ("bytes=7-", 206, b"ng", "bytes 7-8/9"),
        ("bytes=-3", 206, b"ing", "bytes 6-8/9"),
        ("bytes=0-99", 206, b"recording", "bytes 0-8/9"),
        ("bytes=9-", 416, b"", "bytes */9"),
        ("bytes=-0", 416, b"", "bytes */9"),
        ("bytes=5-4", 416, b"", "bytes */9"),
        ("bytes=-", 200, b"recording", None),
        ("bytes=0-1,3-4", 200, b"recording", None),
        (f"bytes={'9' * 5000}-", 200, b"recording", None),
    ],
)
def test_a_part_of_a_converted_recording_is_sent(wanted, status, body, where):
    response = in_part(Picture(b"recording", "audio/wav"), wanted)
    assert (response.status_code, response.body) == (status, body)
    assert (response.headers["accept-ranges"], response.headers.get("content-range")) == ("bytes", where)
