"""Write docs/api.md: one line for every public name, with its module and description.

python docs/make_api.py            write the page
python docs/make_api.py --check    check whether it is up to date; exit status 1 if not
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gatera
import gatera.audio.all
import gatera.collab.all
import gatera.labeling as labeling
import gatera.notebook_names
import gatera.tabular.all
import gatera.testing as testing
import gatera.text.all
import gatera.vision.all
import gatera.vision.model_names
from gatera.models.backbones.architectures import Architecture

PAGE = Path(__file__).with_name("api.md")
#: The modules that people star-import, in the order of the book; a name means the same in all of them.
FACES = (
    gatera.vision.all,
    gatera.text.all,
    gatera.tabular.all,
    gatera.collab.all,
    gatera.audio.all,
)

SOURCE = Path(gatera.vision.all.__file__).parents[1]

#: A name, the module it comes from, and what it names.
Entry = tuple[str, str, Any]

#: What each room is for, in the order of the page.
ROOMS = {
    "data": "From files to batches",
    "vision": "Photos",
    "text": "Texts",
    "tabular": "Tables",
    "collab": "Ratings",
    "audio": "Sound",
    "models": "Architectures, bodies, heads",
    "learn": "Training, evaluation and export",
    "measure": "Losses, metrics, intervals",
    "interpret": "Interpretation: what a model gets wrong",
    "program": "The trained program",
    "store": "Versions of data and programs",
    "core": "Seeds",
}

#: Classes whose methods are listed too.
WITH_METHODS = (
    "DataBlock", "ImageDataLoaders", "DataLoaders", "Learner", "ClassificationInterpretation", "Program", "Prediction",
    "PILImage",
)  # fmt: skip

INTRODUCTION = """\
# Names

Everything that `from gatera.vision.all import *` and the other `all` modules ({faces}) export, with the first line of its
description. `help(name)` shows the rest: arguments, shapes, ranges, errors, examples. This page is made by
`docs/make_api.py`, and a test keeps it up to date.
"""

PACKAGE = """\
## The package itself

From `gatera`: train in one call, and use what was trained.
"""

LABELING = """\
## Labelling with functions

From `gatera.labeling`; [the page on it](labelling.md) shows how they go together.
"""

TESTING = """\
## Checks of your own pieces

From `gatera.testing`, for the tests of what you write yourself.
"""

LAST = """\
## From other packages

