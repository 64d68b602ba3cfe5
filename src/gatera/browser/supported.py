"""What JavaScript can do of a program: the operations with a twin in `static/js`, and the parts of tokenizers. What it cannot is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gatera.core.checks import listed
from gatera.core.errors import ExportError

#: Operations that `static/js/operations.js` has, too.
OPERATIONS = (
    "read_photo", "resize", "resize_shorter", "center_crop", "read_sound", "read_text", "mark_words", "tokenize", "read_row", "read_pair",
)  # fmt: skip

#: Kinds of task that `static/js/tasks.js` has, too.
TASKS = ("classification", "multilabel", "regression", "segmentation", "points")

#: Parts of a tokenizer.json that `static/js/text/tokenizer.js` has, too.
PARTS: dict[str, tuple[str, ...]] = {
    "normalizer": ("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "BertNormalizer", "Sequence"),
    "pre_tokenizer": ("BertPreTokenizer", "Whitespace", "WhitespaceSplit", "Split", "ByteLevel", "Sequence"),
    "model": ("WordLevel", "WordPiece", "BPE"),
    "post_processor": ("TemplateProcessing", "BertProcessing", "RobertaProcessing", "ByteLevel"),
}

#: Settings of parts that are only known with these values: (part, setting) -> values.
SETTINGS: dict[tuple[str, str], tuple[Any, ...]] = {
    ("Split", "behavior"): ("Removed", "Isolated"),
    ("BPE", "dropout"): (None, 0, 0.0),
    ("BPE", "byte_fallback"): (None, False),
    ("BPE", "fuse_unk"): (None, False),
    ("BPE", "continuing_subword_prefix"): (None, ""),
    ("BPE", "end_of_word_suffix"): (None, ""),
    ("added token", "normalized"): (None, False),
    ("added token", "single_word"): (None, False),
    ("added token", "lstrip"): (None, False),
    ("added token", "rstrip"): (None, False),
}


def check_twins(task: str, steps: Sequence[Mapping[str, Any]], tokenizer: bytes | None) -> None:
    """Check that a page can do what a program does.

    Args:
        task: the program's kind of task.
        steps: its preprocessing, as JSON data.
        tokenizer: its tokenizer.json, or None.

    Raises:
        ExportError: if an operation, the task or a part of the tokenizer is not implemented in JavaScript; it is named.
    """
    if task not in TASKS:
        raise _without("the task", task, TASKS)
    for step in steps:
        if step["op"] not in OPERATIONS:
            raise _without("the operation", step["op"], OPERATIONS)
    if tokenizer is not None:
        _check_tokenizer(json.loads(tokenizer))


def _check_tokenizer(document: Mapping[str, Any]) -> None:
    for name, known in PARTS.items():
        for part in _each(document.get(name)):
            if part.get("type") not in known:
                raise _without(f"the {name.replace('_', ' ')} of its tokenizer,", part.get("type"), known)
            _check_settings(part["type"], part)
    for token in document.get("added_tokens") or ():
        _check_settings("added token", token)


def _each(part: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    """Yield a part, and those that a sequence is made of."""
    if part is not None:
        yield part
        for inner in part.get("normalizers") or part.get("pretokenizers") or ():
            yield from _each(inner)


def _check_settings(kind: str, part: Mapping[str, Any]) -> None:
    for (of, setting), values in SETTINGS.items():
        if of == kind and part.get(setting) not in values:
            what = f"{kind} {part['content']!r}" if "content" in part else kind
            raise _without(
                f"{setting}={part[setting]!r} of {what} in its tokenizer",
                None,
                [repr(value) for value in values],
            )


def _without(what: str, name: object, known: Sequence[str]) -> ExportError:
    named = f"{what} {name}" if name is not None else what
    return ExportError(
        f"a page cannot do what the program does: {named} is not implemented in JavaScript", available=listed(known, 20),
        remedy="Serve the program with: gatera serve",
    )  # fmt: skip
