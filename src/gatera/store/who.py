"""Who does something, and when: what versions say of their making."""

from __future__ import annotations

import datetime
import os
import shutil


def user_name() -> str:
    """Return the name of whoever runs this: git's `user.name`, else that of the login."""
    import getpass
    import subprocess

    git = shutil.which("git")
    if git is not None:
        found = subprocess.run([git, "config", "user.name"], capture_output=True, check=False)
        # in UTF-8 on every system, whatever the encoding of this one is
        if name := " ".join(found.stdout.decode("utf-8", "replace").split()):
            return name
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without a user database
        return os.environ.get("USER") or "unknown"


def now() -> str:
    """Return the time in UTC, ISO 8601, to the second."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
