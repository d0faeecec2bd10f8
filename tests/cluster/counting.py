"""Counts every update that any process of a study makes, one that is killed included.

A folder with a `sitecustomize.py` that calls `count_into` on the path of Python is all it takes.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import mmap
import os
import struct
import sys
import uuid
from pathlib import Path
from types import ModuleType

LEARNER = "mpo.algorithm.learner"
TRIAL = "mpo.algorithm.trial.attempt"
"""Where every process tries one update before it trains, which is no part of the run."""
CUSTOM = """import sys
sys.path.insert(0, {package!r})
from tests.cluster.counting import count_into
sys.path.remove({package!r})
count_into({folder!r})
"""


def prepare(folder: Path, package: Path) -> Path:
    """A folder for the path of Python: processes with it count into `folder`."""
    customised = folder / "customised"
    customised.mkdir(parents=True)
    text = CUSTOM.format(package=str(package), folder=str(folder))
    (customised / "sitecustomize.py").write_text(text)
    return customised


def counted(folder: Path) -> int:
    """Updates of all processes so far."""
    return sum(struct.unpack("q", file.read_bytes())[0] for file in folder.glob("*.count"))


def count_into(folder: str) -> None:
    """Count the updates of this process, once it imports the learner."""
    sys.meta_path.insert(0, _Finder(Path(folder)))


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the learner's module as everybody does, and then counts its updates."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find_spec(self, name, path=None, target=None):
        if name != LEARNER:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        assert spec and spec.loader
        execute = spec.loader.exec_module

        def executing(module: ModuleType) -> None:
            execute(module)
            _count(module, self._folder)

        spec.loader.exec_module = executing  # type: ignore[method-assign]
        return spec


def _count(module: ModuleType, folder: Path) -> None:
    """In a file that is mapped to memory, so that the count outlives the process."""
    file = folder / f"{os.getpid()}-{uuid.uuid4().hex}.count"
    file.write_bytes(struct.pack("q", 0))
    with file.open("r+b") as opened:
        memory = mmap.mmap(opened.fileno(), 8)
    update = module.Learner.update

    def counting(self, batch) -> None:
        update(self, batch)
        if sys._getframe(1).f_globals["__name__"] == TRIAL:
            return
        memory[:] = struct.pack("q", struct.unpack("q", memory[:])[0] + 1)

    module.Learner.update = counting
