"""Markdown as the elements of the report's page: captions, figures, tables that scroll.

Raw HTML is off: a tag in a name or a text is shown as it was typed. What is a caption, a figure or
a column of numbers is read from the parsed tokens:

| in the Markdown | in the page |
| --- | --- |
| a paragraph that is one image | a figure, with its image inlined |
| a paragraph that is one emphasis (`showing.marking.captioned`) | a caption, the figure's if it follows one |
| a table | a table that scrolls if it must, with classes for numbers, long texts and verdicts |
| a table of many columns | the same, which a narrow page shows a row below the other |
| a table whose columns are the verdicts | the counts as badges |

Images are inlined (`telling.pictures`), figures as SVG where that is small enough to be quick, so
that they stay sharp.
"""  # noqa: E501 (a table)

from __future__ import annotations

import html
import re
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from mpo.evaluation.claims.judging import VERDICTS
from mpo.evaluation.telling import pictures

LARGEST_SVG = 80_000
"""Bytes above which a figure is inlined as a picture of pixels, a tenth as large."""
WIDE = 4
"""Columns from which on a narrow page shows a table row by row, each cell beside its title."""
LONG_CELL = 40
"""Characters above which a table's cell is a text, that is given some width."""
VERDICT = {name.replace("_", " "): name for name in VERDICTS}
"""A verdict's words and its class in the page."""
PARSER = MarkdownIt("commonmark", {"html": False}).enable("table")


def parsed(markdown: str) -> list[Token]:
    """The tokens of a text, raw HTML being text."""
    return PARSER.parse(markdown)


def words(inline: Token) -> str:
    """What an inline token says, without its marks."""
    return "".join(each.content for each in inline.children or ())


def rendered(tokens: Sequence[Token], study_dir: Path, live: Container[str] = ()) -> str:
    """`tokens` as HTML, with the images in `study_dir`; the figures in `live` have a place more."""
    for token in tokens:
        for child in token.children or ():
            child.meta["study_dir"] = study_dir
    return PARSER.renderer.render([*_tables(_paragraphs(tokens, live))], PARSER.options, {})


# --- paragraphs -------------------------------------------------------------------------------


def _paragraphs(tokens: Sequence[Token], live: Container[str]) -> Iterator[Token]:
    """`tokens` with figures and captions in place of the paragraphs that are some.

    A figure whose name is in `live` has a place for what a reader can look into.
    """
    k, figure = 0, None
    while k < len(tokens):
        token = tokens[k]
        inline = tokens[k + 1] if token.type == "paragraph_open" else None
        if inline is not None and _is_caption(inline):
            inline.children = (inline.children or [])[1:-1]
            token.tag = tokens[k + 2].tag = "p" if figure is None else "figcaption"
            token.attrSet("class", "caption")
            yield from tokens[k : k + 3]
            k += 3
        elif inline is not None and _is_image(inline) and figure is None:
            (image,) = inline.children or []
            image.meta["sharp"] = True
            token.tag, figure = "figure", tokens[k + 2]
            if (name := _name(image)) in live:
                image.meta["live"] = True
                token.attrSet("data-figure", name)
            figure.tag = "figure"
            yield from (token, inline)
            k += 3
            continue
        elif figure is None:
            yield token
            k += 1
        if figure is not None:  # its caption has come, or there is none
            yield figure
            figure = None
    if figure is not None:  # the last of all, without a caption
        yield figure


def figures_in(tokens: Sequence[Token]) -> list[str]:
    """The names of the figures, which are images in paragraphs of their own."""
    inline = (each for each in tokens if each.type == "inline" and _is_image(each))
    return list(dict.fromkeys(_name(each.children[0]) for each in inline if each.children))


def _name(image: Token) -> str:
    """The file's name without its ending."""
    return Path(str(image.attrGet("src"))).stem


def _is_image(inline: Token) -> bool:
    return [each.type for each in inline.children or ()] == ["image"]


