"""Questions to a finished study: `compare` two variants, and the `power` of more seeds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mpo.commands import InputError

if TYPE_CHECKING:
    from mpo.evaluation import Frames

RESULTS = Path("results")
STUDY = click.option("--study", required=True, help="Name of a study in results/, or its folder.")


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
    from mpo.evaluation import read_frames
    from mpo.evaluation.reading.manifest import ManifestError

    folder = Path(study) if Path(study).is_dir() else RESULTS / study
    if not folder.is_dir():
        there = sorted(path.parent.name for path in RESULTS.glob("*/manifest.json"))
        raise InputError(f"--study: {study!r} is not allowed; studies here: {', '.join(there)}")
    try:
        return read_frames(folder)
    except (ManifestError, FileNotFoundError) as error:
        missing = getattr(error, "filename", None)
        raise InputError(f"--study: {missing} is missing" if missing else str(error)) from None
