"""Which folder is the project: the one whose Snakefile, `config/` and `workflow/` count.

1. The nearest one, from the working directory upwards, that holds the files in `MARKS`: a checkout
   of the repository, or what `mpo init` wrote.
2. Where there is none, the files that belong to this code (`SHIPPED`): those of its own checkout
   or, for code that a wheel installed, those that the wheel brought along.

It is found once, when this module is imported. Imports nothing of ours and no third package, since
setup.py reads it to make the wheel.
"""

from __future__ import annotations

from pathlib import Path

PARTS = ("Snakefile", "config", "profiles", "requirements.lock", "workflow")
"""Files and folders of a project, which stand at the root of the repository and only there."""
MARKS = ("Snakefile", "config/tasks.yaml", "config/variants.yaml")
"""What a folder must hold to be a project."""
PACKAGED = "packaged"
"""The folder of the package in which a wheel has `PARTS`."""


def shipped(package: Path) -> Path:
    """The folder of the project's files that belong to the code in the folder `package`."""
    in_wheel = package / PACKAGED
    return in_wheel if in_wheel.is_dir() else package.parent


def project(start: Path, otherwise: Path) -> Path:
    """The nearest project from `start` upwards, or `otherwise`."""
    for folder in (start, *start.parents):
        if all((folder / mark).is_file() for mark in MARKS):
            return folder
    return otherwise


SHIPPED = shipped(Path(__file__).parent)
PROJECT = project(Path.cwd(), SHIPPED)
