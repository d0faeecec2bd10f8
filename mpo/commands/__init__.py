"""The command line, a module for each family of commands; imports every other room when called.

Called by `mpo.__main__`. `InputError` is how a fault in the input is told.
"""

from pathlib import Path
from typing import Any

import click

STUDY_FILE = click.option(
    "--study",
    "file",
    default="config/study.yaml",
    type=click.Path(path_type=Path),
    help="File of the study.",
)
"""For a command that is about a study as it is configured."""


class InputError(click.ClickException):
    """A fault in what the user gave; one line on standard error."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Print the line."""
        click.echo(f"mpo: {self.message}", err=True)
