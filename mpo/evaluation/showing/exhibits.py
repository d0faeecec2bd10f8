"""Figures and tables of a study as Markdown with captions, from the files that hold them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing import figures, tables


class ReportError(ValueError):
    """A table or figure that a text needs has not been made."""


def figure(name: str, frames: Frames, study_dir: Path, folder: str = "figures") -> str:
    """The figure `name` with its caption; the image is linked as `folder/<name>.png`.

    Raises `ReportError` naming the command that makes it where the study does not have it.
    """
    required(
        study_dir / "figures" / f"{name}.png",
        f"python workflow/scripts/figure.py {name} {study_dir}",
    )
    title = name.replace("_", " ")
    return f"![{title}]({folder}/{name}.png)\n\n*{figures.caption(name, frames)}*"


def table(name: str, frames: Frames, study_dir: Path) -> str:
    """The table `name` with its caption.

    Raises `ReportError` naming the command that makes it where the study does not have it.
    """
    path = study_dir / "tables" / f"{name}.md"
    required(path, f"python workflow/scripts/table.py {name} {study_dir}")
    return f"{path.read_text(encoding='utf-8')}\n*{tables.caption(name, frames)}*"


def required(path: Path, command: str) -> None:
    """Raises `ReportError` that names `command` where `path` is missing."""
    if not path.exists():
        raise ReportError(f"{path} is missing; `{command}` makes it")


def count(number: int, word: str) -> str:
    """Such as "1 run" or "3 runs"."""
    return f"{number} {word}" + ("" if number == 1 else "s")


def listed(names: Iterable[str]) -> str:
    """Such as "a, b and c"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
