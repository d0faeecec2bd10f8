"""Commands of `python -m mpo` by what they are about, and how a fault in the input is told."""

from typing import Any

import click


class InputError(click.ClickException):
    """A fault in what the user gave; one line on standard error."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Print the line."""
        click.echo(f"mpo: {self.message}", err=True)
