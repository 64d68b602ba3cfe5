"""Ask a language or vision model from a labelling function: each question once, not too fast, and again where the network fails."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gatera.core.checks import check_at_least, check_count
from gatera.core.errors import ArgumentError, DataError, is_library_error, shorten
from gatera.labeling.kept_votes import Kept

#: Mistakes of the code, which asking again does not mend.
MISTAKES = (TypeError, NameError, AttributeError, NotImplementedError, SyntaxError)

#: After so many items in a row without an answer nothing is sent for a while (seconds): long enough for a run to end, and for the next
#: one in the same notebook to ask again.
GIVEN_UP = 3
PAUSE = 10.0

#: Longest wait before asking again (seconds).
LONGEST_WAIT = 60.0

#: What holds other values.
_HOLDING = (Mapping, list, tuple, set, frozenset)


class AskedModel:
    """A model that answers questions about items. Answers are stored by item and prompt.

    Args:
        ask: called as `ask(prompt, item)`, returns text. It may call any model; none is built in.
        name: what messages and versions call the model. Name the model's own version here: other name, other answers. What `ask` adds
            (a temperature, a system prompt) is not seen: change the name with it.
        cache: the file that keeps answers; None to keep them for this run only.
        per_minute: most questions sent in a minute; None for no limit.
        retries: how often a failed question is sent again, each time after twice the wait.
        wait: seconds before the first repetition.
        offline: never send anything: answer from `cache`, and say what it lacks.

    Attributes:
        asked: how many questions were sent, repetitions included.
        from_cache: how many were answered from `cache`.
        failed: how many got no answer.

    Example:
        >>> model = AskedModel(lambda prompt, item: "yes" if "fun" in item else "no", "toy-1")
        >>> model("Is this review positive?", "great fun"), model("Is this review positive?", "great fun"), model.asked
        ('yes', 'yes', 1)
    """

    def __init__(
        self,
        ask: Callable[..., Any],
        name: str,
        cache: str | Path | None = None,
        per_minute: float | None = None,
        retries: int = 3,
        wait: float = 1.0,
        offline: bool = False,
    ) -> None:
        if not callable(ask):
            raise ArgumentError("ask cannot be called", got=ask, expected="a function of (prompt, item)")
        check_count("retries", retries, 0)
        check_at_least("wait", wait, 0)
        if per_minute is not None and not per_minute > 0:
            raise ArgumentError("per_minute must be above 0", got=per_minute)
        self.name, self.retries, self.wait, self.offline = name, retries, wait, offline
        self.version = hashlib.sha256(name.encode()).hexdigest()[:8]
        self.asked = self.from_cache = self.failed = 0
        self._ask, self._kept, self._in_a_row, self._next = ask, Kept(cache), 0, 0.0
        self._failed_at = 0.0
        self._interval = 0.0 if per_minute is None else 60.0 / per_minute
        self._lock = threading.Lock()

    def __call__(self, prompt: str, item: Any = "") -> str:
        """Return the model's answer about an item.

        Raises:
            DataError: if there is no answer: the model cannot be reached, or `offline` is set and none is kept.
        """
        question = self._question(prompt, item)
        known = self._kept.answer(question)
        if known is not None:
            with self._lock:
                self.from_cache += 1
            return known
        answer = self._sent(prompt, item)
        self._kept.add_answer(question, answer)
        return answer

    def __repr__(self) -> str:
        return f"<asked model {self.name}: {self.asked} sent, {self.from_cache} from the cache, {self.failed} without an answer>"

    def _question(self, prompt: str, item: Any) -> str:
        content = json.dumps([self.name, prompt, content_key(item)])
        return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()

    def _sent(self, prompt: str, item: Any) -> str:
        if self.offline:
            raise self._lacking("is asked offline")
        if self._in_a_row >= GIVEN_UP and time.monotonic() < self._failed_at + PAUSE:
            raise self._lacking(
                f"gave no answer {GIVEN_UP} times in a row, and is not asked for {PAUSE:.0f} seconds"
            )
        for attempt in range(self.retries + 1):
            self._take_turn()
            try:
                answer = self._ask(prompt, item)
            except MISTAKES:
                raise
            except Exception as err:
                if not is_library_error(err):
                    raise
                if attempt == self.retries:
                    raise self._lacking(
                        f"gave no answer ({type(err).__name__}: {shorten(str(err))})", count=True
                    ) from err
                time.sleep(min(LONGEST_WAIT, self.wait * 2**attempt))
            else:
                if not isinstance(answer, str):
                    raise DataError(f"{self.name} did not answer with text", got=answer)
                self._in_a_row = 0
                return answer
        raise AssertionError("the loop returns or raises")

    def _take_turn(self) -> None:
        """Wait until the next question may be sent, and count it."""
        with self._lock:
            now = time.monotonic()
            start = max(now, self._next)
            self._next = start + self._interval
            self.asked += 1
        if start > now:
            time.sleep(start - now)

    def _lacking(self, what: str, count: bool = False) -> DataError:
        with self._lock:
            self.failed += 1
            self._in_a_row += count
            if count:
                self._failed_at = time.monotonic()
        where = "memory" if self._kept.path is None else str(self._kept.path)
        return DataError(
            f"The model {self.name} {what}",
            expected=f"an answer for this item and prompt in the cache ({where}, {self._kept.count_answers():,} answers), or a connection",
            remedy="Run again when the model can be reached: what is answered already is not asked again.",
        )


def content_key(item: Any) -> str:
    """Return what an item is known by: a hash of its contents, for files too.

    Raises:
        DataError: if a file cannot be read, or the item is of a kind that has no such key.
    """
    return hashlib.sha256(_bytes(item)).hexdigest()


def _bytes(item: Any) -> bytes:
    if isinstance(item, Path):
        try:
            return item.read_bytes()
        except OSError as err:
            raise DataError(f"{item} cannot be read ({err.strerror})") from err
    if isinstance(item, bytes):
        return item
    if isinstance(item, str):
        return item.encode("utf-8", "surrogatepass")
    if isinstance(item, Mapping):
        return json.dumps({str(name): _told(cell) for name, cell in item.items()}, sort_keys=True).encode()
    if _is_array(item):
        return _bytes_of_array(item)
    if isinstance(item, int | float | tuple | list):
        return (repr(item) if _is_plain(item) else _told(item)).encode("utf-8", "surrogatepass")
    raise _without_contents(item)


def _told(cell: Any) -> str:
    """Return text that tells what is in a row or a list from others: of photos and long arrays, `str` shows an address or a part."""
    if isinstance(cell, str | int | float):  # most cells; there may be millions
        return str(cell)
    if _is_array(cell):
        return content_key(cell)
    if isinstance(cell, _HOLDING) and not _is_plain(cell):
        each = cell.items() if isinstance(cell, Mapping) else cell
        parts = [_told(part) for part in each]
        return json.dumps(sorted(parts) if isinstance(cell, set | frozenset) else parts)
    if type(cell).__str__ is object.__str__ and type(cell).__repr__ is object.__repr__:
        raise _without_contents(cell)
    return str(cell)


def _is_plain(value: Any) -> bool:
    """Whether `str` shows all of a value."""
    if isinstance(value, Mapping):
        return all(_is_plain(part) for pair in value.items() for part in pair)
    if isinstance(value, _HOLDING):
        return all(_is_plain(part) for part in value)
    own = type(value).__str__ is not object.__str__ or type(value).__repr__ is not object.__repr__
    return own and not _is_array(value)


def _is_array(value: Any) -> bool:
    """Whether a value is an array, a photo, a tensor or a column of a table."""
    if isinstance(value, np.generic | type):
        return False
    return hasattr(value, "tobytes") or hasattr(value, "__array__")


def _bytes_of_array(value: Any) -> bytes:
    if not hasattr(value, "tobytes"):
        value = np.asarray(value)
    if getattr(getattr(value, "dtype", None), "hasobject", False):  # its bytes are addresses
        return _told([list(value.shape), value.tolist()]).encode("utf-8", "surrogatepass")
    facts: tuple[Any, ...] = tuple(getattr(value, name, "") for name in ("size", "mode", "dtype"))
    if getattr(value, "ndim", 1) != 1:
        facts += (value.shape,)
    colours = value.getpalette() if facts[1] == "P" else None
    return repr(facts if colours is None else (*facts, colours)).encode() + value.tobytes()


def _without_contents(value: Any) -> DataError:
    return DataError(
        "an item has no contents to know it by",
        got=value,
        expected="a path, text, bytes, a mapping, an array or a photo",
    )
