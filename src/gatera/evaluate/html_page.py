"""Build HTML pages from a few elements, with one style. Every text is escaped here and nowhere else."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape as _for_html

from gatera.core.escape import beside_units, escaped

#: Light or dark by the reader's setting, one column on a phone, no external fonts or scripts.
STYLE = """
:root { color-scheme: light dark; --text: #1c1e21; --soft: #5c6570; --page: #f4f5f7; --card: #ffffff; --line: #d9dde2;
  --good: #00795a; --bad: #b93209; --base: #98a1ab; --for: #f2a07b; --against: #8bbfe0; }
@media (prefers-color-scheme: dark) { :root { --text: #e8eaed; --soft: #a3adb8; --page: #15181c; --card: #1f2328;
  --line: #363c44; --good: #3ecf9e; --bad: #ff8a5c; --base: #6c7682; --for: #a3482a; --against: #23618f; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1.25rem 1rem 3rem; background: var(--page); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: .4rem 0 .2rem; }
h2 { font-size: 1.15rem; margin: 0 0 .6rem; }
h3 { font-size: 1rem; margin: .8rem 0 .2rem; }
p { margin: .4rem 0; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .8rem; padding: 1rem 1.1rem;
  margin: 1rem 0; }
.soft { color: var(--soft); }
.headline { font-size: 2.6rem; font-weight: 700; line-height: 1.1; margin: 0; }
.good { color: var(--good); } .bad { color: var(--bad); }
.scale { display: grid; grid-template-columns: max-content 1fr max-content; gap: .45rem .7rem; align-items: center;
  margin: 1rem 0 .4rem; font-size: .9rem; }
.track { position: relative; height: 1rem; background: var(--page); border-radius: .5rem; overflow: hidden; }
.track i { position: absolute; top: 0; bottom: 0; border-radius: .3rem; min-width: 3px; }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 25rem), 1fr)); gap: 1rem; }
figure { margin: 0; min-width: 0; }
figure img { display: block; width: 100%; height: auto; background: #fff; border-radius: .5rem; padding: .3rem; }
figure.whole { grid-column: 1 / -1; overflow-x: auto; }
figure.whole img { min-width: 38rem; }
figure.whole figcaption { position: sticky; left: 0; }
figcaption { font-size: .9rem; color: var(--soft); margin-top: .3rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; color: var(--soft); font-size: .85rem; }
td { min-width: 5.5rem; }
td.number, th.number { text-align: right; white-space: nowrap; min-width: 0; overflow-wrap: normal; }
tr:last-child td { border-bottom: 0; }
summary { cursor: pointer; padding: .2rem 0; }
pre { margin: .5rem 0; padding: .7rem .8rem; background: var(--page); border-radius: .5rem; white-space: pre-wrap;
  font: .9rem/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.figures p { margin: .15rem 0; }
.items { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: .9rem; margin: .5rem 0; }
.items img { width: auto; min-width: 6rem; max-width: 100%; padding: 0; }
.item figcaption span, .item figcaption b { display: block; }
.item .name { font-size: .8rem; }
.item .excerpt { font-size: .9rem; padding: .5rem .6rem; background: var(--page); border-radius: .5rem; margin: 0; }
.legend span { margin-right: .8rem; white-space: nowrap; }
.legend i { display: inline-block; width: .8rem; height: .8rem; border-radius: .2rem; margin-right: .3rem; vertical-align: -.08rem; }
.parts { margin: .8rem 0 1.4rem; }
.parts .excerpt { line-height: 1.9; padding: .5rem .6rem; background: var(--page); border-radius: .5rem; }
.scale.columns { grid-template-columns: minmax(6rem, 38%) 1fr max-content; }
mark { color: inherit; padding: .1em .15em; border-radius: .2em; border-bottom: 2px solid transparent; }
mark.for { background: color-mix(in srgb, var(--for) var(--w), transparent); border-bottom-color: var(--for); }
mark.against { background: color-mix(in srgb, var(--against) var(--w), transparent); border-bottom: 2px dashed var(--against); }
table.matrix { width: auto; }
.matrix td.number, .matrix th { padding: .3rem .6rem; }
footer { color: var(--soft); font-size: .85rem; margin-top: 2rem; }
@media print { figure.whole img { min-width: 0; } :root { --text: #000; --soft: #444; --page: #fff; --card: #fff; --for: #f2a07b;
  --against: #8bbfe0; } mark { print-color-adjust: exact; }
  body { max-width: none; padding: 0; font-size: 10pt; } section { border: 0; padding: 0; }
  .scale * { print-color-adjust: exact; } details::details-content { content-visibility: visible; }  /* nothing is folded on paper */
  figure, tr, .scale { break-inside: avoid; } h2, h3 { break-after: avoid; } .wide { overflow: visible; } }
"""

#: The browser must load and run nothing, even if a file name contains markup.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


#: How a JPEG file begins.
JPEG = b"\xff\xd8"


def document(title: str, blocks: Iterable[str]) -> str:
    """Return a complete HTML page from blocks of HTML."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{plain(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(blocks)
        + "\n</body>\n</html>\n"
    )


def plain(text: str) -> str:
    """Return text as HTML that shows it: without markup, with marks that reverse its direction as escapes, units beside their numbers.

    Example:
        >>> plain("<b> 5.0 %")
        '&lt;b&gt; 5.0\\xa0%'
    """
    return beside_units(_for_html(escaped(text, keep="\n\t")))


def element(tag: str, text: object, css: str = "") -> str:
    """Return one element with escaped text."""
    return f"<{tag}{_class(css)}>{plain(str(text))}</{tag}>"


def section(heading: str, blocks: Iterable[str]) -> str:
    """Return a section with a heading from blocks of HTML; "" if there are none."""
    inner = "\n".join(blocks)
    return f"<section>\n{element('h2', heading)}\n{inner}\n</section>" if inner else ""


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], numbers: Sequence[int] = ()) -> str:
    """Return a table that scrolls sideways if it is too wide.

    Args:
        columns: the headings; if all are empty there is no heading row.
        rows: the cells; `str` of each is escaped.
        numbers: positions of the right-aligned columns.
    """
    styles = ["number" if i in numbers else "" for i in range(len(columns))]
    head = "".join(element("th", name, css) for name, css in zip(columns, styles, strict=True))
    lines = ("".join(element("td", cell, css) for cell, css in zip(row, styles, strict=True)) for row in rows)
    body = "".join(f"<tr>{line}</tr>\n" for line in ([head] if any(columns) else []))
    body += "".join(f"<tr>{line}</tr>\n" for line in lines)
    return f'<div class="wide"><table>\n{body}</table></div>'


