"""The results as data: one row per question and device, each with its own commit, date and machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness.question import Line, Question, judged

#: Layout of the file; a file of another layout is not added to.
FORMAT = 1


def row_name(question: Question, device: str) -> str:
    """Return the name of a row: the question's, with the device behind it where that is not the CPU."""
    return question.name if device == "cpu" else f"{question.name}.{device}"


def make_row(
    question: Question, device: str, provenance: dict[str, Any], found: list[Line] | str
) -> dict[str, Any]:
    """Return a row as data.

    Args:
        question: what was asked.
        device: "cpu" or "cuda".
        provenance: commit, date, machine, seed and the like.
        found: the answer, or why there is none.
    """
    return {
        "name": row_name(question, device), "number": question.number, "device": device, "title": question.title,
        "how": question.how, "unit": question.unit, "better": question.better, "must": question.must,
        "aim": question.aim, **provenance,
        "failure": found if isinstance(found, str) else None,
        "lines": [] if isinstance(found, str) else [judged(question, line, device) for line in found],
    }  # fmt: skip


def read(path: Path) -> dict[str, Any]:
    """Return the results in a file, or none yet.

    Raises:
        ValueError: if the file has another layout.
    """
    if not path.exists():
        return {"format": FORMAT, "rows": []}
    results = json.loads(path.read_text())
    if results.get("format") != FORMAT:
        raise ValueError(
            f"{path} has format {results.get('format')}, not {FORMAT}: move it away to start again"
        )
    return results


def with_row(results: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """Return results in which `row` stands in the place of the one with its name; the others stay as they are."""
    others = [other for other in results["rows"] if other["name"] != row["name"]]
    rows = sorted([*others, row], key=lambda r: (r["device"] != "cpu", r["number"]))
    return {**results, "rows": rows}


def write(path: Path, results: dict[str, Any]) -> None:
    """Write results, for people to read too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    partial.replace(path)
