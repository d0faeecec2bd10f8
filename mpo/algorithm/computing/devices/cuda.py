"""One GPU of NVIDIA: kernels in Triton, all of a method's launched as one CUDA graph."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from mpo.algorithm.batch import Batch
from mpo.algorithm.computing.compilation import UNGUARDED, compiler_found, one_graph, tensors_of

COMPILERS = ("gcc", "cc", "clang")
"""Of C, with which Triton builds what launches its kernels."""


def available() -> bool:
    """Whether PyTorch was built for CUDA and finds a GPU."""
    return torch.cuda.is_available()


def name() -> str:
    """The GPU's, as run.json records it."""
    return torch.cuda.get_device_name()


def can_compile() -> bool:
    """Whether this machine has a C compiler; where it has none, one warning says so."""
    return compiler_found(COMPILERS, "C")


def moved(batch: Batch) -> Batch:
    """The batch in the GPU's memory."""
    return Batch(*(field.to("cuda", non_blocking=True) for field in batch))


def readable(tensor: Tensor) -> Tensor:
    """A copy in the processor's memory, page-locked, to which others can be made quickly."""
    return tensor.cpu().pin_memory()


def compiled(method: Callable[..., Any]) -> Callable[..., Any]:
    """A bound method as one graph, compiled at its first call, for arguments like those."""
    return one_graph(method, options=UNGUARDED)


class Replayed:
    """A method that changes its arguments and returns nothing, as a CUDA graph.

    Home-made, since PyTorch's own graphs refuse methods that change what they are given. The
    first call compiles, the second records, and from then on all kernels of a call are launched
    at once. They read and write where the recorded tensors lie: what comes to lie elsewhere in a
    later call is copied there first.
    """

    def __init__(self, method: Callable[..., None]) -> None:
        """Nothing is compiled before the first call."""
        self._method = compiled(method)
        self._called = False
        self._graph: torch.cuda.CUDAGraph | None = None
        self._recorded: list[Tensor] = []

    def __call__(self, *arguments: Any) -> None:
        """Run the method on tensors, and on tuples of tensors, of the same shapes each time."""
        if not self._called:
            self._method(*arguments)
            self._called = True
            return
        tensors = list(tensors_of(arguments))
        if self._graph is None:
            self._recorded, self._graph = tensors, torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph):
                self._method(*arguments)
        for recorded, tensor in zip(self._recorded, tensors, strict=True):
            if recorded is not tensor:
                recorded.copy_(tensor)
        self._graph.replay()


compiled_in_place = Replayed
