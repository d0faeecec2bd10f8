"""The tables of a study. Each is a module of this package, found by its name.

A module `tables/<name>.py` has three functions of `Frames`: `table` gives the numbers, one row a
thing, for programs; `shown` gives the cells that a reader sees, as text; `caption` says what they
are. One that few studies have has a fourth, `held`, which says whether this one does. Adding a
table is adding such a file and its name to the rules.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pandas as pd

from mpo.evaluation.reading.frames import Frames, write_csv, write_text
from mpo.evaluation.showing.failures import Exhibit, attempt
from mpo.evaluation.showing.marking import plain
from mpo.evaluation.showing.tables.cells import NOTHING
from mpo.evaluation.showing.tables.latex import latex


def names() -> list[str]:
    """The tables that can be made."""
    return sorted(
        path.stem
        for path in Path(__file__).parent.glob("*.py")
        if path.stem not in ("__init__", "cells", "latex")
    )


def module(name: str) -> ModuleType:
    """The module of the table `name`. Raises ValueError for a name that is none."""
    if name not in names():
        raise ValueError(f"table {name!r} is not known; tables are {', '.join(names())}")
    return importlib.import_module(f"{__name__}.{name}")


def of(frames: Frames) -> list[str]:
    """The tables that the study of `frames` has, as the workflow's rules count them."""
    return [name for name in names() if getattr(module(name), "held", _always)(frames)]


def caption(name: str, frames: Frames) -> str:
    """One paragraph with the table: what its cells are, n, and how intervals were made."""
    return module(name).caption(frames)


def write(name: str, frames: Frames, folder: Path) -> None:
    """Writes `<name>.csv` for programs, `<name>.md` for readers and `<name>.tex` for papers."""
    write_files(name, module(name).table(frames), module(name).shown(frames), folder)


def make(name: str, frames: Frames, study_dir: Path) -> None:
    """The table's files in `study_dir`, or the sentence that says why there is none."""
    files = tuple(f"tables/{name}.{kind}" for kind in ("csv", "md", "tex"))
    exhibit = Exhibit("table", name, f"table_{name}", files)
    attempt(exhibit, study_dir, lambda: write(name, frames, study_dir / "tables"))


def write_files(name: str, table: pd.DataFrame, shown: pd.DataFrame, folder: Path) -> None:
    """Writes the numbers of `table` and the cells of `shown` to the three files."""
    write_csv(table, folder / f"{name}.csv")
    write_text(markdown(shown), folder / f"{name}.md")
    cells = shown.astype(str)
    right = [_is_number(cells[column]) for column in cells]
    write_text(latex(cells, right), folder / f"{name}.tex")


def markdown(shown: pd.DataFrame) -> str:
    """`shown` as a Markdown table: columns of text to the left, of numbers to the right.

    Cells may hold code in backticks and images; every other mark in them is escaped.
    """
    cells = shown.astype(str).map(lambda cell: plain(cell).replace("|", "\\|"))
    right = [_is_number(cells[column]) for column in cells]
    lines = [
        _line(cells.columns),
        _line("---:" if numeric else "---" for numeric in right),
        *(_line(row) for row in cells.itertuples(index=False)),
    ]
    return "\n".join(lines) + "\n"


def _always(frames: Frames) -> bool:
    return True


def _line(cells) -> str:
    return "| " + " | ".join(cells) + " |"


def _is_number(column: pd.Series) -> bool:
    number = r"[-+]?[0-9][0-9.,]*(e[-+]?[0-9]+)?( |$)"
    return bool(column.str.match(rf"^{number}|^>=? |^{NOTHING}$").all())
