"""Compiling the update: whether it can be, with which options, and called at what cost.

Where no C++ compiler is found, the same code runs eagerly, with one warning.
"""

import logging
import shutil
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
import torch._inductor
from torch import Tensor

from mpo.settings import Settings

COMPILERS = ("g++", "c++", "clang++")
CPU_OPTIONS: dict[str, Any] = {
    "cpp_wrapper": True,  # kernels are called from C++
    "memory_planning": True,  # one allocation a call
    "aot_inductor.allow_stack_allocation": True,  # small arrays need none
    "size_asserts": False,
    "alignment_asserts": False,
    "cpp.enable_floating_point_contract_flag": "fast",  # a * b + c as one instruction
}
"""What an update on the CPU is compiled with; docs/performance.md says what each gives."""

log = logging.getLogger("mpo")


def can_compile(settings: Settings) -> bool:
    """Whether the update will be compiled: asked for, and possible on this machine."""
    if not settings.compile:
        return False
    if settings.device == "cpu" and not any(shutil.which(name) for name in COMPILERS):
        log.warning("no C++ compiler found (%s): updates run eagerly", ", ".join(COMPILERS))
        return False
    return True


def compiled(method: Callable[..., Any], device: torch.device) -> Callable[..., Any]:
    """A bound method as one graph, compiled at its first call, for arguments like those.

    Nothing is checked at later calls: shapes, settings and modules of a run never change.
    """
    options: dict[str, Any] = {"guard_filter_fn": torch.compiler.skip_all_guards_unsafe}
    options |= {"triton.cudagraphs": True} if device.type == "cuda" else CPU_OPTIONS
    return _compile(method, options=options)


def compiled_in_place(method: Callable[..., None], device: torch.device) -> Callable[..., None]:
    """The same for a method that changes its arguments and returns nothing."""
    return compiled(method, device) if device.type == "cuda" else InPlace(method)


class InPlace:
    """A method that changes its arguments and returns nothing, as one graph.

    Home-made, since the way from what `torch.compile` returns to the graph costs 0.1 ms a call.
    The first call goes that way; it shows in which order the graph takes the tensors that lie in
    the arguments, and later calls hand them to it.
    """

    def __init__(self, method: Callable[..., None]) -> None:
        """Nothing is compiled before the first call."""
        self._graph: Any = None
        self._given: tuple[Tensor, ...] = ()
        self._order: list[int] = []
        self._first = _compile(method, backend=self._backend)

    def _backend(self, module: torch.fx.GraphModule, examples: list[Any]) -> Callable[..., Any]:
        graph: Any = torch._inductor.compile(module, examples, options=CPU_OPTIONS)

        def noted(*tensors: Tensor) -> Any:
            self._graph, self._given = graph, tensors
            return graph(*tensors)

        return noted

    def __call__(self, *arguments: Any) -> None:
        """Run the method on tensors, and on tuples of tensors, of the same shapes each time."""
        tensors = list(_tensors(arguments))
        if self._graph is None:
            self._first(*arguments)
            places = {id(tensor): place for place, tensor in enumerate(tensors)}
            self._order = [places[id(tensor)] for tensor in self._given]
            self._given = ()
        else:
            self._graph(*[tensors[place] for place in self._order])


def _compile(method: Callable[..., Any], **how: Any) -> Callable[..., Any]:
    """One graph, of fixed shapes, which no other learner in the process shares."""
    whole: Any = {"fullgraph": True, "dynamic": False, "isolate_recompiles": True}
    return torch.compile(method, **whole, **how)


def _tensors(arguments: Iterable[Any]) -> Iterator[Tensor]:
    for argument in arguments:
        if isinstance(argument, Tensor):
            yield argument
        else:
            yield from _tensors(argument)
