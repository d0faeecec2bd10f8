"""Figures and tables of a study as Markdown with captions, from the files that hold them."""

from __future__ import annotations

from pathlib import Path

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing import failures, figures, tables
from mpo.evaluation.showing.marking import captioned


class ReportError(ValueError):
    """A table or figure that a text needs has not been made."""


def figure(name: str, frames: Frames, study_dir: Path, folder: str = "figures") -> str:
    """The figure `name` with its caption; the image is linked as `folder/<name>.png`.

    Raises `ReportError` where the study does not have it, naming the command that makes it, or
    where it could not be made, saying why.
    """
    made("figure", name, study_dir)
    required(
        study_dir / "figures" / f"{name}.png",
        f"python workflow/scripts/figure.py {name} {study_dir}",
    )
    title = name.replace("_", " ")
    return f"![{title}]({folder}/{name}.png)\n\n{captioned(figures.caption(name, frames))}"


def table(name: str, frames: Frames, study_dir: Path) -> str:
    """The table `name` with its caption.

    Raises `ReportError` where the study does not have it, naming the command that makes it, or
    where it could not be made, saying why.
    """
    made("table", name, study_dir)
    path = study_dir / "tables" / f"{name}.md"
    required(path, f"python workflow/scripts/table.py {name} {study_dir}")
    return f"{path.read_text(encoding='utf-8')}\n{captioned(tables.caption(name, frames))}"


def made(kind: str, name: str, study_dir: Path) -> None:
    """Raises `ReportError` with the sentence that stands in place of an exhibit."""
    sentence = failures.sentence_for(kind, name, study_dir)
    if sentence is not None:
        raise ReportError(sentence)


def required(path: Path, command: str) -> None:
    """Raises `ReportError` that names `command` where `path` is missing."""
    if not path.exists():
        raise ReportError(f"{path} is missing; `{command}` makes it")
