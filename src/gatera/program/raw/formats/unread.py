"""Files in a folder that look like what is wanted and are not read, so that none is passed over in silence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from pathlib import Path

from gatera.core.checks import listed
from gatera.program.raw.photo import PHOTO_SUFFIXES
from gatera.program.raw.sound import SOUND_SUFFIXES

#: What files with these endings are.
UNREAD = {
    **dict.fromkeys(PHOTO_SUFFIXES, "photo"),
    **dict.fromkeys(SOUND_SUFFIXES, "recording"),
    **dict.fromkeys((".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".wmv", ".mpg", ".mpeg", ".3gp", ".flv"), "video"),
    **dict.fromkeys((".cr2", ".cr3", ".nef", ".arw", ".dng", ".orf", ".rw2", ".raf", ".pef", ".srw", ".raw"), "raw photo"),
    **dict.fromkeys((".psd", ".psb", ".xcf", ".ai", ".eps", ".ps", ".svg", ".svgz", ".pdf", ".wmf", ".emf", ".djvu"), "drawing or document"),
    **dict.fromkeys((
        ".jxl", ".jp2", ".j2k", ".jpf", ".jpx", ".exr", ".hdr", ".tga", ".dds", ".ico", ".cur", ".icns", ".fits", ".dcm", ".nii", ".mpo", ".apng",
        ".pbm", ".pfm", ".pcx", ".dcx", ".pcd", ".sgi", ".rgb", ".rgba", ".bw", ".ras", ".im", ".msp", ".xbm", ".xpm", ".blp", ".qoi", ".dib",
        ".fli", ".flc", ".gbr", ".wal", ".spider", ".pxr", ".fpx", ".mic", ".ftc", ".ftu", ".avifs", ".heics",
    ), "picture in another format"),
    **dict.fromkeys((".zip", ".tar", ".gz", ".tgz", ".rar", ".7z"), "archive"),
    **dict.fromkeys((".mid", ".midi", ".amr", ".ra"), "recording in another format"),
}  # fmt: skip

#: Endings of files that nobody takes for photos or recordings.
_PLAIN = frozenset((".txt", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".md", ".html", ".db", ".ini", ".py", ".ipynb",
                    ".npy", ".npz", ".mat", ".pkl", ".log", ".cache", ".gatera", ".parquet", ".xlsx"))  # fmt: skip

#: Endings of texts in a notation of their own: among texts they are missed, beside photos they are not.
_MARKED_UP = frozenset((".md", ".markdown", ".rst", ".html", ".htm", ".xhtml", ".xml", ".tex"))

#: Such files that nobody wants to learn from.
_ABOUT = frozenset(("readme", "license", "licence", "changelog", "index"))

#: What photos and recordings begin with.
_HEADS = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"RIFF", b"II*\0", b"MM\0*", b"fLaC", b"OggS", b"ID3")

#: What files are called whose names do not say that they hold a photo or a recording.
_UNNAMED = "photo or recording whose name does not end as one"

#: What is none of these.
_OTHER = "file of another kind"

#: What texts of other endings are among texts.
_MARKED_TEXT = "text in another format"

_SEVERAL = {
    **{what: f"{what}s" for what in ("photo", "recording", "video", "raw photo", "archive")},
    "drawing or document": "drawings or documents", "picture in another format": "pictures in other formats",
    "recording in another format": "recordings in other formats", _MARKED_TEXT: "texts in other formats",
    _UNNAMED: "photos or recordings whose names do not end as theirs", _OTHER: "files of other kinds",
}  # fmt: skip

#: Endings that a message names.
_MOST_ENDINGS = 12

#: So many files of other names are looked into.
_MOST_OPENED = 500


def unread_files(files: Iterable[Path], wanted: Collection[str]) -> list[tuple[str, list[Path]]]:
    """Return which of these files are passed over, but for texts and tables beside photos and recordings: what they are, and which.

    Args:
        files: all files of a folder.
        wanted: endings that are read, in lower case with the dot.
    """
    found: dict[str, list[Path]] = defaultdict(list)
    opened = 0
    for path in files:
        ending = path.suffix.lower()
        if ending in wanted:
            continue
        if ending in _MARKED_UP and ".txt" in wanted and path.stem.lower() not in _ABOUT:
            found[_MARKED_TEXT].append(path)
        elif ending in _PLAIN:
            continue
        elif ending in UNREAD:
            found[UNREAD[ending]].append(path)
        else:
            opened += 1
            if opened <= _MOST_OPENED and _begins_so(path):
                found[_UNNAMED].append(path)
            elif ending:  # a README needs no line
                found[_OTHER].append(path)
    return sorted(found.items())


def unread_sentence(folder: Path, what: str, paths: list[Path]) -> str:
    """Return "photos has 3 videos (.mov, .mp4), which are not read, e.g. 1.mov."."""
    endings = sorted({path.suffix.lower() for path in paths} - {""})
    shown = f" ({listed(endings, _MOST_ENDINGS)})" if endings else ""
    count = (
        f"1 {what}{shown}, which is"
        if len(paths) == 1
        else f"{len(paths):,} {_SEVERAL[what]}{shown}, which are"
    )
    return f"{folder} has {count} not read, e.g. {paths[0].relative_to(folder)}."


def _begins_so(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(8).startswith(_HEADS)
    except OSError:
        return False
