"""`check option FILE` and `check run DIR`: is what a user wrote as the rest asks for it?"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from mpo.commands import InputError
from mpo.settings import OPTION_PACKAGES, overlaid, settings
from mpo.settings.modules import adopt
from mpo.settings.options import kind_of_folder
from mpo.study.yaml_files import assigned

COMPANIONS = {"kl": {"covariance": "diagonal"}}
"""Other settings with which an option of a kind is tried, unless told otherwise."""


@click.group()
def check() -> None:
    """Check a file of your own: an option's module, or the files of a run."""


@check.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--kind",
    type=click.Choice(list(OPTION_PACKAGES)),
    help="What it is an option of, else by its folder's name.",
)
@click.option("--set", "fields", multiple=True, metavar="FIELD=VALUE", help="Change one setting.")
def option(file: Path, kind: str | None, fields: tuple[str, ...]) -> None:
    """Check an option's FILE, as backups/mine.py: one line a check, exit 1 where one fails."""
    field = kind or kind_of_folder(file.absolute().parent.name)
    if field is None:
        raise InputError(f"{file}: its folder is no kind of option; say which it is by --kind")
    if not file.stem.isidentifier() or file.suffix != ".py":
        raise InputError(f"{file}: an option is NAME.py, and NAME a word of letters, digits, _")
    companions = {**COMPANIONS.get(field, {}), field: adopt(file, field)}
    chosen = settings(overlaid(companions, assigned(fields, Path("--set"))))
    from mpo.algorithm.trial.examination import examine

    _tell((name, fault and str(fault)) for name, fault in examine(field, chosen))


@check.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def run(folder: Path) -> None:
    """Check the files of a run in DIR, whoever wrote them: exit 1 where one is not as asked.

    Within a study, results/STUDY/runs/TASK/VARIANT/SEED, it is held to the study's manifest;
    elsewhere to what its own run.json says.
    """
    from mpo.evaluation.reading.manifest import ManifestError
    from mpo.evaluation.reading.single import faults_of

    try:
        held, faults = faults_of(folder)
    except ManifestError as error:
        raise InputError(str(error)) from None
    except NotADirectoryError as error:
        raise InputError(f"DIR: {error}") from None
    click.echo(f"held to {held}")
    _tell([(fault.what, "") for fault in faults] or [("every file is as asked", None)])


def _tell(checks: Iterable[tuple[str, str | None]]) -> None:
    """A line a check, with what is wrong below it; ends the process where something is."""
    failed = 0
    for name, fault in checks:
        failed += fault is not None
        click.echo(
            f"{'ok  ' if fault is None else 'FAIL'}  {name}" + (f"\n{fault}" if fault else "")
        )
    if failed:
        click.echo(f"{failed} of the checks failed", err=True)
        sys.exit(1)
