"""Commands that list: the `variants` there are, and the `status` of a study's runs."""

from pathlib import Path

import click


@click.command()
def variants() -> None:
    """List the variants: base, what each changes, and who says so."""
    from mpo.study.listing import variants_table

    click.echo(variants_table())


@click.command()
@click.option("--study", "file", default="config/study.yaml", type=click.Path(path_type=Path))
def status(file: Path) -> None:
    """List the runs of a study: done, running with time left, diverged, waiting."""
    from mpo.study.config import load_study
    from mpo.study.status import status_table

    click.echo(status_table(load_study(file)))
