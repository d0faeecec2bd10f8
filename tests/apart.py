"""Work in a process beside the tests', where `tests/conftest.py` has not been.

The check of annotated shapes that it installs is nothing that can be compiled, and takes a third of
an eager update's time even while it is switched off. The tests of a process share one such
process, since loading PyTorch and its compiler takes seconds.
"""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from typing import ParamSpec, TypeVar

import torch

P = ParamSpec("P")
R = TypeVar("R")


def apart(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What `function`, which a module defines, gives in that process. Raises what it raises."""
    return _process().submit(function, *args, **kwargs).result()


@cache
def _process() -> ProcessPoolExecutor:
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(max_workers=1, mp_context=spawn, initializer=_start)


def _start() -> None:
    torch.set_num_threads(1)
