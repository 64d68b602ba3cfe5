"""Write docs/benchmarks.md from docs/benchmarks.json, the results that are kept with the code.

    python benchmarks/page.py

Nobody edits the page: a test compares it with what this makes of the results.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from harness import machine, results

DOCS = Path(__file__).parent.parent / "docs"

INTRODUCTION = """\
# Benchmarks

Gatera compared with [fastai](https://docs.fast.ai) 2.8 and with hand-written code, measured in one run on one machine. The
sides of a comparison alternate (A B A B), each in a fresh process; figures are the median of the repeats, followed by the
lowest and highest.

To repeat the benchmarks, or some of them:

    make bench DATA=folder
    python benchmarks/run.py --data folder --only NAME [NAME ...]

`folder` contains `pets/cats_dogs/train` and `valid`, with one folder per class; for the other applications also `adult`, `movielens`,
`camvid`, `imdb`, `audio/fsdd`, `pets/oxford_iiit_pet` and `coco_tiny`. This page is written by `benchmarks/page.py` from
`docs/benchmarks.json`, which contains every repeat; do not edit either.
"""

DEVICES = {"cpu": "On a CPU", "cuda": "On a GPU (no targets)"}


def render(found: dict[str, Any]) -> str:
    """Return the page, in Markdown, for results as `harness.results` keeps them."""
    rows = found["rows"]
    if not rows:
        return INTRODUCTION + "\nNo measurements yet.\n"
    usual = _usual([_commit(row) for row in rows]), _usual([_where(row) for row in rows])
    parts = [INTRODUCTION, f"Measured on {usual[1]}; {usual[0]}, unless a row says otherwise.\n"]
    for device, title in DEVICES.items():
        on_device = [row for row in rows if row["device"] == device]
        if on_device:
            parts += [f"## {title}\n", _overview(on_device), *(_section(row, usual) for row in on_device)]
    return "\n".join(parts)


def write_page(found: dict[str, Any], path: Path) -> None:
    """Write the page for these results."""
    path.write_text(render(found))


def _overview(rows: list[dict[str, Any]]) -> str:
    table = ["| question | must reach | aim for | result | verdict |", "|---|---|---|---|---|"]
    for row in rows:
        asked = [_bound(row, row["must"]), _bound(row, row["aim"])]
        if row["failure"]:
            table.append(_cells(row["title"], *asked, "none", f"**failed**: {row['failure']}"))
        lines = [line for line in row["lines"] if line["verdict"] != "not judged"] or row["lines"]
        for line in lines:
            title = row["title"] + (f": {line['label']}" if len(lines) > 1 else "")
            table.append(_cells(title, *asked, _value(row, line), _verdict(line)))
    return "\n".join(table) + "\n"


def _section(row: dict[str, Any], usual: tuple[str, str]) -> str:
    parts = [f"### {row['title']}\n", f"{row['how']}\n"]
    if row["failure"]:
        parts.append(f"**Failed**: {row['failure']}\n")
    for line in row["lines"]:
        sides = "; ".join(_side(name, values, line) for name, values in line["samples"].items())
        parts.append(f"- {line['label']}: **{_value(row, line)}** ({sides}), {_verdict(line)}")
        parts += [f"  - {name}: {value}" for name, value in line["facts"].items()]
    parts += ["", _provenance(row, usual), ""]
    return "\n".join(parts)


def _side(name: str, values: list[float], line: dict[str, Any]) -> str:
    spread = "" if len(values) == 1 else f", {_short(min(values))} to {_short(max(values))}"
    return f"{name} {_short(line['medians'][name])} {line['unit']}{spread}"


def _provenance(row: dict[str, Any], usual: tuple[str, str]) -> str:
    """Return how a row was taken; commit and machine only where they are not the usual ones."""
    runs = "1 repeat" if row["repeats"] == 1 else f"{row['repeats']} repeats"
    told = [
        f"`--only {row['name'].partition('.')[0]}`: {runs}, seed {row['seed']}, {row['seconds']:.0f} s, {row['date']}",
        *_noise(row["busy_cores_before"]),
    ]
    told += [fact for fact, known in zip((_commit(row), _where(row)), usual, strict=True) if fact != known]
    return f"*{'; '.join(told)}.*"


def _noise(busy: float | None) -> list[str]:
    return (
        []
        if busy is None or busy <= machine.QUIET_CORES
        else [f"**other processes kept {busy:g} cores busy before it began**"]
    )


def _commit(row: dict[str, Any]) -> str:
    return f"commit `{row['commit']}`"


def _where(row: dict[str, Any]) -> str:
    """Return machine, versions and settings in words."""
    about = row["machine"]
    parts = [about["processor"], f"{about['cores']} cores", f"{about['memory_gb']} GB"]
    parts += [
        "bf16" if about["bf16"] else "no bf16",
        *([about["gpu"]] if about["gpu"] else []),
        about["system"],
    ]
    versions = [f"{name} {version}" for name, version in about["versions"].items() if version]
    settings = [f"{name}={value}" for name, value in about["settings"].items()]
    return f"{', '.join(parts)}; {', '.join(versions + settings)}"


def _usual(values: list[str]) -> str:
    return Counter(values).most_common(1)[0][0]


def _verdict(line: dict[str, Any]) -> str:
    fault = f" ({line['fault']})" if line["fault"] else ""
    return ("**not reached**" if line["verdict"] == "not reached" else line["verdict"]) + fault


def _value(row: dict[str, Any], line: dict[str, Any]) -> str:
    return _with_unit(_short(line["value"]), row["unit"])


def _bound(row: dict[str, Any], bound: float | None) -> str:
    return "" if bound is None else _with_unit(f"{bound:g}", row["unit"])


def _with_unit(number: str, unit: str) -> str:
    return f"{number} x" if unit == "x" else f"{number}{unit}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _cells(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    write_page(results.read(DOCS / "benchmarks.json"), DOCS / "benchmarks.md")
