"""What README.md shows of a study: one figure and what was found, and further below the results.

Everything between the marks is generated; everything else in the file is left as it is.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from mpo.evaluation.estimating.costs import core_hours
from mpo.evaluation.reading.frames import Frames, read_frames, write_text
from mpo.evaluation.showing.claims import files as claims
from mpo.evaluation.showing.exhibits import ReportError, figure, table
from mpo.evaluation.showing.tables.cells import integer
from mpo.evaluation.showing.wording import count, listed
from mpo.evaluation.telling import answer

BEGIN, END = "<!-- begin figures -->", "<!-- end figures -->"
SHORT = "<!-- begin short -->", "<!-- end short -->"
COMMANDS = "<!-- begin commands -->", "<!-- end commands -->"
FIRST = "learning_curves"
"""The figure of the first screen."""
FIGURES = [FIRST, "aggregate_intervals", "temperature", "cost"]
FOLDER = "docs/figures"
"""Where the figures are copied to, from the folder of the README."""


def fill(study_dir: Path, readme: Path, commands: str) -> None:
    """Puts the study in `study_dir` into `readme`, and its figures beside it in `docs/figures`.

    `commands` says what is typed first and what it takes.

    Raises `ReportError` where a figure or table is missing or the file lacks the marks.
    """
    before = readme.read_text(encoding="utf-8")
    frames = read_frames(study_dir)
    text = filled(before, block(study_dir, frames), readme)
    text = filled(text, short(study_dir, frames), readme, SHORT)
    text = filled(text, commands, readme, COMMANDS)
    folder = readme.parent / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name in FIGURES:
        shutil.copyfile(study_dir / "figures" / f"{name}.png", folder / f"{name}.png")
    write_text(text, readme)


def short(study_dir: Path, frames: Frames) -> str:
    """What stands in the first screen: a figure, and what the judged claims say, as a list."""
    rows = claims.judged(study_dir)
    found = [] if rows is None else answer.findings(rows)
    shown = figure(FIRST, frames, study_dir, FOLDER)
    return "\n\n".join([shown, "\n".join(f"- {sentence}" for sentence in found)])


def block(study_dir: Path, frames: Frames) -> str:
    """What stands between the marks: a sentence, figures and tables with their captions."""
    shown = {name: figure(name, frames, study_dir, FOLDER) for name in FIGURES}
    parts = [
        what_was_run(frames),
        *(shown[name] for name in FIGURES if name not in (FIRST, "cost")),
        table("aggregate", frames, study_dir),
        claims.in_short(study_dir),
        shown["cost"],
    ]
    return "\n\n".join(parts)


def filled(text: str, content: str, readme: Path, marks: tuple[str, str] = (BEGIN, END)) -> str:
    """`text` with `content` between its marks. Raises `ReportError` where it lacks them."""
    head, begin, rest = text.partition(marks[0])
    _, end, tail = rest.partition(marks[1])
    if not begin or not end:
        raise ReportError(f"{readme}: the lines {marks[0]} and {marks[1]} are missing")
    return f"{head}{begin}\n{content.strip()}\n{end}{tail}"


def what_was_run(frames: Frames) -> str:
    """One sentence: the study, its variants, tasks with budgets, seeds and cost."""
    manifest = frames.manifest
    tasks = listed([f"{task.name} ({task.steps:,} steps)" for task in manifest.tasks.values()])
    variants = listed([f"`{name}`" for name in manifest.variants])
    seeds = count(len(manifest.seeds), "seed")
    minutes = integer(60 * core_hours(frames.runs))
    return (
        f"The study `{manifest.study}`: {variants} on {tasks}, {seeds} each, "
        f"{count(len(manifest.runs), 'run')} and {minutes} core-minutes in all."
    )
