"""Commands that list: `variants`, `settings`, and the `status` of a study's runs."""

import json
import shutil
from pathlib import Path

import click

from mpo.commands import STUDY_FILE


@click.command()
def variants() -> None:
    """List the variants: base, what each changes, and who says so."""
    from mpo.study.listing import variants_table

    click.echo(variants_table())


@click.command()
@click.argument("field", required=False)
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def settings(field: str | None, as_json: bool) -> None:
    """List the settings of a run, or all that there is to say of one FIELD.

    Types, ranges, defaults, options and sources. A setting is changed by a variant, a task, a
    study, or `train --set FIELD=VALUE`.
    """
    from mpo.settings import description, listing

    told = [description.describe(field)] if field else description.descriptions()
    columns = shutil.get_terminal_size((120, 0)).columns
    if as_json:
        values = [each.as_json() for each in told]
        click.echo(json.dumps(values[0] if field else values, indent=1, ensure_ascii=False))
    else:
        click.echo(listing.page(told[0], columns) if field else listing.table(told, columns))


@click.command()
@STUDY_FILE
@click.option("--brief", is_flag=True, help="Only the number of runs and the time left.")
def status(file: Path, brief: bool) -> None:
    """List the runs of a study, what failed ones said last, and how long the study takes.

    Done, diverged, kept (finished, not in place yet), running with time left, queued (in Slurm),
    silent, stopped, failed, waiting.
    """
    from mpo.benchmark import expected
    from mpo.study.config import load_study
    from mpo.study.status_table import status_table

    study = load_study(file)
    if not brief:
        click.echo(status_table(study, reckoned=expected.seconds(study)))
    elif said := expected.said(study):
        click.echo(said)
