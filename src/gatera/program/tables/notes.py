"""One decision about a table, in one line, with the option that says otherwise."""

from __future__ import annotations

import shlex
from typing import Any, NamedTuple


class Note(NamedTuple):
    """A decision about a table.

    Attributes:
        text: the decision, a sentence without a full stop.
        option: the argument that changes it, as Python writes it ("delimiter"); None where there is none.
        value: an example of its value.

    Example:
        >>> note = Note("Columns are separated by ';'", "delimiter", ",")
        >>> str(note), note.for_shell()
        ("Columns are separated by ';' (to change: delimiter=',').", "Columns are separated by ';' (to change: --delimiter ',').")
    """

    text: str
    option: str | None = None
    value: object = None

    def __str__(self) -> str:
        return f"{self.text} (to change: {self.option}={self.value!r})." if self.option else f"{self.text}."

    def for_shell(self) -> str:
        """Return the line with the option as the command line has it."""
        if self.option is None:
            return f"{self.text}."
        if self.value is False:
            return f"{self.text} (to change: --no-{self.option.replace('_', '-')})."
        value = shlex.quote(str(self.value))
        quoted = (
            value if value[0] == "'" or value[0].isalnum() else f"'{value}'"
        )  # a lone comma is easily overlooked
        return f"{self.text} (to change: --{self.option.replace('_', '-')} {quoted})."

    def values(self) -> dict[str, Any]:
        """Return the decision as plain values."""
        return {"text": self.text, "option": self.option, "value": self.value}
