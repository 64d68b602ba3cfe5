"""Folders of any number of photos, made of those that there are."""

from __future__ import annotations

from pathlib import Path

from harness.session import Session, say


def many_photos(session: Session, wanted: int) -> Path:
    """Return a folder of cats and dogs with so many photos, no two alike; it is made once for all questions of a run."""
    folder = session.work / f"photos{wanted}"
    done = session.work / f"photos{wanted}.done"
    if not done.exists():
        say(f"  making {wanted:,} photos")
        session.job(
            "many_photos.py", "make", folder=folder, photos=session.photos(), wanted=wanted, seed=session.seed
        )
        done.touch()
    return folder
