"""`report.html`: the report as one file that opens from disk with no network.

The report's Markdown is parsed, and what the page adds is added to the tokens: sections with
anchors, some of them folded, and a table of contents beside them (`telling.markup` does the rest).
No text is searched for tags, and no tag in the text is one of the page's.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from markdown_it.token import Token

from mpo.evaluation.telling.markup import parsed, rendered, words
from mpo.evaluation.telling.style import STYLE

INSIDE = "Inside the algorithm"
NOT_RUN = "Claims that were not run"
EVERY_RUN = "Every run"
FOLDED = (INSIDE, NOT_RUN, EVERY_RUN)
"""Headings whose sections a reader of the page opens."""
LEVELS = {"h2": 2, "h3": 3}
"""Headings that begin a section."""


class Heading(NamedTuple):
    """A section's heading: how deep, where it is, and what it says."""

    level: int
    anchor: str
    title: str


def report_html(markdown: str, study_dir: str | Path) -> str:
    """The page for `markdown`, whose images lie in `study_dir`; it names those that do not."""
    tokens = parsed(markdown)
    headings: list[Heading] = []
    body = rendered([*_sections(tokens, headings)], Path(study_dir))
    titles = (words(tokens[k + 1]) for k, each in enumerate(tokens) if each.tag == "h1")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{html.escape(next(titles, 'Report'))}</title>\n"
        f"<style>{STYLE}</style>\n</head>\n<body>\n"
        f"{_contents(headings)}<main>\n{body}</main>\n</body>\n</html>\n"
    )


def _sections(tokens: Sequence[Token], headings: list[Heading]) -> Iterator[Token]:
    """`tokens` with a section around what follows each heading, as far as it goes.

    The headings are put into `headings`, in their order.
    """
    open_: list[tuple[int, str]] = []
    taken: set[str] = set()
    for k, token in enumerate(tokens):
        level = LEVELS.get(token.tag) if token.level == 0 else None
        if level is None:
            yield token
        elif token.nesting == 1:
            while open_ and open_[-1][0] >= level:
                yield _tag(open_.pop()[1], -1)
            title = words(tokens[k + 1])
            headings.append(Heading(level, _anchor(title, taken), title))
            folded = title in FOLDED
            open_.append((level, "details" if folded else "section"))
            yield _tag(open_[-1][1], 1, id=headings[-1].anchor)
            yield from [_tag("summary", 1), token] if folded else [token]
        else:
            yield token
            if open_[-1][1] == "details":
                yield _tag("summary", -1)
    for _, tag in reversed(open_):
        yield _tag(tag, -1)


def _tag(tag: str, nesting: Literal[-1, 1], **attributes: str | int | float) -> Token:
    """The beginning (1) or the end (-1) of an element."""
    kind = "open" if nesting == 1 else "close"
    return Token(f"{tag}_{kind}", tag, nesting, attrs=attributes, block=True)


def _anchor(title: str, taken: set[str]) -> str:
    """The title's letters and digits, with a number where another has the same."""
    base = re.sub(r"\W+", "-", title.lower()).strip("-") or "section"
    anchor, number = base, 1
    while anchor in taken:
        number += 1
        anchor = f"{base}-{number}"
    taken.add(anchor)
    return anchor


def _contents(headings: Sequence[Heading]) -> str:
    if not headings:
        return ""
    lines = "".join(
        f'<li class="level-{each.level}"><a href="#{each.anchor}">{html.escape(each.title)}</a>'
        "</li>\n"
        for each in headings
    )
    return f'<nav aria-label="Contents">\n<ul>\n{lines}</ul>\n</nav>\n'
