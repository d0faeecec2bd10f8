"""`merge`: the runs of one study that several machines trained, in one folder."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from mpo.commands import STUDY_FILE, InputError


@click.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@STUDY_FILE
def merge(sources: tuple[Path, ...], file: Path) -> None:
    """Bring the runs in the folders SOURCES, as results/STUDY of other machines, into the study's.

    Runs with other settings or code, changed files, and runs that two machines trained to other
    bytes are refused, all of them named, and then nothing is merged.
    """
    from mpo.study.config import load_study
    from mpo.study.merging import Disagreement
    from mpo.study.merging import merge as merged

    for source in sources:
        if not (source / "runs").is_dir():
            allowed = "a study's folder is, which holds runs/"
            raise InputError(f"SOURCES: {str(source)!r} is not allowed; {allowed}")
    study = load_study(file)
    try:
        count, missing = merged(study, sources)
    except Disagreement as error:
        lines = str(error).splitlines()
        for line in lines:
            click.echo(f"disagrees: {line}", err=True)
        verb = "disagrees" if len(lines) == 1 else "disagree"
        raise InputError(f"nothing is merged: {len(lines)} of the runs {verb}") from None
    click.echo(f"{study.folder}: {count} of {len(study.runs)} runs")
    if missing:
        first = missing[0].path.removeprefix("runs/")
        click.echo(f"missing: {first}" + f" and {len(missing) - 1} more" * (len(missing) > 1))
    command = f"snakemake --cores all --configfile {shlex.quote(str(file))}"
    click.echo(f"{command} trains what is missing, and reports")
