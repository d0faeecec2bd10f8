"""The processor: kernels in C++, their graph called directly."""

from collections.abc import Callable
from typing import Any

import torch
import torch._inductor
from torch import Tensor

from mpo.algorithm.batch import Batch
from mpo.algorithm.computing.compilation import UNGUARDED, compiler_found, one_graph, tensors_of

COMPILERS = ("g++", "c++", "clang++")
OPTIONS: dict[str, Any] = {
    "cpp_wrapper": True,  # kernels are called from C++
    "memory_planning": True,  # one allocation a call
    "aot_inductor.allow_stack_allocation": True,  # small arrays need none
    "size_asserts": False,
    "alignment_asserts": False,
    "cpp.enable_floating_point_contract_flag": "fast",  # a * b + c as one instruction
}
"""What an update is compiled with; docs/performance.md says what each gives."""


def available() -> bool:
    """Always."""
    return True


def name() -> str:
    """As run.json records it."""
    return "cpu"


def can_compile() -> bool:
    """Whether this machine has a C++ compiler; where it has none, one warning says so."""
    return compiler_found(COMPILERS, "C++")


def moved(batch: Batch) -> Batch:
    """The batch itself."""
    return batch


def readable(tensor: Tensor) -> Tensor:
    """The tensor itself."""
    return tensor


def compiled(method: Callable[..., Any]) -> Callable[..., Any]:
    """A bound method as one graph, compiled at its first call, for arguments like those."""
    return one_graph(method, options=UNGUARDED | OPTIONS)


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
        self._first = one_graph(method, backend=self._backend)

    def _backend(self, module: torch.fx.GraphModule, examples: list[Any]) -> Callable[..., Any]:
        graph: Any = torch._inductor.compile(module, examples, options=OPTIONS)

        def noted(*tensors: Tensor) -> Any:
            self._graph, self._given = graph, tensors
            return graph(*tensors)

        return noted

    def __call__(self, *arguments: Any) -> None:
        """Run the method on tensors, and on tuples of tensors, of the same shapes each time."""
        tensors = list(tensors_of(arguments))
        if self._graph is None:
            self._first(*arguments)
            places = {id(tensor): place for place, tensor in enumerate(tensors)}
            self._order = [places[id(tensor)] for tensor in self._given]
            self._given = ()
        else:
            self._graph(*[tensors[place] for place in self._order])


compiled_in_place = InPlace
