"""Files of text are the same on every system: in UTF-8 or another encoding that is named, with the same ends of lines.

Windows otherwise writes cp1252 and two characters for the end of a line: other bytes, and other hashes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from source import modules


def opened(call: ast.Call) -> str | None:
    """The mode in which a call opens a file as text; None for other calls."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", None)
    if name in ("read_text", "write_text"):
        method = isinstance(call.func, ast.Attribute)
        return ("w" if name == "write_text" else "r") if method else None
    if name != "open":
        return None
    place = 0 if isinstance(call.func, ast.Attribute) else 1
    modes = [keyword.value for keyword in call.keywords if keyword.arg == "mode"] or call.args[place:][:1]
    mode = modes[0].value if modes and isinstance(modes[0], ast.Constant) else ""
    plain = isinstance(mode, str) and mode and set(mode) <= set("rwaxt+")
    return str(mode) if plain else None


def not_said(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and (mode := opened(call)) is not None:
            said = {keyword.arg for keyword in call.keywords}
            method = getattr(call.func, "attr", "")
            encoding = call.args[1:] if method == "write_text" else call.args if method == "read_text" else []
            if "encoding" not in said and not encoding:
                yield call.lineno, "encoding"
            if set(mode) & set("wax") and "newline" not in said:
                yield call.lineno, "newline"


def test_a_text_file_has_an_encoding_and_ends_of_lines():
    found = {name: lines for name, tree in modules().items() if (lines := sorted(not_said(tree)))}
    assert found == {}


def test_what_another_program_prints_is_decoded_by_us():
    """`text=True` decodes it as the system does: cp1252 on Windows, where git writes UTF-8."""
    assert {
        name: call.lineno
        for name, tree in modules().items()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and {keyword.arg for keyword in call.keywords} & {"text", "universal_newlines"}
        and getattr(call.func, "attr", "") in ("run", "Popen", "check_output")
        and "encoding" not in {keyword.arg for keyword in call.keywords}
    } == {}
