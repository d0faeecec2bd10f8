"""`clean`: what is kept of runs in `state/`, by study and age, and its removal."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import click

from mpo.commands import InputError
from mpo.study.yaml_files import suggestion

if TYPE_CHECKING:
    from mpo.study import kept


@click.command()
@click.option("--study", "name", help="Only what this study asks for, by its folder in results/.")
@click.option("--orphans", is_flag=True, help="Only what no study asks for.")
@click.option(
    "--older-than",
    "days",
    default=0.0,
    type=click.FloatRange(0.0),
    help="Only what has had no change for so many days.",
)
@click.option("--checkpoints", is_flag=True, help="Runs that are not finished, too.")
@click.option("--remove", is_flag=True, help="Remove what is listed; it is trained anew if asked.")
def clean(name: str | None, orphans: bool, days: float, checkpoints: bool, remove: bool) -> None:
    """List the finished runs that state/ keeps, whatever became of their files; remove them.

    The files in results/ are left alone. A run that is being trained is never removed.
    """
    from mpo.study import kept

    if name and orphans:
        raise InputError("--orphans: they are no study's; leave out --study")
    if orphans and (unknown := [str(folder / kept.MANIFEST) for folder in kept.unknown()]):
        raise InputError(
            f"--orphans: {', '.join(unknown)}: missing or not readable, so what that study asks "
            "for is not known; `snakemake` on the study writes it, or remove the folder"
        )
    found = kept.kept()
    known = {study: study for each in found for study in each.studies}
    if name and name not in known:
        raise InputError(f"--study: {name!r} is not allowed; {suggestion(name, known, 'study')}")
    chosen = [
        each
        for each in found
        if (each.finished or checkpoints)
        and each.age_s >= days * kept.DAY_S
        and (not name or name in each.studies)
        and not (orphans and each.studies)
    ]
    click.echo(kept.table(chosen))
    runs = "1 run" if len(chosen) == 1 else f"{len(chosen)} runs"
    size = sum(each.size for each in chosen) / 2**20
    if not remove:
        them = "it" if len(chosen) == 1 else "them"
        click.echo(f"\n{runs}, {size:.1f} MiB; --remove removes {them}")
        return
    removed = [each for each in chosen if _removed(each)]
    size = sum(each.size for each in removed) / 2**20
    click.echo(f"\nremoved {len(removed)} of {runs}, {size:.1f} MiB")


def _removed(each: kept.Kept) -> bool:
    """Whether nobody trains the run, so that its folder could be removed."""
    from mpo.training.checkpoints import CheckpointError
    from mpo.training.holding import locked

    try:
        with locked(each.folder):
            shutil.rmtree(each.folder)
    except CheckpointError as error:
        click.echo(f"left alone: {error}", err=True)
        return False
    return True
