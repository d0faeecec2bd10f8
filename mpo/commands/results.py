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
@click.argument("first")
@click.argument("second")
@STUDY
def compare(first: str, second: str, study: str) -> None:
    """Is variant FIRST better than SECOND: where, by how much, with what certainty?"""
    from mpo.evaluation.claims import comparison
    from mpo.evaluation.showing import comparison as told

    frames = _frames(study)
    try:
        rows = comparison.compare(frames, first, second)
    except ValueError as error:
        raise InputError(str(error)) from None
    click.echo(told.shown(rows).to_string(index=False))
    click.echo()
    click.echo(told.answer(rows, frames))


@click.command()
@STUDY
@click.option(
    "--effect",
    "effects",
    multiple=True,
    type=click.FloatRange(0, 1, min_open=True),
    help="Difference of normalised scores; may be given more than once.",
)
def power(study: str, effects: tuple[float, ...]) -> None:
    """How many seeds a difference needs to be shown, by the spread of a study's runs."""
    from mpo.evaluation.claims import comparison
    from mpo.evaluation.showing import comparison as told

    frames = _frames(study)
    try:
        rows = comparison.power(frames, effects or comparison.EFFECTS)
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
