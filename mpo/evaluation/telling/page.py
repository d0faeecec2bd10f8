"""`report.html`: the report as one file that opens from disk with no network.

The report's Markdown is parsed, and what the page adds is added to the tokens: sections with
anchors, some of them folded, and a table of contents beside them (`telling.markup` does the rest).
No text is searched for tags, and no tag in the text is one of the page's.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from markdown_it.token import Token

from mpo.evaluation.reading.manifest import read_manifest
from mpo.evaluation.showing.failures import Exhibit, attempt
from mpo.evaluation.showing.live import document
from mpo.evaluation.telling.markup import figures_in, parsed, rendered, words
from mpo.evaluation.telling.script import SCRIPT
from mpo.evaluation.telling.style import STYLE

INSIDE = "Inside the algorithm"
NOT_RUN = "Claims that were not run"
EVERY_RUN = "Every run"
FOLDED = (INSIDE, NOT_RUN, EVERY_RUN)
"""Headings whose sections a reader of the page opens."""
RULE = "report_html"
"""Of the workflow, which makes the page."""
LEVELS = {"h2": 2, "h3": 3}
"""Headings that begin a section."""


class Heading(NamedTuple):
    """A section's heading: how deep, where it is, and what it says."""

    level: int
    anchor: str
    title: str


def report_html(markdown: str, study_dir: str | Path) -> str:
    """The page for `markdown`, whose images lie in `study_dir`; it names those that do not."""
    tokens, study_dir = parsed(markdown), Path(study_dir)
    headings: list[Heading] = []
    live = _live(figures_in(tokens), study_dir)
    body = rendered([*_sections(tokens, headings)], study_dir, live)
    library = document.library() if live else ""
    titles = (words(tokens[k + 1]) for k, each in enumerate(tokens) if each.tag == "h1")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(library, SCRIPT)}">\n'
        f"<title>{html.escape(next(titles, 'Report'))}</title>\n"
        f"<style>{STYLE}</style>\n</head>\n<body>\n"
        f"{_contents(headings)}<main>\n{body}</main>\n"
        f"{_packed('library', library)}{_packed('figures', _numbers(live))}"
        f"<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )


def _live(names: Sequence[str], study_dir: Path) -> dict[str, Any]:
    """Of the figures `names` those that can be looked into; pictures where they cannot be drawn."""
    found: dict[str, Any] = {}

    def draw(name: str) -> None:
        data = document.figure_data(name, read_manifest(study_dir), study_dir)
        found.update({name: data} if data else {})

    for name in filter(document.spec_of, names):
        attempt(Exhibit("interactive figure", name, RULE), study_dir, lambda name=name: draw(name))
    return found


def _numbers(live: Mapping[str, Any]) -> str:
    """What the figures `live` hold, as JSON; empty where there are none."""
    return json.dumps(live, separators=(",", ":"), allow_nan=False) if live else ""


def _packed(name: str, text: str) -> str:
    """A script that is none: `text` compressed and in base64, a third as large, for the page's own.

    Nothing where there is no text.
    """
    if not text:
        return ""
    packed = base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode("ascii")
    return f'<script type="application/gzip" class="{name}">{packed}</script>\n'


def _policy(*scripts: str) -> str:
    """What the page may do: show itself and run `scripts`; nothing is fetched or sent."""
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts if script)
    allowed = " ".join(f"'sha256-{base64.b64encode(each).decode()}'" for each in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:"
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
