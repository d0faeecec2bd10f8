"""The settings as a table of all fields, and as a page on one."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable

from tabulate import SEPARATING_LINE, tabulate

from mpo.settings.description import Description
from mpo.settings.fields import SECTIONS, SOURCES

HEADERS = ("field", "default", "allowed", "what it does")
DEFAULT, ALLOWED, LEAST = 20, 24, 40
"""Columns of the terminal for a default, for what is allowed, and at least for what it does."""


def table(descriptions: Iterable[Description], columns: int) -> str:
    """All fields, section by section, within so many `columns` where they suffice."""
    every = tuple(descriptions)
    listed = [one for each in every for one in (each, *each.parameters)]
    names, gaps = max(len(each.field) for each in listed), 2 * (len(HEADERS) - 1)
    widths = [names, DEFAULT, ALLOWED, max(LEAST, columns - names - DEFAULT - ALLOWED - gaps)]
    rows: list[list[str] | str] = []
    for section in SECTIONS:
        mine = [each for each in every if each.section == section.section]
        each = (one for described in mine for one in (described, *described.parameters))
        said = [[section.section.upper(), "", "", section.__doc__ or ""], *map(_row, each)]
        rows += [SEPARATING_LINE] if rows else []
        rows += [list(map(textwrap.fill, row, widths)) for row in said]
    return _with_sources(tabulate(rows, HEADERS, tablefmt="simple", disable_numparse=True))


def page(described: Description, columns: int) -> str:
    """All that there is to say of one field."""
    facts = {name: str(getattr(described, name)) for name in ("section", "allowed", "protocols")}
    facts["default"] = _written(described.default)
    parts = [
        textwrap.fill(f"{described.field}: {described.description}", columns),
        tabulate([(name, fact) for name, fact in facts.items() if fact], tablefmt="plain"),
        tabulate(described.options, tablefmt="plain"),
        _table(described.parameters) if described.parameters else "",
    ]
    return _with_sources("\n\n".join(part for part in parts if part))


def _table(listed: Iterable[Description]) -> str:
    return tabulate(map(_row, listed), HEADERS, tablefmt="simple", disable_numparse=True)


def _row(described: Description) -> list[str]:
    default = _written(described.default)
    return [described.field, default, described.allowed, described.description]


def _with_sources(text: str) -> str:
    """`text`, and what the sources are that it names."""
    named = [(name, source) for name, source in SOURCES.items() if re.search(rf"\b{name}\b", text)]
    return "\n\n".join([text, *([tabulate(named, tablefmt="plain")] if named else [])])


def _written(value: object) -> str:
    """As `--set` takes it."""
    return value if isinstance(value, str) else json.dumps(value)