def _is_caption(inline: Token) -> bool:
    """Whether a paragraph is one emphasis from its beginning to its end."""
    children = inline.children or []
    ends = [k for k, each in enumerate(children) if each.type == "em_close" and each.level == 0]
    return bool(children) and children[0].type == "em_open" and ends == [len(children) - 1]


# --- tables -----------------------------------------------------------------------------------


def _tables(tokens: Iterator[Token]) -> Iterator[Token]:
    """`tokens` with classes at cells and tables, by column."""
    tokens_ = [*tokens]
    titles: list[str] = []
    column = 0
    for k, token in enumerate(tokens_):
        if token.type == "table_open":
            titles = _titles(tokens_[k:])
            if set(titles) == set(VERDICT):
                token.attrSet("class", "badges")
            elif len(titles) >= WIDE:
                token.attrSet("class", "wide")
        elif token.type == "tr_open":
            column = 0
        elif token.type in ("th_open", "td_open"):
            _classify(token, tokens_[k + 1], titles[column])
            column += 1
        yield token


def _titles(tokens: Sequence[Token]) -> list[str]:
    """The titles of the columns of the table that begins with `tokens`."""
    titles = []
    for k, token in enumerate(tokens):
        if token.type == "thead_close":
            break
        if token.type == "th_open":
            titles.append(words(tokens[k + 1]))
    return titles


def _classify(cell: Token, inline: Token, title: str) -> None:
    """Classes of a cell: a number (which does not break), a long text, a verdict."""
    said = words(inline)
    if cell.tag == "td":
        cell.attrSet("data-title", title)
    if cell.attrs.pop("style", "") == "text-align:right":
        cell.attrJoin("class", "number")
        if cell.tag == "td":
            _unbroken(inline)
    elif cell.tag == "td" and len(said) >= LONG_CELL:
        cell.attrJoin("class", "text")
    if verdict := VERDICT.get(title) or (VERDICT.get(said) if title == "verdict" else None):
        cell.attrJoin("class", f"verdict {verdict}")


def _unbroken(inline: Token) -> None:
    """Keeps "> 1,000" and "[0.1, 0.2]" in one line; what stands in brackets may have its own."""
    for child in inline.children or ():
        if child.type == "text":
            child.content = re.sub(r"(?<![\]†]) (?![\[(])", "\N{NO-BREAK SPACE}", child.content)


# --- how elements are written -----------------------------------------------------------------


def _table_open(_self: Any, tokens: Sequence[Token], index: int, *_: Any) -> str:
    """A table is in a box that scrolls, also by keys."""
    kind = tokens[index].attrGet("class")
    table = f'<table class="{kind}">' if kind else "<table>"
    return f'<div class="scroll" tabindex="0">{table}\n'


def _table_close(*_: Any) -> str:
    return "</table></div>\n"


def _image(_self: Any, tokens: Sequence[Token], index: int, *_: Any) -> str:
    """An image with its content, or a line that names what is missing."""
    token = tokens[index]
    path = token.meta["study_dir"] / str(token.attrGet("src"))
    sharp = path.with_suffix(".svg")
    if token.meta.get("sharp") and sharp.is_file() and sharp.stat().st_size <= LARGEST_SVG:
        path = sharp
    alt = html.escape(token.content)
    if path.suffix not in pictures.KINDS or not path.is_file():
        where = html.escape(str(path))
        return f'<span class="missing">(the picture {alt} is missing: {where})</span>'
    picture = f'<img src="{pictures.inlined(path)}" alt="{alt}"'
    if not token.meta.get("sharp"):
        return f"{picture}>"
    width = pictures.width(path)
    wide = f' width="{width}"' if width else ""
    place = '<div class="live"></div>' if token.meta.get("live") else ""
    return f'{place}<div class="still" tabindex="0">{picture}{wide}></div>'


for name, rule in (
    ("table_open", _table_open),
    ("table_close", _table_close),
    ("image", _image),
):
    PARSER.add_render_rule(name, rule)
