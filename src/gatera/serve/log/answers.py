"""The log of what a server answered, and the labels that people made of its answers.

    FOLDER/answers/2026-11-28.jsonl   a line for each answer: id, time, program, answer, probability, hash of the input
    FOLDER/labels.csv                 labels that people kept or corrected, as a data repository has them
    FOLDER/inputs/3f/3f2a...jpg       the inputs, only if they are asked for

A label that a person kept was suggested by the program, and says so: its source is "program:NAME@HASH8", and training warns of such
labels. A label that a person corrected is that person's.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError, DataError
from gatera.core.files import check_can_write
from gatera.program.raw.cells import LARGEST
from gatera.program.tables.numbers import plain_number
from gatera.serve.loaded import SOUNDS, TEXTS, Loaded
from gatera.serve.log.labels import read_labels, write_labels
from gatera.serve.log.writer import Line, LogWriter
from gatera.store.datasets.work.lock import labels_alone
from gatera.web.errors import Refused

#: How the source of a label begins that came from an answer.
PROGRAM = "program:"

#: How long a label waits for the studio, or another command, that writes labels.csv (seconds).
PATIENCE_SECONDS = 10.0

#: Answers that are remembered, so that a label can be given to them at once; earlier ones are looked up in the files.
REMEMBERED = 2_000

#: How much of a file is looked at at once for an answer (bytes).
BLOCK = 4_000_000

#: What an input is, as the end of its file's name, by its first bytes.
_STARTS = {
    b"\xff\xd8\xff": ".jpg", b"\x89PNG": ".png", b"GIF8": ".gif", b"RIFF": ".wav", b"fLaC": ".flac", b"OggS": ".ogg",
    b"ID3": ".mp3", b"BM": ".bmp", b"II*\0": ".tif", b"MM\0*": ".tif",
}  # fmt: skip

#: The program whose answer a line of labels.csv keeps or corrects, in its source and note.
_PROGRAM_OF = re.compile(r"(?:program:|answer [\w-]+ of )([^\s@]+)@")

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Entry(NamedTuple):
    """An answer in the log.

    Attributes:
        id: its own, by which it is labelled.
        time: when, UTC, ISO 8601.
        program: NAME@HASH8.
        sha256: hash of program.json of the program.
        input: hash of the input, 64 hexadecimal digits: of a file's bytes, of a text in UTF-8, of a row as JSON with sorted keys.
        answer: the label, labels or numbers; None where the program was not sure.
        probability: of the label; None where there is none.
        name: what the client called the input; "" for nothing.
        reason: why there is no answer.
    """

    id: str
    time: str
    program: str
    sha256: str
    input: str
    answer: Any
    probability: float | None
    name: str = ""
    reason: str | None = None


class AnswerLog:
    """The log of a server; see `LogWriter`.

    Args:
        folder: where; made if it is missing.
        with_inputs: also keep the inputs.
        complain, on_failure: see `LogWriter`.

    Raises:
        ArgumentError: if nothing can be written there.
    """

    def __init__(
        self,
        folder: str | Path,
        with_inputs: bool = False,
        complain: Callable[[str], None] = print,
        on_failure: Callable[[], None] = lambda: None,
    ) -> None:
        self.folder, self.with_inputs = Path(folder), with_inputs
        if self.folder.exists() and not self.folder.is_dir():
            raise ArgumentError(f"--log needs a folder, and {folder} is a file")
        check_can_write(self.folder / "answers" / f"{_now()[:10]}.jsonl")
        (self.folder / "answers").mkdir(parents=True, exist_ok=True)
        self._recent: OrderedDict[str, tuple[Entry, str]] = OrderedDict()
        self._labels_lock = threading.Lock()
        self._writer = LogWriter(self.folder, complain, on_failure)

    def note(self, loaded: Loaded, raw: Any, answer: dict[str, Any], name: str = "") -> str:
        """Log an answer; return its id.

        Args:
            loaded: the program.
            raw: the input.
            answer: as the client gets it.
            name: what the client calls the input.
        """
        content, suffix = content_of(loaded, raw)
        entry = Entry(
            secrets.token_urlsafe(12), _now(), loaded.version, loaded.sha256, hashlib.sha256(content).hexdigest(),
            _short(answer), answer.get("probability"), name[:300], answer.get("reason"),
        )  # fmt: skip
        self._recent[entry.id] = entry, suffix
        while len(self._recent) > max(REMEMBERED, self._writer.waiting):  # what waits is in no file yet
            self._recent.popitem(last=False)
        value = {name: each for name, each in entry._asdict().items() if each not in (None, "")}
        kept = content if self.with_inputs else None
        self._writer.put(
            Line(entry.time[:10], {**value, "suffix": suffix}, _input_file(entry.input, suffix), kept)
        )
        return entry.id

    def label(
        self, answer_id: str, label: str | None, by: str = "", programs: Sequence[Loaded] = ()
    ) -> dict[str, Any]:
        """Keep an answer as the label of its input, or give the input another label. It is on disk when this returns.

        Args:
            answer_id: of the answer.
            label: the right label; None if it is the answer.
            by: the name of the person.
            programs: those in service, which know what a label of theirs is.

        Raises:
            Refused: 400, if the label is not a number where the program answers with numbers; 404, if there is no such answer; 409, if it has no label to keep, or a label of another program's answer, or labels.csv cannot be read; 503, if another command writes it for long; 507, if it cannot be written.
        """
        entry, suffix = self._found(answer_id)
        for each in programs:
            if each.name == entry.program.partition("@")[0]:
                label = label_for(each.program.task, label, entry.answer, each.program.vocab)
        kept = label is None or label == _as_label(entry.answer)
        if label is None:
            if entry.answer in (None, []):  # no label at all is an item without a label
                raise Refused(
                    409, "the program gave no prediction that could be kept", expected='{"label": "..."}'
                )
            label = _as_label(entry.answer)
        row = {
            "file": "", "sha256": entry.input, "label": label,
            "source": f"{PROGRAM}{entry.program}" if kept else "person", "by": by, "at": _now(),
            "note": f"answer {entry.id}" if kept else f"answer {entry.id} of {entry.program} was {_as_label(entry.answer) or 'none'}",
        }  # fmt: skip
        try:
            with labels_alone(self.folder, lambda _: None, PATIENCE_SECONDS), self._labels_lock:
                self._keep_label(row, entry, suffix)
        except DataError as err:
            raise Refused(
                503, "the label is not kept: another command is writing labels.csv of the log",
                remedy="Give it again in a moment.", headers={"Retry-After": "10"},
            ) from err  # fmt: skip
        except OSError as err:
            raise Refused(
                507,
                f"the label cannot be written ({err.strerror})",
                remedy="Give it again when there is space.",
            ) from err
        return {"label": label, "source": row["source"], "file": row["file"]}

    def close(self) -> None:
        """Write what is left."""
        self._writer.close()

    def _file_of(self, entry: Entry, suffix: str, rows: dict[str, dict[str, str]]) -> str:
        """Return what labels.csv calls an input: its file here, else the client's name for it, else its hash."""
        file = _input_file(entry.input, suffix)
        if self.with_inputs or (self.folder / file).exists():
            return file
        # phones call every photo image.jpg: the second one must not take the first one's line
        taken = rows.get(entry.name, {}).get("sha256", entry.input) != entry.input
        return entry.input if taken else entry.name or entry.input

    def _found(self, answer_id: str) -> tuple[Entry, str]:
        if answer_id in self._recent:
            return self._recent[answer_id]
        if _ID.fullmatch(answer_id):
            needle = f'"id":"{answer_id}"'.encode()
            for path in sorted((self.folder / "answers").glob("*.jsonl"), reverse=True):
                if (value := _found_in(path, b"{" + needle)) is not None:
                    return entry_of(value), value.get("suffix", "")
        raise Refused(404, "there is no prediction with this id", got=answer_id)

    def _keep_label(self, row: dict[str, str], entry: Entry, suffix: str) -> None:
        table = self.folder / "labels.csv"
        labels = read_labels(table)
        rows = labels.rows
        row["file"] = self._file_of(entry, suffix, rows)
        before = _PROGRAM_OF.search(
            " ".join(rows.get(row["file"], {}).get(each) or "" for each in ("source", "note"))
        )
        if before is not None and before[1] != entry.program.partition("@")[0]:
            raise Refused(
                409, f"this input has a label already, of a prediction of {before[1]}, and labels.csv has one for each input",
                remedy="Serve each program with a --log of its own.",
            )  # fmt: skip
        rows[row["file"]] = {**rows.get(row["file"], {}), **row}
        write_labels(table, labels)


