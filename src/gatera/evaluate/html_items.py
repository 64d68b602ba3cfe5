"""The parts of a report page that show single items: examples, everything that is wrong, and the confusion matrix."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence

from gatera.evaluate import html_page as html
from gatera.evaluate.item_pictures import Shown
from gatera.evaluate.outcomes import Outcome
from gatera.measure.reports.classes import ErrorReport

#: Bytes of HTML that the pictures of items, and the lists of items without a picture, may take: a page stays below 2 MB.
PICTURE_BYTES, LIST_BYTES = 900_000, 300_000

#: Confusion matrices of more classes are too large to read; the list of confusions says the same.
MOST_CLASSES = 20


def card(item: Shown) -> str:
    """Return one item: its picture or excerpt, its file name, its label and the answer."""
    outcome = item.outcome
    data = base64.b64encode(item.jpeg).decode("ascii") if item.jpeg else ""
    alt = f"{outcome.example.name}: answered {outcome.answer}, labelled {outcome.truth}"
    image = f'<img alt="{html.plain(alt)}" src="data:image/jpeg;base64,{data}">' if data else ""
    text = html.element("p", item.excerpt, "excerpt") if item.excerpt else ""
    answer = html.element(
        "b", outcome.answer, "bad" if outcome.wrong else "good" if outcome.wrong is False else ""
    )
    label = "" if outcome.wrong is False else f" {html.element('span', f'label: {outcome.truth}')}"
    name = html.element("span", outcome.example.name, "name")
    return f'<figure class="item">{image}{text}<figcaption>{name} {answer}{label} {html.element("span", outcome.how, "soft")}</figcaption></figure>'


def gallery(items: Iterable[Shown]) -> str:
    """Return items side by side."""
    return '<div class="items">\n' + "\n".join(card(item) for item in items) + "\n</div>"


def legend(colours: Sequence[tuple[str, str]], sentence: str = "") -> str:
    """Return what colours mean; "" if there is nothing to explain."""
    marks = "".join(
        f'<span><i style="background:{colour}"></i>{html.plain(words)}</span> ' for colour, words in colours
    )
    inner = html.plain(sentence) + (" " if sentence and marks else "") + marks
    return f'<p class="legend soft">{inner}</p>' if inner else ""


def wrong_items(items: Sequence[Shown], rest: Sequence[Outcome], what: str) -> list[str]:
    """Return everything that is wrong, worst first: items with pictures, then a list of the others, as far as there is room.

    Args:
        items: the worst, with pictures or excerpts.
        rest: all others, in the same order.
        what: what the list is called, as "Every wrong photo (12)".
    """
    if not items and not rest:
        return []
    rows, used = [], 0
    for outcome in rest:
        row = (outcome.example.name, outcome.truth, outcome.answer, outcome.how)
        used += 60 + sum(len(cell.encode("utf-8", "surrogatepass")) for cell in row)
        if used > LIST_BYTES:
            break
        rows.append(row)
    left = len(rest) - len(rows)
    blocks = [gallery(items)] if items else []
    if rows:
        blocks.append(html.table(("name", "label", "answer", ""), rows))
    if left:
        blocks.append(
            html.element(
                "p",
                f"{left:,} more are not listed, to keep the page small; gatera test --csv lists all.",
                "soft",
            )
        )
    return [html.details(what, "\n".join(blocks), opened=len(items) + len(rest) <= 12)]


def confusion_matrix(report: ErrorReport) -> str:
    """Return the confusion matrix as a table; "" for too many classes."""
    labels = [str(row.label) for row in report.per_class]
    if not 1 < len(labels) <= MOST_CLASSES:
        return ""
    counts = {(str(actual), str(predicted)): n for actual, predicted, n in report.confused}
    counts |= {(str(row.label), str(row.label)): row.n - row.errors for row in report.per_class}
    head = html.element("th", "label \\ prediction") + "".join(
        html.element("th", label, "number") for label in labels
    )
    lines = [f"<tr>{head}</tr>"]
    for row in report.per_class:
        cells = html.element("th", row.label)
        for label in labels:
            n = counts.get((str(row.label), label), 0)
            share = n / row.n if row.n else 0
            tone = "--good" if label == str(row.label) else "--bad"
            shade = f"background:color-mix(in srgb,var({tone}) {100 * share:.0f}%,transparent)"
            cells += f'<td class="number" style="{shade}">{n or ""}</td>'
        lines.append(f"<tr>{cells}</tr>")
    return '<div class="wide"><table class="matrix">' + "\n".join(lines) + "</table></div>"


def size_of(items: Iterable[Shown]) -> int:
    """Return about how many bytes items take in a page."""
    return sum(len(item.jpeg or b"") * 4 // 3 + len(item.excerpt) + 400 for item in items)
