"""Puts the parts of a project, which stand at the repository's root, into the wheel.

All else is in pyproject.toml. An editable installation reads the parts where they stand.
"""

import runpy
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

PROJECT = runpy.run_path("mpo/project.py")


class BuildWithParts(build_py):
    """Builds the package, then lays the parts of a project beside its modules."""

    def run(self) -> None:
        if self.editable_mode:
            super().run()
            return
        package = Path(self.build_lib, "mpo")
        shutil.rmtree(package, ignore_errors=True)  # what an earlier build left would go along
        super().run()
        folder = package / PROJECT["PACKAGED"]
        folder.mkdir()
        for part in map(Path, PROJECT["PARTS"]):
            if part.is_dir():
                shutil.copytree(part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(part, folder)


setup(cmdclass={"build_py": BuildWithParts})