def label_for(task: str, label: str | None, answer: Any, vocab: Sequence[Any] = ()) -> str | None:
    """Return a label of an answer as labels.csv has it: of numbers, one is read as in files, "12,5" is 12.5; several labels are in the
    order of the program's.

    Raises:
        Refused: 400, if it is not a number where the program answers with numbers, or not labels of a program for several; 409, if its
            answers are masks or points.

    Example:
        >>> label_for("regression", "12,5", 11.0), label_for("classification", "12,5", "11")
        ('12.5', '12,5')
        >>> label_for("multilabel", "red; blue", [], ["blue", "red"])
        'blue;red'
    """
    if task in ("segmentation", "points"):
        raise Refused(409, "predictions of this program are not labels", got=task)
    if label is None:
        return None
    if task == "multilabel":
        return _several(label, [str(each) for each in vocab])
    if task != "regression":
        return label
    numbers = [plain_number(each) for each in label.split(";")]
    wanted = len(answer) if isinstance(answer, list) else 1
    if len(numbers) != wanted or not all(each is not None and abs(each) <= LARGEST for each in numbers):
        several = f"{wanted} numbers, with semicolons between" if wanted > 1 else "a number"
        raise Refused(400, "the label is not what the program predicts", got=label, expected=several)
    return _as_label(numbers)


