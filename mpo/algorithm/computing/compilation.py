"""Compiling a learner's methods: what every device (`devices/`) needs for it."""

import logging
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from mpo.settings import OptionError
from mpo.settings.faults import fault_of

UNGUARDED: dict[str, Any] = {"guard_filter_fn": torch.compiler.skip_all_guards_unsafe}
"""Nothing is checked at later calls: shapes, settings and modules of a run never change."""

log = logging.getLogger("mpo")


def compiler_found(names: Sequence[str], language: str) -> bool:
    """Whether one of these compilers is on the path; where none is, one warning says so."""
    if any(shutil.which(name) for name in names):
        return True
    log.warning("no %s compiler found (%s): updates run eagerly", language, ", ".join(names))
    return False


def one_graph(method: Callable[..., Any], **how: Any) -> Callable[..., Any]:
    """Of fixed shapes, and shared with no other learner in the process.

    Its first call raises `OptionError` for code that the compiler cannot put into one graph.
    """
    from torch._dynamo.exc import TorchDynamoException  # slow to load, and loaded by compiling

    whole: Any = {"fullgraph": True, "dynamic": False, "isolate_recompiles": True}
    graph = torch.compile(method, **whole, **how)

    def called(*arguments: Any) -> Any:
        try:
            return graph(*arguments)
        except TorchDynamoException as error:  # its text goes on for pages
            fault = fault_of(error)
            why = fault.what.partition(" Hint:")[0]
            what = f"it cannot be compiled, and needs compile: false ({why})"
            raise OptionError(fault.option, what, fault.file, fault.line) from None

    return called


def tensors_of(arguments: Iterable[Any]) -> Iterator[Tensor]:
    """The tensors among arguments and in tuples among them, in order."""
    for argument in arguments:
        if isinstance(argument, Tensor):
            yield argument
        else:
            yield from tensors_of(argument)
