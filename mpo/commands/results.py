"""Questions to a finished study: `compare` two variants, and the `power` of more seeds."""

from __future__ import annotations

import math
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mpo.commands import InputError

if TYPE_CHECKING:
    from mpo.evaluation import Frames

RESULTS = Path("results")
READ = {
    "scores": ("status", "score", "area", "censored"),
    "curves": ("step", "score"),
    "diagnostics": ("step",),
    "runs": ("machine", "ms_per_update"),
}
"""Columns of frames that answers are made from, beside those that name a run."""
STUDY = click.option("--study", required=True, help="Name of a study in results/, or its folder.")


def _finite(context: click.Context, option: click.Parameter, value: Any) -> Any:
    """The number or numbers of an option. Raises `BadParameter` for one that is not finite."""
    for number in value if isinstance(value, tuple) else (value,):
        if not math.isfinite(number):
            raise click.BadParameter(f"{number} is not allowed; a finite number is")
    return value


@click.command()
@click.argument("variants", nargs=-1, metavar="[FIRST SECOND]")
@STUDY
@click.option(
    "--all", "every", is_flag=True, help="All pairs of the study's variants, as a family."
)
@click.option("--metric", default="score", help="What is compared, as in config/claims.yaml.")
@click.option("--tasks", default="", help="Only these tasks, with commas between; else all.")
@click.option(
    "--margin",
    default=0.0,
    type=click.FloatRange(0),
    callback=_finite,
    help="Do they differ by more than this, or by less (equivalence)?",
)
@click.option("--json", "as_json", is_flag=True, help="All numbers, for programs.")
def compare(
    variants: tuple[str, ...],
    study: str,
    every: bool,
    metric: str,
    tasks: str,
    margin: float,
    as_json: bool,
) -> None:
    """Is variant FIRST better than SECOND: where, by how much, with what certainty?

    With * in SECOND, as in 'stabilised@epsilon=*', each variant of such a name against FIRST, as a
    family.
    """
    from mpo.evaluation.claims import comparison
    from mpo.evaluation.showing import comparison as told

    if len(variants) != (0 if every else 2):
        wanted = "none with --all" if every else "two, or --all"
        raise InputError(f"variants: {len(variants)} are given; {wanted}")
    frames, chosen = _frames(study), [name for name in tasks.split(",") if name]
    try:
        if every:
            rows = comparison.compare_all(frames, metric, chosen, margin)
        else:
            first, second = variants
            every = "*" in second
            by = comparison.compare_each if every else comparison.compare
            rows = by(frames, first, second, metric, chosen, margin)
    except ValueError as error:
        raise InputError(str(error)) from None
    if as_json:
        click.echo(rows.to_json(orient="records", indent=1))
        return
    click.echo(told.shown(rows).to_string(index=False))
    click.echo()
    click.echo(told.said_all(rows) if every else told.answer(rows))


@click.command()
@click.argument("variants", nargs=-1, metavar="[FIRST SECOND]")
@STUDY
@click.option(
    "--effect",
    "effects",
    multiple=True,
    type=click.FloatRange(0, 1, min_open=True),
    callback=_finite,
    help="Difference of normalised scores; may be given more than once.",
)
def power(variants: tuple[str, ...], study: str, effects: tuple[float, ...]) -> None:
    """How many seeds a difference needs to be shown, by the spread of a study's runs.

    Of FIRST and SECOND by task; without them, of every variant and its base over all tasks.
    """
    from mpo.evaluation.claims import comparison
    from mpo.evaluation.showing import comparison as told

    if len(variants) not in (0, 2):
        raise InputError(f"variants: {len(variants)} are given; two, or none")
    frames = _frames(study)
    try:
        rows = comparison.power(frames, effects or comparison.EFFECTS, variants)
    except ValueError as error:
        raise InputError(str(error)) from None
    click.echo(rows.to_string(index=False))
    click.echo()
    click.echo(told.said_power(frames))


def _frames(study: str) -> Frames:
    """The frames of a study. Raises `InputError` where they are not there, or not whole."""
    from mpo.evaluation import read_frames
    from mpo.evaluation.reading.manifest import RUN_KEYS, ManifestError, read_manifest

    folder = Path(study) if Path(study).is_dir() else RESULTS / study
    if not folder.is_dir():
        there = sorted(path.parent.name for path in RESULTS.glob("*/manifest.json"))
        known = ", ".join(there) or "none yet"
        raise InputError(f"--study: {study!r} is not allowed; studies here: {known}")
    try:
        name = read_manifest(folder).study
    except ManifestError as error:
        raise InputError(str(error)) from None
    try:
        frames = read_frames(folder)
    except FileNotFoundError as error:
        raise InputError(_unfinished(name, error.filename)) from None
    except ValueError:
        raise InputError(_unreadable(name, folder)) from None
    for frame, columns in READ.items():
        there = getattr(frames, frame).columns
        if lacking := [column for column in (*RUN_KEYS, *columns) if column not in there]:
            raise InputError(_damaged(name, folder, frame, f"no column {lacking[0]}"))
    return frames


def _unfinished(study: str, missing: str) -> str:
    """What to say of a study without the file `missing`: what shows and what completes it."""
    from mpo.evaluation.reading.faults import configured

    found = configured(study)
    file = shlex.quote(str(found[0])) if found and found[1] == "study" else "FILE"
    return (
        f"--study: {missing} is missing; `python -m mpo report --study {file}` draws what there is "
        f"so far, and `{_making(study)}` completes it"
    )


def _unreadable(study: str, folder: Path) -> str:
    """What to say of a study of whose frames one is no table: the first such, and why."""
    from mpo.evaluation.reading.frames import FRAMES, read_csv

    for frame, file in FRAMES.items():
        try:
            read_csv(folder / file)
        except ValueError as error:
            return _damaged(study, folder, frame, str(error).strip().splitlines()[0])
    return f"--study: the frames in {folder} cannot be read"


def _damaged(study: str, folder: Path, frame: str, why: str) -> str:
    """What to say of a frame that is not as it was written: its file, and what makes it anew."""
    from mpo.evaluation.reading.frames import FRAMES

    path = folder / FRAMES[frame]
    command = f"rm {shlex.quote(str(path))} && {_making(study)}"
    return f"--study: {path} is damaged ({why}); `{command}` makes it anew"


def _making(study: str) -> str:
    """The command that makes what a study lacks."""
    from mpo.evaluation.reading.faults import configuration, configured

    options = configuration(study) if configured(study) else "--configfile FILE"
    return f"snakemake --cores all {options}"