def _several(label: str, known: Sequence[str]) -> str:
    """Return labels with semicolons between, in the program's order."""
    given = [each.strip() for each in label.split(";")]
    strange = [each for each in given if each not in known]
    if strange:
        raise Refused(
            400, "the program does not know this label", got=strange[0], available=listed(known, 12),
            remedy="Put semicolons between several labels.",
        )  # fmt: skip
    return ";".join(each for each in known if each in given)


def read_answers(folder: str | Path) -> Iterator[Entry]:
    """Yield the answers in a log, oldest first. A line that was cut off by a crash is passed over.

    Raises:
        DataError: if the folder is not a log.
    """
    answers = Path(folder, "answers")
    if not answers.is_dir():
        raise DataError(
            f"{folder} is not the log of a server", expected="a folder that gatera serve --log wrote"
        )
    for path in sorted(answers.glob("*.jsonl")):
        with path.open("rb") as file:
            for line in file:
                if (value := _value_in(line)) is not None:
                    yield entry_of(value)


def _found_in(path: Path, start: bytes) -> dict[str, Any] | None:
    """Return the JSON object of the line that starts so; None for none. The end is looked at first: labels are given soon after answers."""
    with path.open("rb") as file:
        end, rest = file.seek(0, os.SEEK_END), b""
        while end:
            begin = max(0, end - BLOCK)
            file.seek(begin)
            block = file.read(end - begin) + rest
            whole = block.find(b"\n") + 1 if begin else 0  # before that is the end of a line
            end, rest = begin, block[:whole] if whole or not begin else block
            at = block.find(start, whole)
            while at > 0 and block[at - 1 : at] != b"\n":
                at = block.find(start, at + 1)
            if at >= whole and (value := _value_in(block[at:].partition(b"\n")[0])) is not None:
                return value
    return None


def _value_in(line: bytes) -> dict[str, Any] | None:
    """Return the JSON object on a line; None for a line that was cut off."""
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) and isinstance(value.get("id"), str) else None


def entry_of(value: dict[str, Any]) -> Entry:
    """Return an answer from the JSON object of its line."""
    return Entry._make(value.get(name, Entry._field_defaults.get(name)) for name in Entry._fields)


def _input_file(sha256: str, suffix: str) -> str:
    return f"inputs/{sha256[:2]}/{sha256}{suffix}"


def input_path(folder: str | Path, entry: Entry) -> Path | None:
    """Return the file of an input; None if inputs were not kept."""
    return next(Path(folder, "inputs", entry.input[:2]).glob(f"{entry.input}*"), None)


def content_of(loaded: Loaded, raw: Any) -> tuple[bytes, str]:
    """Return what of an input is hashed and kept, and the end of its file's name."""
    if isinstance(raw, bytes):
        if loaded.things == TEXTS:
            return raw, ".txt"
        return raw, next(
            (suffix for start, suffix in _STARTS.items() if raw.startswith(start)),
            ".wav" if loaded.things == SOUNDS else ".webp" if raw[8:12] == b"WEBP" else ".bin",
        )
    if isinstance(raw, str):
        return raw.encode("utf-8", "backslashreplace"), ".txt"
    text = json.dumps(raw, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return text.encode("utf-8", "backslashreplace"), ".json"


def _short(answer: dict[str, Any]) -> Any:
    """Return what was answered, without probabilities; of a mask the shares of its classes."""
    for name in ("label", "labels", "value", "values", "points", "shares"):
        if name in answer:
            return answer[name]
    return None


def _as_label(answer: Any) -> str:
    """Return an answer as labels.csv writes it: several labels with semicolons between."""
    if answer is None:
        return ""
    if isinstance(answer, list):
        return ";".join(str(each) for each in answer)
    return json.dumps(answer) if isinstance(answer, dict) else str(answer)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