{names}: the names of others that notebooks count on. `pd` and `plt` are imported when they are first used.
"""


def homes() -> dict[str, str]:
    """Return the module that each public name is imported from; "" for what is defined in a face itself."""
    found: dict[str, str] = {}
    for face in (gatera.notebook_names, gatera.vision.model_names, *FACES):
        tree = ast.parse(Path(str(face.__file__)).read_text(encoding="utf-8"))
        imported = {
            alias.asname or alias.name: node.module or ""
            for node in tree.body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        for name in face.__all__:
            found.setdefault(name, imported.get(name, ""))
    return found


def values() -> dict[str, Any]:
    """Return every public name with what it names."""
    return {name: getattr(face, name) for face in reversed(FACES) for name in face.__all__}


def first_line(name: str, module: str, value: Any) -> str:
    """Return the first line of a name's description: its docstring's, or the comment `#:` above a constant.

    Raises:
        ValueError: if it has neither.
    """
    if isinstance(value, Architecture):
        return f"Architecture; timm calls it `{value.timm_name}`."
    if inspect.isclass(value) or inspect.isfunction(value):
        if value.__name__ != name:
            return f"Another name of `{value.__name__}`."
        text = (value.__doc__ or "").strip()
    else:
        text = comment_above(name, module).split(" Source: ")[0]
    if not text:
        raise ValueError(f"{module or 'a face'}.{name} has no description")
    return text.split("\n")[0].strip()


def comment_above(name: str, module: str) -> str:
    """Return the `#:` comment above the constant, or above the group of lines it stands in; "" if there is none."""
    file = SOURCE.joinpath(*(module or gatera.notebook_names.__name__).split(".")[1:]).with_suffix(".py")
    lines = file.read_text(encoding="utf-8").splitlines()
    at = next(number for number, line in enumerate(lines) if re.match(rf"{name}\b.*=", line))
    while lines[at].strip() and not lines[at].startswith("#:"):
        at -= 1
    text = ""
    while lines[at].startswith("#:"):
        text = f"{lines[at].removeprefix('#:').strip()} {text}"
        at -= 1
    return text.strip()


def methods(cls: type) -> Iterator[tuple[str, str]]:
    """Yield name and first line of every public method and property that is ours."""
    seen: set[str] = set()
    for owner in cls.__mro__:
        if not owner.__module__.startswith("gatera."):
            continue
        for name, member in vars(owner).items():
            function: Any = getattr(member, "__func__", getattr(member, "fget", member))
            if name.startswith("_") or name in seen or not inspect.isfunction(function):
                continue
            seen.add(name)
            yield name, (function.__doc__ or "").strip().split("\n")[0]


def page() -> str:
    """Return the page as Markdown."""
    by_room: dict[str, list[Entry]] = defaultdict(list)
    named = values()
    for name, module in homes().items():
        ours = module.startswith("gatera.") or name == "load_learner"
        room = (module or "gatera.program.program").split(".")[1] if ours else ""
        by_room[room].append((name, module or "gatera.program.program", named[name]))
    others = by_room.pop("")
    faces = ", ".join(f"`{face.__name__}`" for face in FACES[1:])
    blocks = [INTRODUCTION.format(faces=faces)]
    package = ((name, getattr(gatera, name)) for name in gatera.__all__ if name != "__version__")
    blocks += [PACKAGE, table([(name, value.__module__, value) for name, value in package])]
    for room, what in ROOMS.items():
        blocks.append(f"## {what}\n")
        blocks.append(table(by_room.pop(room)))
    if by_room:
        raise ValueError(f"add to ROOMS: {', '.join(by_room)}")
    rules = ((name, getattr(labeling, name)) for name in labeling.__all__)
    blocks += [LABELING, table([(name, value.__module__, value) for name, value in rules])]
    blocks.append(TESTING)
    checks = ((name, getattr(testing, name)) for name in testing.__all__)
    blocks.append(table([(name, value.__module__, value) for name, value in checks]))
    blocks.append(LAST.format(names=", ".join(f"`{name}`" for name, *_ in others)))
    blocks.append("# Methods\n")
    for name in WITH_METHODS:
        rows = sorted(methods(named[name]))
        blocks.append(f"## {name}\n")
        blocks.append(
            "\n".join(["| method | what it does |", "|---|---|", *(row(f"`{m}`", t) for m, t in rows)]) + "\n"
        )
    return "\n".join(blocks)


def table(names: list[Entry]) -> str:
    """Return names as a table."""
    lines = ["| name | what it is | module |", "|---|---|---|"]
    for name, module, value in sorted(names, key=lambda pair: in_order(pair[0])):
        file = f"../src/{module.replace('.', '/')}.py"
        lines.append(
            row(f"`{name}`", first_line(name, module, value), f"[{module.removeprefix('gatera.')}]({file})")
        )
    return "\n".join(lines) + "\n"


def in_order(name: str) -> list[str]:
    """Return what to sort a name by: without regard to case, numbers as numbers."""
    return [part.zfill(4) if part.isdecimal() else part.lower() for part in re.split(r"(\d+)", name)]


def row(*cells: str) -> str:
    """Return one row of a table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main() -> int:
    """Write the page, or compare it; returns the exit status."""
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    current = PAGE.read_text(encoding="utf-8") == page()
    print("docs/api.md is up to date" if current else "docs/api.md has drifted; run: python docs/make_api.py")
    return 0 if current else 1


if __name__ == "__main__":
    raise SystemExit(main())
