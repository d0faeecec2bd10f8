"""`external`: one run that a program of the user's own trains, as a job of a study."""

import sys

import click

from mpo.commands import InputError

OWN_OPTIONS = {"ignore_unknown_options": True, "allow_interspersed_args": False}
"""What follows the program's name is the program's."""


@click.command(context_settings=OWN_OPTIONS)
@click.argument("run")
@click.argument("program", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--fresh", is_flag=True, help="From its beginning, whatever there is of this run.")
def external(run: str, program: tuple[str, ...], fresh: bool) -> None:
    """Have PROGRAM train RUN, what a rule of your own has as params.run, and keep its files.

    PROGRAM is a command; RUN is added to it as its last argument. A run that was finished before,
    under whatever name, is put in place instead; where another process trains it, that one is
    waited for.
    """
    from mpo.rundir import Asked
    from mpo.training import external as training
    from mpo.training.checkpoints import CheckpointError

    try:
        asked = Asked.read(run)
    except ValueError as error:
        raise InputError(f"RUN: {error}") from None
    try:
        training.train(asked, program, fresh)
    except training.ProgramError as error:
        click.echo(f"mpo: {error}", err=True)
        sys.exit(error.status)
    except CheckpointError as error:
        raise InputError(str(error)) from None
