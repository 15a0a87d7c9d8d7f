"""Prints the blocks of a document as plain text for a terminal, as Markdown, and as a page that prints on A4."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from html import escape

from perintis.rules.agreement.document import Block, Clause, Heading, Paragraph, Table, Title

_BOLD = re.compile(r"\*\*(.+?)\*\*")
_STYLE = """
@page { size: A4; margin: 25mm 22mm }
body { font: 11pt/1.45 "Bookman Old Style", Georgia, serif; max-width: 46em; margin: 2em auto; color: #111 }
header, h2 { text-align: center; font-size: 1em; line-height: 1.5 }
header b { display: block }
h2 { margin: 1.6em 0 .6em; break-after: avoid }
.clause { display: grid; grid-template-columns: 2.4em 1fr; margin: .45em 0 }
.clause p, .clause ul { margin: 0 }
.clause ul { list-style: none; padding: 0 0 0 1em }
table { border-collapse: collapse; width: 100%; font-size: .85em; margin: 1em 0 }
th, td { border: 1px solid #555; padding: .35em .5em; text-align: left; vertical-align: top }
tr { break-inside: avoid }
"""


def as_text(blocks: Sequence[Block], width: int = 100) -> str:
    """Plain text, wrapped at `width`."""
    return "\n".join(line for block in blocks for line in _TEXT[type(block)](block, width)).rstrip() + "\n"


def _title_text(block: Title, width: int) -> Iterator[str]:
    for line in block.lines:
        yield from (part.center(width).rstrip() for part in textwrap.wrap(line, width))
    yield ""


def _paragraph_text(block: Paragraph, width: int) -> Iterator[str]:
    yield from textwrap.wrap(_plain(block.text), width)
    yield ""


def _heading_text(block: Heading, width: int) -> Iterator[str]:
    yield ""
    yield from (line.center(width).rstrip() for line in (block.number, block.text) if line)
    yield ""


def _clause_text(block: Clause, width: int) -> Iterator[str]:
    label = f"{block.label:<5}" if block.label else ""
    inside = " " * len(label)
    yield from textwrap.wrap(_plain(block.text), width, initial_indent=label, subsequent_indent=inside)
    for item in block.items:
        yield from textwrap.wrap(item, width, initial_indent=f"{inside}  ", subsequent_indent=f"{inside}     ")
    for sentence in block.after:
        yield from textwrap.wrap(sentence, width, initial_indent=inside, subsequent_indent=inside)
    yield ""


def _table_text(block: Table, width: int) -> Iterator[str]:
    """Columns with wrapped cells, the widest made narrower until the table fits."""
    widths = [max(map(len, column)) for column in zip(block.headings, *block.rows, strict=True)]
    while sum(widths) + 2 * len(widths) > width:
        widths[widths.index(max(widths))] -= 1
    yield from _row_text(block.headings, widths)
    yield "  ".join("-" * w for w in widths)
    for row in block.rows:
        yield from _row_text(row, widths)
    yield ""


def _row_text(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    cells = [textwrap.wrap(cell, width) or [""] for cell, width in zip(row, widths, strict=True)]
    for line in range(max(map(len, cells))):
        parts = (f"{cell[line] if line < len(cell) else '':<{w}}" for cell, w in zip(cells, widths, strict=True))
        yield "  ".join(parts).rstrip()
    if max(map(len, cells)) > 1:
        yield ""


_TEXT: dict[type, Callable[..., Iterator[str]]] = {
    Title: _title_text, Paragraph: _paragraph_text, Heading: _heading_text, Clause: _clause_text, Table: _table_text,
}  # fmt: skip


def _plain(text: str) -> str:
    return _BOLD.sub(r"\1", text)


def as_markdown(blocks: Sequence[Block]) -> str:
    """Markdown."""
    return "\n".join(line for block in blocks for line in _MARKDOWN[type(block)](block)).rstrip() + "\n"


def _clause_markdown(block: Clause) -> Iterator[str]:
    yield f"{_escaped_label(block.label)}{block.text}"
    yield ""
    for item in block.items:
        yield f"- {item}"
    if block.items:
        yield ""
    for sentence in block.after:
        yield sentence
        yield ""


def _escaped_label(label: str) -> str:
    """A label that Markdown must not take for a list of its own."""
    return f"{label.replace('.', chr(92) + '.')} " if label else ""


def _table_markdown(block: Table) -> Iterator[str]:
    yield f"| {' | '.join(block.headings)} |"
    yield f"|{'---|' * len(block.headings)}"
    for row in block.rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


_MARKDOWN: dict[type, Callable[..., Iterator[str]]] = {
    Title: lambda b: iter([f"# {b.lines[0]}", "", *(part for line in b.lines[1:] for part in (f"**{line}**", ""))]),
    Paragraph: lambda b: iter([b.text, ""]),
    Heading: lambda b: iter([f"## {f'{b.number}. ' if b.number else ''}{b.text}", ""]),
    Clause: _clause_markdown,
    Table: _table_markdown,
}


def as_html(blocks: Sequence[Block], *, title: str, language: str) -> str:
    """One page without anything from elsewhere."""
    body = "\n".join(_HTML[type(block)](block) for block in blocks)
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{escape(title)}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _rich(text: str) -> str:
    return _BOLD.sub(r"<b>\1</b>", escape(text))


def _clause_html(block: Clause) -> str:
    items = "".join(f"<li>{_rich(item)}</li>" for item in block.items)
    after = "".join(f"<p>{_rich(sentence)}</p>" for sentence in block.after)
    inside = f"<p>{_rich(block.text)}</p>{f'<ul>{items}</ul>' if items else ''}{after}"
    return f'<div class="clause"><span>{escape(block.label)}</span><div>{inside}</div></div>'


def _table_html(block: Table) -> str:
    head = "".join(f"<th>{escape(heading)}</th>" for heading in block.headings)
    rows = "\n".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in block.rows)
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>"


_HTML: dict[type, Callable[..., str]] = {
    Title: lambda b: f"<header>{''.join(f'<b>{escape(line)}</b>' for line in b.lines)}</header>",
    Paragraph: lambda b: f"<p>{_rich(b.text)}</p>",
    Heading: lambda b: f"<h2>{escape(b.number)}{'<br>' if b.number else ''}{escape(b.text)}</h2>",
    Clause: _clause_html,
    Table: _table_html,
}
