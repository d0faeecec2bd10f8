"""`init`: a folder to work in, for those who have the package and no checkout."""

import importlib.metadata
import shutil
from pathlib import Path

import click

from mpo.commands import InputError
from mpo.project import PARTS, SHIPPED

README = """# Studies of MPO

    snakemake --cores 2 --configfile config/smoke.yaml    # a study of minutes
    snakemake --cores 16                                  # that of config/study.yaml
    mpo train --task cartpole-balance --variant paper     # one run by hand

Results go to results/; kill it at any moment and type the command again. A variant is an entry in
config/variants.yaml, a study a file such as config/smoke.yaml; config/README.md tells the rest.
In this folder and below it these files count, elsewhere those that mpo brought along. Written by
`mpo init`, mpo {version}; requirements.lock has the versions that its results were made with.
"""
NOT_WRITTEN = shutil.ignore_patterns("__pycache__", "schemas")
"""The schemas belong to the code."""


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def init(folder: Path) -> None:
    """Write a project to work in to DIR: Snakefile, config, workflow, profiles, a README."""
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder}: it is not empty; a new or an empty folder is required")
    folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        source = SHIPPED / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=NOT_WRITTEN)
        else:
            shutil.copy(source, folder)
    readme = README.format(version=importlib.metadata.version("mpo"))
    (folder / "README.md").write_text(readme, encoding="utf-8")
    click.echo(f"{folder}: a project; {folder / 'README.md'} says what to do there")