def details(summary: str, block: str, opened: bool = False) -> str:
    """Return a block of HTML that unfolds when its summary is clicked."""
    return f"<details{' open' if opened else ''}>{element('summary', summary)}\n{block}\n</details>"


def picture(png: bytes, title: str, caption: str, wide: bool = False) -> str:
    """Return a PNG or JPEG, embedded in the page, with its caption.

    Args:
        png: the content of the file.
        title: the title, also the alternative text.
        caption: what it shows.
        wide: use the full width of the page.
    """
    data, kind = base64.b64encode(png).decode("ascii"), "jpeg" if png.startswith(JPEG) else "png"
    return (
        f'<figure{_class("whole" if wide else "")}><img alt="{plain(title)}" src="data:image/{kind};base64,{data}">'
        f"<figcaption>{element('b', title)} {plain(caption)}</figcaption></figure>"
    )


def bar(name: str, value: str, start: float, end: float, colour: str, tick: float | None = None) -> str:
    """Return one row of a scale: a name, a bar from `start` to `end` (0..1 of the track), and a value.

    Args:
        name: the text before the bar.
        value: the text after it.
        start: start of the bar, 0..1.
        end: end of the bar, 0..1.
        colour: a CSS colour; must not come from a user.
        tick: position of a dark mark, 0..1; None for none.
    """
    mark = "" if tick is None else f'<i style="left:{100 * tick:.2f}%;width:3px;background:var(--text)"></i>'
    box = f"left:{100 * start:.2f}%;width:{100 * (end - start):.2f}%;background:{colour}"
    return f'{element("span", name)}<span class="track"><i style="{box}"></i>{mark}</span>{element("span", value)}'


def _class(css: str) -> str:
    return f' class="{css}"' if css else ""
